"""The service as a process runs it."""

from mesh.process import App
from mesh.settings import Settings

from documents import api
from documents.domain.policy import POLICY
from documents.service import Documents
from documents.store import Store


def build(settings: Settings) -> App:
    """Put the service together."""
    return App(service=Documents(Store(), POLICY), routes=api.routes)
