"""From records, commands of doors and timers to the domain."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.records import (
    RECORDS,
    authorization,
    common,
    documents,
    ledger,
    notifications,
    requests,
)
from contracts.records import tasks as task_records
from contracts.types import to_date
from mesh.people import Person
from mesh.service import Message

from case.domain import commands, events
from case.domain.policy import Policy
from case.domain.terms import Approver, Document, Loan, Posting, Request

MAY_REPOSSESS = ("admin", "back_office")
"""Roles that may submit REPOSSESSION_FAILED."""


def to_command(message: Message, *, now: datetime, policy: Policy) -> commands.Command:
    """Say what a message means here."""
    record, fact_id, tries = message.body, message.message_id, 0
    if message.kind == "HearAgain":
        record, fact_id, tries = _fact_kept(message.body)
    to_fact = FACTS.get(type(record))
    if to_fact:
        # The nil id is no case's: a fact that names no case changes nothing here.
        case_id = message.case_id or UUID(int=0)
        base = {"case_id": case_id, "at": now, "fact_id": fact_id, "tries": tries}
        return to_fact(record, base)
    match message.body:
        case requests.WriteOffRequested():
            return commands.OpenCase(
                case_id=message.message_id,
                request=_request_of_topic(message.body, source=message.source, policy=policy),
                id_reused=message.refusal == "ID_REUSED",
            )
        case ledger.LoanSnapshot():
            return commands.TakeLoan(loan=_loan(message.body, message.version))
        case _:
            return COMMANDS[message.kind](message)


def kept_fact(message: Message) -> dict[str, Any]:
    """Keep a fact as JSON, for a timer."""
    record = message.body
    return {
        "fact_id": str(message.message_id),
        "record": record.FULL_NAME,
        "told": record.to_avro(),
        "tries": 0,
    }


def _fact_kept(body: Mapping[str, Any]) -> tuple[Any, UUID, int]:
    """Undo `kept_fact`."""
    record = RECORDS[body["record"]].from_avro(body["told"])
    return record, UUID(body["fact_id"]), body["tries"]


def _open_case(message: Message) -> commands.OpenCase:
    return commands.OpenCase(
        case_id=message.message_id,
        request=_request_of_door(message),
        id_reused=message.refusal == "ID_REUSED",
    )


def _look_again(message: Message) -> commands.LookAgain:
    return commands.LookAgain(case_id=UUID(message.body["case_id"]))


def _claim(message: Message) -> commands.ClaimTask:
    assert message.by is not None, "the door knows who asks"
    return commands.ClaimTask(task_id=UUID(message.body["task_id"]), by=message.by)


def _release(message: Message) -> commands.ReleaseTask:
    assert message.by is not None, "the door knows who asks"
    return commands.ReleaseTask(task_id=UUID(message.body["task_id"]), by=message.by)


TASK_FIELDS = (
    "reason",
    "scope",
    "amount",
    "litigation",
    "legal_code",
    "note",
    "core_reference",
    "new_balance",
)
"""What a person may say in a task; anything else is not ours to hear."""


def _complete(message: Message) -> commands.CompleteTask:
    assert message.by is not None, "the door knows who asks"
    told = {f: str(message.body[f]) for f in TASK_FIELDS if message.body.get(f) is not None}
    return commands.CompleteTask(task_id=UUID(message.body["task_id"]), by=message.by, **told)


COMMANDS: Mapping[str, Callable[[Message], commands.Command]] = {
    "OpenCase": _open_case,
    "LookAgain": _look_again,
    "ClaimTask": _claim,
    "ReleaseTask": _release,
    "CompleteTask": _complete,
}
"""What doors and timers ask, by kind."""


def _request_of_topic(
    record: requests.WriteOffRequested, *, source: str, policy: Policy
) -> Request:
    """Read an upstream's request; what the mesh lets through has dates within 1900 to 2200."""
    assert record.meta.loan_id is not None, "the mesh parks requests without a loan"
    return Request(
        loan_id=record.meta.loan_id,
        request_id=record.request_id,
        channel="TOPIC",
        source=source,
        kind=record.kind,
        scope=record.scope,
        amount_minor=record.amount.amount_minor if record.amount else None,
        currency=record.amount.currency if record.amount else None,
        date=to_date(record.date),
        reason=record.reason,
        maker=record.maker or f"source:{source}",
        litigation=record.litigation,
        legal_code=record.legal_code,
        legal_date=to_date(record.legal_date) if record.legal_date is not None else None,
        fraud=record.fraud,
        related_party=record.related_party,
        collection_ceases=record.collection_ceases,
        approval_reference=record.approval_reference,
        documents=tuple(
            Document(document=d.document, sha256=d.sha256, dated=to_date(d.dated), source=d.source)
            for d in record.documents
        ),
        notes=record.notes,
        entitled=source in policy.repossession_sources,
    )


