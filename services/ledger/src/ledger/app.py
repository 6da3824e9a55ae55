"""The ledger as a process runs it."""

import os
from functools import partial

from mesh.process import App
from mesh.settings import Settings

from ledger import api
from ledger.service import Ledger
from ledger.settings import LedgerSettings
from ledger.store.states import Store


def build(settings: Settings) -> App:
    """Put the service together."""
    service = Ledger(Store(), LedgerSettings.read(os.environ).policy)
    return App(service=service, routes=partial(api.routes, service=service))
