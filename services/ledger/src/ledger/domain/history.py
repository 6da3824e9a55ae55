"""A loan's history: its opening and its transactions, of which the loan is the fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ledger.domain.command import Accrue, Adding
from ledger.domain.loan import Loan
from ledger.domain.posting import Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """An accepted command that became part of a loan's history."""

    tx: str
    """Its name: unique on the loan."""
    transaction_id: UUID
    arrival: int
    """1, 2, … in the order in which the loan's transactions were accepted."""
    value_date: date
    """The history goes by (date, arrival)."""
    asked: Adding
    """As asked; the amount of a pay-off is the one that it had."""
    policy_version: str
    entry_id: UUID
    """Of its newest POST or REPLAY entry."""
    lines: Lines
    """Of that entry."""
    amount_minor: int
    """All that the entry moves."""
    standing: bool = True

    @property
    def place(self) -> tuple[date, int]:
        """Give where it stands in the history."""
        return self.value_date, self.arrival

    @property
    def is_users(self) -> bool:
        """Say whether a person or another system asked for it, not the clock."""
        return not isinstance(self.asked, Accrue)


@dataclass(frozen=True, slots=True)
class History:
    """What a loan is the fold of."""

    opened: Loan
    """The loan as it came into the books."""
    transactions: tuple[Transaction, ...] = ()
    """In the order of arrival; also those that do not stand any more."""

    def named(self, tx: str) -> Transaction | None:
        """Find a transaction by its name."""
        return next((each for each in self.transactions if each.tx == tx), None)

    def standing(self) -> list[Transaction]:
        """Give the transactions that stand, in the order of the history."""
        return sorted((t for t in self.transactions if t.standing), key=lambda t: t.place)

    def latest(self, command: str) -> Transaction | None:
        """Give the latest standing transaction of a command, by (date, arrival)."""
        found = [t for t in self.transactions if t.standing and t.asked.name == command]
        return max(found, key=lambda t: t.place, default=None)

    def with_these(self, changed: Sequence[Transaction]) -> "History":
        """Give the history with these transactions, new ones or in the place of the old."""
        if len(changed) == 1 and changed[0].arrival > len(self.transactions):
            return History(self.opened, (*self.transactions, changed[0]))
        by_arrival = {each.arrival: each for each in self.transactions}
        by_arrival |= {each.arrival: each for each in changed}
        return History(self.opened, tuple(by_arrival.values()))
