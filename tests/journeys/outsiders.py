"""Who stands outside: an upstream that asks and a portal that reads, with Confluent's client alone.

Nothing here knows the mesh or its contracts: topics, the registry and a password are all they have.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import uuid4

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from confluent_kafka.schema_registry import (
    SchemaRegistryClient,
    topic_record_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

import stack

type Record = dict[str, Any]

REQUESTED = "writeoff.requests.WriteOffRequested"

EPOCH = date(1970, 1, 1)


def day(days_ahead: int = 0) -> int:
    """Give a day as Avro has it, counted from today."""
    return (date.today() - EPOCH).days + days_ahead  # noqa: DTZ011 - a day on a calendar


def a_request(tenant: str, loan_id: str, **changes: Any) -> Record:
    """Ask for all of a loan that is a small balance, so that nobody has to decide."""
    event_id = str(uuid4())
    return {
        "meta": {
            "event_id": event_id,
            "tenant": tenant,
            "loan_id": loan_id,
            "occurred_at": datetime.now().astimezone(),
            "correlation_id": event_id,
            "causation_id": event_id,
            "actor": {"role": "upstream", "id": "core"},
        },
        "request_id": f"R-{uuid4().hex}",
        "kind": "WRITE_OFF",
        "scope": "FULL",
        "date": day(),
        "reason": "SMALL_BALANCE",
        "litigation": "N",
        "fraud": False,
        "related_party": False,
        "collection_ceases": False,
    } | changes


class Upstream:
    """An upstream system with a request topic of its own."""

    def __init__(self, env: stack.Env, registry: SchemaRegistryClient, source: str) -> None:
        """Connect as the source."""
        self.source = source
        self.topic = f"writeoff.requests.v1.{source}"
        schema = registry.get_latest_version(f"{self.topic}-{REQUESTED}").schema
        conf = {
            "auto.register.schemas": False,
            "subject.name.strategy": topic_record_subject_name_strategy,
        }
        self._serialize = AvroSerializer(registry, schema, conf=conf)
        self._conf = env.kafka_conf(f"source-{source}") | {
            "enable.idempotence": True,
            "queue.buffering.max.messages": 50_000,
            "log_level": 0,  # a broker that is away would fill the report of a test
        }
        self._producer = Producer(self._conf)
        self.sent: list[Message] = []

    def connect_anew(self) -> None:
        """Forget what the broker has not taken, and connect as if we had just started."""
        self._producer = Producer(self._conf)

    def encode(self, request: Record) -> bytes:
        """Write a request in Confluent's wire format."""
        value = self._serialize(request, SerializationContext(self.topic, MessageField.VALUE))
        assert value is not None
        return value

    def ask(self, request: Record, *, partition: int = -1) -> None:
        """Publish a request under its loan."""
        self.put(self.encode(request), key=request["meta"]["loan_id"], partition=partition)

    def put(self, value: bytes | None, *, key: str, partition: int = -1) -> None:
        """Publish bytes, whatever they are."""
        self._producer.produce(
            self.topic, value, key, partition=partition, on_delivery=self._delivered
        )
        self._producer.poll(0)

    def taken(self, seconds: float) -> int:
        """Wait for the broker's word, so long at most; tells how much it has taken."""
        self._producer.poll(seconds)
        return len(self.sent)

    def flush(self) -> list[Message]:
        """Wait until the broker has all; gives what it has taken since the last time."""
        assert self._producer.flush(60) == 0
        taken, self.sent = self.sent, []
        return taken

    def _delivered(self, error: Any, message: Message) -> None:
        assert error is None, error
        self.sent.append(message)


@dataclass
class Portal:
    """A customer portal of one tenant: the last status of each case, by its number of version."""

    env: stack.Env
    registry: SchemaRegistryClient
    tenant: str
    cases: dict[str, Record] = field(default_factory=dict[str, Record])

    def __enter__(self) -> Self:
        user = f"portal-{self.tenant}"
        self.topic = f"writeoff.status.v1.{self.tenant}"
        self._deserialize = AvroDeserializer(self.registry)
        self._consumer = Consumer(
            self.env.kafka_conf(user)
            | {
                "group.id": f"{user}-{uuid4().hex}",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
            }
        )
        self._consumer.subscribe([self.topic])
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def read(self) -> dict[str, Record]:
        """Take in what has come, and give the cases by their ids."""
        for message in self._consumer.consume(500, timeout=0.2):
            assert message.error() is None, message.error()
            context = SerializationContext(self.topic, MessageField.VALUE)
            status: Any = self._deserialize(message.value(), context)
            case_id = str(status["meta"]["case_id"])
            before = self.cases.get(case_id)
            if before is None or status["meta"]["version"] > before["meta"]["version"]:
                self.cases[case_id] = status
        return self.cases


def everything(env: stack.Env) -> Iterator[Message]:
    """Read all records of all topics of the mesh up to their ends of now, as the operator."""
    conf = {"group.id": "operator", "enable.auto.commit": False}
    consumer = Consumer(env.kafka_conf("operator") | conf)
    try:
        topics = consumer.list_topics(timeout=20).topics
        places = [
            TopicPartition(topic, partition, 0)
            for topic in topics
            if topic.startswith("writeoff.")
            for partition in topics[topic].partitions
        ]
        yield from _up_to_the_ends(consumer, places)
    finally:
        consumer.close()


def records_of(
    env: stack.Env, registry: SchemaRegistryClient, topic: str
) -> Iterator[tuple[Message, Record]]:
    """Read a topic up to its end of now, with every record decoded."""
    deserialize = AvroDeserializer(registry)
    conf = {"group.id": "operator", "enable.auto.commit": False}
    consumer = Consumer(env.kafka_conf("operator") | conf)
    try:
        partitions = consumer.list_topics(topic, timeout=20).topics[topic].partitions
        places = [TopicPartition(topic, partition, 0) for partition in partitions]
        for message in _up_to_the_ends(consumer, places):
            context = SerializationContext(topic, MessageField.VALUE)
            yield message, deserialize(message.value(), context)
    finally:
        consumer.close()


def _up_to_the_ends(consumer: Consumer, places: list[TopicPartition]) -> Iterator[Message]:
    left: dict[tuple[str, int], int] = {}
    for place in places:
        _, end = consumer.get_watermark_offsets(place, timeout=20)
        if end:
            left[place.topic, place.partition] = end
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in left])
    deadline = time.monotonic() + timedelta(minutes=1).total_seconds()
    while left:
        assert time.monotonic() < deadline, f"not read to the end: {left}"
        for message in consumer.consume(1000, timeout=0.5):
            assert message.error() is None, message.error()
            place = (str(message.topic()), int(message.partition() or 0))
            yield message
            if int(message.offset() or 0) + 1 >= left.get(place, 0):
                left.pop(place, None)
