"""The notices of one loan, and the party that one is written to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID, uuid5

from mesh.tasks import Task

type Channel = Literal["EMAIL", "LETTER"]
type Tone = Literal["OWED", "DISCHARGED", "INFORMATION"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a notice tells: figures and codes, nothing about the person."""

    case_number: str
    product: str
    segment: str
    currency: str
    principal_minor: int
    interest_minor: int
    fees_minor: int
    penalties_minor: int
    tax_minor: int
    amount_minor: int
    owed_minor: int
    """What the customer owes still, written off or not."""
    date: date
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a notice left the house: kept seven years."""

    channel: Channel
    provider_id: str
    text_sha256: str
    address_sha256: str
    template_version: str


@dataclass(frozen=True, slots=True)
class Pending:
    """To be sent from `try_at` on."""

    channel: Channel
    try_at: datetime
    tries: int = 0
    """Answered with a no on this channel."""
    outages: int = 0
    """Not answered at all, in a row: these count as no try."""
    code: str | None = None
    """What became of the last try."""


@dataclass(frozen=True, slots=True)
class Held:
    """Not to be sent before a person releases it, who is asked to from `remind_at` on."""

    rule: str
    remind_at: datetime


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Never to be sent: a rule forbids it."""

    rule: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Left the house."""

    proof: Proof
    at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """No channel took it: a person decides."""

    code: str


type Standing = Pending | Held | Suppressed | Sent | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message to one recipient because of one posting."""

    notice_id: UUID
    posting_id: UUID
    case_id: UUID
    notice: str
    recipient: str
    deadline: date
    content: Content
    standing: Standing
    attempts: int = 0
    """Outcomes recorded so far: the next one has this number."""

    @property
    def task_id(self) -> UUID:
        """Give the id of the task that is opened for it as it stands."""
        return uuid5(self.notice_id, f"task/{self.attempts}")


@dataclass(frozen=True, slots=True)
class LoanNotices:
    """All notices of one loan."""

    notices: Mapping[UUID, Notice] = field(default_factory=dict)
    tasks: Mapping[UUID, Task] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whom to write to. What tells who it is shows in no repr, so in no log."""

    party_id: str
    given_name: str | None = field(repr=False)
    family_name: str | None = field(repr=False)
    business_name: str | None = field(repr=False)
    email: str | None = field(repr=False)
    locale: str | None


@dataclass(frozen=True, slots=True)
class PartyFile:
    """What is known of a party; none with a version: it was erased."""

    version: tuple[int, int] = (0, 0)
    """(incarnation, number) of the record held: only a higher one counts."""
    party: Party | None = None


type State = LoanNotices | PartyFile
