"""Hearing: records of other services and what people want, as commands of the domain."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from contracts.records import common
from contracts.records.case import CaseClosed, CaseReviewed
from contracts.records.documents import VerificationCompleted
from contracts.records.ledger import (
    ChargeOffPosted,
    ChargeOffRemoved,
    PostingRefused,
    TransactionReversed,
    WriteOffPosted,
)
from contracts.types import to_date, to_datetime
from mesh.people import Person
from mesh.service import Message

from authorization.domain.commands import (
    ClaimTask,
    Command,
    CompleteTask,
    HearClosing,
    HearPosting,
    HearPostingRefusal,
    HearRemoval,
    HearReversal,
    HearReview,
    HearVerification,
    IssueReference,
    Refuse,
    ReleaseTask,
    RevokeReference,
)
from authorization.domain.loan import Reviewed, Verified
from authorization.domain.references import Reference
from authorization.domain.terms import Approver, Flag, Terms, kind_terms

ATTESTED = "ATTESTED"
"""The basis of a requirement that was met because the approval reference attests the documents."""


def to_command(message: Message) -> Command:
    """Hear a message as a command of the domain."""
    match message.body:
        case CaseReviewed(terms=terms, reviewer=reviewer):
            case_id = _case_of(message)
            return HearReview(Reviewed(case_id=case_id, terms=to_terms(terms), reviewer=reviewer))
        case VerificationCompleted() as record:
            return HearVerification(_to_verified(message, record))
        case WriteOffPosted() as record:
            return _to_posting(message, record, reclassified_minor=record.reclassified_minor)
        case ChargeOffPosted() as record:
            return _to_posting(message, record)
        case ChargeOffRemoved() as record:
            return HearRemoval(
                case_id=_case_of(message),
                terms=to_terms(record.terms),
                amount_minor=record.amount.amount_minor,
                grant_id=UUID(record.grant_id),
                approvers=_to_approvers(record.approvers),
            )
        case TransactionReversed() as record:
            return HearReversal(
                case_id=_case_of(message),
                transaction_id=UUID(record.transaction_id),
                is_of_removal=record.command == "remove_charge_off",
                terms=to_terms(record.terms),
                grant_id=UUID(record.grant_id),
                approvers=_to_approvers(record.approvers),
            )
        case PostingRefused():
            return HearPostingRefusal(_case_of(message))
        case CaseClosed(outcome=outcome) as record:
            assert outcome != "UNKNOWN", "an outcome newer than this build waits for the next one"
            return HearClosing(
                case_id=_case_of(message),
                outcome=outcome,
                kind=record.kind,
                approval_reference=record.approval_reference,
            )
        case body:
            assert message.by is not None, "a command comes from a person"
            return _to_wish(message.kind, body, message.by)


def reference_named_by(message: Message) -> str | None:
    """Say which approval reference a message names: it may be another loan's."""
    match message.body:
        case CaseReviewed(terms=terms) | VerificationCompleted(terms=terms):
            return terms.approval_reference
        case dict() as body:
            return body.get("reference")
        case _:
            return None


def to_terms(terms: common.Terms) -> Terms:
    """Take what authority looks at; the rest travels on as it came."""
    flags: tuple[tuple[Flag, bool], ...] = (
        ("fraud", terms.fraud),
        ("related_party", terms.related_party),
        ("collection_ceases", terms.collection_ceases),
    )
    return Terms(
        kind=terms.kind,
        scope=terms.scope,
        amount_minor=terms.amount.amount_minor,
        currency=terms.amount.currency,
        reason=terms.reason,
        date=to_date(terms.date),
        segment=terms.segment,
        product=terms.product,
        flags=frozenset(flag for flag, is_set in flags if is_set),
        maker=terms.maker,
        sanctioner=terms.sanctioner,
        sanction_level=terms.sanction_level,
        approval_reference=terms.approval_reference,
        of_kind=kind_terms(terms.of_kind.to_avro()) if terms.of_kind else None,
    )


def to_reference(body: Mapping[str, Any], issued_by: str) -> Reference:
    """Read a reference of a command's body."""
    return Reference(
        reference=body["reference"],
        loan_id=body["loan_id"],
        kind=body["kind"],
        amount_max_minor=body["amount_max_minor"],
        currency=body["currency"],
        reasons=frozenset(body["reasons"]),
        approvers=tuple(Approver(each["id"], each["level"]) for each in body["approvers"]),
        issued=date.fromisoformat(body["issued"]),
        expires=date.fromisoformat(body["expires"]),
        attests_documents=body["attests_documents"],
        issued_by=issued_by,
    )


def from_reference(reference: Reference) -> dict[str, Any]:
    """Give a command's body: equal references give equal ones, so the same entry is the same."""
    approvers = sorted(reference.approvers, key=lambda each: each.id)
    return {
        "reference": reference.reference,
        "loan_id": reference.loan_id,
        "kind": reference.kind,
        "amount_max_minor": reference.amount_max_minor,
        "currency": reference.currency,
        "reasons": sorted(reference.reasons),
        "approvers": [{"id": each.id, "level": each.level} for each in approvers],
        "issued": reference.issued.isoformat(),
        "expires": reference.expires.isoformat(),
        "attests_documents": reference.attests_documents,
    }


def _to_verified(message: Message, record: VerificationCompleted) -> Verified:
    return Verified(
        case_id=_case_of(message),
        terms=to_terms(record.terms),
        cause=message.message_id,
        agent=record.agent,
        is_attested=any(each.basis == ATTESTED for each in record.requirements),
        heard=orjson.dumps(record.terms.to_avro()).decode(),
    )


def _to_posting(
    message: Message, record: WriteOffPosted | ChargeOffPosted, *, reclassified_minor: int = 0
) -> HearPosting:
    return HearPosting(
        case_id=_case_of(message),
        transaction_id=UUID(record.transaction_id),
        terms=to_terms(record.terms),
        amount_minor=record.amount.amount_minor - reclassified_minor,
        booked=to_datetime(record.meta.occurred_at).date(),
        grant_id=UUID(record.grant_id),
        approvers=_to_approvers(record.approvers),
    )


def _to_approvers(approvers: Sequence[common.Approver]) -> tuple[Approver, ...]:
    return tuple(Approver(each.id, each.level) for each in approvers)


def _to_wish(kind: str, body: Mapping[str, Any], by: Person) -> Command:
    """Read what a person wants; what makes no sense is answered, never raised."""
    try:
        match kind:
            case "IssueApprovalReference":
                return IssueReference(to_reference(body, by.id), by)
            case "RevokeApprovalReference":
                return RevokeReference(str(body["reference"]), by)
            case "ClaimTask":
                return ClaimTask(UUID(str(body["task_id"])), by)
            case "ReleaseTask":
                return ReleaseTask(UUID(str(body["task_id"])), by)
            case "CompleteTask":
                return CompleteTask(
                    task_id=UUID(str(body["task_id"])),
                    decision=str(body.get("decision", "")).lower(),
                    comment=str(body.get("comment") or "").strip(),
                    by=by,
                )
            case _:
                return Refuse("INVALID_FIELDS", f"{kind} is no command of authorization")
    except (KeyError, TypeError, ValueError) as error:
        return Refuse("INVALID_FIELDS", f"not understood: {error}")


def _case_of(message: Message) -> UUID:
    assert message.case_id is not None, "this fact is of a case"
    return message.case_id
