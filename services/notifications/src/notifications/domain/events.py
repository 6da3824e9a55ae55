"""What is asked of notices, and what happens to them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from mesh.people import Person
from mesh.tasks import TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

from notifications.domain.notices import Channel, Notice, Party, Pending, Proof

type Decision = Literal["resend", "release", "undeliverable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A write-off as the ledger posted it."""

    posting_id: UUID
    case_id: UUID
    customer_id: str
    case_number: str
    product: str
    segment: str
    reason: str
    litigation: str
    is_fraud: bool
    collection_ceases: bool
    currency: str
    principal_minor: int
    interest_minor: int
    fees_minor: int
    penalties_minor: int
    tax_minor: int
    amount_minor: int
    balance_after_minor: int
    value_date: date
    booked: date


@dataclass(frozen=True, slots=True)
class RecordNotices:
    """Say who is told of a posting."""

    posting: Posting


@dataclass(frozen=True, slots=True)
class KnowParty:
    """A party as its record tells; none: it is to be erased."""

    party: Party | None
    version: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The other side said no, or what is to be sent cannot be."""

    channel: Channel
    code: str


@dataclass(frozen=True, slots=True)
class Outage:
    """Nobody answered: that says nothing about the notice."""

    channel: Channel
    code: str


@dataclass(frozen=True, slots=True)
class RecordDelivery:
    """What became of one attempt; `attempt` is the number that it had."""

    notice_id: UUID
    attempt: int
    outcome: Proof | Refusal | Outage


@dataclass(frozen=True, slots=True)
class RemindOfHeld:
    """A held notice waited long enough (a timer)."""

    notice_id: UUID


@dataclass(frozen=True, slots=True)
class CompleteTask:
    """A person decides what becomes of a notice."""

    task_id: UUID
    by: Person
    decision: Decision


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
    RecordNotices
    | KnowParty
    | RecordDelivery
    | RemindOfHeld
    | CompleteTask
    | ClaimTask
    | ReleaseTask
    | Misunderstood
)


@dataclass(frozen=True, slots=True)
class NoticesRecorded:
    """All notices that a posting makes due, each as it stands."""

    posting_id: UUID
    case_id: UUID
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class NoticeSuppressed:
    """A rule forbids to tell."""

    notice_id: UUID


@dataclass(frozen=True, slots=True)
class NoticeSent:
    """A notice left the house."""

    notice_id: UUID
    proof: Proof
    at: datetime


@dataclass(frozen=True, slots=True)
class NoticeDelayed:
    """An attempt came to nothing; there will be another."""

    notice_id: UUID
    standing: Pending


@dataclass(frozen=True, slots=True)
class NoticeFailed:
    """No channel took the notice."""

    notice_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class NoticeQueued:
    """A person let a held or failed notice go, again or for the first time."""

    notice_id: UUID
    standing: Pending


@dataclass(frozen=True, slots=True)
class PartyHeard:
    """A party is known, or known better; none: erased."""

    party: Party | None
    version: tuple[int, int]


type Event = (
    NoticesRecorded
    | NoticeSuppressed
    | NoticeSent
    | NoticeDelayed
    | NoticeFailed
    | NoticeQueued
    | PartyHeard
    | TaskOpened
    | TaskClaimed
    | TaskReleased
    | TaskClosed
    | TaskRefused
)
