"""What people do: an authorizer takes a task, gives it back, approves or declines."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mesh.people import Person
from mesh.tasks import Task, TaskClosed, TaskRefused, may_work_on
from mesh.tasks import claim as claim_task
from mesh.tasks import release as release_task

from authorization.domain.commands import ClaimTask, CompleteTask, ReleaseTask
from authorization.domain.deciding import ROLE, grant, open_task
from authorization.domain.events import (
    ApprovalRecorded,
    AuthorizationDeclined,
    CommandRefused,
    Event,
)
from authorization.domain.loan import Loan, Requested
from authorization.domain.matrix import Matrix
from authorization.domain.terms import Approver

BACK_OFFICE = "back_office"

LEVEL_OF_BACK_OFFICE = 2
"""L2 is Back Office Management: whoever holds the role decides as one of its level."""

COMMENT_CHARS_MAX = 2_000
"""A reason, not a file: it is said on to the case and shown there."""


def claim(loan: Loan, command: ClaimTask) -> Sequence[Event]:
    """Take a task, where the person may work on it."""
    task = loan.tasks.get(command.task_id)
    event = _why_not(loan, task, command.by) or claim_task(task, _as_authorizer(command.by))
    return (event,) if event else ()


def release(loan: Loan, command: ReleaseTask) -> Sequence[Event]:
    """Give a task back."""
    event = release_task(loan.tasks.get(command.task_id), _as_authorizer(command.by))
    return (event,) if event else ()


def complete(
    loan: Loan, command: CompleteTask, *, matrix: Matrix, now: datetime
) -> Sequence[Event]:
    """Decide on a case, where the person may: nobody decides on what he had a part in."""
    person = _as_authorizer(command.by)
    task = loan.tasks.get(command.task_id)
    refused = _why_not(loan, task, person) or may_work_on(task, person)
    if refused:
        return (refused,)
    case = _case_of(loan, task)
    assert task is not None, "who may work on a task, may on one that is there"
    assert case is not None, "a task is open only while its case waits for people"
    approver = Approver(person.id, person.level)
    match command.decision:
        case "approve":
            closed = TaskClosed(task.task_id, "APPROVED", person.id, now)
            return (closed, *_approve(loan, case, approver, matrix=matrix, now=now))
        case "decline" if 0 < len(command.comment) <= COMMENT_CHARS_MAX:
            closed = TaskClosed(task.task_id, "DECLINED", person.id, now)
            return (closed, AuthorizationDeclined(case.case_id, approver, command.comment))
        case "decline":
            text = f"declining needs a comment of at most {COMMENT_CHARS_MAX} characters"
            return (CommandRefused("INVALID_FIELDS", text, "comment"),)
        case "send_back":
            return (CommandRefused("NOT_YET", "a case cannot be sent back yet", "decision"),)
        case _:
            return (CommandRefused("INVALID_FIELDS", "approve or decline", "decision"),)


def _approve(
    loan: Loan, case: Requested, approver: Approver, *, matrix: Matrix, now: datetime
) -> Sequence[Event]:
    """Record an approval; the last one needed grants, another one is asked for else."""
    after = replace(case, approvals=(*case.approvals, approver))
    still_needed = case.need.people - len(after.approvals)
    recorded = ApprovalRecorded(case.case_id, approver, len(after.approvals), still_needed)
    if still_needed:
        return (recorded, open_task(after, now=now))
    return (recorded, grant(loan, after, matrix=matrix, now=now))


def _why_not(loan: Loan, task: Task | None, person: Person) -> TaskRefused | None:
    """Say which part the person had in the case, by the case itself: a task may be older."""
    case = _case_of(loan, task)
    if case is None:
        return None
    if person.id == case.terms.sanctioner:
        return TaskRefused("SANCTIONER_EXCLUDED", f"{person.id} sanctioned the loan")
    if person.id in case.barred:
        return TaskRefused("MAKER_IS_CHECKER", f"{person.id} has a part in this case")
    return None


def _case_of(loan: Loan, task: Task | None) -> Requested | None:
    """Give the case that an open task is about."""
    if task is None or task.case_id is None or task.closed_at is not None:
        return None
    case = loan.cases.get(task.case_id)
    return case if isinstance(case, Requested) else None


def _as_authorizer(person: Person) -> Person:
    """Give the person as the matrix sees him."""
    if not person.is_any({BACK_OFFICE}):
        return person
    level = max(person.level, LEVEL_OF_BACK_OFFICE)
    return replace(person, roles=person.roles | {ROLE}, level=level)
