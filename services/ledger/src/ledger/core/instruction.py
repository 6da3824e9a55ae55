"""A posting instruction from when it is said until the loan system shows the posting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from mesh.people import Person
from mesh.tasks import Task, TaskClaimed, TaskClosed, TaskOpened, TaskRefused, TaskReleased

KIND = "core"
"""Of the key of a loan's instructions: it travels in the loan's own lane."""


class Standing(StrEnum):
    """Where an instruction stands."""

    WAITING = "WAITING"
    """The core has not answered yet."""
    BY_HAND = "BY_HAND"
    """No core hears of it: a person keys it in."""
    REFUSED = "REFUSED"
    """The core did not book it, or not so: a person sees to it, or the core thinks again."""
    ACKNOWLEDGED = "ACKNOWLEDGED"
    """The loan system shows it."""


class Net(NamedTuple):
    """What a command moved in all on one general-ledger code."""

    book: str
    code: str
    component: str | None
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What a loan system is to book, and what it said. Amounts are in minor units."""

    instruction_id: UUID
    """Also of the task that asks a person for it."""
    transaction_id: UUID
    core: str | None
    """Whom it was said to; none: no core hears of this product."""
    command: str
    product: str
    value_date: date
    amount_minor: int
    currency: str
    balance_after_minor: int
    """Outstanding, after the posting."""
    lines: tuple[Net, ...]
    case_id: UUID | None = None
    barred: frozenset[str] = frozenset()
    """Who approved the case: not who keys it in."""
    instructed_at: datetime
    standing: Standing
    chased: int = 0
    """How often it was asked for again."""
    chased_at: datetime | None = None
    code: str | None = None
    """Why it was refused: the core's own code, or WRONG_AMOUNT, INVALID_FIELDS."""
    message: str | None = None
    core_reference: str | None = None
    settled_at: datetime | None = None
    settled_by: str | None = None
    """The person who keyed it in; none: the core booked it."""


class Stray(NamedTuple):
    """An answer of a core that counts for nothing, and why."""

    core: str
    instruction_id: str
    code: str
    """UNKNOWN_INSTRUCTION, OTHER_CORE or ALREADY_ACKNOWLEDGED."""
    message: str
    core_reference: str | None = None


@dataclass(frozen=True, slots=True)
class CoreState:
    """A loan's instructions that are open or that a message names, and their tasks."""

    instructions: Mapping[UUID, Instruction] = field(default_factory=lambda: MappingProxyType({}))
    tasks: Mapping[UUID, Task] = field(default_factory=lambda: MappingProxyType({}))


# --- commands ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HearBooked:
    """A core says that it booked an instruction."""

    core: str
    """Who says so, known by the topic."""
    instruction_id: str
    amount_minor: int
    currency: str
    core_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HearRejected:
    """A core says that it did not book an instruction."""

    core: str
    instruction_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Chase:
    """Time is up for an instruction."""

    instruction_id: UUID


@dataclass(frozen=True, slots=True)
class Claim:
    """A person takes a task."""

    task_id: UUID
    by: Person


@dataclass(frozen=True, slots=True)
class Release:
    """A person gives a task back."""

    task_id: UUID
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """A person says that the loan system shows the posting; texts are as he typed them."""

    task_id: UUID
    by: Person
    core_reference: str
    new_balance: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """What was asked cannot be read."""

    message: str


type Command = HearBooked | HearRejected | Chase | Claim | Release | Complete | Refuse

# --- events -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionAcknowledged:
    """The loan system shows the posting."""

    instruction_id: UUID
    core_reference: str
    by: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionRefused:
    """The core did not book the posting, or not as it was instructed to."""

    instruction_id: UUID
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionChased:
    """It was asked for again, and will be once more."""

    instruction_id: UUID
    at: datetime
    next_at: datetime


@dataclass(frozen=True, slots=True)
class AnswerStrayed:
    """A core said something that counts for nothing."""

    stray: Stray


type Event = (
    InstructionAcknowledged
    | InstructionRefused
    | InstructionChased
    | AnswerStrayed
    | TaskOpened
    | TaskClaimed
    | TaskReleased
    | TaskClosed
    | TaskRefused
)
