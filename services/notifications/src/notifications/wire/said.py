"""An event becomes what is said."""

from collections.abc import Sequence

from contracts.records import notifications, tasks
from contracts.types import from_date, from_datetime
from mesh.service import Answer, Change, Later, Outgoing, Said, Told
from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

from notifications.domain.events import (
    Event,
    NoticeDelayed,
    NoticeFailed,
    NoticeQueued,
    NoticeSent,
    NoticesRecorded,
    NoticeSuppressed,
    PartyHeard,
)
from notifications.domain.notices import Held, LoanNotices, Notice, State, Suppressed

TOPIC = "writeoff.notifications.v1"

type _Change = Change[State, Event]


def say(change: _Change) -> list[Said]:
    """Say what others must hear of one message's events, and answer whoever asked."""
    if not isinstance(change.after, LoanNotices):
        return []
    said: list[Said] = []
    for told in change.told:
        record = _to_record(change, change.after, told)
        if record is not None:
            said.append(Outgoing(TOPIC, change.key.text, record))
        if isinstance(told.event, NoticesRecorded):
            said += _reminders(change, told.event)
    if change.told[0].message.by is not None:
        said.append(_answer(change.told))
    return said


def _to_record(change: _Change, state: LoanNotices, told: Told[Event]) -> object | None:
    """Make an event's record; none: nobody else needs it."""
    match told.event:
        case NoticesRecorded() as event:
            return notifications.NoticesRecorded(
                meta=told.meta(change.key, case_id=event.case_id),
                posting_id=str(event.posting_id),
                notices=[_to_due(notice) for notice in event.notices],
            )
        case NoticeSent() | NoticeFailed() | NoticeSuppressed() as event:
            return _to_outcome(change, told, event, state.notices[event.notice_id])
        case TaskOpened(task):
            return tasks.TaskOpened(
                meta=told.meta(change.key, case_id=task.case_id),
                task_id=str(task.task_id),
                task=task.task,
                queue=task.queue,
                due_at=from_datetime(task.due_at),
            )
        case TaskClosed() as event:
            task = state.tasks[event.task_id]
            return tasks.TaskClosed(
                meta=told.meta(change.key, case_id=task.case_id),
                task_id=str(task.task_id),
                task=task.task,
                result=event.result,
                closed_by=event.by,
            )
        case NoticeDelayed() | NoticeQueued() | PartyHeard():
            return None
        case TaskClaimed() | TaskReleased() | TaskRefused():
            return None


def _to_outcome(
    change: _Change,
    told: Told[Event],
    event: NoticeSent | NoticeFailed | NoticeSuppressed,
    notice: Notice,
) -> object:
    meta = told.meta(change.key, case_id=notice.case_id)
    notice_id, name, recipient = str(notice.notice_id), notice.notice, notice.recipient
    match event:
        case NoticeSent():
            proof = event.proof
            return notifications.NoticeSent(
                meta=meta,
                notice_id=notice_id,
                notice=name,
                recipient=recipient,
                channel=proof.channel,
                template_version=proof.template_version,
                text_sha256=proof.text_sha256,
                address_sha256=proof.address_sha256,
                provider_id=proof.provider_id,
            )
        case NoticeFailed():
            return notifications.NoticeFailed(
                meta=meta, notice_id=notice_id, notice=name, recipient=recipient, code=event.code
            )
        case NoticeSuppressed():
            assert isinstance(notice.standing, Suppressed)
            return notifications.NoticeSuppressed(
                meta=meta,
                notice_id=notice_id,
                notice=name,
                recipient=recipient,
                rule=notice.standing.rule,
            )


def _to_due(notice: Notice) -> notifications.NoticeDue:
    return notifications.NoticeDue(
        notice_id=str(notice.notice_id),
        notice=notice.notice,
        recipient=notice.recipient,
        deadline=from_date(notice.deadline),
    )


def _reminders(change: _Change, event: NoticesRecorded) -> list[Said]:
    """Set a timer for every notice that is held."""
    return [
        Later(
            key=change.key,
            kind="RemindOfHeld",
            name=str(notice.notice_id),
            due_at=notice.standing.remind_at,
            body={"notice_id": str(notice.notice_id)},
            case_id=notice.case_id,
        )
        for notice in event.notices
        if isinstance(notice.standing, Held)
    ]


def _answer(told: Sequence[Told[Event]]) -> Answer:
    """Tell whoever asked what became of it."""
    for each in told:
        match each.event:
            case TaskRefused(code, message):
                return Answer({"message": message}, code)
            case TaskClosed() as closed:
                return Answer({"closed": True, "result": closed.result})
            case TaskClaimed() as claimed:
                return Answer({"closed": False, "claimed_by": claimed.by})
            case _:
                continue
    return Answer()
