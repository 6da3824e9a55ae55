"""States that stay with the owner of their lane between turns (lanes 7).

The lane has one writer, so what it saved last is what it would load. A state is kept once its turn
is committed, and counts only under the taking in which that happened.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from mesh.holdings import Holdings
from mesh.lane import State
from mesh.limits import STATES_KEPT_MAX
from mesh.service import Keeping, Key, Message, Reader, Service
from mesh.turn import Turn


class Kept:
    """Loads states, but for those that are still at hand."""

    def __init__(self, holdings: Holdings, service: Service[Any, Any]) -> None:
        """Keep for `holdings` what `service` says may be kept."""
        self._holdings = holdings
        self._service = service
        self._keeping = service if isinstance(service, Keeping) else None
        self._states: OrderedDict[Key, tuple[int, int, Any]] = OrderedDict()
        """Key → lane, its taking, state; what was used last is last."""

    async def load(self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]) -> dict[Key, Any]:
        """Give a state for every key, from memory or from the store."""
        states: dict[Key, Any] = {}
        missing: dict[Key, Sequence[Message]] = {}
        for key, messages in wanted.items():
            if self._has(key, messages):
                states[key] = self._states[key][2]
                self._states.move_to_end(key)
            else:
                missing[key] = messages
        return states | await self._service.load(reader, missing) if missing else states

    def keep(self, turn: Turn) -> None:
        """Keep what a committed turn left."""
        if self._keeping is None:
            return
        for key, change in turn.changes.items():
            lane = turn.lanes[change.lane]
            if turn.is_current(lane):
                self._states[key] = (lane.number, lane.taking, change.after)
                self._states.move_to_end(key)
        while len(self._states) > STATES_KEPT_MAX:
            self._states.popitem(last=False)

    def _has(self, key: Key, messages: Sequence[Message]) -> bool:
        known = self._states.get(key)
        if known is None or self._keeping is None:
            return False
        number, taking, state = known
        lane = self._holdings.lanes[number]
        if lane.taking != taking or lane.state is not State.RUNNING:
            del self._states[key]
            return False
        return all(self._keeping.is_enough(state, message) for message in messages)
