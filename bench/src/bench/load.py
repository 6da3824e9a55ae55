"""The load: an upstream that asks, with the plain Kafka client."""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import takewhile
from types import TracebackType
from typing import Self
from uuid import NAMESPACE_URL, uuid5

from confluent_kafka import Message, Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from contracts.codec import encode
from contracts.records.common import Actor, Meta
from contracts.records.requests import WriteOffRequested
from contracts.types import from_date, from_datetime

from bench.loans import reference_of
from bench.own_stack import SOURCE, TENANT, Failed
from stack import Env

FLUSH_S = 60.0
POLL_EVERY = 500
FULL_S = 0.1


class Upstream:
    """An upstream system: asks for write-offs, each request keyed by its loan."""

    def __init__(self, env: Env, *, source: str = SOURCE, tenant: str = TENANT) -> None:
        """Connect as the source; its schema is registered already."""
        self.topic = f"writeoff.requests.v1.{source}"
        self._source, self._tenant = source, tenant
        registry = SchemaRegistryClient(env.registry_conf())
        schema = Schema(WriteOffRequested.SCHEMA, "AVRO")
        subject = f"{self.topic}-{WriteOffRequested.FULL_NAME}"
        found = registry.lookup_schema(subject, schema).schema_id
        assert found is not None, "a registered schema has an id"
        self._schema_id = found
        # The partitioner of Kafka's own client: with this key a request meets its lane.
        self._producer = Producer(
            {
                **env.kafka_conf(f"source-{source}"),
                "acks": "all",
                "linger.ms": 0,
                "partitioner": "murmur2_random",
            }
        )
        self.taken_ms: dict[str, int] = {}
        """Loan → when the broker took its request, by the broker's clock."""
        self.ends: dict[int, int] = {}
        """Partition → the offset after the last record that the broker took."""

    def ask(self, loans: Iterable[str], *, per_s: float | None = None) -> None:
        """Ask for each loan's write-off, all at once or so many a second. Raises Failed."""
        start = time.monotonic()
        for count, loan in enumerate(loans):
            if per_s is not None:
                self._wait_until(start + count / per_s)
            value = encode(self._request(loan), self._schema_id)
            self._put(value, key=f"{self._tenant}/{loan}", loan=loan)
            if count % POLL_EVERY == 0:
                self._producer.poll(0)
        self._flush()

    def throw(self, values: Iterable[bytes]) -> None:
        """Put whatever bytes there are on the topic, all at once. Raises Failed."""
        for count, value in enumerate(values):
            self._put(value, key=f"{self._tenant}/{count}")
        self._flush()

    def _put(self, value: bytes, *, key: str, loan: str | None = None) -> None:
        while True:
            try:
                self._producer.produce(
                    self.topic,
                    key=key,
                    value=value,
                    on_delivery=lambda error, message: self._taken(loan, error, message),
                )
            except BufferError:
                self._producer.poll(FULL_S)  # the client's own queue is full
            else:
                return

    def _flush(self) -> None:
        if self._producer.flush(FLUSH_S):
            raise Failed(f"records of {self.topic} were not taken within {FLUSH_S:.0f} s")

    def _wait_until(self, moment: float) -> None:
        while (left_s := moment - time.monotonic()) > 0:
            self._producer.poll(left_s)

    def _taken(self, loan: str | None, error: object, message: Message) -> None:
        if error is not None:
            raise Failed(f"a record of {self.topic} was not taken: {error}")
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        assert offset is not None
        self.ends[partition] = max(self.ends.get(partition, 0), offset + 1)
        if loan is not None:
            self.taken_ms[loan] = message.timestamp()[1]

    def _request(self, loan: str) -> WriteOffRequested:
        now = datetime.now(UTC)
        event_id = str(uuid5(NAMESPACE_URL, f"bench/{self._tenant}/{loan}"))
        return WriteOffRequested(
            meta=Meta(
                event_id=event_id,
                tenant=self._tenant,
                loan_id=loan,
                occurred_at=from_datetime(now),
                correlation_id=event_id,
                causation_id=event_id,
                actor=Actor(role="upstream", id=self._source),
            ),
            request_id=f"R-{loan}",
            kind="WRITE_OFF",
            scope="FULL",
            date=from_date(now.date()),
            reason="UNCOLLECTIBLE",
            litigation="N",
            fraud=False,
            related_party=False,
            collection_ceases=False,
            approval_reference=reference_of(loan),
        )


class Asking:
    """An upstream that asks at a steady pace in a thread of its own, until it is left."""

    def __init__(self, upstream: Upstream, loans: Iterable[str], *, per_s: float) -> None:
        """Ask about these loans."""
        self._over = threading.Event()
        self._thread = ThreadPoolExecutor(1)
        wanted = takewhile(lambda _: not self._over.is_set(), loans)
        self._asked = self._thread.submit(upstream.ask, wanted, per_s=per_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.shutdown()

    def stop(self) -> None:
        """Ask for no more, and wait for the broker's answers. Raises Failed."""
        self._over.set()
        self.until_asked()

    def until_asked(self) -> None:
        """Wait until all is asked for. Raises Failed."""
        self._asked.result()

    def check(self) -> None:
        """Raise Failed if it could not go on."""
        if self._asked.done():
            self._asked.result()
