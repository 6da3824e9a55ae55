"""What happens when something is heard: events, in order; none for what was taken in before."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from mesh.tasks import Task

from case.domain import closing, review, update
from case.domain.case import LoanFile, number_of
from case.domain.commands import (
    ClaimTask,
    Command,
    CompleteTask,
    LookAgain,
    OpenCase,
    ReleaseTask,
    TakeLoan,
)
from case.domain.events import (
    CaseOpened,
    Event,
    Fact,
    HeardEarly,
    HeardElsewhere,
    LoanAwaited,
    LoanTaken,
    Posted,
    PostingAcknowledged,
    RefinancePosted,
    RequestRefused,
    WorkNoteAdded,
)
from case.domain.evolve import evolve
from case.domain.fields import NOTES_LENGTH_MAX
from case.domain.money import Refusal
from case.domain.policy import Policy
from case.domain.terms import KINDS
from mesh import tasks

EARLY_S = 2
EARLY_TRIES_MAX = 12
"""A fact of an unknown case is heard again after 2, 4, 8, … seconds, for two hours: a store that
went back hears the request again within seconds, or after its lane had room."""

WAITS_FOR_LOAN = frozenset({"TOPIC", "FILE"})
"""Ways in that may overtake an import; who asks a door in person is told at once."""


def decide(file: LoanFile, command: Command, *, now: datetime, policy: Policy) -> Sequence[Event]:
    """Say what happens."""
    match command:
        case OpenCase():
            return list(_open(file, command, now=now, policy=policy))
        case TakeLoan():
            return list(_take_loan(file, command, now=now, policy=policy))
        case LookAgain():
            return list(_give_up(file, command.case_id, now=now))
        case ClaimTask() | ReleaseTask() | CompleteTask():
            return _work_on(file, command, now=now, policy=policy)
        case _:
            return list(_take_fact(file, command, now=now, policy=policy))


def _open(file: LoanFile, command: OpenCase, *, now: datetime, policy: Policy) -> Iterator[Event]:
    """Make a case of a request, or say why none is made."""
    request, case_id = command.request, command.case_id
    refusal = _no_case(file, command, policy)
    if refusal:
        yield refusal
        return
    if case_id in file.cases:
        return
    opened = CaseOpened(case_id=case_id, at=now, number=number_of(case_id), request=request)
    yield opened
    file = evolve(file, opened)
    if request.notes and len(request.notes) <= NOTES_LENGTH_MAX:
        note = WorkNoteAdded(case_id=case_id, at=now, by=request.maker, text=request.notes)
        yield note
        file = evolve(file, note)
    if file.loan is None and request.kind in KINDS and request.channel in WAITS_FOR_LOAN:
        until = now + timedelta(seconds=policy.loan_awaited_s)
        yield LoanAwaited(case_id=case_id, at=now, until=until)
        return
    yield from review.take_in(file, file.cases[case_id], now=now, policy=policy)


def _no_case(file: LoanFile, command: OpenCase, policy: Policy) -> RequestRefused | None:
    """Say why a request makes no case: its sender or its id is not what it says."""
    request = command.request
    if request.channel == "TOPIC" and file.tenant not in policy.sources.get(request.source, ()):
        code, message = "SOURCE_NOT_ALLOWED", f"{request.source} may not speak for this tenant"
    elif command.id_reused:
        code, message = "ID_REUSED", "this request id was used before, with other content"
    else:
        return None
    return RequestRefused(
        source=request.source, request_id=request.request_id, code=code, message=message
    )


def _take_loan(
    file: LoanFile, command: TakeLoan, *, now: datetime, policy: Policy
) -> Iterator[Event]:
    """Take in a newer state of the loan; cases that waited for it go on, the oldest first.

    What is posted closes before anything new is looked at.
    """
    if file.loan and command.loan.version <= file.loan.version:
        return
    taken = LoanTaken(loan=command.loan)
    yield taken
    file = evolve(file, taken)
    for case in list(file.cases.values()):
        for event in closing.when_complete(file, case, now=now, policy=policy):
            yield event
            file = evolve(file, event)
    waiting = [c for c in file.cases.values() if c.looking_until and not c.is_closed]
    for case in sorted(waiting, key=lambda c: (c.opened_at, c.case_id)):
        for event in review.take_in(file, case, now=now, policy=policy):
            yield event
            file = evolve(file, event)


def _give_up(file: LoanFile, case_id: UUID, *, now: datetime) -> Iterator[Event]:
    """Refuse a case whose loan nobody told of in time."""
    case = file.cases.get(case_id)
    if case and case.looking_until and not case.is_closed:
        yield from closing.refuse(file, case, Refusal("UNKNOWN_LOAN", "no such loan"), now=now)


def _take_fact(file: LoanFile, fact: Fact, *, now: datetime, policy: Policy) -> Iterator[Event]:
    """Take in what another service told, once, and what follows from it."""
    if isinstance(fact, RefinancePosted) and fact.loan_id != file.loan_id:
        yield HeardElsewhere(
            case_id=fact.case_id, at=now, fact_id=fact.fact_id, loan_id=fact.loan_id
        )
        return
    case = file.cases.get(fact.case_id)
    if case is None:
        yield from _early(fact, now=now)
        return
    if fact.fact_id in case.heard:
        return
    yield fact
    file = evolve(file, fact)
    if isinstance(fact, Posted | PostingAcknowledged):
        for event in update.begin(file, file.cases[case.case_id], now=now, policy=policy):
            yield event
            file = evolve(file, event)
    yield from closing.close(file, fact, now=now, policy=policy)


def _early(fact: Fact, *, now: datetime) -> Iterator[HeardEarly]:
    """Keep a fact whose case may still come: this store went back, and its inputs with it."""
    if fact.case_id.int and fact.tries < EARLY_TRIES_MAX:
        tries = fact.tries + 1
        again_at = now + timedelta(seconds=EARLY_S**tries)
        yield HeardEarly(
            case_id=fact.case_id, at=now, fact_id=fact.fact_id, again_at=again_at, tries=tries
        )


def _work_on(
    file: LoanFile,
    command: ClaimTask | ReleaseTask | CompleteTask,
    *,
    now: datetime,
    policy: Policy,
) -> Sequence[Event]:
    """Do to a task what a person asks, if he may."""
    task = file.tasks.get(command.task_id)
    match command:
        case ClaimTask():
            outcome = tasks.claim(task, command.by)
            return [outcome] if outcome else []
        case ReleaseTask():
            outcome = tasks.release(task, command.by)
            return [outcome] if outcome else []
        case CompleteTask():
            return _complete(file, command, task=task, now=now, policy=policy)


def _complete(
    file: LoanFile, command: CompleteTask, *, task: Task | None, now: datetime, policy: Policy
) -> Sequence[Event]:
    """Hear what a person says in a task."""
    refused = tasks.may_work_on(task, command.by)
    if refused or task is None:
        return [refused] if refused else []
    assert task.case_id is not None, "a task of this service is for a case"
    case = file.cases[task.case_id]
    if task.task == review.TASK:
        return list(review.complete(file, case, command, now=now, policy=policy))
    assert task.task == update.TASK
    return list(update.complete(file, case, command, now=now, policy=policy))
