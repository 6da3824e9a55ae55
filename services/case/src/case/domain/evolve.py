"""What an event changes: a new file for the old one. Never fails; facts are not up for debate."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from case.domain import lifecycle
from case.domain.case import Case, LoanFile
from case.domain.events import (
    POSTED,
    CaseClosed,
    CaseOpened,
    CaseReviewed,
    ElsewhereClosed,
    ElsewhereOpened,
    Event,
    HeardEarly,
    HeardElsewhere,
    IntakePassed,
    LoanAwaited,
    LoanTaken,
    LoanUpdateConfirmed,
    NoticesRecorded,
    OfOthers,
    PostingAcknowledged,
    RequestRefused,
    RequirementsDetermined,
    VerificationCompleted,
)
from mesh import tasks


def evolve(file: LoanFile, event: Event) -> LoanFile:
    """Apply an event."""
    match event:
        case LoanTaken():
            return replace(file, loan=event.loan)
        case RequestRefused() | HeardEarly() | HeardElsewhere() | tasks.TaskRefused():
            return file
        case tasks.TaskOpened() | tasks.TaskClaimed() | tasks.TaskReleased() | tasks.TaskClosed():
            return _with_task_event(file, event)
        case CaseOpened():
            opened = Case(
                case_id=event.case_id,
                number=event.number,
                request=event.request,
                opened_at=event.at,
                updated_at=event.at,
                seq=1,
            )
            return file.with_case(opened)
        case _:
            case = file.cases[event.case_id]
            changing = CHANGES.get(type(event))
            changes = changing(case, event) if changing else {}
            if isinstance(event, OfOthers):
                changes["heard"] = case.heard | {event.fact_id}
            moved = replace(
                case,
                place=lifecycle.after(case.place, event),
                seq=case.seq + 1,
                updated_at=event.at,
                **changes,
            )
            return file.with_case(moved)


def case_of(file: LoanFile, event: Event) -> UUID | None:
    """Say which case an event is about; `file` knows the tasks."""
    match event:
        case LoanTaken() | RequestRefused() | HeardEarly() | HeardElsewhere() | tasks.TaskRefused():
            return None
        case tasks.TaskOpened():
            return event.task.case_id
        case tasks.TaskClaimed() | tasks.TaskReleased() | tasks.TaskClosed():
            return file.tasks[event.task_id].case_id
        case _:
            return event.case_id


CHANGES: Mapping[type, Callable[[Case, Any], dict[str, Any]]] = {
    LoanAwaited: lambda _, e: {"looking_until": e.until},
    IntakePassed: lambda _, e: {"terms": e.terms, "looking_until": None},
    CaseReviewed: lambda _, e: {"terms": e.terms},
    LoanUpdateConfirmed: lambda _, e: {"confirmed": True},
    CaseClosed: lambda _, e: {"code": e.code, "closed_at": e.at, "looking_until": None},
    RequirementsDetermined: lambda _, e: {"wanted": e.wanted},
    VerificationCompleted: lambda _, e: {"wanted": ()},
    **dict.fromkeys(POSTED, lambda case, e: {"posting": case.posting or e.posting}),
    PostingAcknowledged: lambda _, e: {"core_reference": e.core_reference},
    NoticesRecorded: lambda case, e: {
        "notices": e.notices if case.notices is None else case.notices
    },
    ElsewhereOpened: lambda case, e: {"open_tasks": case.open_tasks | {e.task_id}},
    ElsewhereClosed: lambda case, e: {"open_tasks": case.open_tasks - {e.task_id}},
}
"""What an event changes of its case besides its place; what is not here changes nothing else."""


def _with_task_event(file: LoanFile, event: tasks.TaskEvent) -> LoanFile:
    """Apply what happened to one of our own tasks, and count it for its case."""
    case_id = case_of(file, event)
    assert case_id is not None, "a task of this service is for a case"
    case = file.cases[case_id]
    match event:
        case tasks.TaskOpened():
            task_id = event.task.task_id
            moved = replace(case, seq=case.seq + 1, open_tasks=case.open_tasks | {task_id})
        case tasks.TaskClosed():
            moved = replace(case, seq=case.seq + 1, open_tasks=case.open_tasks - {event.task_id})
        case tasks.TaskClaimed() | tasks.TaskReleased():
            moved = replace(case, seq=case.seq + 1)
    task_id = event.task.task_id if isinstance(event, tasks.TaskOpened) else event.task_id
    return file.with_case(moved).with_task(tasks.evolve(file.tasks.get(task_id), event))
