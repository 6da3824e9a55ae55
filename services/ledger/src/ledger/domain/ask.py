"""A command with its circumstances: when, under which name, and with whose consent."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.domain.command import Asked
from ledger.domain.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked for on one loan, or of the allowance."""

    name: str
    """The command's name as it came, also one that there is not."""
    asked: Asked | Refusal
    """The command, or why it cannot be read."""
    value_date: date
    """Of its transaction; for reverse and undo the day on which it is done."""
    today: date
    """The business day on which it arrives."""
    tx: str
    """What its transaction will be called."""
    transaction_id: UUID
    entry_id: UUID
    """Of the entry that it posts; those that follow from it are derived."""
    currency: str | None = None
    """As the caller has it; none: not said."""
    approval: str | None = None
    limit_minor: int | None = None
    """What a grant covers; none: no grant is needed."""
    case_id: UUID | None = None
    grant_id: UUID | None = None
