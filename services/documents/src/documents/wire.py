"""The border: what is heard becomes a command of the domain, an event becomes what is said."""

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson
from contracts.records import common, documents, tasks
from contracts.records.authorization import ApprovalReferenceIssued
from contracts.records.case import CaseClosed, CaseReviewed
from contracts.types import from_datetime, to_date
from mesh.service import Answer, Change, Message, Outgoing, Said, Told
from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

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
    Returned,
    Seen,
    VerificationAbandoned,
    VerificationCompleted,
)
from documents.domain.file import LoanFile, Reference, Requirement, Supplied, Terms, Verifying

TOPIC = "writeoff.documents.v1"

type _Change = Change[LoanFile, Event]


def to_command(message: Message) -> Command:
    """Hear a message as a command of the domain."""
    match message.body:
        case CaseReviewed() as reviewed:
            assert message.case_id is not None, "a review is of a case"
            supplied = tuple(
                Supplied(d.document, d.sha256, to_date(d.dated), d.source)
                for d in reviewed.documents
            )
            return DetermineRequirements(
                message.case_id, _to_terms(reviewed.terms), supplied, message.message_id
            )
        case CaseClosed():
            assert message.case_id is not None, "what closes is a case"
            return EndCase(message.case_id)
        case ApprovalReferenceIssued() as issued:
            return HearReference(
                Reference(issued.reference, issued.attests_documents, to_date(issued.expires))
            )
        case body:
            return _to_task_command(message, body)


def say(change: _Change) -> list[Said]:
    """Say what others must hear of one message's events, and answer whoever asked."""
    said: list[Said] = []
    for told in change.told:
        record = _to_record(change, told)
        if record is not None:
            said.append(Outgoing(TOPIC, change.key.text, record))
    message = change.told[0].message
    if message.by is not None:
        said.append(_answer(change, message))
    return said


def _to_terms(terms: common.Terms) -> Terms:
    """Take what the rules look at; the rest travels on as it came."""
    return Terms(
        kind=terms.kind,
        segment=terms.segment,
        product=terms.product,
        reason=terms.reason,
        amount_minor=terms.amount.amount_minor,
        currency=terms.amount.currency,
        usd_rate=Fraction(terms.usd_rate) if terms.usd_rate else None,
        channel=terms.channel,
        has_guarantor=terms.guarantor_id is not None,
        litigation=terms.litigation,
        legal_code=terms.legal_code,
        collection_ceases=terms.collection_ceases,
        maker=terms.maker,
        approval_reference=terms.approval_reference,
        heard=orjson.dumps(terms.to_avro()).decode(),
    )


class _Kept(dict[str, Any]):
    """Terms kept by an earlier build: a field added since has its default, none."""

    def __missing__(self, key: str) -> None:
        return None


def _terms_heard(told: Told[Event], heard: str) -> common.Terms:
    """Give the terms as they came: with this very message, or kept since."""
    body = told.message.body
    if isinstance(body, CaseReviewed):
        return body.terms
    return common.Terms.from_avro(_Kept(orjson.loads(heard)))


def _to_task_command(message: Message, body: Mapping[str, Any]) -> Command:
    """Read what a person does to a task; what makes no sense is answered, never raised."""
    assert message.by is not None, "people work on tasks"
    try:
        task_id = UUID(str(body.get("task_id")))
        match message.kind:
            case "ClaimTask":
                return ClaimTask(task_id, message.by)
            case "ReleaseTask":
                return ReleaseTask(task_id, message.by)
            case "CompleteTask":
                return CompleteTask(
                    task_id=task_id,
                    by=message.by,
                    cause=message.message_id,
                    verified=_each(body.get("verified"), _seen),
                    rejected=_each(body.get("rejected"), _returned),
                    everything=body.get("all") is True,
                )
            case kind:
                return Misunderstood(f"{kind} is no command of documents")
    except (KeyError, TypeError, ValueError) as error:
        return Misunderstood(f"not understood: {error}")


def _each[T](told: Any, read: Callable[[Any], T]) -> tuple[T, ...]:
    """Read a list that may be left out. Raises KeyError, TypeError, ValueError."""
    if told is None:
        return ()
    if not isinstance(told, list) or not all(isinstance(item, dict) for item in told):
        raise TypeError("verified and rejected are lists of objects")
    return tuple(read(item) for item in told)


def _seen(item: Mapping[str, Any]) -> Seen:
    sha256, dated = item.get("sha256"), item.get("dated")
    return Seen(
        document=str(item["document"]),
        sha256=str(sha256).lower() if sha256 is not None else None,
        dated=date.fromisoformat(str(dated)) if dated is not None else None,
    )


def _returned(item: Mapping[str, Any]) -> Returned:
    return Returned(document=str(item["document"]), code=str(item["code"]))


def _to_record(change: _Change, told: Told[Event]) -> object | None:
    """Make an event's record; none: nobody else needs it."""
    key, event = change.key, told.event
    match event:
        case RequirementsDetermined():
            return documents.RequirementsDetermined(
                meta=told.meta(key, case_id=event.case.case_id),
                requirements=[_to_requirement(r) for r in event.case.requirements],
            )
        case DocumentVerified():
            return documents.DocumentVerified(
                meta=told.meta(key, case_id=event.case_id),
                document=event.document.document,
                sha256=event.document.sha256,
                agent=event.document.agent,
            )
        case DocumentRejected():
            return documents.DocumentRejected(
                meta=told.meta(key, case_id=event.case_id),
                document=event.document,
                agent=event.agent,
                code=event.code,
            )
        case VerificationCompleted():
            return documents.VerificationCompleted(
                meta=told.meta(key, case_id=event.case_id),
                terms=_terms_heard(told, event.heard),
                requirements=[_to_requirement(r) for r in event.requirements],
                agent=event.agent,
            )
        case TaskOpened() | TaskClosed():
            return _to_task_record(change, told, event)
        case RequirementsMet() | VerificationAbandoned() | ReferenceHeard():
            return None
        case TaskClaimed() | TaskReleased() | TaskRefused():
            return None


def _to_task_record(
    change: _Change, told: Told[Event], event: TaskOpened | TaskClosed
) -> tasks.TaskOpened | tasks.TaskClosed:
    match event:
        case TaskOpened(task):
            return tasks.TaskOpened(
                meta=told.meta(change.key, case_id=task.case_id),
                task_id=str(task.task_id),
                task=task.task,
                queue=task.queue,
                due_at=from_datetime(task.due_at),
            )
        case TaskClosed():
            task = change.after.tasks[event.task_id]
            return tasks.TaskClosed(
                meta=told.meta(change.key, case_id=task.case_id),
                task_id=str(task.task_id),
                task=task.task,
                result=event.result,
                closed_by=event.by,
            )


def _to_requirement(requirement: Requirement) -> documents.Requirement:
    return documents.Requirement(
        document=requirement.document,
        rule=requirement.rule,
        state=requirement.state,
        basis=requirement.basis,
        sha256=requirement.sha256,
    )


def _answer(change: _Change, message: Message) -> Answer:
    """Tell a person what became of the task, and what is still wanted."""
    for told in change.told:
        if isinstance(told.event, TaskRefused):
            return Answer({"message": told.event.message}, told.event.code)
    task = change.after.tasks[UUID(str(message.body["task_id"]))]
    case = change.after.cases[task.case_id] if task.case_id else None
    return Answer(
        {
            "task_id": str(task.task_id),
            "claimed_by": task.claimed_by,
            "closed": task.closed_at is not None,
            "wanted": list(case.wanted) if isinstance(case, Verifying) else [],
        }
    )
