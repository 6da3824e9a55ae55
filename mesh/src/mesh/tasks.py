"""Human tasks: a row that waits for a person. Pure: what people do to a task is a command.

Services differ in what completing a task means; opening, claiming and releasing are the same
everywhere, so they stand here once. The rows live in `mesh.task` of each store (`taskstore`).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from mesh.people import Person

SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A person is needed. Open while `closed_at` is none."""

    task_id: UUID
    case_id: UUID | None
    task: str
    """Its name in the table of tasks, as `loan authorization`."""
    queue: str
    role: str
    """Who may claim and complete it."""
    level_min: int = 0
    barred: frozenset[str] = frozenset()
    """Persons who may not: the maker where the task checks, the loan's sanctioner, …"""
    opened_at: datetime
    due_at: datetime
    claimed_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class TaskOpened:
    """A person is needed."""

    task: Task


@dataclass(frozen=True, slots=True)
class TaskClaimed:
    """A person took the task."""

    task_id: UUID
    by: str


@dataclass(frozen=True, slots=True)
class TaskReleased:
    """The task waits for anyone again."""

    task_id: UUID


@dataclass(frozen=True, slots=True)
class TaskClosed:
    """Nobody is needed any more. `by` none: the mesh."""

    task_id: UUID
    result: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskRefused:
    """What was asked of a task was not allowed."""

    code: str
    message: str


type TaskEvent = TaskOpened | TaskClaimed | TaskReleased | TaskClosed


def may_work_on(task: Task | None, person: Person) -> TaskRefused | None:
    """Say why the person may not claim or complete the task; none if he may."""
    if task is None:
        return TaskRefused("TASK_UNKNOWN", "no such task")
    if task.closed_at is not None:
        return TaskRefused("TASK_CLOSED", f"the task is closed: {task.result}")
    if person.id in task.barred:
        return TaskRefused("MAKER_IS_CHECKER", f"{person.id} has a part in this case")
    if task.role not in person.roles or person.level < task.level_min:
        level = f" of level {task.level_min}" if task.level_min else ""
        return TaskRefused("ROLE_NEEDED", f"{task.task} needs a {task.role}{level}")
    if task.claimed_by not in (None, person.id):
        return TaskRefused("TASK_CLAIMED", f"{task.claimed_by} has it")
    return None


def claim(task: Task | None, person: Person) -> TaskClaimed | TaskRefused | None:
    """Take a task; none if he has it already."""
    refused = may_work_on(task, person)
    if refused or task is None:
        return refused
    return None if task.claimed_by == person.id else TaskClaimed(task.task_id, person.id)


def release(task: Task | None, person: Person) -> TaskReleased | TaskRefused | None:
    """Give a task back; none if nobody has it."""
    refused = may_work_on(task, person)
    if refused or task is None:
        return refused
    return TaskReleased(task.task_id) if task.claimed_by else None


def evolve(task: Task | None, event: TaskEvent) -> Task:
    """Apply an event to its task."""
    match event:
        case TaskOpened():
            return event.task
        case TaskClaimed():
            assert task is not None
            return replace(task, claimed_by=event.by)
        case TaskReleased():
            assert task is not None
            return replace(task, claimed_by=None)
        case TaskClosed():
            assert task is not None
            return replace(task, closed_at=event.at, closed_by=event.by, result=event.result)


def add_business_days(moment: datetime, days: int) -> datetime:
    """Move on by business days: Monday to Friday (holidays come with a tenant's calendar)."""
    while days > 0:
        moment += timedelta(days=1)
        if moment.weekday() < SATURDAY:
            days -= 1
    return moment
