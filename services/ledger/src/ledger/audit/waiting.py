"""How much of the journal is not sealed yet, as Prometheus and the ledger's doors tell it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge

from ledger.audit.sealing import Unsealed


class Waiting:
    """Two gauges over the lanes that this instance holds, as of its last look."""

    def __init__(self, registry: CollectorRegistry, *, now: Callable[[], datetime]) -> None:
        """Register them; a registry takes one such set."""
        self._now = now
        self._entries = Gauge(
            "ledger_unsealed_entries", "Journal entries that no block covers", registry=registry
        )
        self._oldest = Gauge(
            "ledger_unsealed_oldest_seconds", "Age of the oldest of them", registry=registry
        )

    def tell(self, lanes: Sequence[Unsealed]) -> None:
        """Set both to what a look found."""
        now = self._now()
        self._entries.set(sum(each.entries for each in lanes))
        self._oldest.set(max((each.age_s(now) for each in lanes), default=0.0))
