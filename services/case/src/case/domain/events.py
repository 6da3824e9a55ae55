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
class HeardElsewhere(OfCase):
    """A fact was told in the lane of another loan than its case's: it is heard there."""

    fact_id: UUID
    loan_id: str


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
class Posted(OfOthers):
    """What the case asked for is in the books."""

    posting: Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffPosted(Posted):
    """The loss is in the books, for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOffPosted(Posted):
    """The loss is in the books; the loan goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOffRemoved(Posted):
    """What was charged off in error is put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionReversed(Posted):
    """A transaction is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPosted(Posted):
    """Money came in on a loan that is written off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayOffPosted(Posted):
    """The customer paid all that is owed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefinancePosted(Posted):
    """A new loan, in whose lane it is told, paid this one off."""

    loan_id: str
    """The loan that was paid off: the case's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingAcknowledged(OfOthers):
    """The core banking system shows what was posted."""

    core_reference: str


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
    | Posted
    | PostingAcknowledged
    | PostingRefused
    | NoticesRecorded
    | ElsewhereOpened
    | ElsewhereClosed
)

POSTED: tuple[type[Posted], ...] = (
    WriteOffPosted,
    ChargeOffPosted,
    ChargeOffRemoved,
    TransactionReversed,
    RecoveryPosted,
    PayOffPosted,
    RefinancePosted,
)
"""What a kind's posting is called."""

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
    CaseEvent
    | HeardEarly
    | HeardElsewhere
    | LoanTaken
    | RequestRefused
    | tasks.TaskEvent
    | tasks.TaskRefused
)
