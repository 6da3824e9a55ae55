"""What is heard becomes a command of the domain."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from contracts.records import ledger
from contracts.types import to_date, to_datetime
from mesh.service import Message

from notifications.domain.events import (
    ClaimTask,
    Command,
    CompleteTask,
    Decision,
    KnowParty,
    Misunderstood,
    Outage,
    Posting,
    RecordDelivery,
    RecordNotices,
    Refusal,
    ReleaseTask,
    RemindOfHeld,
)
from notifications.domain.notices import Channel, Party, Proof


def to_command(message: Message) -> Command:
    """Hear a message as a command of the domain."""
    match message.body:
        case ledger.WriteOffPosted() as posted:
            return RecordNotices(_to_posting(posted))
        case ledger.Party() as record:
            return KnowParty(_to_party(record), message.version)
        case None:
            return KnowParty(None, message.version)
        case body:
            try:
                return _from_json(message, body)
            except (KeyError, TypeError, ValueError) as error:
                return Misunderstood(f"not understood: {error}")


def to_json(delivery: RecordDelivery) -> dict[str, Any]:
    """Write what became of an attempt as the command carries it."""
    told: dict[str, Any] = {"notice_id": str(delivery.notice_id), "try": delivery.attempt}
    match delivery.outcome:
        case Proof() as proof:
            return told | {
                "outcome": "sent",
                "channel": proof.channel,
                "provider_id": proof.provider_id,
                "text_sha256": proof.text_sha256,
                "address_sha256": proof.address_sha256,
                "template_version": proof.template_version,
            }
        case Refusal(channel, code):
            return told | {"outcome": "refused", "channel": channel, "code": code}
        case Outage(channel, code):
            return told | {"outcome": "unavailable", "channel": channel, "code": code}


def _to_posting(posted: ledger.WriteOffPosted) -> Posting:
    terms, parts = posted.terms, posted.components
    assert posted.meta.case_id is not None, "a write-off is posted for a case"
    return Posting(
        posting_id=UUID(posted.transaction_id),
        case_id=UUID(posted.meta.case_id),
        customer_id=terms.customer_id,
        case_number=terms.case_number,
        product=terms.product,
        segment=terms.segment,
        reason=terms.reason,
        litigation=terms.litigation,
        is_fraud=terms.fraud,
        collection_ceases=terms.collection_ceases,
        currency=posted.amount.currency,
        principal_minor=parts.principal_minor,
        interest_minor=parts.interest_minor,
        fees_minor=parts.fees_minor,
        penalties_minor=parts.penalties_minor,
        tax_minor=parts.tax_minor,
        amount_minor=posted.amount.amount_minor,
        balance_after_minor=posted.balance_after_minor,
        value_date=to_date(posted.value_date),
        booked=to_datetime(posted.meta.occurred_at).date(),
    )


def _to_party(record: ledger.Party) -> Party:
    """Take what a letter needs; the tax id is none of that."""
    return Party(
        party_id=record.party_id,
        given_name=record.given_name,
        family_name=record.family_name,
        business_name=record.business_name,
        email=record.email,
        locale=record.locale,
    )


def _from_json(message: Message, body: Mapping[str, Any]) -> Command:
    """Read a command or timer. Raises KeyError, TypeError, ValueError."""
    if message.kind == "RemindOfHeld":
        return RemindOfHeld(UUID(str(body["notice_id"])))
    assert message.by is not None, "commands have somebody behind them"
    if message.kind == "RecordDelivery":
        return _to_delivery(body)
    task_id = UUID(str(body["task_id"]))
    match message.kind:
        case "ClaimTask":
            return ClaimTask(task_id, message.by)
        case "ReleaseTask":
            return ReleaseTask(task_id, message.by)
        case "CompleteTask":
            return CompleteTask(task_id, message.by, _to_decision(body["decision"]))
        case kind:
            raise ValueError(f"{kind} is no command of notifications")


def _to_decision(told: Any) -> Decision:
    match told:
        case "resend" | "release" | "undeliverable" as decision:
            return decision
        case _:
            raise ValueError("decision is resend, release or undeliverable")


def _to_delivery(body: Mapping[str, Any]) -> RecordDelivery:
    channel = _to_channel(body["channel"])
    match body["outcome"]:
        case "sent":
            outcome = Proof(
                channel=channel,
                provider_id=str(body["provider_id"]),
                text_sha256=str(body["text_sha256"]),
                address_sha256=str(body["address_sha256"]),
                template_version=str(body["template_version"]),
            )
        case "refused":
            outcome = Refusal(channel, str(body["code"]))
        case "unavailable":
            outcome = Outage(channel, str(body["code"]))
        case _:
            raise ValueError("outcome is sent, refused or unavailable")
    return RecordDelivery(UUID(str(body["notice_id"])), int(body["try"]), outcome)


def _to_channel(told: Any) -> Channel:
    match told:
        case "EMAIL" | "LETTER" as channel:
            return channel
        case _:
            raise ValueError("channel is EMAIL or LETTER")
