"""What happened here."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

from authorization.domain.loan import End, Requested, Reviewed, Verified, WrittenOff
from authorization.domain.matrix import Need
from authorization.domain.references import Reference
from authorization.domain.terms import Approver, Terms


@dataclass(frozen=True, slots=True)
class CaseReviewed:
    """A case is open."""

    case: Reviewed


@dataclass(frozen=True, slots=True)
class CaseVerified:
    """A case has its documents, and its review is not heard yet."""

    case: Verified


@dataclass(frozen=True, slots=True)
class AuthorizationRequested:
    """People have to decide."""

    case: Requested
    queue: str
    matrix_version: str


@dataclass(frozen=True, slots=True)
class ApprovalRecorded:
    """One of the people needed approved."""

    case_id: UUID
    approver: Approver
    place: int
    """Of the people needed the first, or the second."""
    still_needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationGranted:
    """The case may be posted, once, until then, up to this amount."""

    case_id: UUID
    grant_id: UUID
    terms: Terms
    heard: str
    need: Need
    row: str
    """Of the matrix, or REFERENCE."""
    level: int
    approvers: tuple[Approver, ...]
    amount_max_minor: int
    expires_at: datetime
    matrix_version: str
    terms_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRecalled:
    """The books tell of a grant that is not known here any more: this store went back."""

    case_id: UUID
    grant_id: UUID
    terms: Terms
    approvers: tuple[Approver, ...]
    terms_hash: str


@dataclass(frozen=True, slots=True)
class AuthorizationDeclined:
    """An authorizer said no."""

    case_id: UUID
    by: Approver
    comment: str


@dataclass(frozen=True, slots=True)
class AuthorizationRefused:
    """A rule forbids it."""

    case_id: UUID
    code: str
    approval_reference: str | None


@dataclass(frozen=True, slots=True)
class CaseEnded:
    """Nothing is to be decided on the case any more."""

    case_id: UUID
    end: End


@dataclass(frozen=True, slots=True)
class WriteOffRecorded:
    """A loss counts towards the next decision on its loan, as far as it stands."""

    write_off: WrittenOff


@dataclass(frozen=True, slots=True)
class ReferenceIssued:
    """A grant was given before the request."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class ReferenceReserved:
    """A case holds the reference."""

    reference: str
    case_id: UUID


@dataclass(frozen=True, slots=True)
class ReferenceReturned:
    """The reference may be used again: what held it was not posted."""

    reference: str


@dataclass(frozen=True, slots=True)
class ReferenceConsumed:
    """A posting used the reference, for good."""

    reference: str
    case_id: UUID


@dataclass(frozen=True, slots=True)
class ReferenceRevoked:
    """The reference may not be used any more."""

    reference: str


@dataclass(frozen=True, slots=True)
class ReferenceUnchanged:
    """The reference is as asked for already."""

    reference: str


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """What a person asked for was not done."""

    code: str
    message: str
    field: str | None = None


type Event = (
    CaseReviewed
    | CaseVerified
    | AuthorizationRequested
    | ApprovalRecorded
    | AuthorizationGranted
    | GrantRecalled
    | AuthorizationDeclined
    | AuthorizationRefused
    | CaseEnded
    | WriteOffRecorded
    | ReferenceIssued
    | ReferenceReserved
    | ReferenceReturned
    | ReferenceConsumed
    | ReferenceRevoked
    | ReferenceUnchanged
    | CommandRefused
    | TaskOpened
    | TaskClaimed
    | TaskReleased
    | TaskClosed
    | TaskRefused
)
