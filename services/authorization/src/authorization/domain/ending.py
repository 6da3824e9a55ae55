"""How a case ends here: posted, not posted, or closed by the case service.

What happened in the books counts most: a posting stands whatever else is heard, in any order. Of
what is no loss and takes none back the books tell nothing here: its case closing complete says it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from mesh.tasks import TaskClosed

from authorization.domain.commands import HearClosing, HearPosting, HearRemoval, HearReversal
from authorization.domain.events import (
    CaseEnded,
    Event,
    GrantRecalled,
    ReferenceConsumed,
    ReferenceReturned,
    WriteOffRecorded,
)
from authorization.domain.loan import End, Granted, Loan, Over, Requested, WrittenOff
from authorization.domain.matrix import Matrix
from authorization.domain.terms import CORRECTIONS, LOSSES, terms_hash

type _Books = HearPosting | HearRemoval | HearReversal


def hear_books(loan: Loan, command: _Books, *, matrix: Matrix, now: datetime) -> Sequence[Event]:
    """Hear what the ledger booked of a loss."""
    match command:
        case HearPosting():
            return _hear_posting(loan, command, matrix=matrix, now=now)
        case HearRemoval():
            return _hear_removal(loan, command, now=now)
        case HearReversal():
            return _hear_reversal(loan, command, now=now)


def _hear_posting(
    loan: Loan, command: HearPosting, *, matrix: Matrix, now: datetime
) -> Sequence[Event]:
    """Count the loss, and use up the reference for good."""
    if command.transaction_id in loan.written_off:
        return ()
    terms = command.terms
    match loan.cases.get(command.case_id):
        case Granted(need=need) | Requested(need=need):
            pass
        case _:  # this store went back: what the loss alone needs
            usd = matrix.usd(command.amount_minor, terms.currency)
            need = matrix.need(terms, usd, tenant=loan.tenant)
    loss = WrittenOff(
        transaction_id=command.transaction_id,
        case_id=command.case_id,
        kind=terms.kind,
        amount_minor=command.amount_minor,
        currency=terms.currency,
        booked=command.booked,
        need=need,
        approvers=command.approvers,
    )
    return (WriteOffRecorded(loss), *_booked(loan, command, now=now))


def _hear_removal(loan: Loan, command: HearRemoval, *, now: datetime) -> Sequence[Event]:
    """Count so much less of what was charged off, the newest first."""
    if _is_posted(loan, command.case_id):
        return ()
    lessened = _lessened(loan, command.amount_minor)
    return (*(WriteOffRecorded(loss) for loss in lessened), *_booked(loan, command, now=now))


def _hear_reversal(loan: Loan, command: HearReversal, *, now: datetime) -> Sequence[Event]:
    """Count a loss no more, or what was put back of one again."""
    if _is_posted(loan, command.case_id):
        return ()
    gone = loan.written_off.get(command.transaction_id)
    changed: list[WrittenOff] = [replace(gone, is_gone=True)] if gone else []
    if command.is_of_removal:
        changed += _restored(loan, command.terms.amount_minor)
    return (*(WriteOffRecorded(loss) for loss in changed), *_booked(loan, command, now=now))


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
    is_told = command.kind in LOSSES | CORRECTIONS
    match loan.cases.get(command.case_id), command.outcome:
        case Over(), _:
            return ()
        case _, "COMPLETE" if not is_told:
            return _posted(loan, command.case_id, command.approval_reference, now=now)
        case None, _:
            return ()
        case Granted(), "COMPLETE":
            return ()  # its posting is on its way here, and counts the loss
        case _, outcome:
            returned = _returned(loan, command.case_id)
            return (*returned, *_end(loan, command.case_id, outcome, now=now))


def _booked(loan: Loan, command: _Books, *, now: datetime) -> Sequence[Event]:
    """End the case as posted. A grant that is not known here is taken from the books' word.

    A store that went back may hear of the posting before it hears the case again, and of the case
    nothing more then: the decision, and who took it, would be missing for good.
    """
    terms = command.terms
    posted = _posted(loan, command.case_id, terms.approval_reference, now=now)
    is_known = isinstance(loan.cases.get(command.case_id), Granted)
    if is_known or _is_posted(loan, command.case_id):
        return posted
    recalled = GrantRecalled(
        case_id=command.case_id,
        grant_id=command.grant_id,
        terms=terms,
        approvers=command.approvers,
        terms_hash=terms_hash(terms, tenant=loan.tenant, loan_id=loan.loan_id),
    )
    return (recalled, *posted)


def _returned(loan: Loan, case_id: UUID) -> Sequence[ReferenceReturned]:
    return tuple(ReferenceReturned(held.reference) for held in loan.reserved_by(case_id))


def _is_posted(loan: Loan, case_id: UUID) -> bool:
    case = loan.cases.get(case_id)
    return isinstance(case, Over) and case.end == "POSTED"


def _posted(
    loan: Loan, case_id: UUID, approval_reference: str | None, *, now: datetime
) -> Sequence[Event]:
    """Use up the reference for good, and end the case."""
    reference = loan.references.get(approval_reference or "")
    used = (
        (ReferenceConsumed(reference.reference, case_id),)
        if reference and reference.loan_id == loan.loan_id
        else ()
    )
    return (*used, *_end(loan, case_id, "POSTED", now=now))


def _lessened(loan: Loan, amount_minor: int) -> Iterator[WrittenOff]:
    """Spread what was put back over what stands charged off."""
    for loss in _charge_offs(loan):
        part_minor = min(amount_minor, loss.standing_minor)
        if part_minor:
            yield replace(loss, returned_minor=loss.returned_minor + part_minor)
        amount_minor -= part_minor


def _restored(loan: Loan, amount_minor: int) -> Iterator[WrittenOff]:
    """Undo `_lessened`."""
    for loss in _charge_offs(loan):
        part_minor = min(amount_minor, loss.returned_minor)
        if part_minor:
            yield replace(loss, returned_minor=loss.returned_minor - part_minor)
        amount_minor -= part_minor


def _charge_offs(loan: Loan) -> list[WrittenOff]:
    """Give the charge-offs that were not reversed, the newest first."""
    standing = (w for w in loan.written_off.values() if w.kind == "CHARGE_OFF" and not w.is_gone)
    return sorted(standing, key=lambda loss: (loss.booked, loss.transaction_id), reverse=True)


def _end(loan: Loan, case_id: UUID, end: End, *, now: datetime) -> Sequence[Event]:
    """End a case; nobody is asked about it any more."""
    closed = (
        TaskClosed(task.task_id, "CASE_CLOSED", None, now) for task in loan.open_tasks(case_id)
    )
    return (CaseEnded(case_id, end), *closed)
