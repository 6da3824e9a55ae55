"""The decision on a case: a named reference covers it, nobody is needed, or people are asked.

It is taken once review and verification are both heard, in whichever order: who reviewed a case
may not decide on it, so nothing is granted before he is known.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid5

from mesh.tasks import Task, TaskOpened, add_business_days

from authorization.domain.events import (
    AuthorizationGranted,
    AuthorizationRefused,
    AuthorizationRequested,
    CaseReviewed,
    CaseVerified,
    Event,
    ReferenceReserved,
)
from authorization.domain.loan import Loan, Requested, Reviewed, Verified
from authorization.domain.matrix import Matrix
from authorization.domain.references import Reference, Use, why_not
from authorization.domain.terms import terms_hash

TASK = "loan authorization"
ROLE = "authorizer"

DUE_DAYS = 2
"""Business days that a level has to decide."""


def hear_review(loan: Loan, review: Reviewed, *, matrix: Matrix, now: datetime) -> Sequence[Event]:
    """Open a case, or decide it where the documents were heard of before."""
    match loan.cases.get(review.case_id):
        case None:
            return (CaseReviewed(review),)
        case Verified() as verified:
            return _decide(loan, verified, review.reviewer, matrix=matrix, now=now)
        case _:
            return ()


def hear_verification(
    loan: Loan, verified: Verified, *, matrix: Matrix, now: datetime
) -> Sequence[Event]:
    """Decide a case, or wait for its review."""
    match loan.cases.get(verified.case_id):
        case None:
            return (CaseVerified(verified),)
        case Reviewed(reviewer=reviewer):
            return _decide(loan, verified, reviewer, matrix=matrix, now=now)
        case _:
            return ()


def _decide(
    loan: Loan, case: Verified, reviewer: str | None, *, matrix: Matrix, now: datetime
) -> Sequence[Event]:
    """Say who may post the case, or who has to be asked, or why nobody may."""
    terms = case.terms
    usd = loan.usd_that_counts(case.case_id, terms, matrix=matrix, today=now.date())
    taken_back = loan.taken_back(terms)
    need = matrix.need(
        terms, usd, tenant=loan.tenant, taken_back=[loss.need for loss in taken_back]
    )
    makers = {who for who in (terms.maker, reviewer, case.agent) if who}
    # Who let a loss be taken does not decide that it be taken back.
    makers |= {approver.id for loss in taken_back for approver in loss.approvers}
    asked = Requested(
        case_id=case.case_id,
        terms=terms,
        cause=case.cause,
        heard=case.heard,
        makers=frozenset(makers),
        need=need,
    )
    if terms.kind not in matrix.kinds:
        return (AuthorizationRefused(case.case_id, "KIND_NOT_ALLOWED", terms.approval_reference),)
    if terms.approval_reference is not None:
        return _by_reference(loan, asked, case.is_attested, matrix=matrix, now=now)
    if case.is_attested:
        # Documents were taken on the word of a reference that the case does not name.
        return (AuthorizationRefused(case.case_id, "APPROVAL_UNKNOWN", None),)
    if need.people == 0:
        return (grant(loan, asked, matrix=matrix, now=now),)
    opened = open_task(asked, now=now)
    return (AuthorizationRequested(asked, opened.task.queue, matrix.version), opened)


def _by_reference(
    loan: Loan, asked: Requested, is_attested: bool, *, matrix: Matrix, now: datetime
) -> Sequence[Event]:
    """Take the named reference, or refuse: a bad one never falls back to people."""
    number = asked.terms.approval_reference
    assert number is not None
    reference = loan.references.get(number)
    use = Use(
        case_id=asked.case_id,
        loan_id=loan.loan_id,
        terms=asked.terms,
        need=asked.need,
        makers=asked.makers,
        is_attested=is_attested,
        is_attestable=asked.terms.reason not in matrix.unattestable_reasons,
        today=now.date(),
    )
    code = why_not(reference, use)
    if code is not None:
        return (AuthorizationRefused(asked.case_id, code, number),)
    return (
        ReferenceReserved(number, asked.case_id),
        grant(loan, asked, reference=reference, matrix=matrix, now=now),
    )


def grant(
    loan: Loan,
    asked: Requested,
    *,
    matrix: Matrix,
    now: datetime,
    reference: Reference | None = None,
) -> AuthorizationGranted:
    """Allow one posting of the case. Growth is covered under a reference, too."""
    approvers = reference.approvers if reference else asked.approvals
    barred = asked.makers | {asked.terms.sanctioner}
    assert asked.need.is_met_by(approvers), "the matrix is met by these people"
    assert not any(approver.id in barred for approver in approvers), "no checker had a part in it"
    return AuthorizationGranted(
        case_id=asked.case_id,
        grant_id=uuid5(asked.cause, "grant"),
        terms=asked.terms,
        heard=asked.heard,
        need=asked.need,
        row="REFERENCE" if reference else asked.need.row,
        level=max((approver.level for approver in approvers), default=0),
        approvers=approvers,
        amount_max_minor=matrix.amount_max_minor(asked.terms),
        expires_at=now + timedelta(days=matrix.grant_days),
        matrix_version=matrix.version,
        terms_hash=terms_hash(asked.terms, tenant=loan.tenant, loan_id=loan.loan_id),
    )


def open_task(asked: Requested, *, now: datetime) -> TaskOpened:
    """Ask the next person: a task of its own for each, so that two are two."""
    level = asked.need.level_next(asked.approvals)
    assert level is not None, "somebody is still needed"
    return TaskOpened(
        Task(
            task_id=uuid5(asked.cause, f"task/{len(asked.approvals)}"),
            case_id=asked.case_id,
            task=TASK,
            queue=f"AUTH-L{level}",
            role=ROLE,
            level_min=level,
            barred=asked.barred,
            opened_at=now,
            due_at=add_business_days(now, DUE_DAYS),
        )
    )
