"""Tell the people concerned: one notice a posting and recipient, until it is sent or given up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

from mesh import tasks
from notifications.domain import desk
from notifications.domain.events import (
    ClaimTask,
    Command,
    CompleteTask,
    Event,
    KnowParty,
    Misunderstood,
    NoticeDelayed,
    NoticeFailed,
    NoticeQueued,
    NoticeSent,
    NoticesRecorded,
    NoticeSuppressed,
    Outage,
    PartyHeard,
    RecordDelivery,
    RecordNotices,
    Refusal,
    ReleaseTask,
    RemindOfHeld,
)
from notifications.domain.notices import (
    Failed,
    LoanNotices,
    Notice,
    PartyFile,
    Pending,
    Proof,
    Sent,
    State,
    Suppressed,
)
from notifications.domain.policy import Policy
from notifications.domain.recording import record


def decide(state: State, command: Command, *, now: datetime, policy: Policy) -> Sequence[Event]:
    """Say what happens. What was taken in before gives nothing."""
    match state, command:
        case PartyFile(), KnowParty():
            heard = PartyHeard(command.party, command.version)
            return [heard] if command.version > state.version else []
        case LoanNotices(), RecordNotices():
            return _record(state, command, now=now, policy=policy)
        case LoanNotices(), RecordDelivery():
            return _deliver(state, command, now=now, policy=policy)
        case LoanNotices(), RemindOfHeld():
            return desk.remind(state, command, now=now, policy=policy)
        case LoanNotices(), ClaimTask() | ReleaseTask() | CompleteTask():
            return desk.work(state, command, now=now, policy=policy)
        case _, Misunderstood():
            return [TaskRefused("INVALID_FIELDS", command.message)]
        case _:
            raise AssertionError(f"{type(command).__name__} concerns another state")


def evolve(state: State, event: Event) -> State:
    """Apply an event. Never fails: facts are not up for debate."""
    if isinstance(event, PartyHeard):
        return PartyFile(event.version, event.party)
    if isinstance(state, PartyFile):
        return state
    match event:
        case NoticesRecorded():
            recorded = {notice.notice_id: notice for notice in event.notices}
            return replace(state, notices={**state.notices, **recorded})
        case NoticeSent() | NoticeDelayed() | NoticeFailed() | NoticeQueued():
            moved = _move(state.notices[event.notice_id], event)
            return replace(state, notices={**state.notices, moved.notice_id: moved})
        case TaskOpened():
            return replace(state, tasks={**state.tasks, event.task.task_id: event.task})
        case TaskClaimed() | TaskReleased() | TaskClosed():
            task = tasks.evolve(state.tasks.get(event.task_id), event)
            return replace(state, tasks={**state.tasks, event.task_id: task})
        case NoticeSuppressed() | TaskRefused():
            return state
        case _:
            assert_never(event)


def _move(
    notice: Notice, event: NoticeSent | NoticeDelayed | NoticeFailed | NoticeQueued
) -> Notice:
    """Give a notice as it stands now; all but a person's word answer an attempt."""
    match event:
        case NoticeQueued():
            return replace(notice, standing=event.standing)
        case NoticeDelayed():
            standing = event.standing
        case NoticeSent():
            standing = Sent(event.proof, event.at)
        case NoticeFailed():
            standing = Failed(event.code)
    return replace(notice, standing=standing, attempts=notice.attempts + 1)


def _record(
    state: LoanNotices, command: RecordNotices, *, now: datetime, policy: Policy
) -> list[Event]:
    """Say at once who is told of a posting, whenever he then is."""
    posting = command.posting
    if any(notice.posting_id == posting.posting_id for notice in state.notices.values()):
        return []
    notice, asks = record(posting, state, now=now, policy=policy)
    events: list[Event] = [NoticesRecorded(posting.posting_id, posting.case_id, (notice,))]
    if isinstance(notice.standing, Suppressed):
        events.append(NoticeSuppressed(notice.notice_id))
    if asks:
        events.append(desk.ask(notice, now=now, policy=policy))
    return events


def _deliver(
    state: LoanNotices, command: RecordDelivery, *, now: datetime, policy: Policy
) -> list[Event]:
    """Take in what became of an attempt; one that was overtaken is no news."""
    notice = state.notices.get(command.notice_id)
    if notice is None:
        return [TaskRefused("NOTICE_UNKNOWN", "no such notice")]
    pending = notice.standing
    if not isinstance(pending, Pending) or command.attempt != notice.attempts:
        return []
    match command.outcome:
        case Proof() as proof:
            return [NoticeSent(notice.notice_id, proof, now)]
        case Outage(_, code):
            outages = pending.outages + 1
            try_at = now + policy.pause_after_outages(outages)
            waits = replace(pending, outages=outages, try_at=try_at, code=code)
            return [NoticeDelayed(notice.notice_id, waits)]
        case Refusal() as refusal:
            return _refused(notice, refusal, now=now, policy=policy)


def _refused(notice: Notice, refusal: Refusal, *, now: datetime, policy: Policy) -> list[Event]:
    """Try again later, then the next channel; when there is none left, ask a person."""
    pending = notice.standing
    assert isinstance(pending, Pending), "only what waits is tried"
    # Without an address the letter was taken at once: what counts is the way that was tried.
    tries = pending.tries + 1 if refusal.channel == pending.channel else 1
    left = policy.channels[policy.channels.index(refusal.channel) + 1 :]
    pause = policy.try_pauses[tries - 1]
    if refusal.code in policy.final_codes:
        again = None
    elif tries < len(policy.try_pauses):
        again = Pending(refusal.channel, now + pause, tries=tries, code=refusal.code)
    elif left:
        again = Pending(left[0], now + pause, code=refusal.code)
    else:
        again = None
    if again:
        return [NoticeDelayed(notice.notice_id, again)]
    failed = NoticeFailed(notice.notice_id, refusal.code)
    return [failed, desk.ask(_move(notice, failed), now=now, policy=policy)]
