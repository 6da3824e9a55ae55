"""The log's real side: Kafka by confluent-kafka.

The consumer belongs to one thread, which runs commands (assign, seek, pause) from a queue between
polls: any call from another thread hangs while it polls in a tight loop. The producer's callbacks
are served by another one. Both hand over by a deque and one wake-up of the event loop.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,  # pyright: ignore[reportPrivateImportUsage] - the documented place
    ResourceType,  # pyright: ignore[reportPrivateImportUsage]
)

from mesh.consuming import ConsumerThread, to_record
from mesh.ports import Delivery, InputTrouble, OutboxRow, Record, Unavailable
from mesh.producing import ProducerThread

log_ = logging.getLogger(__name__)

CALL_S = 10.0
"""What is asked of the broker outside of fetching and producing answers within this."""

TAIL_S = 10.0
"""Reading the last record of a lane's outputs takes milliseconds; a broker that starts, seconds."""


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """What a topic is like."""

    partitions: int
    cleanup: str
    timestamps: str
    may: frozenset[str]
    """What our principal may do with it: READ, WRITE, DESCRIBE, …"""


class KafkaLog:
    """One service's broker."""

    def __init__(self, conf: Mapping[str, Any], *, group: str) -> None:
        """`conf`: how to connect (bootstrap, SASL); `group`: under which offsets are advised."""
        self._conf = {"log_level": 3, "client.id": group, **conf}
        self._group = group
        self.wake: Callable[[], None] = lambda: None
        self._consumer = ConsumerThread(self._consumer_conf(), wake=self._woken)
        self._producer = ProducerThread(self._producer_conf(), wake=self._woken)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._admin: AdminClient | None = None

    def _consumer_conf(self) -> dict[str, Any]:
        return {
            **self._conf,
            "group.id": self._group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": False,
            "fetch.wait.max.ms": 100,
            "fetch.queue.backoff.ms": 20,
            "fetch.error.backoff.ms": 100,
            "queued.min.messages": 1000,
            "queued.max.messages.kbytes": 16 * 1024,
            "isolation.level": "read_uncommitted",
            "reconnect.backoff.max.ms": 1000,
        }

    def _producer_conf(self) -> dict[str, Any]:
        return {
            **self._conf,
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "compression.type": "lz4",
            "message.timeout.ms": 20_000,
            "message.max.bytes": 1_100_000,
            "reconnect.backoff.max.ms": 1000,
        }

    async def open(self) -> None:
        """Start both threads; connecting goes on by itself."""
        self._loop = asyncio.get_running_loop()
        self._consumer.start()
        self._producer.start()

    async def close(self) -> None:
        """End both threads."""
        await asyncio.gather(
            asyncio.to_thread(self._consumer.stop), asyncio.to_thread(self._producer.stop)
        )

    def _woken(self) -> None:
        """Wake the event loop from another thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.wake)

    def silent_s(self) -> float:
        """Say how long the broker has not answered, in seconds."""
        return time.monotonic() - self._consumer.answered_at

    async def topic_id(self, topic: str) -> str:
        """Give the topic's id. Raises Unavailable where it is not there (yet)."""
        admin = self._asker()
        try:
            futures = admin.describe_topics(TopicCollection([topic]), request_timeout=CALL_S)
            found = await asyncio.wrap_future(futures[topic])
        except KafkaException as error:
            raise self._unavailable(topic, error) from error
        return str(found.topic_id)

    def _asker(self) -> AdminClient:
        """Give who asks what no consumer can, a new one where the last got no answer."""
        if self._admin is None:
            self._admin = AdminClient(self._conf)
        return self._admin

    def _unavailable(self, topic: str, error: KafkaException) -> Unavailable:
        if error.args[0].code() < 0:
            self._admin = None  # the library's own word: it may have lost its brokers for good
        return Unavailable(f"topic {topic}: {error.args[0].str()}")

    async def facts(self, topics: Sequence[str]) -> dict[str, TopicFacts]:
        """Give what the broker says of topics that are there. Raises Unavailable."""
        admin = self._asker()
        described = admin.describe_topics(
            TopicCollection(list(topics)),
            include_authorized_operations=True,
            request_timeout=CALL_S,
        )
        asked = [ConfigResource(ResourceType.TOPIC, name) for name in topics]
        configured = admin.describe_configs(asked, request_timeout=CALL_S)
        configs = {resource.name: future for resource, future in configured.items()}
        found: dict[str, TopicFacts] = {}
        for name, future in described.items():
            try:
                topic = await asyncio.wrap_future(future)
                config = await asyncio.wrap_future(configs[name])
            except KafkaException as error:
                raise self._unavailable(name, error) from error
            found[name] = TopicFacts(
                partitions=len(topic.partitions),
                cleanup=str(config["cleanup.policy"].value),
                timestamps=str(config["message.timestamp.type"].value),
                may=frozenset(operation.name for operation in topic.authorized_operations or ()),
            )
        return found

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Give the log's start and end."""
        place = TopicPartition(topic, partition)
        try:
            return await self._consumer.ask(
                lambda consumer: consumer.get_watermark_offsets(place, timeout=CALL_S)
            )
        except KafkaException as error:
            raise Unavailable(f"{topic}[{partition}]: {error}") from error

    async def tails(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Record]:
        """Give the last record of each partition that has one."""
        return await asyncio.to_thread(_read_tails, self._consumer_conf(), places)

    def assign(self, topic: str, partition: int, *, offset: int, taking: int) -> None:
        """Fetch from this offset on."""
        self._consumer.assign(topic, partition, offset=offset, taking=taking)

    def unassign(self, topic: str, partition: int) -> None:
        """Fetch no more."""
        self._consumer.unassign(topic, partition)

    def hold(self, topic: str, partition: int, *, held: bool) -> None:
        """Pause or resume fetching."""
        self._consumer.hold(topic, partition, held=held)

    def fetched(self) -> Sequence[Record]:
        """Hand over what was fetched."""
        return _drain(self._consumer.records)

    def troubles(self) -> Sequence[InputTrouble]:
        """Hand over what went wrong with inputs."""
        return _drain(self._consumer.troubles)

    async def ends(self) -> Mapping[tuple[str, int], int]:
        """Give the end offsets as the last fetches told them."""
        return await self._consumer.ask(self._consumer.ends)

    def advise(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Commit offsets to Kafka, for people and autoscalers."""
        self._consumer.advise(positions)

    def produce(self, row: OutboxRow, mark: object) -> bool:
        """Hand a row to the producer; false when its queue is full."""
        return self._producer.produce(row, mark)

    def deliveries(self) -> Sequence[Delivery]:
        """Hand over what became of produced rows."""
        return _drain(self._producer.deliveries)

    async def renew_producer(self) -> None:
        """Throw away what is on its way, wait for its callbacks, start a new producer."""
        await asyncio.to_thread(self._producer.renew)


def _drain[T](items: deque[T]) -> list[T]:
    """Take what is there now; another thread goes on appending."""
    return [items.popleft() for _ in range(len(items))]


def _read_tails(
    conf: Mapping[str, Any], places: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], Record]:
    """Read last records with a consumer of its own. Raises Unavailable."""
    consumer = Consumer(
        {**conf, "auto.offset.reset": "earliest", "enable.partition.eof": True, "log_level": 0}
    )
    try:
        wanted: dict[tuple[str, int], int] = {}
        for topic, partition in places:
            start, end = consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=CALL_S
            )
            if end > start:
                wanted[topic, partition] = end - 1
        return _fetch_tails(consumer, wanted)
    except KafkaException as error:
        raise Unavailable(f"reading the tails of outputs: {error}") from error
    finally:
        consumer.close()


def _fetch_tails(
    consumer: Consumer, wanted: dict[tuple[str, int], int]
) -> dict[tuple[str, int], Record]:
    found: dict[tuple[str, int], Record] = {}
    at_end: set[tuple[str, int]] = set()
    if wanted:
        consumer.assign([TopicPartition(t, p, offset) for (t, p), offset in wanted.items()])
    deadline = time.monotonic() + TAIL_S
    while len(found.keys() | at_end) < len(wanted):
        if time.monotonic() > deadline:
            raise Unavailable("the last records of our own topics cannot be read")
        message = consumer.poll(0.1)
        if message is None:
            continue
        place = (str(message.topic()), int(message.partition() or 0))
        error = message.error()
        if error is None:
            found[place] = to_record(message, taking=0)
        elif error.code() == KafkaError._PARTITION_EOF:
            at_end.add(place)
        else:
            raise Unavailable(f"{place[0]}[{place[1]}]: {error}")
    return found
