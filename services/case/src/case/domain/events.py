"""What happens to cases, in the past tense: what others told us, and what we decided ourselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from case.domain.terms import Approver, Loan, Posting, Request, Terms
from mesh import tasks

type Outcome = Literal["COMPLETE", "REFUSED", "DECLINED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanTaken:
    """The ledger told a newer state of the loan."""

    loan: Loan


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused:
    """A request that made no case."""

    source: str
    request_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCase:
    """Something happened to a case."""

    case_id: UUID
    at: datetime


# Decided here.


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(OfCase):
    """A request became a case."""

    number: str
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanAwaited(OfCase):
    """The loan is not known: it is looked for again before the case is refused."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakePassed(OfCase):
    """Every check against the loan holds; the terms are as asked for."""

    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReviewed(OfCase):
    """The terms stand. `reviewer` none: policy."""

    terms: Terms
    reviewer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanUpdateConfirmed(OfCase):
    """The loan system shows what was posted."""

    posting: Posting
    core_reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkNoteAdded(OfCase):
    """A dated remark. `by`: a person, or `mesh`."""

    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(OfCase):
    """The case is over."""

    outcome: Outcome
    code: str | None
    message: str


# Told by others: taken in once each, by `fact_id`.


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOthers(OfCase):
    """Another service told something about a case."""

    fact_id: UUID
    tries: int = 0
    """How often it was heard while its case was not known here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardEarly(OfCase):
    """A fact came before its case: it is heard again, when the request may have come."""

    fact_id: UUID
    again_at: datetime
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementsDetermined(OfOthers):
    """Documents are asked for; `wanted` are those still open."""

    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationCompleted(OfOthers):
    """Every document is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequested(OfOthers):
    """People have to decide."""

    row: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecorded(OfOthers):
    """One of them approved."""

    approver: Approver


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationGranted(OfOthers):
    """The case may be posted."""

    row: str
    approvers: tuple[Approver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationDeclined(OfOthers):
    """An authorizer said no."""

    by: Approver
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRefused(OfOthers):
    """A rule of authority forbids it."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffPosted(OfOthers):
    """The loss is in the books."""

    posting: Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRefused(OfOthers):
    """The ledger's rules forbid it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticesRecorded(OfOthers):
    """Who is to be told is known; being told is not waited for."""

    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereOpened(OfOthers):
    """Another service waits for a person."""

    task_id: UUID
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereClosed(OfOthers):
    """Another service does not wait for that person any more."""

    task_id: UUID
    task: str
    result: str


type Fact = (
    RequirementsDetermined
    | VerificationCompleted
    | AuthorizationRequested
    | ApprovalRecorded
    | AuthorizationGranted
    | AuthorizationDeclined
    | AuthorizationRefused
    | WriteOffPosted
    | PostingRefused
    | NoticesRecorded
    | ElsewhereOpened
    | ElsewhereClosed
)

type Decided = (
    CaseOpened
    | LoanAwaited
    | IntakePassed
    | CaseReviewed
    | LoanUpdateConfirmed
    | WorkNoteAdded
    | CaseClosed
)

type CaseEvent = Fact | Decided

type Event = (
    CaseEvent | HeardEarly | LoanTaken | RequestRefused | tasks.TaskEvent | tasks.TaskRefused
)
