"""How fast the ledger posts, from grants that wait on its topic to what it says of them.

All other services are stopped. The grants are written as authorization would write them, numbered
on from what the ledger has heard of each lane; the stack is of no use to authorization after that.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime

from confluent_kafka import Producer
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from contracts.codec import encode
from contracts.records.authorization import AuthorizationGranted
from contracts.records.ledger import WriteOffPosted
from mesh.lanes import lane_of
from mesh.wire import event_headers

from bench import stores
from bench.figures import SERVICES, between_tenths
from bench.grants import TOPIC, grant
from bench.loans import OWED_MINOR, Told, lend
from bench.own_stack import TENANT, Failed, OwnStack, until
from bench.topic import LEDGER_TOPIC, Following, ends

HEARD_MAX_S, POSTED_MAX_S, FLUSH_S = 60.0, 600.0, 60.0


def posted_per_s(mesh: OwnStack, loans: Sequence[str], told: Told) -> float:
    """Return WriteOffPosted a second between the first and the last tenth; loans are new ones."""
    lend(mesh, loans, lambda _: None)
    for service in SERVICES:
        if service != "ledger":
            _each(mesh, service, mesh.stop)
    _until_heard(mesh)
    _each(mesh, "ledger", mesh.stop)
    with closing(Following(mesh.env, LEDGER_TOPIC, WriteOffPosted)) as posted:
        _say(mesh, loans)
        _each(mesh, "ledger", mesh.start)
        posted.until(len(loans), seconds=POSTED_MAX_S, told=told)
        return between_tenths(posted.moments_ms)


def _each(mesh: OwnStack, service: str, act: Callable[[str], None]) -> None:
    for name in mesh.instances(service):
        act(name)


def _until_heard(mesh: OwnStack) -> None:
    """Wait until the ledger has heard all that authorization said."""
    said = ends(mesh.env, TOPIC)

    def heard() -> bool:
        offsets = stores.heard(mesh.env, "ledger", TOPIC)
        return all(offsets.get(partition, 0) == end for partition, end in said.items())

    until(heard, seconds=HEARD_MAX_S, what=f"{TOPIC} heard to its end by the ledger")


def _say(mesh: OwnStack, loans: Sequence[str]) -> None:
    """Write a grant for every loan."""
    env = mesh.env
    registry = SchemaRegistryClient(env.registry_conf())
    schema = Schema(AuthorizationGranted.SCHEMA, "AVRO")
    subject = f"{TOPIC}-{AuthorizationGranted.FULL_NAME}"
    schema_id = registry.lookup_schema(subject, schema).schema_id
    assert schema_id is not None, "a registered schema has an id"
    numbers = defaultdict(lambda: (1, 0), stores.numbers(env, "ledger", TOPIC))
    producer = Producer({**env.kafka_conf("authorization"), "acks": "all", "linger.ms": 5})
    for loan in loans:
        lane = lane_of(f"{TENANT}/{loan}", lanes=env.lanes)
        incarnation, last = numbers[lane]
        numbers[lane] = incarnation, last + 1
        record = grant(TENANT, loan, amount_minor=OWED_MINOR, asked=datetime.now(UTC).date())
        producer.produce(
            TOPIC,
            partition=lane,
            key=loan,
            value=encode(record, schema_id),
            headers=_headers(record, incarnation, last + 1),
        )
        producer.poll(0)
    if producer.flush(FLUSH_S):
        raise Failed(f"grants were not published within {FLUSH_S:.0f} s")


def _headers(
    record: AuthorizationGranted, incarnation: int, seq: int
) -> list[tuple[str, str | bytes | None]]:
    meta = record.meta
    headers = event_headers(
        event_id=meta.event_id,
        source="authorization",
        kind=record.FULL_NAME,
        subject=str(meta.case_id),
        at=datetime.now(UTC).isoformat(),
        correlation_id=meta.correlation_id,
        incarnation=incarnation,
        seq=seq,
    )
    return [*headers]
