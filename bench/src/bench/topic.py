"""Reads a topic beside the mesh, as the operator: to look costs the services nothing."""

import time
from collections.abc import Callable
from contextlib import closing

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from contracts.codec import HEADER_BYTES, decode_body, schema_id_of
from contracts.records.case import CaseClosed
from contracts.types import Record

from bench.own_stack import Failed
from stack import Env

CASE_TOPIC, NOTICES_TOPIC = "writeoff.case.v1", "writeoff.notifications.v1"
LEDGER_TOPIC = "writeoff.ledger.v1"

BATCH = 5_000
ANSWER_S = 10.0
LOOK_S = 0.5


class Following[R: Record]:
    """The records of one kind that are said on a topic from now on."""

    def __init__(self, env: Env, topic: str, kind: type[R]) -> None:
        """Begin at the topic's end."""
        schema = Schema(kind.SCHEMA, "AVRO")
        registry = SchemaRegistryClient(env.registry_conf())
        self._id = registry.lookup_schema(f"{topic}-{kind.FULL_NAME}", schema).schema_id
        self._kind = kind
        self._bodies: list[bytes] = []
        self.moments_ms: list[int] = []
        """When the broker took each of them."""
        self.first_ms: int | None = None
        """When the broker took the first record of any kind."""
        self._consumer = Consumer(_conf(env))
        offsets = _ends(self._consumer, topic, env.lanes)
        self._consumer.assign([TopicPartition(topic, *place) for place in offsets.items()])

    def until(self, count: int, *, seconds: float, told: Callable[[int], None]) -> None:
        """Read on until there were so many. Raises Failed."""
        deadline = time.monotonic() + seconds
        while len(self.moments_ms) < count:
            if time.monotonic() > deadline:
                raise Failed(f"{len(self.moments_ms)} of {count} {self._kind.FULL_NAME}")
            self.look()
            told(len(self.moments_ms))

    def records(self) -> list[R]:
        """Return what was read, in the order of `moments_ms`."""
        return [decode_body(self._kind, body) for body in self._bodies]

    def pop(self) -> list[tuple[int, R]]:
        """Return what was read, with when the broker took it, and forget it."""
        found = list(zip(self.moments_ms, self.records(), strict=True))
        self.moments_ms.clear()
        self._bodies.clear()
        return found

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def look(self) -> None:
        """Read on for a moment. Raises Failed."""
        for message in self._consumer.consume(BATCH, timeout=LOOK_S):
            if message.error() is not None:
                raise Failed(str(message.error()))
            value, moment_ms = message.value(), message.timestamp()[1]
            if self.first_ms is None or moment_ms < self.first_ms:
                self.first_ms = moment_ms
            if isinstance(value, bytes) and schema_id_of(value) == self._id:
                self._bodies.append(value[HEADER_BYTES:])
                self.moments_ms.append(moment_ms)


def ends(env: Env, topic: str) -> dict[int, int]:
    """Return the offset after the last record of each partition of one of the mesh's topics."""
    consumer = Consumer(_conf(env))
    try:
        return _ends(consumer, topic, env.lanes)
    finally:
        consumer.close()


def _conf(env: Env) -> dict[str, str | int | bool]:
    return {
        **env.kafka_conf("operator"),
        "group.id": "operator",
        "enable.auto.commit": False,
        # Few large answers: the reader must not take the broker's time.
        "fetch.min.bytes": 1 << 20,
        "fetch.wait.max.ms": 500,
    }


def _ends(consumer: Consumer, topic: str, partitions: int) -> dict[int, int]:
    places = (TopicPartition(topic, number) for number in range(partitions))
    return {
        place.partition: consumer.get_watermark_offsets(place, timeout=ANSWER_S)[1]
        for place in places
    }


def closings(env: Env) -> closing[Following[CaseClosed]]:
    """Follow the cases that close from now on."""
    return closing(Following(env, CASE_TOPIC, CaseClosed))


class Tally:
    """When cases closed, by tenant and loan; every one of them must have gone straight through."""

    def __init__(self, closed: Following[CaseClosed]) -> None:
        """Count what is read from now on."""
        self._closed = closed
        self.at_ms: dict[str, dict[str, int]] = {}

    def look(self) -> None:
        """Read on for a moment. Raises Failed."""
        self._closed.look()
        for moment_ms, record in self._closed.pop():
            if record.outcome != "COMPLETE":
                raise Failed(f"{record.meta.loan_id} did not go straight through: {record.code}")
            self.at_ms.setdefault(record.meta.tenant, {})[str(record.meta.loan_id)] = moment_ms

    def count(self, tenant: str) -> int:
        """Count the closed cases of a tenant."""
        return len(self.at_ms.get(tenant, ()))

    def until(
        self, tenant: str, count: int, *, seconds: float, told: Callable[[int], None]
    ) -> None:
        """Read on until so many cases of a tenant are closed. Raises Failed."""
        deadline = time.monotonic() + seconds
        while (done := self.count(tenant)) < count:
            if time.monotonic() > deadline:
                raise Failed(f"{done} of {count} cases of {tenant} closed in {seconds:.0f} s")
            self.look()
            told(self.count(tenant))
