"""The service as a process runs it."""

from mesh.process import App
from mesh.settings import Settings

from authorization.api.routes import routes
from authorization.policy import shipped_matrix
from authorization.service import Authorization
from authorization.store.states import Store
from authorization.wire.heard import reference_named_by


def build(settings: Settings) -> App:
    """Put the service together."""
    matrix = shipped_matrix()
    return App(
        service=Authorization(Store(reference_named_by), matrix),
        routes=lambda doors: routes(doors, matrix),
    )
