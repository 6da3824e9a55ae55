"""What a turn's outcome means for memory: positions, outputs, what is on its way, who is told.

The store is the truth; this keeps the instance's belief beside it. A lane that was lost while the
turn ran is left alone.
"""

import asyncio
from collections.abc import Callable, Sequence

from mesh.gather import Gatherer
from mesh.holdings import Holdings
from mesh.lane import Lane, Output
from mesh.limits import ACKS_WAIT_S
from mesh.metrics import Metrics
from mesh.pace import Pace
from mesh.ports import RequestRow
from mesh.publisher import Publisher
from mesh.turn import Turn


class Outcome:
    """Takes turns' outcomes into memory."""

    def __init__(
        self,
        holdings: Holdings,
        *,
        gatherer: Gatherer,
        publisher: Publisher,
        pace: Pace,
        metrics: Metrics,
        on_answers: Callable[[Sequence[RequestRow]], None],
    ) -> None:
        """Keep `holdings` up to date; tell doors through `on_answers`."""
        self._holdings = holdings
        self._gatherer = gatherer
        self._publisher = publisher
        self._pace = pace
        self._metrics = metrics
        self._on_answers = on_answers
        self._unsaved: set[tuple[str, int]] = set()
        self._unsaved_since = 0.0

    def has_unsaved(self) -> bool:
        """Say whether positions or acknowledgements wait for company."""
        return bool(self._unsaved or self._publisher.unsaved)

    def waited_long(self) -> bool:
        """Say whether they waited long enough for a commit of their own."""
        now = asyncio.get_running_loop().time()
        if not self._unsaved_since:
            self._unsaved_since = now
        return now - self._unsaved_since >= ACKS_WAIT_S

    def add_unsaved(self, turn: Turn) -> None:
        """Let positions and acknowledgements that waited for company go with this turn."""
        for place in self._unsaved:
            known = self._holdings.places.get(place)
            if known and place not in turn.positions and turn.is_current(known[0]):
                turn.positions[place] = known[1].position
                turn.lanes[known[0].number] = known[0]
        lost: set[tuple[int, str]] = set()
        for number, topic in self._publisher.unsaved:
            lane = self._holdings.lanes[number]
            output = lane.outputs.get(topic)
            if output is None:
                lost.add((number, topic))
            elif turn.is_current(lane):  # else taken since this turn began: the next one knows it
                turn.know(lane, output)
        self._publisher.unsaved -= lost

    def move_on(self, turn: Turn, *, committed: bool = False) -> None:
        """Make the turn's positions the inputs' own."""
        for place, position in turn.positions.items():
            known = self._holdings.places.get(place)
            if known is None or not turn.is_current(known[0]):
                continue
            heard = known[1]
            heard.position = position
            heard.forget_heard()
            self._gatherer.ease(heard)
            if not committed:
                self._unsaved.add(place)
        if committed:
            self._unsaved.clear()
            self._unsaved_since = 0.0

    def spread(self, turn: Turn) -> None:
        """Take the turn's outcome into memory and let it be published."""
        ours = {number: lane for number, lane in turn.lanes.items() if turn.is_current(lane)}
        for spoken in turn.writes.spoken:
            if lane := ours.get(spoken.lane):
                output = lane.outputs.setdefault(spoken.topic, Output(spoken))
                output.spoken.last_seq = spoken.last_seq
                if output.spoken.acked_seq == spoken.acked_seq:
                    self._publisher.unsaved.discard((spoken.lane, spoken.topic))
        for row in turn.writes.outbox:
            if lane := ours.get(row.lane):
                lane.outputs[row.topic].add(row)
        for change in turn.changes.values():
            if lane := ours.get(change.lane):
                lane.on_the_way += self._pace.moved(change)
        self._park_in_memory(turn, ours)
        for lane in ours.values():
            lane.turned_at = turn.now
        if turn.writes.due_put:
            self._gatherer.due_came(min(row.due_at for row in turn.writes.due_put))
        if turn.writes.outbox:
            self._holdings.to_say.set()
        if turn.answers:
            self._on_answers(turn.answers)

    def _park_in_memory(self, turn: Turn, ours: dict[int, Lane]) -> None:
        for unparked in turn.writes.unparked:
            for lane in ours.values():
                lane.parked = {u: i for u, i in lane.parked.items() if i != unparked}
        for (number, unit), parked_id in turn.parked.items():
            if (lane := ours.get(number)) and not unit.startswith("unreadable/"):
                lane.parked.setdefault(unit, parked_id)

    def tell(self, turn: Turn) -> None:
        """Tell Prometheus what the turn was."""
        self._metrics.turned(messages=turn.heard, seconds=turn.seconds)
        now_ms = turn.now.timestamp() * 1000
        self._metrics.committed((now_ms - at) / 1000 for at in turn.heard_at_ms)
