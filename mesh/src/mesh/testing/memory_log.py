"""The log's other side: one instance at a broker in memory.

Kept like Kafka where it matters to the mesh: rows of one producer reach a partition in order, and
what is thrown away on its way may arrive all the same.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mesh.ports import Delivery, InputTrouble, OutboxRow, Record, Unavailable
from mesh.testing import faults
from mesh.testing.broker import Broker, Topic
from mesh.testing.faults import Faults, Sending

type Place = tuple[str, int]

BATCH_MAX = 500
"""Fetched at once, as the real side does."""


@dataclass(slots=True)
class _Assigned:
    """A partition that is fetched from."""

    next_offset: int
    taking: int
    held: bool = False
    fetching: bool = False
    troubled: bool = False


@dataclass(slots=True, eq=False)
class _OnTheWay:
    """A row that has no answer yet."""

    row: OutboxRow
    mark: object
    fate: Sending
    arrived: bool = False


class MemoryLog:
    """One instance's side of a broker."""

    def __init__(
        self,
        broker: Broker,
        *,
        who: str,
        group: str,
        faults: Faults = faults.NONE,
        queue_max: int = 100_000,
    ) -> None:
        """`who`: the instance; `group`: the service, which is also who writes."""
        self.who = who
        self.wake: Callable[[], None] = lambda: None
        self._broker = broker
        self._group = group
        self._faults = faults
        self._queue_max = queue_max
        self._assigned: dict[Place, _Assigned] = {}
        self._records: deque[Record] = deque()
        self._troubles: deque[InputTrouble] = deque()
        self._deliveries: deque[Delivery] = deque()
        self._on_the_way: dict[Place, deque[_OnTheWay]] = {}
        self._unanswered: set[_OnTheWay] = set()
        self._arrives_s: dict[Place, float] = {}

    async def open(self) -> None:
        """Begin to see what is written."""
        self._broker.fetchers.add(self)

    async def close(self) -> None:
        """Fetch no more; what is on its way arrives."""
        self._broker.fetchers.discard(self)
        self._assigned.clear()

    def cut(self) -> None:
        """End as a killed process does: nothing is heard of what was on its way."""
        self._broker.fetchers.discard(self)
        self._assigned.clear()
        self._throw_away()

    def silent_s(self) -> float:
        """Say how long the broker has not answered, in seconds."""
        return self._faults.silent_s(self.who)

    async def topic_id(self, topic: str) -> str:
        """Give the topic's id. Raises Unavailable where it is not there (yet)."""
        await self._faults.log(self.who, "topic_id")
        return self._topic(topic).topic_id

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Give the log's start and end offsets."""
        await self._faults.log(self.who, "bounds")
        found = self._topic(topic).partitions[partition]
        return found.start, found.end

    async def tails(self, places: Sequence[Place]) -> dict[Place, Record]:
        """Give the last record of each partition that has one."""
        await self._faults.log(self.who, "tails")
        found = {place: self._topic(place[0]).partitions[place[1]] for place in places}
        return {place: replace(p.records[-1]) for place, p in found.items() if p.records}

    def _topic(self, name: str) -> Topic:
        if name not in self._broker.topics:
            raise Unavailable(f"topic {name} is not there")
        return self._broker.topics[name]

    # --- fetching -----------------------------------------------------------------------------

    def assign(self, topic: str, partition: int, *, offset: int, taking: int) -> None:
        """Fetch from this offset on, marking records with the taking."""
        self._assigned[topic, partition] = _Assigned(offset, taking)
        self._fetch((topic, partition))

    def unassign(self, topic: str, partition: int) -> None:
        """Fetch no more."""
        self._assigned.pop((topic, partition), None)

    def hold(self, topic: str, partition: int, *, held: bool) -> None:
        """Pause or resume fetching."""
        if assigned := self._assigned.get((topic, partition)):
            assigned.held = held
            self._fetch((topic, partition))

    def look(self, topic: str) -> None:
        """Something happened to a topic."""
        for place in [place for place in self._assigned if place[0] == topic]:
            self._fetch(place)

    def _fetch(self, place: Place) -> None:
        assigned = self._assigned[place]
        if not (assigned.held or assigned.fetching or assigned.troubled):
            assigned.fetching = True
            delay_s = self._faults.fetch_s(self.who, *place)
            asyncio.get_running_loop().call_later(delay_s, self._fetched, place, assigned)

    def _fetched(self, place: Place, assigned: _Assigned) -> None:
        assigned.fetching = False
        is_current = self._assigned.get(place) is assigned
        if assigned.held or not (is_current or self._straggles()):
            return
        topic = self._broker.topics.get(place[0])
        if topic is None:
            self._trouble(place, assigned, "unknown topic or partition", hole=False)
            return
        found = topic.partitions[place[1]]
        if not found.start <= assigned.next_offset <= found.end:
            self._trouble(place, assigned, "offset out of range", hole=True)
            return
        at = assigned.next_offset - found.start
        batch = found.records[at : at + BATCH_MAX]
        if batch:
            self._records.extend(replace(record, taking=assigned.taking) for record in batch)
            assigned.next_offset += len(batch)
            self.wake()
            if is_current:
                self._fetch(place)

    def _straggles(self) -> bool:
        return self in self._broker.fetchers and self._faults.straggles(self.who)

    def _trouble(self, place: Place, assigned: _Assigned, why: str, *, hole: bool) -> None:
        assigned.troubled = True
        self._troubles.append(InputTrouble(*place, assigned.taking, why, hole))
        self.wake()

    def fetched(self) -> Sequence[Record]:
        """Hand over what was fetched since the last call."""
        return _drain(self._records)

    def troubles(self) -> Sequence[InputTrouble]:
        """Hand over what went wrong with inputs since the last call."""
        return _drain(self._troubles)

    async def ends(self) -> Mapping[Place, int]:
        """Give the end offsets of the inputs assigned."""
        topics = self._broker.topics
        return {(t, p): topics[t].partitions[p].end for t, p in self._assigned if t in topics}

    def advise(self, positions: Mapping[Place, int]) -> None:
        """Note offsets for whoever looks."""
        for place, offset in positions.items():
            self._broker.advised[self._group, *place] = offset

    # --- producing ----------------------------------------------------------------------------

    def produce(self, row: OutboxRow, mark: object) -> bool:
        """Send a row; false when too many are on their way."""
        if len(self._unanswered) >= self._queue_max:
            return False
        sent = _OnTheWay(row, mark, self._faults.produced(self.who, row))
        place, loop = (row.topic, row.lane), asyncio.get_running_loop()
        arrives_s = max(loop.time() + sent.fate.arrives_s, self._arrives_s.get(place, 0.0))
        self._arrives_s[place] = arrives_s
        self._unanswered.add(sent)
        queue = self._on_the_way.setdefault(place, deque())
        queue.append(sent)
        loop.call_at(arrives_s, self._arrive, queue)
        return True

    def _arrive(self, queue: deque[_OnTheWay]) -> None:
        """Let the next row of a partition arrive: timers of one moment keep no order, queues do."""
        if not queue:
            return  # thrown away
        sent = queue.popleft()
        sent.arrived = True
        answer = self._write(sent)
        asyncio.get_running_loop().call_later(sent.fate.answers_s, self._answer, sent, answer)

    def _write(self, sent: _OnTheWay) -> Delivery:
        if not self._broker.may_write(self._group, sent.row):
            return Delivery(sent.mark, "not authorized, or no such topic", refused=True)
        at_ms = _append(self._broker, sent.row).timestamp_ms if sent.fate.written else 0
        if sent.fate.error is not None:
            return Delivery(sent.mark, sent.fate.error)
        assert sent.fate.written, "a lost row is no success"
        return Delivery(sent.mark, None, timestamp_ms=at_ms)

    def _answer(self, sent: _OnTheWay, answer: Delivery) -> None:
        if sent in self._unanswered:
            self._unanswered.discard(sent)
            self._deliveries.append(answer)
            self.wake()

    def deliveries(self) -> Sequence[Delivery]:
        """Hand over what became of produced rows since the last call."""
        return _drain(self._deliveries)

    async def renew_producer(self) -> None:
        """Throw away what is on its way; each such row is told as failed before this returns."""
        await self._faults.log(self.who, "renew")
        self._deliveries.extend(Delivery(sent.mark, "purged") for sent in self._throw_away())
        self.wake()

    def _throw_away(self) -> list[_OnTheWay]:
        """Forget what has no answer; what is in the network may arrive later all the same."""
        gone = sorted(
            self._unanswered, key=lambda sent: (sent.row.topic, sent.row.lane, sent.row.seq)
        )
        self._unanswered.clear()
        for queue in self._on_the_way.values():
            queue.clear()
        self._on_the_way.clear()
        self._arrives_s.clear()
        for sent in gone:
            late_s = None if sent.arrived else self._faults.purged(self.who, sent.row)
            if late_s is not None:
                asyncio.get_running_loop().call_later(late_s, self._come_late, sent.row)
        return gone

    def _come_late(self, row: OutboxRow) -> None:
        if self._broker.may_write(self._group, row):
            _append(self._broker, row)


def _append(broker: Broker, row: OutboxRow) -> Record:
    return broker.append(
        row.topic, row.lane, key=row.key.encode(), value=row.value, headers=dict(row.headers)
    )


def _drain[T](items: deque[T]) -> list[T]:
    found = list(items)
    items.clear()
    return found
