"""From intake to review: policy reviews what is plain, a person the rest."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import uuid5

from mesh.tasks import Task, TaskClosed, TaskOpened, TaskRefused, add_business_days

from case.domain import closing, intake
from case.domain.case import Case, LoanFile
from case.domain.commands import CompleteTask
from case.domain.events import CaseReviewed, Event, IntakePassed, WorkNoteAdded
from case.domain.fields import NOTES_LENGTH_MAX
from case.domain.money import Refusal, to_minor, to_text
from case.domain.policy import Policy
from case.domain.terms import FULL, TAKING, Request, Terms

TASK = "case review and details"

MENDABLE = frozenset(
    {
        "INVALID_FIELDS",
        "CURRENCY_MISMATCH",
        "AMOUNT_SCALE",
        "AMOUNT_NOT_POSITIVE",
        "AMOUNT_EXCEEDS_OUTSTANDING",
        "REMOVAL_EXCEEDS_CHARGED_OFF",
        "WRITE_OFF_MUST_BE_FULL",
        "REASON_NOT_ALLOWED",
        "LOAN_HAS_OPEN_CASE",
    }
)
"""What the reviewer can put right in the task; any other refusal ends the case."""


def take_in(file: LoanFile, case: Case, *, now: datetime, policy: Policy) -> Iterator[Event]:
    """Check a case against its loan, and review it or have it reviewed."""
    found = intake.examine(
        file,
        case.request,
        case_id=case.case_id,
        policy=policy,
        today=now.astimezone(policy.zone(file.tenant)).date(),
    )
    if isinstance(found, Refusal):
        yield from closing.refuse(file, case, found, now=now)
        return
    yield IntakePassed(case_id=case.case_id, at=now, terms=found)
    if intake.needs_no_person(file, case.request, found, policy):
        yield CaseReviewed(case_id=case.case_id, at=now, terms=found, reviewer=None)
    else:
        yield TaskOpened(_task(case, found, now=now, policy=policy))


def complete(
    file: LoanFile, case: Case, command: CompleteTask, *, now: datetime, policy: Policy
) -> Iterator[Event]:
    """Hear a reviewer: what he corrects is checked as the request was, against the loan now."""
    found = _corrected(file, case, command)
    if isinstance(found, Request):
        found = intake.examine(
            file,
            found,
            case_id=case.case_id,
            policy=policy,
            today=now.astimezone(policy.zone(file.tenant)).date(),
        )
    if isinstance(found, Refusal):
        if found.code in MENDABLE:
            yield TaskRefused(found.code, found.message)
        else:
            yield from closing.refuse(file, case, found, now=now)
        return
    reviewer = command.by.id
    yield TaskClosed(command.task_id, "reviewed", reviewer, now)
    yield CaseReviewed(case_id=case.case_id, at=now, terms=found, reviewer=reviewer)
    text = _note(found, command.note)
    yield WorkNoteAdded(case_id=case.case_id, at=now, by=reviewer, text=text)


def _task(case: Case, terms: Terms, *, now: datetime, policy: Policy) -> Task:
    return Task(
        task_id=uuid5(case.case_id, TASK),
        case_id=case.case_id,
        task=TASK,
        queue=intake.review_queue(terms, policy),
        role="loan_agent",
        opened_at=now,
        due_at=add_business_days(now, policy.review_days),
    )


def _corrected(file: LoanFile, case: Case, command: CompleteTask) -> Request | Refusal:
    """Put the reviewer's corrections into the request."""
    assert file.loan is not None, "a case under review has a loan"
    asked = case.request
    amount_minor = asked.amount_minor
    scope = command.scope or asked.scope
    if command.amount is not None:
        read = to_minor(command.amount, file.loan.currency)
        if isinstance(read, Refusal):
            return read
        amount_minor = read
    elif scope == FULL and asked.kind in TAKING:
        # All there is now, whatever it was when it was asked for.
        amount_minor = None
    if command.note is not None and len(command.note) > NOTES_LENGTH_MAX:
        return Refusal("INVALID_FIELDS", f"note: at most {NOTES_LENGTH_MAX} characters")
    return replace(
        asked,
        scope=scope,
        amount_minor=amount_minor,
        reason=command.reason or asked.reason,
        litigation=command.litigation or asked.litigation,
        legal_code=command.legal_code or asked.legal_code,
    )


def _note(terms: Terms, remark: str | None) -> str:
    """Write what was found in the review."""
    outstanding = to_text(terms.outstanding_minor, terms.currency)
    amount = to_text(terms.amount_minor, terms.currency)
    found = (
        f"Reviewed: {terms.scope} {amount} {terms.currency}, reason {terms.reason}, "
        f"litigation {terms.litigation}; outstanding {outstanding}."
    )
    return f"{found} {remark}" if remark else found
