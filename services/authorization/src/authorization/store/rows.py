"""Rows as the domain's values, and back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from mesh.service import Key, Told

from authorization.domain.events import (
    ApprovalRecorded,
    AuthorizationDeclined,
    AuthorizationGranted,
    AuthorizationRefused,
    Event,
    GrantRecalled,
)
from authorization.domain.loan import Case, Granted, Over, Requested, Reviewed, Verified, WrittenOff
from authorization.domain.matrix import Need
from authorization.domain.references import Reference
from authorization.domain.terms import Approver, Terms, kind_terms

TERMS = tuple(field.name for field in fields(Terms))

type Row = Mapping[str, Any]
type Values = tuple[Any, ...]


def key_of(row: Row) -> Key:
    """Give the loan of a row."""
    return Key(row["tenant"], row["loan_id"])


def to_reference(row: Row) -> Reference:
    """Read an approval reference."""
    return Reference(
        reference=row["reference"],
        loan_id=row["loan_id"],
        kind=row["kind"],
        amount_max_minor=row["amount_max_minor"],
        currency=row["currency"],
        reasons=frozenset(row["reasons"]),
        approvers=_to_approvers(row["approvers"]),
        issued=row["issued"],
        expires=row["expires"],
        attests_documents=row["attests_documents"],
        issued_by=row["issued_by"],
        standing=row["standing"],
        case_id=row["case_id"],
    )


def from_reference(key: Key, reference: Reference) -> Values:
    """Flatten an approval reference; a reason's code has no space."""
    return (
        key.tenant,
        reference.reference,
        reference.loan_id,
        reference.kind,
        reference.amount_max_minor,
        reference.currency,
        " ".join(sorted(reference.reasons)),
        _approvers(reference.approvers),
        reference.issued,
        reference.expires,
        reference.attests_documents,
        reference.issued_by,
        reference.standing,
        reference.case_id,
    )


def to_case(row: Row, approvals: Sequence[Approver]) -> Case:
    """Read a case; `approvals` are those recorded of it."""
    match row["stage"]:
        case "REVIEWED":
            return Reviewed(
                case_id=row["case_id"], terms=_to_terms(row["terms"]), reviewer=row["reviewer"]
            )
        case "VERIFIED":
            return Verified(
                case_id=row["case_id"],
                terms=_to_terms(row["terms"]),
                cause=row["cause"],
                agent=row["agent"],
                is_attested=row["is_attested"],
                heard=row["heard"],
            )
        case "REQUESTED":
            return Requested(
                case_id=row["case_id"],
                terms=_to_terms(row["terms"]),
                cause=row["cause"],
                heard=row["heard"],
                makers=frozenset(orjson.loads(row["makers"])),
                need=Need(row["row_name"], row["level"], row["people"]),
                approvals=tuple(approvals),
            )
        case "GRANTED":
            return Granted(
                case_id=row["case_id"],
                terms=_to_terms(row["terms"]),
                grant_id=row["grant_id"],
                need=_to_need(row["need"]),
            )
        case end:
            return Over(case_id=row["case_id"], end=end)


def from_case(key: Key, case: Case) -> Values:
    """Flatten a case. Absent: what its stage does not have."""
    reviewer = cause = heard = agent = is_attested = makers = grant_id = None
    asked: tuple[str | None, int | None, int | None] = (None, None, None)
    needed = None
    terms = None if isinstance(case, Over) else _from_terms(case.terms)
    match case:
        case Reviewed():
            stage, reviewer = "REVIEWED", case.reviewer
        case Verified():
            stage, cause, heard = "VERIFIED", case.cause, case.heard
            agent, is_attested = case.agent, case.is_attested
        case Requested():
            stage, cause, heard = "REQUESTED", case.cause, case.heard
            makers = orjson.dumps(sorted(case.makers)).decode()
            asked = (case.need.row, case.need.level, case.need.people)
        case Granted():
            stage, grant_id, needed = "GRANTED", case.grant_id, _from_need(case.need)
        case Over():
            stage = case.end
    of_stage = (reviewer, cause, heard, agent, is_attested, makers, *asked, grant_id, needed)
    return (case.case_id, key.tenant, key.id, stage, terms, *of_stage)


