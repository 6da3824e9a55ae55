"""The load: loans with an approval that attests to everything, and an upstream that asks."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from confluent_kafka import Message, Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from contracts.codec import encode
from contracts.records.common import Actor, Meta
from contracts.records.requests import WriteOffRequested
from contracts.types import from_date, from_datetime

from bench.own_stack import SOURCE, TENANT, Failed, OwnStack, until
from stack import Env

TOPIC = f"writeoff.requests.v1.{SOURCE}"

CHUNK, ASKED_MAX = 500, 5_000
HELD_S = 120.0
FLUSH_S = 60.0
POLL_EVERY = 500

PREFIX = "B-"

type Told = Callable[[int], None]
"""Hears how many are done."""


def name_loans(count: int) -> list[str]:
    """Name so many loans."""
    return [f"{PREFIX}{number:08d}" for number in range(1, count + 1)]


def prepare(mesh: OwnStack, loans: Sequence[str], told: Told) -> None:
    """Bring loans and their approvals in, and wait until all who need them hold them."""
    done = 0
    for part in _chunks(loans, CHUNK):
        rows = [_loan(n, loan) for n, loan in enumerate(part)]
        _taken(mesh.call("ledger", "/v1/loans/import", {"rows": rows, "check": False}))
        references = [_reference(n, loan) for n, loan in enumerate(part)]
        asked = {"references": references, "check": False}
        _taken(mesh.call("authorization", "/v1/references", asked))
        done += len(part)
        told(done)
    until(lambda: _are_held(mesh, loans), seconds=HELD_S, what="loans and approvals held")


class Upstream:
    """An upstream system: asks with the plain Kafka client, each request keyed by its loan."""

    def __init__(self, env: Env) -> None:
        """Connect as the source; its schema is registered already."""
        registry = SchemaRegistryClient(env.registry_conf())
        schema = Schema(WriteOffRequested.SCHEMA, "AVRO")
        subject = f"{TOPIC}-{WriteOffRequested.FULL_NAME}"
        found = registry.lookup_schema(subject, schema).schema_id
        assert found is not None, "a registered schema has an id"
        self._schema_id = found
        # The partitioner of Kafka's own client: with this key a request meets its lane.
        self._producer = Producer(
            {
                **env.kafka_conf(f"source-{SOURCE}"),
                "acks": "all",
                "linger.ms": 0,
                "partitioner": "murmur2_random",
            }
        )
        self.taken_ms: dict[str, int] = {}
        """Loan → when the broker took its request, by the broker's clock."""

    def ask(self, loans: Sequence[str], *, per_s: float | None = None) -> None:
        """Ask for each loan's write-off, all at once or so many a second. Raises Failed."""
        start = time.monotonic()
        for count, loan in enumerate(loans):
            if per_s is not None:
                self._wait_until(start + count / per_s)
            self._producer.produce(
                TOPIC,
                key=f"{TENANT}/{loan}",
                value=encode(_request(loan), self._schema_id),
                on_delivery=lambda error, message, loan=loan: self._taken(loan, error, message),
            )
            if count % POLL_EVERY == 0:
                self._producer.poll(0)
        if self._producer.flush(FLUSH_S):
            raise Failed("requests were not published in time")

    def _wait_until(self, moment: float) -> None:
        while (left_s := moment - time.monotonic()) > 0:
            self._producer.poll(left_s)

    def _taken(self, loan: str, error: object, message: Message) -> None:
        if error is not None:
            raise Failed(f"a request was not taken: {error}")
        self.taken_ms[loan] = message.timestamp()[1]


def _request(loan: str) -> WriteOffRequested:
    now = datetime.now(UTC)
    event_id = str(uuid5(NAMESPACE_URL, f"bench/{loan}"))
    return WriteOffRequested(
        meta=Meta(
            event_id=event_id,
            tenant=TENANT,
            loan_id=loan,
            occurred_at=from_datetime(now),
            correlation_id=event_id,
            causation_id=event_id,
            actor=Actor(role="upstream", id=SOURCE),
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
        approval_reference=_reference_id(loan),
    )


def _loan(line: int, loan: str) -> dict[str, Any]:
    return {
        "line": line,
        "loan_id": loan,
        "customer_id": f"C-{loan}",
        "given_name": "Ada",
        "family_name": "Example",
        "email": f"{loan.lower()}@example.com",
        "product": "PERSONAL_LOAN",
        "segment": "PERSONAL",
        "currency": "USD",
        "principal": "1000.00",
        "interest": "10.00",
        "fees": "0.00",
        "penalties": "0.00",
        "tax": "0.00",
        "unearned_interest": "0.00",
        "opened": "2024-01-01",
        "status": "ACTIVE",
    }


def _reference(line: int, loan: str) -> dict[str, Any]:
    return {
        "line": line,
        "reference": _reference_id(loan),
        "loan_id": loan,
        "kind": "WRITE_OFF",
        "amount": "1010.00",
        "currency": "USD",
        "reasons": [],
        "approvers": [{"id": "l5-eve", "level": 5}, {"id": "l4-deb", "level": 4}],
        "attests_documents": True,
    }


def _reference_id(loan: str) -> str:
    return f"APPR-2026-{loan.removeprefix(PREFIX)}"


def _taken(answer: dict[str, Any]) -> None:
    for line in answer["results"]:
        if line["result"] == "refused":
            raise Failed(f"not taken in: {line}")


def _are_held(mesh: OwnStack, loans: Sequence[str]) -> bool:
    for part in _chunks(loans, ASKED_MAX):
        if mesh.call("case", "/v1/loans/held", {"loans": part})["missing"]:
            return False
        asked = {"references": [_reference_id(loan) for loan in part]}
        if mesh.call("documents", "/v1/references/held", asked)["missing"]:
            return False
    return True


def _chunks(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for at in range(0, len(items), size):
        yield list(items[at : at + size])
