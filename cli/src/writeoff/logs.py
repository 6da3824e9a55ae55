"""Reading topics as the operator, who may read everything and write nothing."""

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from writeoff.exits import Exit, Trouble
from writeoff.stackenv import StackEnv

BROKER_S = 10.0
"""A broker that is silent for so long is not there."""

READ_S = 300.0
"""A whole partition of a month is read in less; more is a broker in trouble."""

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Place:
    """Where to begin in a partition: at the first record since a moment, or at its start."""

    topic: str
    partition: int
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as it lies on its topic."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    """When the broker took it."""
    key: bytes
    value: bytes | None


@contextmanager
def operator_consumer(env: StackEnv) -> Generator[Consumer]:
    """Open a consumer of the operator, who joins no group and commits nothing."""
    conf: dict[str, str | int | bool] = {
        **env.kafka_conf("operator"),
        "group.id": "operator",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 50,
        "log_level": 0,
    }
    consumer = Consumer(conf)
    try:
        yield consumer
    finally:
        consumer.close()


def partitions_of(consumer: Consumer, topic: str) -> Sequence[int]:
    """Return the partitions of a topic."""
    try:
        found = consumer.list_topics(topic, timeout=BROKER_S).topics[topic]
    except KafkaException as error:
        raise silent(error) from None
    if found.error is not None:
        raise Trouble(
            f"{topic}: {found.error.str()}",
            next_step="`make up` makes the topics of the world file",
            exit_code=Exit.UNREACHABLE,
        )
    return sorted(found.partitions)


def ends(consumer: Consumer, topic: str, partition: int) -> tuple[int, int]:
    """Return the first offset of a partition, and the one after its last record."""
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=BROKER_S)
    except KafkaException as error:
        raise silent(error) from None


def read(consumer: Consumer, places: Iterable[Place]) -> Iterator[Raw]:
    """Yield the records of these partitions from their places up to their ends of now."""
    starts = _starts(consumer, list(places))
    open_ends = {(start.topic, start.partition) for start in starts}
    if not open_ends:
        return
    consumer.assign(starts)
    deadline = time.monotonic() + READ_S
    while open_ends:
        if time.monotonic() > deadline:
            raise silent(f"{len(open_ends)} partitions were not read to their end")
        for message in consumer.consume(BATCH, timeout=0.5):
            error = message.error()
            topic, partition = message.topic(), message.partition()
            assert topic is not None
            assert partition is not None
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise silent(error)
                open_ends.discard((topic, partition))
                continue
            offset = message.offset()
            assert offset is not None
            yield Raw(
                topic,
                partition,
                offset,
                message.timestamp()[1],
                _bytes(message.key()) or b"",
                _bytes(message.value()),
            )
    consumer.unassign()


def _starts(consumer: Consumer, places: Sequence[Place]) -> list[TopicPartition]:
    timed = [p for p in places if p.since_ms is not None]
    asked = [TopicPartition(p.topic, p.partition, p.since_ms or 0) for p in timed]
    try:
        found = consumer.offsets_for_times(asked, timeout=BROKER_S) if asked else []
    except KafkaException as error:
        raise silent(error) from None
    # An offset below zero: nothing there is so young; the end is where its next record will lie.
    return [TopicPartition(t.topic, t.partition, t.offset) for t in found] + [
        TopicPartition(p.topic, p.partition, OFFSET_BEGINNING) for p in places if p.since_ms is None
    ]


def silent(error: object) -> Trouble:
    """Say that Kafka does not answer."""
    return Trouble(
        f"Kafka does not answer: {error}",
        next_step="`make up` starts what is not running",
        exit_code=Exit.UNREACHABLE,
    )


def _bytes(given: object) -> bytes | None:
    return given if isinstance(given, bytes) else None