def _request_of_door(message: Message) -> Request:
    """Read what the door made of a line: see `api.requests.body_of`."""
    assert message.by is not None, "the door knows who asks"
    assert message.request_id is not None, "the door gives every request its id"
    return request_of_body(message.body, request_id=message.request_id, by=message.by)


def request_of_body(body: Mapping[str, Any], *, request_id: str, by: Person) -> Request:
    """Read a request as the door puts it into a command; its maker is who stands at the door."""
    return Request(
        loan_id=body["loan_id"],
        request_id=request_id,
        channel=body["channel"],
        source=body["channel"].lower(),
        kind=body["kind"],
        scope=body["scope"],
        amount_minor=body["amount_minor"],
        currency=body["currency"],
        date=date.fromisoformat(body["date"]),
        reason=body["reason"],
        maker=by.id,
        litigation=body["litigation"],
        legal_code=body["legal_code"],
        legal_date=date.fromisoformat(body["legal_date"]) if body["legal_date"] else None,
        fraud=body["fraud"],
        related_party=body["related_party"],
        collection_ceases=body["collection_ceases"],
        approval_reference=body["approval_reference"],
        documents=tuple(
            Document(
                document=d["document"],
                sha256=d["sha256"],
                dated=date.fromisoformat(d["dated"]),
                source=d["source"],
            )
            for d in body["documents"]
        ),
        notes=body["notes"],
        entitled=by.is_any(MAY_REPOSSESS),
    )


def _loan(record: ledger.LoanSnapshot, version: tuple[int, int]) -> Loan:
    last = record.last_transaction
    return Loan(
        version=version,
        customer_id=record.customer_id,
        guarantor_id=record.guarantor_id,
        product=record.product,
        segment=record.segment,
        currency=record.currency,
        status=record.status,
        opened=to_date(record.opened),
        outstanding_minor=record.outstanding_minor,
        charged_off_minor=record.charged_off_minor,
        last_transaction=to_date(last) if last is not None else None,
        sanctioner=record.sanctioner,
        sanction_level=record.sanction_level,
        fraud=record.fraud,
    )


def _approvers(told: list[common.Approver]) -> tuple[Approver, ...]:
    return tuple(Approver(id=a.id, level=a.level) for a in told)


def _posting(record: ledger.WriteOffPosted) -> Posting:
    return Posting(
        transaction_id=record.transaction_id,
        amount_minor=record.amount.amount_minor,
        currency=record.amount.currency,
        balance_before_minor=record.balance_before_minor,
        balance_after_minor=record.balance_after_minor,
        approvers=_approvers(record.approvers),
    )


FACTS: Mapping[type, Callable[[Any, dict[str, Any]], events.Fact]] = {
    documents.RequirementsDetermined: lambda r, base: events.RequirementsDetermined(
        **base, wanted=tuple(q.document for q in r.requirements if q.state == "OPEN")
    ),
    documents.VerificationCompleted: lambda _, base: events.VerificationCompleted(**base),
    authorization.AuthorizationRequested: lambda r, base: events.AuthorizationRequested(
        **base, row=r.row, level=r.level
    ),
    authorization.ApprovalRecorded: lambda r, base: events.ApprovalRecorded(
        **base, approver=Approver(id=r.approver.id, level=r.approver.level)
    ),
    authorization.AuthorizationGranted: lambda r, base: events.AuthorizationGranted(
        **base, row=r.row, approvers=_approvers(r.approvers)
    ),
    authorization.AuthorizationDeclined: lambda r, base: events.AuthorizationDeclined(
        **base, by=Approver(id=r.by.id, level=r.by.level), comment=r.comment
    ),
    authorization.AuthorizationRefused: lambda r, base: events.AuthorizationRefused(
        **base, code=r.code
    ),
    ledger.WriteOffPosted: lambda r, base: events.WriteOffPosted(**base, posting=_posting(r)),
    ledger.PostingRefused: lambda r, base: events.PostingRefused(
        **base, code=r.code, message=r.message
    ),
    notifications.NoticesRecorded: lambda r, base: events.NoticesRecorded(
        **base, notices=tuple(n.notice for n in r.notices)
    ),
    task_records.TaskOpened: lambda r, base: events.ElsewhereOpened(
        **base, task_id=UUID(r.task_id), task=r.task
    ),
    task_records.TaskClosed: lambda r, base: events.ElsewhereClosed(
        **base, task_id=UUID(r.task_id), task=r.task, result=r.result
    ),
}
"""What other services tell, by the type of their record; `base` is what every fact has."""
