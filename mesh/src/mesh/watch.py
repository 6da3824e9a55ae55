"""What an instance tells of itself: to Prometheus, to /ready and to /lanes."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from mesh.holdings import Holdings
from mesh.lane import Input, Lane, State
from mesh.limits import AHEAD_S
from mesh.metrics import Metrics
from mesh.publisher import Publisher

log_ = logging.getLogger(__name__)


class Watch:
    """Looks at the holdings; changes nothing but what it remembers of them."""

    def __init__(self, holdings: Holdings, publisher: Publisher, metrics: Metrics) -> None:
        """Tell of `holdings` through `metrics`."""
        self._holdings = holdings
        self._publisher = publisher
        self._metrics = metrics
        self._lags: set[tuple[str, int]] = set()

    def tell(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Bring the metrics up to date; `ends`: end offsets by partition."""
        now = asyncio.get_running_loop().time()
        states = dict.fromkeys((str(s) for s in State), 0)
        for lane in self._holdings.lanes.values():
            states[str(lane.state)] += 1
        self._metrics.lanes(states)
        running = list(self._holdings.running())
        rows = sum(lane.unacknowledged for lane in running)
        self._metrics.unacknowledged(rows=rows, oldest_s=self._publisher.oldest_s(now))
        self._metrics.parked(sum(len(lane.parked) for lane in running))
        self._tell_lags(ends)
        for lane, heard in self._holdings.places.values():
            _see_ahead(lane, heard, now)

    def _tell_lags(self, ends: Mapping[tuple[str, int], int]) -> None:
        places = self._holdings.places
        for place in self._lags - places.keys():
            self._metrics.forget_lag(*place)
        self._lags = set(places)
        for place, (_, heard) in places.items():
            if place in ends:
                self._metrics.lag(*place, max(0, ends[place] - heard.position.next_offset))

    def why_not_ready(self) -> list[str]:
        """Say what keeps this instance from working; nothing if it works."""
        reasons = [r for r in (self._holdings.trouble, self._holdings.hold) if r]
        reasons += [
            f"lane {lane.number}: {lane.why}"
            for lane in self._holdings.lanes.values()
            if lane.state is State.STOPPED
        ]
        if not any(True for _ in self._holdings.running()) and self._holdings.living == 1:
            reasons.append("no lane is held yet")
        return reasons

    def lanes(self) -> list[dict[str, Any]]:
        """Tell of every lane what this instance believes."""
        return [_tell_lane(lane) for lane in self._holdings.lanes.values()]


def _see_ahead(lane: Lane, heard: Input, now: float) -> None:
    """Report a number that does not come (lanes 8)."""
    if not heard.ahead:
        return
    heard.ahead_since = heard.ahead_since or now
    if now - heard.ahead_since > AHEAD_S:
        position = heard.position
        why = f"{position.topic}[{position.partition}]: number {position.last_seq + 1} is missing"
        log_.error("a number does not come", extra={"lane": lane.number, "why": why})


def _tell_lane(lane: Lane) -> dict[str, Any]:
    return {
        "lane": lane.number,
        "state": str(lane.state),
        "epoch": lane.epoch,
        "why": lane.why,
        "turned_at": lane.turned_at.isoformat() if lane.turned_at else None,
        "unacknowledged": lane.unacknowledged,
        "parked": len(lane.parked),
        "on_the_way": lane.on_the_way,
        "inputs": {
            f"{topic}[{partition}]": {
                "next_offset": heard.position.next_offset,
                "last_seq": heard.position.last_seq,
                "waiting": len(heard.waiting),
                "ahead": heard.ahead,
            }
            for (topic, partition), heard in lane.inputs.items()
        },
    }
