"""How a case ends here: posted, not posted, or closed by the case service.

What happened in the books counts most: a posting stands whatever else is heard, in any order.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from mesh.tasks import TaskClosed

from authorization.domain.commands import HearClosing, HearPosting
from authorization.domain.events import (
    CaseEnded,
    Event,
    ReferenceConsumed,
    ReferenceReturned,
    WriteOffRecorded,
)
from authorization.domain.loan import End, Granted, Loan, Over


def hear_posting(loan: Loan, command: HearPosting, *, now: datetime) -> Sequence[Event]:
    """Count the loss, and use up the reference for good."""
    posted = command.write_off
    if posted.transaction_id in loan.written_off:
        return ()
    reference = loan.references.get(command.approval_reference or "")
    used = (
        (ReferenceConsumed(reference.reference, posted.case_id),)
        if reference and reference.loan_id == loan.loan_id
        else ()
    )
    return (WriteOffRecorded(posted), *used, *_end(loan, posted.case_id, "POSTED", now=now))


def hear_posting_refusal(loan: Loan, case_id: UUID, *, now: datetime) -> Sequence[Event]:
    """Give back the reference: it was not used."""
    match loan.cases.get(case_id):
        case Over(end="POSTED" | "POSTING_REFUSED"):
            return ()
        case _:
            returned = _returned(loan, case_id)
            return (*returned, *_end(loan, case_id, "POSTING_REFUSED", now=now))


def hear_closing(loan: Loan, command: HearClosing, *, now: datetime) -> Sequence[Event]:
    """Stop asking people, and give back the reference unless the case was posted."""
    match loan.cases.get(command.case_id), command.outcome:
        case None | Over(), _:
            return ()
        case Granted(), "COMPLETE":
            return ()  # its posting is on its way here, and counts the loss
        case _, outcome:
            returned = _returned(loan, command.case_id)
            return (*returned, *_end(loan, command.case_id, outcome, now=now))


def _returned(loan: Loan, case_id: UUID) -> Sequence[ReferenceReturned]:
    return tuple(ReferenceReturned(held.reference) for held in loan.reserved_by(case_id))


def _end(loan: Loan, case_id: UUID, end: End, *, now: datetime) -> Sequence[Event]:
    """End a case; nobody is asked about it any more."""
    closed = (
        TaskClosed(task.task_id, "CASE_CLOSED", None, now) for task in loan.open_tasks(case_id)
    )
    return (CaseEnded(case_id, end), *closed)
