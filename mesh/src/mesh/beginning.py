"""What a lane begins from: its store and the topics, held against each other (lanes 3-5)."""

import asyncio
import logging
from collections.abc import Mapping

from mesh.holdings import Holdings
from mesh.lane import Input, Lane, Output
from mesh.limits import LEASE_S
from mesh.ports import Log, Position, Recovered, Store
from mesh.remake import remake, went_back
from mesh.service import Transaction
from mesh.topics import Topics

log_ = logging.getLogger(__name__)

TOPIC_ID_S = 2.0
"""Lanes taken together ask for a topic's id once; later it may be another topic."""


class Hole(Exception):
    """Where the lane should go on is not in the log (lanes 4)."""


class Beginning:
    """Reads what lanes begin from."""

    def __init__(
        self, holdings: Holdings, store: Store, log: Log, topics: Topics, *, service: str
    ) -> None:
        """Read `store` and `log` for the lanes in `holdings`."""
        self._holdings = holdings
        self._store = store
        self._log = log
        self._topics = topics
        self._service = service
        self._topic_ids: dict[str, tuple[str, float]] = {}

    async def outputs(self, lane: Lane, recovered: Recovered) -> dict[str, Output]:
        """Make the outputs with what is to be said again; see whether the store went back."""
        store_id = await self._store.store_id()
        found = await self._log.tails([(topic, lane.number) for topic in self._topics.says])
        tails = {topic: tail for (topic, _), tail in found.items()}
        spoken, outbox = recovered.spoken, recovered.outbox
        if went_back(recovered, tails, store_id=store_id):
            log_.warning("the store went back", extra={"lane": lane.number, "why": store_id})
            writes = remake(
                recovered,
                tails,
                await self._store.said_of(lane.number, None),
                lane=lane.number,
                epoch=lane.epoch,
                now=self._holdings.clock.now(),
                source=f"/writeoff/{self._service}",
                kind_said=self._topics.kind_said,
            )
            await self._store.commit(
                writes, _nothing, instance=self._holdings.instance, lease_s=LEASE_S
            )
            spoken, outbox = writes.spoken, writes.outbox
        if recovered.store_id != store_id:
            await self._store.keep_id(lane.number, epoch=lane.epoch, store_id=store_id)
        outputs = {each.topic: Output(each) for each in spoken}
        for row in outbox:
            outputs[row.topic].add(row)
        return outputs

    async def inputs(self, lane: Lane, recovered: Recovered) -> dict[tuple[str, int], Input]:
        """Make the inputs, each where it goes on. Raises Hole where that is not in the log."""
        known = {(p.topic, p.partition): p for p in recovered.positions}
        inputs: dict[tuple[str, int], Input] = {}
        for topic, partition, kind in self._topics.of_lane(lane.number):
            position = await self._position(topic, partition, kind, known)
            inputs[topic, partition] = Input(position, kind)
        return inputs

    async def _position(
        self, topic: str, partition: int, kind: str, known: Mapping[tuple[str, int], Position]
    ) -> Position:
        """Say where to go on in a partition. Raises Hole where that is not in the log."""
        topic_id = await self.topic_id(topic)
        position = known.get((topic, partition))
        if position is None:
            start = (await self._log.bounds(topic, partition))[0] if kind == "outside" else 0
            return Position(topic, partition, topic_id, start)
        if position.topic_id != topic_id:
            raise Hole(f"{topic} is another topic now: {topic_id}, heard was {position.topic_id}")
        start, end = await self._log.bounds(topic, partition)
        if not start <= position.next_offset <= end:
            raise Hole(
                f"{topic}[{partition}] goes from {start} to {end}, next is {position.next_offset}: "
                f"see `writeoff mesh begin {topic} {partition}`"
            )
        return position

    async def topic_id(self, topic: str) -> str:
        """Give a topic's id; lanes taken together ask once."""
        now = asyncio.get_running_loop().time()
        known = self._topic_ids.get(topic)
        if known is None or now - known[1] > TOPIC_ID_S:
            known = self._topic_ids[topic] = (await self._log.topic_id(topic), now)
        return known[0]


async def _nothing(tx: Transaction) -> None:
    """Save nothing of the service's own."""
