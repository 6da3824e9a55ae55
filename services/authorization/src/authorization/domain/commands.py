"""What this service is told and asked: facts of others, and what people want."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from mesh.people import Person

from authorization.domain.loan import Reviewed, Verified
from authorization.domain.references import Reference
from authorization.domain.terms import Approver, Terms

type Outcome = Literal["COMPLETE", "REFUSED", "DECLINED", "WITHDRAWN"]


@dataclass(frozen=True, slots=True)
class HearReview:
    """The case service reviewed a case: it is open."""

    case: Reviewed


@dataclass(frozen=True, slots=True)
class HearVerification:
    """The documents of a case are complete: decide."""

    case: Verified


@dataclass(frozen=True, slots=True, kw_only=True)
class HearPosting:
    """The ledger booked a loss."""

    case_id: UUID
    transaction_id: UUID
    terms: Terms
    amount_minor: int
    """What it adds: without what was charged off before."""
    booked: date
    grant_id: UUID
    approvers: tuple[Approver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HearRemoval:
    """The ledger put back so much of what was charged off."""

    case_id: UUID
    terms: Terms
    amount_minor: int
    grant_id: UUID
    approvers: tuple[Approver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HearReversal:
    """The ledger took a transaction back as if it had never been."""

    case_id: UUID
    transaction_id: UUID
    is_of_removal: bool
    """What was put back is charged off again."""
    terms: Terms
    grant_id: UUID
    approvers: tuple[Approver, ...]


@dataclass(frozen=True, slots=True)
class HearPostingRefusal:
    """The ledger posted nothing."""

    case_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HearClosing:
    """A case is over."""

    case_id: UUID
    outcome: Outcome
    kind: str
    approval_reference: str | None


@dataclass(frozen=True, slots=True)
class IssueReference:
    """A register holds an approval reference."""

    reference: Reference
    by: Person


@dataclass(frozen=True, slots=True)
class RevokeReference:
    """An approval reference is not to be used any more."""

    reference: str
    by: Person


@dataclass(frozen=True, slots=True)
class ClaimTask:
    """A person takes a task."""

    task_id: UUID
    by: Person


@dataclass(frozen=True, slots=True)
class ReleaseTask:
    """A person gives a task back."""

    task_id: UUID
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteTask:
    """An authorizer decides on a case."""

    task_id: UUID
    decision: str
    comment: str
    by: Person


@dataclass(frozen=True, slots=True)
class Refuse:
    """What came is no command that can be decided on: tell why."""

    code: str
    message: str
    field: str | None = None


type Command = (
    HearReview
    | HearVerification
    | HearPosting
    | HearRemoval
    | HearReversal
    | HearPostingRefusal
    | HearClosing
    | IssueReference
    | RevokeReference
    | ClaimTask
    | ReleaseTask
    | CompleteTask
    | Refuse
)
