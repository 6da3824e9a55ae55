"""An upstream system: publishes its requests with nothing but the plain Confluent client."""

from collections.abc import Callable, Iterable
from datetime import datetime

from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry import topic_record_subject_name_strategy as strategy
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from contracts.records.common import Actor, Meta, Money, SuppliedDocument
from contracts.records.requests import WriteOffRequested
from contracts.types import from_date, from_datetime

from writeoff.demo.recipes import SOURCE, Ask
from writeoff.exits import Exit, Trouble
from writeoff.identity import derived
from writeoff.stackenv import StackEnv

TOPIC = f"writeoff.requests.v1.{SOURCE}"

FLUSH_S = 30.0


def publish(
    env: StackEnv, asks: Iterable[Ask], *, now: datetime, on_sent: Callable[[int], None]
) -> None:
    """Write every request to the source's own topic, keyed by its loan, in order."""
    # The library gives its arguments to another method, which no type checker sees.
    serialize = AvroSerializer(
        SchemaRegistryClient(env.registry_conf()),  # pyright: ignore[reportCallIssue]
        WriteOffRequested.SCHEMA,
        _to_avro,
        conf={"auto.register.schemas": False, "subject.name.strategy": strategy},
    )
    producer = Producer(
        {
            **env.kafka_conf(f"source-{SOURCE}"),
            "enable.idempotence": True,
            "compression.type": "lz4",
        }
    )
    failed: list[str] = []

    def delivered(error: object, _: object) -> None:
        if error is not None:
            failed.append(str(error))

    context = SerializationContext(TOPIC, MessageField.VALUE)
    for count, ask in enumerate(asks, start=1):
        producer.produce(
            TOPIC,
            key=ask.loan_id.encode(),
            value=serialize(to_record(ask, now=now), context),
            on_delivery=delivered,
        )
        producer.poll(0)
        on_sent(count)
    unsent = producer.flush(FLUSH_S)
    if failed or unsent:
        raise Trouble(
            f"{len(failed) + unsent} requests were not published: {failed[:1] or 'no answer'}",
            next_step="`make up` starts what is not running; then the same command again",
            exit_code=Exit.UNREACHABLE,
        )


def _to_avro(request: WriteOffRequested, _: SerializationContext) -> dict[str, object]:
    return request.to_avro()


def to_record(ask: Ask, *, now: datetime) -> WriteOffRequested:
    """Write a request as the contract has it."""
    event_id = str(derived("demo", ask.tenant, ask.request_id))
    money = None
    if ask.amount_minor is not None:
        money = Money(amount_minor=ask.amount_minor, currency=ask.currency)
    return WriteOffRequested(
        meta=Meta(
            event_id=event_id,
            tenant=ask.tenant,
            case_id=None,
            loan_id=ask.loan_id,
            occurred_at=from_datetime(now),
            correlation_id=event_id,
            causation_id=event_id,
            actor=Actor(role="upstream", id=SOURCE),
            version=None,
        ),
        request_id=ask.request_id,
        kind="WRITE_OFF",
        scope="PARTIAL" if ask.scope == "PARTIAL" else "FULL",
        amount=money,
        date=from_date(ask.date),
        reason=ask.reason,
        maker="collections-desk",
        litigation="L" if ask.litigation == "L" else "N",
        legal_code=ask.legal_code,
        legal_date=from_date(ask.date) if ask.legal_code else None,
        fraud=False,
        related_party=False,
        collection_ceases=False,
        approval_reference=ask.approval_reference,
        documents=[
            SuppliedDocument(
                document=paper.document,
                sha256=paper.sha256(ask.request_id),
                dated=from_date(ask.date),
                source=paper.source,
            )
            for paper in ask.papers
        ],
        notes=ask.notes,
    )
