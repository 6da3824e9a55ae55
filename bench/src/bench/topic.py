"""Reads a topic beside the mesh, as the operator: to look costs the services nothing."""

import time
from collections.abc import Callable
from contextlib import closing

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from contracts.codec import HEADER_BYTES, decode_body, schema_id_of
from contracts.records.case import CaseClosed
from contracts.types import Record

from bench.own_stack import LANES, Failed
from stack import Env

CASE_TOPIC, NOTICES_TOPIC = "writeoff.case.v1", "writeoff.notifications.v1"

BATCH = 5_000
ANSWER_S = 10.0


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
        conf: dict[str, str | int | bool] = {
            **env.kafka_conf("operator"),
            "group.id": "operator",
            "enable.auto.commit": False,
            # Few large answers: the reader must not take the broker's time.
            "fetch.min.bytes": 1 << 20,
            "fetch.wait.max.ms": 500,
        }
        self._consumer = Consumer(conf)
        self._consumer.assign([self._end(topic, number) for number in range(LANES)])

    def until(self, count: int, *, seconds: float, told: Callable[[int], None]) -> None:
        """Read on until there were so many. Raises Failed."""
        deadline = time.monotonic() + seconds
        while len(self.moments_ms) < count:
            if time.monotonic() > deadline:
                raise Failed(f"{len(self.moments_ms)} of {count} {self._kind.FULL_NAME}")
            self._take(timeout_s=0.5)
            told(len(self.moments_ms))

    def records(self) -> list[R]:
        """Return what was read, in the order of `moments_ms`."""
        return [decode_body(self._kind, body) for body in self._bodies]

    def close(self) -> None:
        """Leave the broker."""
        self._consumer.close()

    def _take(self, *, timeout_s: float) -> None:
        for message in self._consumer.consume(BATCH, timeout=timeout_s):
            if message.error() is not None:
                raise Failed(str(message.error()))
            value, moment_ms = message.value(), message.timestamp()[1]
            if self.first_ms is None or moment_ms < self.first_ms:
                self.first_ms = moment_ms
            if isinstance(value, bytes) and schema_id_of(value) == self._id:
                self._bodies.append(value[HEADER_BYTES:])
                self.moments_ms.append(moment_ms)

    def _end(self, topic: str, number: int) -> TopicPartition:
        place = TopicPartition(topic, number)
        _, end = self._consumer.get_watermark_offsets(place, timeout=ANSWER_S)
        return TopicPartition(topic, number, end)


def closings(env: Env) -> closing[Following[CaseClosed]]:
    """Follow the cases that close from now on."""
    return closing(Following(env, CASE_TOPIC, CaseClosed))