def to_written_off(row: Row) -> WrittenOff:
    """Read a loss."""
    return WrittenOff(
        transaction_id=row["transaction_id"],
        case_id=row["case_id"],
        kind=row["kind"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        booked=row["booked"],
        need=_to_need(row["need"]),
        approvers=_to_approvers(row["approvers"]),
        returned_minor=row["returned_minor"],
        is_gone=row["is_gone"],
    )


def from_written_off(key: Key, loss: WrittenOff) -> Values:
    """Flatten a loss."""
    return (
        loss.transaction_id,
        key.tenant,
        key.id,
        loss.case_id,
        loss.kind,
        loss.amount_minor,
        loss.currency,
        loss.booked,
        _from_need(loss.need),
        _approvers(loss.approvers),
        loss.returned_minor,
        loss.is_gone,
    )


def from_approval(told: Told[Event]) -> Values | None:
    """Flatten an approval; none: the event is none."""
    match told.event:
        case ApprovalRecorded(case_id, approver, place):
            return (told.event_id, case_id, place, approver.id, approver.level, told.at)
        case _:
            return None


def from_decision(key: Key, told: Told[Event]) -> Values | None:
    """Flatten a decision; none: the event is none."""
    match told.event:
        case AuthorizationGranted() as event:
            grant = (
                event.grant_id,
                event.row,
                event.level,
                _approvers(event.approvers),
                event.amount_max_minor,
                event.expires_at,
                event.matrix_version,
                event.terms_hash,
            )
            reference = event.terms.approval_reference
            return (
                *_decided(key, told, event.case_id, "GRANTED"),
                None,
                reference,
                None,
                None,
                *grant,
            )
        case GrantRecalled() as event:
            approvers = _approvers(event.approvers)
            known = (None, event.terms.approval_reference, None, None)
            grant = (event.grant_id, None, None, approvers, None, None, None, event.terms_hash)
            return (*_decided(key, told, event.case_id, "GRANTED"), *known, *grant)
        case AuthorizationDeclined(case_id, by, comment):
            declined = (None, None, by.id, comment)
            return (*_decided(key, told, case_id, "DECLINED"), *declined, *_NO_GRANT)
        case AuthorizationRefused(case_id, code, reference):
            refused = (code, reference, None, None)
            return (*_decided(key, told, case_id, "REFUSED"), *refused, *_NO_GRANT)
        case _:
            return None


_NO_GRANT = (None,) * 8


def _decided(key: Key, told: Told[Event], case_id: UUID, outcome: str) -> Values:
    return (told.event_id, key.tenant, case_id, outcome, told.at)


def _approvers(approvers: Iterable[Approver]) -> str:
    told = [{"id": approver.id, "level": approver.level} for approver in approvers]
    return orjson.dumps(told).decode()


def _to_approvers(text: str) -> tuple[Approver, ...]:
    return tuple(Approver(each["id"], each["level"]) for each in orjson.loads(text))


def _to_need(text: str) -> Need:
    return Need(**orjson.loads(text))


def _from_need(need: Need) -> str:
    return orjson.dumps(need).decode()


def _to_terms(text: str) -> Terms:
    data = orjson.loads(text)
    data["date"] = date.fromisoformat(data["date"])
    data["flags"] = frozenset(data["flags"])
    if told := data.get("of_kind"):
        data["of_kind"] = kind_terms(told)
    return Terms(**data)


def _from_terms(terms: Terms) -> str:
    data = {name: getattr(terms, name) for name in TERMS}
    data["date"] = terms.date.isoformat()
    data["flags"] = sorted(terms.flags)
    return orjson.dumps(data).decode()
