"""Collect the evidence of a loan's cases: each needs what the rules ask, met one by one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never
from uuid import UUID, uuid5

from mesh.tasks import Task, TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

from documents.domain.events import (
    ClaimTask,
    Command,
    CompleteTask,
    DetermineRequirements,
    DocumentRejected,
    DocumentVerified,
    EndCase,
    Event,
    HearReference,
    Misunderstood,
    ReferenceHeard,
    ReleaseTask,
    RequirementsDetermined,
    RequirementsMet,
    VerificationAbandoned,
    VerificationCompleted,
)
from documents.domain.evidence import meet
from documents.domain.file import Abandoned, Completed, LoanFile, Requirement, Terms, Verifying
from documents.domain.findings import documents_of, refusal_of
from documents.domain.policy import Policy
from documents.domain.rules import is_special, required
from mesh import tasks

TASK = "inbound document verification"
TASK_DAYS = 5
"""Business days that an agent has."""


def decide(file: LoanFile, command: Command, *, now: datetime, policy: Policy) -> Sequence[Event]:
    """Say what happens. What was taken in before gives nothing."""
    match command:
        case DetermineRequirements():
            return _determine(file, command, now=now, policy=policy)
        case HearReference():
            return _hear(file, command, now=now, policy=policy)
        case EndCase():
            return _end(file, command, now=now)
        case CompleteTask():
            return _complete(file, command, now=now, policy=policy)
        case ClaimTask():
            event = tasks.claim(file.tasks.get(command.task_id), command.by)
            return [event] if event else []
        case ReleaseTask():
            event = tasks.release(file.tasks.get(command.task_id), command.by)
            return [event] if event else []
        case Misunderstood():
            return [TaskRefused("INVALID_FIELDS", command.message)]


def evolve(file: LoanFile, event: Event) -> LoanFile:
    """Apply an event. Never fails: facts are not up for debate."""
    match event:
        case RequirementsDetermined():
            return replace(file, cases={**file.cases, event.case.case_id: event.case})
        case RequirementsMet() | VerificationCompleted() | VerificationAbandoned():
            return _evolve_case(file, event)
        case DocumentVerified():
            seen = event.document
            return replace(file, documents={**file.documents, seen.document_id: seen})
        case ReferenceHeard():
            heard = event.reference
            return replace(file, references={**file.references, heard.reference: heard})
        case TaskOpened():
            return replace(file, tasks={**file.tasks, event.task.task_id: event.task})
        case TaskClaimed() | TaskReleased() | TaskClosed():
            task = tasks.evolve(file.tasks.get(event.task_id), event)
            return replace(file, tasks={**file.tasks, event.task_id: task})
        case DocumentRejected() | TaskRefused():
            return file
        case _:
            assert_never(event)


def _evolve_case(
    file: LoanFile, event: RequirementsMet | VerificationCompleted | VerificationAbandoned
) -> LoanFile:
    """Move a case on."""
    case = file.cases[event.case_id]
    assert isinstance(case, Verifying), "only an open case moves"
    match event:
        case RequirementsMet():
            met = {r.document: r for r in event.met}
            requirements = tuple(met.get(r.document, r) for r in case.requirements)
            agent = event.agent or case.agent
            moved = replace(case, requirements=requirements, agent=agent)
        case VerificationCompleted():
            moved = Completed(
                case_id=case.case_id, requirements=event.requirements, agent=event.agent
            )
        case VerificationAbandoned():
            moved = Abandoned(
                case_id=case.case_id, requirements=case.requirements, agent=case.agent
            )
    return replace(file, cases={**file.cases, case.case_id: moved})


def _determine(
    file: LoanFile, command: DetermineRequirements, *, now: datetime, policy: Policy
) -> list[Event]:
    """Say what a reviewed case needs; a person is needed for what is not at hand."""
    if command.case_id in file.cases:
        return []
    terms = command.terms
    bare = Verifying(
        case_id=command.case_id,
        reason=terms.reason,
        maker=terms.maker,
        legal_code=terms.legal_code,
        approval_reference=terms.approval_reference,
        heard=terms.heard,
        requirements=required(terms, policy),
    )
    met = meet(bare, file, today=now.date(), policy=policy, supplied=command.supplied)
    case = replace(bare, requirements=_with(bare.requirements, met))
    determined = RequirementsDetermined(case)
    if not case.wanted:
        return [determined, _completed(case)]
    return [determined, TaskOpened(_task(command, terms, now=now, policy=policy))]


def _hear(file: LoanFile, command: HearReference, *, now: datetime, policy: Policy) -> list[Event]:
    """Keep a reference; the cases that wait for it go on."""
    if command.reference.reference in file.references:
        return []
    event = ReferenceHeard(command.reference)
    return [event, *_settle(evolve(file, event), now=now, policy=policy, agent=None)]


def _end(file: LoanFile, command: EndCase, *, now: datetime) -> list[Event]:
    """Look for nothing more for a case that is over."""
    if not isinstance(file.cases.get(command.case_id), Verifying):
        return []
    return [
        VerificationAbandoned(command.case_id),
        *_close_task(file, command.case_id, result="CASE_CLOSED", agent=None, now=now),
    ]


def _complete(
    file: LoanFile, command: CompleteTask, *, now: datetime, policy: Policy
) -> list[Event]:
    """Take in what an agent found; the task stays open while something is wanted."""
    task = file.tasks.get(command.task_id)
    refused = tasks.may_work_on(task, command.by)
    if refused or task is None or task.case_id is None:
        return [refused or TaskRefused("TASK_UNKNOWN", "no such task")]
    case = file.cases[task.case_id]
    assert isinstance(case, Verifying), "an open task has an open case"
    refused = refusal_of(case, command, today=now.date(), policy=policy)
    if refused:
        return [refused]
    found = documents_of(case, command, today=now.date(), policy=policy)
    events: list[Event] = [DocumentVerified(case.case_id, document) for document in found]
    after = file
    for event in events:
        after = evolve(after, event)
    events += [
        DocumentRejected(case.case_id, returned.document, returned.code, command.by.id)
        for returned in command.rejected
    ]
    return events + _settle(after, now=now, policy=policy, agent=command.by.id)


def _settle(file: LoanFile, *, now: datetime, policy: Policy, agent: str | None) -> list[Event]:
    """Say what the evidence at hand now meets, for every case of the loan."""
    events: list[Event] = []
    for case in file.cases.values():
        if not isinstance(case, Verifying):
            continue
        met = meet(case, file, today=now.date(), policy=policy)
        if not met:
            continue
        by = agent if any(r.basis == "VERIFIED" for r in met) else None
        events.append(RequirementsMet(case.case_id, met, by))
        settled = replace(case, requirements=_with(case.requirements, met), agent=by or case.agent)
        if not settled.wanted:
            result = "VERIFIED" if by else "ATTESTED"
            events.append(_completed(settled))
            events += _close_task(file, case.case_id, result=result, agent=by, now=now)
    return events


def _with(
    requirements: tuple[Requirement, ...], met: tuple[Requirement, ...]
) -> tuple[Requirement, ...]:
    """Give the requirements with those that are met in their places."""
    by_document = {r.document: r for r in met}
    return tuple(by_document.get(r.document, r) for r in requirements)


def _completed(case: Verifying) -> VerificationCompleted:
    """Say that a case has all that it needs."""
    assert not case.wanted
    return VerificationCompleted(case.case_id, case.heard, case.requirements, case.agent)


def _task(command: DetermineRequirements, terms: Terms, *, now: datetime, policy: Policy) -> Task:
    """Ask for a document agent, never the one who prepared the case."""
    business = terms.segment == "BUSINESS" or is_special(terms, policy)
    return Task(
        task_id=uuid5(command.cause, TASK),
        case_id=command.case_id,
        task=TASK,
        queue="DOCS-BUSINESS" if business else "DOCS-PERSONAL",
        role="document_agent",
        barred=frozenset({terms.maker}),
        opened_at=now,
        due_at=tasks.add_business_days(now, TASK_DAYS),
    )


def _close_task(
    file: LoanFile, case_id: UUID, *, result: str, agent: str | None, now: datetime
) -> list[Event]:
    """Need nobody any more for a case."""
    task = file.task_of(case_id)
    return [TaskClosed(task.task_id, result, agent, now)] if task else []
