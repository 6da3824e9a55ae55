"""What people decide about notices that failed, are held, or must not be sent."""

from collections.abc import Sequence
from datetime import datetime

from mesh.tasks import Task, TaskClosed, TaskOpened, TaskRefused

from mesh import tasks
from notifications.domain.events import (
    ClaimTask,
    CompleteTask,
    Event,
    NoticeFailed,
    NoticeQueued,
    ReleaseTask,
    RemindOfHeld,
)
from notifications.domain.notices import Failed, Held, LoanNotices, Notice, Pending, Suppressed
from notifications.domain.policy import Policy

TASK = "failed or held notice"


def ask(notice: Notice, *, now: datetime, policy: Policy) -> TaskOpened:
    """Ask the back office what becomes of a notice."""
    return TaskOpened(
        Task(
            task_id=notice.task_id,
            case_id=notice.case_id,
            task=TASK,
            queue="CORRESPONDENCE",
            role="back_office",
            level_min=policy.remind_level if isinstance(notice.standing, Held) else 0,
            opened_at=now,
            due_at=tasks.add_business_days(now, policy.task_days),
        )
    )


def remind(
    state: LoanNotices, command: RemindOfHeld, *, now: datetime, policy: Policy
) -> Sequence[Event]:
    """Ask about a notice that is still held."""
    notice = state.notices.get(command.notice_id)
    if notice is None or not isinstance(notice.standing, Held) or notice.task_id in state.tasks:
        return []
    return [ask(notice, now=now, policy=policy)]


def work(
    state: LoanNotices,
    command: ClaimTask | ReleaseTask | CompleteTask,
    *,
    now: datetime,
    policy: Policy,
) -> Sequence[Event]:
    """Do what a person does to a task."""
    task = state.tasks.get(command.task_id)
    match command:
        case ClaimTask():
            event = tasks.claim(task, command.by)
            return [event] if event else []
        case ReleaseTask():
            event = tasks.release(task, command.by)
            return [event] if event else []
        case CompleteTask():
            refused = tasks.may_work_on(task, command.by)
            return [refused] if refused else _complete(state, command, now=now, policy=policy)


def _complete(
    state: LoanNotices, command: CompleteTask, *, now: datetime, policy: Policy
) -> list[Event]:
    """Send the notice again or for the first time, or leave it undeliverable."""
    notice = next(n for n in state.notices.values() if n.task_id == command.task_id)
    match command.decision, notice.standing:
        case "undeliverable", Held():
            decided: list[Event] = [NoticeFailed(notice.notice_id, "UNDELIVERABLE")]
            result = "UNDELIVERABLE"
        case "undeliverable", _:
            decided = []
            result = "UNDELIVERABLE"
        case _, Held() | Failed():
            queued = Pending(policy.channels[0], now)
            decided = [NoticeQueued(notice.notice_id, queued)]
            result = "RELEASED" if isinstance(notice.standing, Held) else "RESENT"
        case _, Suppressed():
            return [TaskRefused("NOTICE_SUPPRESSED", "a rule forbids to send this notice")]
        case _:
            raise AssertionError("a notice that has a task is held, failed or suppressed")
    return [*decided, TaskClosed(command.task_id, result, command.by.id, now)]
