"""From records, commands of doors and timers to the domain."""

from collections.abc import Callable, Mapping
from datetime import datetime
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
from contracts.types import to_date, to_datetime
from mesh.service import Message

from case.domain import commands, events
from case.domain.policy import Policy
from case.domain.terms import Approver, Loan, Posting
from case.wire.requests import request_of_door, request_of_topic


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
                request=request_of_topic(message.body, source=message.source, policy=policy),
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
        request=request_of_door(message),
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
        told_at=to_datetime(record.meta.occurred_at),
    )


def _approvers(told: list[common.Approver]) -> tuple[Approver, ...]:
    return tuple(Approver(id=a.id, level=a.level) for a in told)


type _Told = (
    ledger.WriteOffPosted
    | ledger.ChargeOffPosted
    | ledger.ChargeOffRemoved
    | ledger.TransactionReversed
    | ledger.RecoveryPosted
    | ledger.PayOffPosted
    | ledger.RefinancePosted
)


def _posting(record: _Told) -> Posting:
    """Read what was booked; what a reversal took back is what its case asked for."""
    is_reversal = isinstance(record, ledger.TransactionReversed)
    amount = record.terms.amount if is_reversal else record.amount
    before_minor, after_minor = _balances(record)
    return Posting(
        transaction_id=record.transaction_id,
        amount_minor=amount.amount_minor,
        currency=amount.currency,
        balance_before_minor=before_minor,
        balance_after_minor=after_minor,
        approvers=_approvers(record.approvers),
        # A refinance is told later than the loan that it paid off, and elsewhere.
        booked_at=None
        if isinstance(record, ledger.RefinancePosted)
        else to_datetime(record.meta.occurred_at),
        instructed=record.instructed,
    )


def _balances(record: _Told) -> tuple[int, int]:
    """Give what was outstanding before and after."""
    match record:
        case ledger.RecoveryPosted():
            return 0, 0  # nothing is, of a loan that is written off
        case ledger.RefinancePosted():
            return record.amount.amount_minor, 0  # all of it, and nothing was charged off
        case _:
            return record.balance_before_minor, record.balance_after_minor


def _posted(kind: type[events.Posted]) -> Callable[[Any, dict[str, Any]], events.Fact]:
    return lambda record, base: kind(**base, posting=_posting(record))


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
    ledger.WriteOffPosted: _posted(events.WriteOffPosted),
    ledger.ChargeOffPosted: _posted(events.ChargeOffPosted),
    ledger.ChargeOffRemoved: _posted(events.ChargeOffRemoved),
    ledger.TransactionReversed: _posted(events.TransactionReversed),
    ledger.RecoveryPosted: _posted(events.RecoveryPosted),
    ledger.PayOffPosted: _posted(events.PayOffPosted),
    ledger.RefinancePosted: lambda r, base: events.RefinancePosted(
        **base, posting=_posting(r), loan_id=r.old_loan_id
    ),
    ledger.PostingAcknowledged: lambda r, base: events.PostingAcknowledged(
        **base, core_reference=r.core_reference
    ),
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
