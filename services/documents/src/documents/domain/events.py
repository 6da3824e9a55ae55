"""What is asked of the evidence, and what happens to it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from mesh.people import Person
from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

from documents.domain.file import Document, Reference, Requirement, Supplied, Terms, Verifying


@dataclass(frozen=True, slots=True)
class DetermineRequirements:
    """A case was reviewed: say what it needs."""

    case_id: UUID
    terms: Terms
    supplied: tuple[Supplied, ...]
    cause: UUID


@dataclass(frozen=True, slots=True)
class HearReference:
    """An approval reference of the loan was issued."""

    reference: Reference


@dataclass(frozen=True, slots=True)
class EndCase:
    """A case is over."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class Seen:
    """A document that an agent vouches for. `dated` none: the day on which he looked."""

    document: str
    sha256: str | None
    dated: date | None


@dataclass(frozen=True, slots=True)
class Returned:
    """A document that will not do, and why."""

    document: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteTask:
    """A document agent says what he found. `everything`: all that is wanted is verified."""

    task_id: UUID
    by: Person
    cause: UUID
    verified: tuple[Seen, ...] = ()
    rejected: tuple[Returned, ...] = ()
    everything: bool = False


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


@dataclass(frozen=True, slots=True)
class Misunderstood:
    """A command whose fields make no sense."""

    message: str


type Command = (
    DetermineRequirements
    | HearReference
    | EndCase
    | CompleteTask
    | ClaimTask
    | ReleaseTask
    | Misunderstood
)


@dataclass(frozen=True, slots=True)
class RequirementsDetermined:
    """The rules said what a case needs; what is at hand is met already."""

    case: Verifying


@dataclass(frozen=True, slots=True)
class DocumentVerified:
    """A document agent vouched for a document."""

    case_id: UUID
    document: Document


@dataclass(frozen=True, slots=True)
class DocumentRejected:
    """A document will not do: it is wanted still."""

    case_id: UUID
    document: str
    code: str
    agent: str


@dataclass(frozen=True, slots=True)
class RequirementsMet:
    """Later evidence met requirements of a case. `agent` none: nobody looked at it for this."""

    case_id: UUID
    met: tuple[Requirement, ...]
    agent: str | None


@dataclass(frozen=True, slots=True)
class VerificationCompleted:
    """A case has all that it needs."""

    case_id: UUID
    heard: str
    requirements: tuple[Requirement, ...]
    agent: str | None


@dataclass(frozen=True, slots=True)
class VerificationAbandoned:
    """A case ended before it had all that it needs."""

    case_id: UUID


@dataclass(frozen=True, slots=True)
class ReferenceHeard:
    """An approval reference is known."""

    reference: Reference


type Event = (
    RequirementsDetermined
    | DocumentVerified
    | DocumentRejected
    | RequirementsMet
    | VerificationCompleted
    | VerificationAbandoned
    | ReferenceHeard
    | TaskOpened
    | TaskClaimed
    | TaskReleased
    | TaskClosed
    | TaskRefused
)
