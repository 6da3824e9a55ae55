"""Where this service's parts are put together, and nowhere else."""

import os

from mesh.process import App
from mesh.settings import Settings as MeshSettings

from case.api.routes import routes
from case.service import CaseService
from case.settings import Settings
from case.store.files import FileStore


def build(mesh: MeshSettings) -> App:
    """Build the service for this world."""
    policy = Settings.read(os.environ).policy(mesh.world())
    service = CaseService(FileStore(), policy)
    return App(service=service, routes=lambda doors: routes(doors, service))
