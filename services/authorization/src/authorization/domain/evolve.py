"""How what happened changes what is known. Facts are not up for debate: nothing here refuses."""

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never
from uuid import UUID

from mesh.tasks import (
    Task,
    TaskClaimed,
    TaskClosed,
    TaskEvent,
    TaskOpened,
    TaskRefused,
    TaskReleased,
)
from mesh.tasks import evolve as evolve_task

from authorization.domain.events import (
    ApprovalRecorded,
    AuthorizationDeclined,
    AuthorizationGranted,
    AuthorizationRefused,
    AuthorizationRequested,
    CaseEnded,
    CaseReviewed,
    CaseVerified,
    CommandRefused,
    Event,
    GrantRecalled,
    ReferenceConsumed,
    ReferenceIssued,
    ReferenceReserved,
    ReferenceReturned,
    ReferenceRevoked,
    ReferenceUnchanged,
    WriteOffRecorded,
)
from authorization.domain.loan import Case, Granted, Loan, Over, Requested
from authorization.domain.references import Reference, Standing

type ReferenceEvent = (
    ReferenceIssued | ReferenceReserved | ReferenceReturned | ReferenceConsumed | ReferenceRevoked
)

type CaseEvent = (
    CaseReviewed
    | CaseVerified
    | AuthorizationRequested
    | ApprovalRecorded
    | AuthorizationGranted
    | AuthorizationDeclined
    | AuthorizationRefused
    | CaseEnded
)


def evolve(loan: Loan, event: Event) -> Loan:
    """Apply an event."""
    match event:
        case TaskOpened() | TaskClaimed() | TaskReleased() | TaskClosed():
            return replace(loan, tasks=_tasks(loan, event))
        case CommandRefused() | TaskRefused() | ReferenceUnchanged() | GrantRecalled():
            return loan
        case WriteOffRecorded(write_off):
            known = {**loan.written_off, write_off.transaction_id: write_off}
            return replace(loan, written_off=known)
        case (
            ReferenceIssued()
            | ReferenceReserved()
            | ReferenceReturned()
            | ReferenceConsumed()
            | ReferenceRevoked()
        ):
            reference = _reference(loan, event)
            return replace(loan, references={**loan.references, reference.reference: reference})
        case _:
            case = _case(loan, event)
            return replace(loan, cases={**loan.cases, case.case_id: case})


def _case(loan: Loan, event: CaseEvent) -> Case:
    match event:
        case CaseReviewed(case) | CaseVerified(case) | AuthorizationRequested(case):
            return case
        case ApprovalRecorded(case_id=case_id, approver=approver):
            case = loan.cases[case_id]
            assert isinstance(case, Requested), "people approve what was asked of them"
            return replace(case, approvals=(*case.approvals, approver))
        case AuthorizationGranted(case_id=case_id, grant_id=grant_id, terms=terms, need=need):
            return Granted(case_id=case_id, terms=terms, grant_id=grant_id, need=need)
        case AuthorizationDeclined(case_id):
            return Over(case_id=case_id, end="DECLINED")
        case AuthorizationRefused(case_id):
            return Over(case_id=case_id, end="REFUSED")
        case CaseEnded(case_id, end):
            return Over(case_id=case_id, end=end)
        case _:
            assert_never(event)


def _reference(loan: Loan, event: ReferenceEvent) -> Reference:
    match event:
        case ReferenceIssued(reference):
            return reference
        case ReferenceReserved(number, case_id):
            return _moved(loan, number, "RESERVED", case_id)
        case ReferenceConsumed(number, case_id):
            return _moved(loan, number, "CONSUMED", case_id)
        case ReferenceReturned(number):
            return _moved(loan, number, "ISSUED", None)
        case ReferenceRevoked(number):
            return _moved(loan, number, "REVOKED", None)
        case _:
            assert_never(event)


def _moved(loan: Loan, number: str, standing: Standing, case_id: UUID | None) -> Reference:
    return replace(loan.references[number], standing=standing, case_id=case_id)


def _tasks(loan: Loan, event: TaskEvent) -> Mapping[UUID, Task]:
    match event:
        case TaskOpened(task):
            task_id = task.task_id
        case _:
            task_id = event.task_id
    return {**loan.tasks, task_id: evolve_task(loan.tasks.get(task_id), event)}
