"""What this service is asked: by upstreams, doors, timers and persons. Facts stand in `events`."""

from dataclasses import dataclass
from uuid import UUID

from mesh.people import Person

from case.domain.events import Fact
from case.domain.terms import Loan, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """Open a case for a request; `case_id` follows from its identity."""

    case_id: UUID
    request: Request
    id_reused: bool = False
    """Its identity was used before, with other content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeLoan:
    """Take in a newer state of the loan."""

    loan: Loan


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAgain:
    """The time is up in which an unknown loan is looked for."""

    case_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTask:
    """Take a task."""

    task_id: UUID
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTask:
    """Give a task back."""

    task_id: UUID
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteTask:
    """Say what a task asks for; which fields count depends on the task. None: as it stands."""

    task_id: UUID
    by: Person
    reason: str | None = None
    scope: str | None = None
    amount: str | None = None
    """Decimal text in the loan's currency."""
    litigation: str | None = None
    legal_code: str | None = None
    note: str | None = None
    core_reference: str | None = None
    new_balance: str | None = None
    """Decimal text: what the loan system shows as outstanding."""


type TaskCommand = ClaimTask | ReleaseTask | CompleteTask

type Command = OpenCase | TakeLoan | LookAgain | TaskCommand | Fact
