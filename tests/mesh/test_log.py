"""Both logs keep the contract."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from mesh.kafka import KafkaLog
from mesh.ports import Log
from mesh.testing import Broker, MemoryLog

from ..stack_fixture import Stack  # noqa: TID252 - tests are no package
from .log_contract import PARTITIONS, Hand, LogContract

GROUP = "case"


class MemoryHand:
    """A broker in memory, from behind."""

    topic = "writeoff.case.v1"
    closed = "writeoff.ledger.v1"

    def __init__(self) -> None:
        topics = {self.topic: PARTITIONS, self.closed: PARTITIONS}
        self.broker = Broker(topics, clock=lambda: datetime.now(UTC))
        self.broker.forbidden.add((GROUP, self.closed))
        self.stranger: Log = MemoryLog(self.broker, who="stranger", group=GROUP)

    async def trim(self, partition: int, *, before: int) -> None:
        self.broker.trim(self.topic, partition, before=before)

    async def make_again(self) -> None:
        self.broker.delete(self.topic)
        self.broker.create(self.topic, PARTITIONS)

    async def advised(self) -> dict[tuple[str, int], int]:
        return {(t, p): offset for (_, t, p), offset in self.broker.advised.items()}


class TestMemoryLog(LogContract):
    """In memory."""

    @pytest.fixture
    def hand(self) -> MemoryHand:
        return MemoryHand()

    @pytest.fixture
    async def log(self, hand: MemoryHand) -> AsyncIterator[Log]:
        log = MemoryLog(hand.broker, who="one", group=GROUP)
        await log.open()
        yield log
        await log.close()


class KafkaHand:
    """A broker of the stack, from behind; the log writes as its administrator."""

    def __init__(self, stack: Stack, stranger: Log) -> None:
        self.topic = f"test.{uuid4().hex}"
        self.closed = self.topic
        self.group = f"group-{uuid4().hex}"
        self.stranger = stranger
        self._admin = AdminClient(stack.env.kafka_conf("admin"))

    async def make(self) -> None:
        config = {"message.timestamp.type": "LogAppendTime"}
        made = self._admin.create_topics([NewTopic(self.topic, PARTITIONS, 1, config=config)])
        await asyncio.wrap_future(made[self.topic])

    async def remove(self) -> None:
        await asyncio.wrap_future(self._admin.delete_topics([self.topic])[self.topic])

    async def trim(self, partition: int, *, before: int) -> None:
        place = TopicPartition(self.topic, partition, before)
        await asyncio.wrap_future(self._admin.delete_records([place])[place])

    async def make_again(self) -> None:
        await self.remove()
        while self.topic in await self._names():  # noqa: ASYNC110 - asks anew
            await asyncio.sleep(0.05)
        await self.make()
        await asyncio.sleep(0.5)  # clients ask anew for what they knew of the old one

    async def _names(self) -> set[str]:
        return set((await asyncio.to_thread(self._admin.list_topics, timeout=10)).topics)

    async def advised(self) -> dict[tuple[str, int], int]:
        asked = [ConsumerGroupTopicPartitions(self.group)]
        [answer] = self._admin.list_consumer_group_offsets(asked).values()
        kept = await asyncio.wrap_future(answer)
        return {(each.topic, each.partition): each.offset for each in kept.topic_partitions}


@pytest.mark.stack
class TestKafkaLog(LogContract):
    """Against the broker."""

    @pytest.fixture
    async def hand(self, stack: Stack) -> AsyncIterator[Hand]:
        stranger = KafkaLog(stack.env.kafka_conf("case"), group="case")
        await stranger.open()
        hand = KafkaHand(stack, stranger)
        await hand.make()
        yield hand
        await hand.remove()
        await stranger.close()

    @pytest.fixture
    async def log(self, stack: Stack, hand: KafkaHand) -> AsyncIterator[Log]:
        log = KafkaLog(stack.env.kafka_conf("admin"), group=hand.group)
        await log.open()
        yield log
        await log.close()
