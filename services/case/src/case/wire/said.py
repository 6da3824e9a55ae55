"""What others hear of a message: records, the case's status, timers, and an answer at the door."""

from collections.abc import Iterator, Mapping
from typing import Any

from mesh.service import Answer, Cancel, Key, Later, Message, Outgoing, Said

from case.domain import events
from case.domain.case import Case
from case.domain.evolve import case_of
from case.domain.policy import Policy
from case.domain.portal import view_of
from case.wire.heard import kept_fact
from case.wire.records import CaseChange, to_record
from case.wire.status import status_of
from mesh import tasks

TOPIC = "writeoff.case.v1"
STATUS_TOPIC = "writeoff.status.v1.{tenant}"
HEAR_AGAIN = "HearAgain"
"""The timer of a fact whose case is not known yet, or in another lane; named by the fact's id."""

LOOK_AGAIN = "LookAgain"
"""The timer of a case whose loan is not known yet; its name is the case's id."""


def said(change: CaseChange, policy: Policy) -> Iterator[Said]:
    """Say what one message's events mean for others."""
    for told in change.told:
        record = to_record(told, change)
        if record is not None:
            yield Outgoing(TOPIC, change.key.id, record)
        if isinstance(told.event, events.HeardEarly):
            yield _again(change, told.event, told.message)
        if isinstance(told.event, events.HeardElsewhere):
            yield _elsewhere(change, told.event, told.message)
    for case in _touched(change):
        yield from _timer(change, case)
        yield from _status(change, case, policy)
    answer = _answer(change)
    if answer:
        yield answer


def _touched(change: CaseChange) -> list[Case]:
    """Give the cases to which something happened."""
    ids = {case_of(change.after, told.event): None for told in change.told}
    return [change.after.cases[case_id] for case_id in ids if case_id]


def _again(change: CaseChange, early: events.HeardEarly, message: Message) -> Later:
    """Let a fact be heard again: what it tells is in the timer, whatever becomes of its topic."""
    body = message.body if message.kind == HEAR_AGAIN else kept_fact(message)
    body = {**body, "tries": early.tries}
    return Later(change.key, HEAR_AGAIN, str(early.fact_id), early.again_at, body, early.case_id)


def _elsewhere(change: CaseChange, heard: events.HeardElsewhere, message: Message) -> Later:
    """Put a fact into the lane of its case's loan, where it is heard at once."""
    key = Key(change.key.tenant, heard.loan_id)
    body = kept_fact(message)
    return Later(key, HEAR_AGAIN, str(heard.fact_id), heard.at, body, heard.case_id)


def _timer(change: CaseChange, case: Case) -> Iterator[Said]:
    """Set the clock of a case that waits for its loan, and take it back when it does no more."""
    before = change.before.cases.get(case.case_id)
    name = str(case.case_id)
    if case.looking_until:
        body = {"case_id": name}
        yield Later(change.key, LOOK_AGAIN, name, case.looking_until, body, case.case_id)
    elif before and before.looking_until:
        yield Cancel(change.key, LOOK_AGAIN, name)


def _status(change: CaseChange, case: Case, policy: Policy) -> Iterator[Said]:
    """Say the status of a case if outsiders see a change; the number of its events versions it."""
    before = change.before.cases.get(case.case_id)
    view = view_of(change.after, case, policy)
    if before and view_of(change.before, before, policy) == view:
        return
    meta = change.told[-1].meta(
        change.key, case_id=case.case_id, version=case.seq, part=f"status/{case.case_id}"
    )
    topic = STATUS_TOPIC.format(tenant=change.key.tenant)
    yield Outgoing(topic, str(case.case_id), status_of(case, view, meta=meta))


def _answer(change: CaseChange) -> Answer | None:
    """Answer the door that put the command in; none where nobody asked."""
    message = change.told[0].message
    if message.kind == "WriteOffRequested":
        # Nobody waits for it, but a request that made no case is known by its code.
        refused = (t.event for t in change.told if isinstance(t.event, events.RequestRefused))
        return next((Answer({"message": e.message}, e.code) for e in refused), None)
    if message.kind not in ("OpenCase", "ClaimTask", "ReleaseTask", "CompleteTask"):
        return None
    for told in change.told:
        match told.event:
            case events.RequestRefused() | tasks.TaskRefused():
                return Answer({"message": told.event.message}, told.event.code)
            case _:
                pass
    body = _of_task(change, message) if message.kind != "OpenCase" else {}
    [case] = _touched(change)
    body |= _of_case(case)
    for told in change.told:
        if isinstance(told.event, events.CaseClosed):
            body["message"] = told.event.message
    return Answer(body, case.code if message.kind == "OpenCase" else None)


def _of_case(case: Case) -> dict[str, Any]:
    return {
        "case_id": str(case.case_id),
        "case_number": case.number,
        "state": case.place.state,
        "stage": case.place.stage,
        "waiting": case.waits,
        "code": case.code,
    }


def _of_task(change: CaseChange, message: Message) -> dict[str, Any]:
    body: Mapping[str, Any] = message.body
    [task] = [t for t in change.after.tasks.values() if str(t.task_id) == body["task_id"]]
    return {
        "task_id": str(task.task_id),
        "task": task.task,
        "claimed_by": task.claimed_by,
        "result": task.result,
    }
