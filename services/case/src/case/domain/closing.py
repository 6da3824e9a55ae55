"""How a case ends: complete, refused or declined; nothing of it is left waiting."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from mesh.tasks import TaskClosed

from case.domain.case import Case, LoanFile
from case.domain.events import (
    AuthorizationDeclined,
    AuthorizationRefused,
    CaseClosed,
    Event,
    Fact,
    Outcome,
    PostingRefused,
    WorkNoteAdded,
)
from case.domain.money import Refusal, to_text
from case.domain.policy import Policy
from case.domain.terms import (
    CHARGE_OFF,
    PAY_OFF,
    RECOVERY,
    REFINANCE,
    REMOVAL,
    REVERSAL,
    WRITE_OFF,
)

MESH = "mesh"
"""Who writes a work note that no person writes."""

DONE: Mapping[str, str] = {
    WRITE_OFF: "Written off {amount} by",
    CHARGE_OFF: "Charged off {amount} by",
    REMOVAL: "Put back {amount} by",
    REVERSAL: "Taken back {amount} of",
    RECOVERY: "Recovered {amount} by",
    PAY_OFF: "Paid off {amount} by",
    REFINANCE: "Refinanced {amount} by",
}
"""By kind, what a completed case has done, and with what: a transaction."""


def close(file: LoanFile, fact: Fact, *, now: datetime, policy: Policy) -> Iterator[Event]:
    """Close the case of a fact just taken in, if it ends by it."""
    case = file.cases[fact.case_id]
    match fact:
        case AuthorizationDeclined():
            message = f"by {fact.by.id} (L{fact.by.level}), {fact.comment or 'no comment'}"
            yield from _end(file, case, "DECLINED", Refusal("DECLINED", message), now=now)
        case AuthorizationRefused():
            yield from refuse(file, case, Refusal(fact.code, "authority forbids it"), now=now)
        case PostingRefused():
            yield from refuse(file, case, Refusal(fact.code, fact.message), now=now)
        case _:
            yield from when_complete(file, case, now=now, policy=policy)


def refuse(file: LoanFile, case: Case, why: Refusal, *, now: datetime) -> Iterator[Event]:
    """Close a case because a rule forbids it; never one that is posted."""
    return _end(file, case, "REFUSED", why, now=now)


def when_complete(file: LoanFile, case: Case, *, now: datetime, policy: Policy) -> Iterator[Event]:
    """Close a case once it is posted, its loan updated and its notices recorded, if it has any."""
    if case.posting is None or case.is_closed or not file.shows(case.posting):
        return
    is_told = case.notices is not None or case.request.kind not in policy.notice_kinds
    if case.confirmed and is_told:
        note = _completion(case)
        yield WorkNoteAdded(case_id=case.case_id, at=now, by=MESH, text=note)
        yield CaseClosed(
            case_id=case.case_id, at=now, outcome="COMPLETE", code=None, message="posted"
        )


def _end(
    file: LoanFile, case: Case, outcome: Outcome, why: Refusal, *, now: datetime
) -> Iterator[Event]:
    if case.is_closed or case.posting:
        return
    for task in file.tasks.values():
        if task.case_id == case.case_id and task.closed_at is None:
            yield TaskClosed(task.task_id, "case closed", None, now)
    note = f"{outcome.capitalize()}, {why.code}: {why.message}."
    yield WorkNoteAdded(case_id=case.case_id, at=now, by=MESH, text=note)
    yield CaseClosed(
        case_id=case.case_id, at=now, outcome=outcome, code=why.code, message=why.message
    )


def _completion(case: Case) -> str:
    """Tell amount, transaction, balances, approvers and notices."""
    posting = case.posting
    assert posting is not None
    amount, before, after = (
        to_text(minor, posting.currency)
        for minor in (
            posting.amount_minor,
            posting.balance_before_minor,
            posting.balance_after_minor,
        )
    )
    done = DONE[case.request.kind].format(amount=f"{amount} {posting.currency}")
    approvers = ", ".join(f"{a.id} (L{a.level})" for a in posting.approvers) or "policy"
    notices = ", ".join(case.notices or ()) or "none"
    return (
        f"{done} transaction {posting.transaction_id}. "
        f"Outstanding {before} before, {after} after. "
        f"Approved by {approvers}. Notices: {notices}."
    )
