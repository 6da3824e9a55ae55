"""Guards against a bad deploy and against floods of what cannot be read (lanes 21, 23)."""

import asyncio
import logging
from collections import deque

from mesh.holdings import Holdings
from mesh.limits import PARKED_BYTES_A_DAY_MAX, POISON_HOLDS
from mesh.turn import Turn

log_ = logging.getLogger(__name__)

HOUR_S = 3600.0
DAY_S = 86_400.0


class Guard:
    """Counts poison and unreadable records of one instance."""

    def __init__(self, holdings: Holdings) -> None:
        """Hold `holdings` when too much is poisoned."""
        self._holdings = holdings
        self._poisons: dict[str, deque[float]] = {}
        self._laid_aside: dict[str, tuple[float, int]] = {}

    def may_keep(self, topic: str) -> bool:
        """Keep the bytes of the first unreadable records a day and source, count the rest."""
        now = asyncio.get_running_loop().time()
        since, count = self._laid_aside.get(topic, (now, 0))
        if now - since > DAY_S:
            since, count = now, 0
        self._laid_aside[topic] = (since, count + 1)
        return count < PARKED_BYTES_A_DAY_MAX

    def see(self, turn: Turn) -> None:
        """Hold the service, or a source, when too much is poisoned: that is not bad data."""
        now = asyncio.get_running_loop().time()
        for parked in turn.writes.parked:
            log_.error("parked", extra={"kind": parked.place, "why": parked.reason})
        for source in turn.poisons:
            times = self._poisons.setdefault(source, deque())
            times.append(now)
            while now - times[0] > HOUR_S:
                times.popleft()
            if len(times) > POISON_HOLDS:
                self._hold(source, len(times))

    def _hold(self, source: str, count: int) -> None:
        told = f"{count} messages were poisoned within an hour: "
        told += "see `writeoff mesh parked`, then `writeoff mesh go-on`"
        if source:
            log_.error("a source is held", extra={"kind": source, "why": told})
            self._holdings.held_sources.add(source)
        else:
            self._holdings.hold = told

    def go_on(self) -> None:
        """Go on after a hold, as a person says."""
        self._poisons.clear()
        self._holdings.hold = ""
        self._holdings.held_sources.clear()
        self._holdings.wake()
