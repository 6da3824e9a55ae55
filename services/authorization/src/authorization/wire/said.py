"""Saying: events of the domain as records for others, and as answers to who asked."""

from collections.abc import Sequence
from typing import Any, cast

import orjson
from contracts.records import authorization, common, tasks
from contracts.records.documents import VerificationCompleted
from contracts.types import from_date, from_datetime
from mesh.service import Answer, Change, Outgoing, Said, Told
from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

from authorization.domain.events import (
    ApprovalRecorded,
    AuthorizationDeclined,
    AuthorizationGranted,
    AuthorizationRefused,
    AuthorizationRequested,
    CommandRefused,
    Event,
    ReferenceIssued,
    ReferenceRevoked,
    ReferenceUnchanged,
)
from authorization.domain.loan import Loan
from authorization.domain.references import Reference
from authorization.domain.terms import Approver

TOPIC = "writeoff.authorization.v1"

type _Change = Change[Loan, Event]


def say(change: _Change) -> Sequence[Said]:
    """Say what others must hear of one message's events, and answer whoever asked."""
    records = (_to_record(change, told) for told in change.told)
    said: list[Said] = [
        Outgoing(TOPIC, change.key.text, record) for record in records if record is not None
    ]
    if change.told[0].message.by is not None:
        said.append(_answer(change))
    return said


def terms_of(told: Told[Event], heard: str) -> common.Terms:
    """Give the terms as they came: with this very message, or kept since."""
    body = told.message.body
    if isinstance(body, VerificationCompleted):
        return body.terms
    return common.Terms.from_avro(_Kept(orjson.loads(heard)))


class _Kept(dict[str, Any]):
    """Terms kept by an earlier build: a field added since has its default, none."""

    def __missing__(self, key: str) -> None:
        return None


def _to_record(change: _Change, told: Told[Event]) -> object | None:
    """Make an event's record; none: nobody else needs it."""
    key, event = change.key, told.event
    match event:
        case AuthorizationGranted():
            return _to_granted(change, told, event)
        case AuthorizationRequested(case, queue, matrix_version):
            return authorization.AuthorizationRequested(
                meta=told.meta(key, case_id=case.case_id),
                row=case.need.row,
                level=case.need.level,
                people=case.need.people,
                queue=queue,
                matrix_version=matrix_version,
            )
        case ApprovalRecorded(case_id, approver, _, still_needed):
            return authorization.ApprovalRecorded(
                meta=told.meta(key, case_id=case_id),
                approver=_to_approver(approver),
                still_needed=still_needed,
            )
        case AuthorizationDeclined(case_id, by, comment):
            return authorization.AuthorizationDeclined(
                meta=told.meta(key, case_id=case_id), by=_to_approver(by), comment=comment
            )
        case AuthorizationRefused(case_id, code, reference):
            return authorization.AuthorizationRefused(
                meta=told.meta(key, case_id=case_id), code=code, approval_reference=reference
            )
        case ReferenceIssued(reference):
            return _to_issued(change, told, reference)
        case TaskOpened() | TaskClosed():
            return _to_task_record(change, told, event)
        case _:
            return None


def _to_granted(
    change: _Change, told: Told[Event], event: AuthorizationGranted
) -> authorization.AuthorizationGranted:
    return authorization.AuthorizationGranted(
        meta=told.meta(change.key, case_id=event.case_id),
        terms=terms_of(told, event.heard),
        grant_id=str(event.grant_id),
        row=event.row,
        level=event.level,
        approvers=[_to_approver(each) for each in event.approvers],
        amount_max_minor=event.amount_max_minor,
        expires_at=from_datetime(event.expires_at),
        matrix_version=event.matrix_version,
        terms_hash=event.terms_hash,
    )


def _to_issued(
    change: _Change, told: Told[Event], reference: Reference
) -> authorization.ApprovalReferenceIssued:
    return authorization.ApprovalReferenceIssued(
        meta=told.meta(change.key),
        reference=reference.reference,
        kind=cast(common.Kind, reference.kind),
        amount_max=common.Money(
            amount_minor=reference.amount_max_minor, currency=reference.currency
        ),
        reasons=sorted(reference.reasons),
        approvers=[_to_approver(each) for each in reference.approvers],
        issued=from_date(reference.issued),
        expires=from_date(reference.expires),
        attests_documents=reference.attests_documents,
        issued_by=reference.issued_by,
    )


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
        case TaskClosed(task_id, result, by):
            task = change.after.tasks[task_id]
            return tasks.TaskClosed(
                meta=told.meta(change.key, case_id=task.case_id),
                task_id=str(task_id),
                task=task.task,
                result=result,
                closed_by=by,
            )


def _to_approver(approver: Approver) -> common.Approver:
    return common.Approver(id=approver.id, level=approver.level)


def _answer(change: _Change) -> Answer:
    """Tell who asked what became of it: the first event that speaks of it."""
    answers = (_answer_of(told.event) for told in change.told)
    return next((answer for answer in answers if answer is not None), Answer())


def _answer_of(event: Event) -> Answer | None:
    match event:
        case CommandRefused(code, message, field):
            return Answer({"message": message, "field": field}, code)
        case TaskRefused(code, message):
            return Answer({"message": message}, code)
        case ReferenceIssued(reference):
            return Answer({"reference": reference.reference, "result": "issued"})
        case ReferenceUnchanged(number):
            return Answer({"reference": number, "result": "unchanged"})
        case ReferenceRevoked(number):
            return Answer({"reference": number, "result": "revoked"})
        case ApprovalRecorded(case_id, _, _, still_needed):
            return Answer(
                {"case_id": str(case_id), "result": "approved", "still_needed": still_needed}
            )
        case AuthorizationDeclined(case_id):
            return Answer({"case_id": str(case_id), "result": "declined"})
        case TaskClaimed(task_id, by):
            return Answer({"task_id": str(task_id), "claimed_by": by})
        case TaskReleased(task_id):
            return Answer({"task_id": str(task_id), "claimed_by": None})
        case _:
            return None
