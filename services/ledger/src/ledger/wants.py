"""What a message wants to be known before it is decided on."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Wants:
    """What must be known of a loan beyond the loan as it is."""

    value_date: date | None = None
    """The value date: before the latest one of the loan, the past changes."""
    takes_away: bool = False
    """It takes a transaction away: the past changes."""
    new_loan: str | None = None
    """It wants this loan id for a new loan."""
