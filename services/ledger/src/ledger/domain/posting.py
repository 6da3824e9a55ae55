"""Journal entries and their lines. Nothing posted is ever changed: what follows is added."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ledger.domain.command import Adding
from ledger.domain.money import Component
from ledger.domain.policy import Book


class Line(NamedTuple):
    """One side of a movement on one general-ledger code."""

    book: Book
    code: str
    debit_minor: int = 0
    credit_minor: int = 0
    component: Component | None = None
    holds: bool = False
    """It moves what the loan holds in that book of that component, so CUST = BNK + CO of these."""


type Lines = tuple[Line, ...]


def mirrored(lines: Lines) -> Lines:
    """Give the lines that take these back."""
    return tuple(
        line._replace(debit_minor=line.credit_minor, credit_minor=line.debit_minor)
        for line in lines
    )


def summed(lines: Lines) -> dict[tuple[Book, str], tuple[int, int]]:
    """Add up debits and credits, each by itself, per book and code: by this lines are compared."""
    sums: dict[tuple[Book, str], tuple[int, int]] = {}
    for line in lines:
        key = line.book, line.code
        debit, credit = sums.get(key, (0, 0))
        sums[key] = debit + line.debit_minor, credit + line.credit_minor
    return sums


class EntryKind(StrEnum):
    """Why an entry was made."""

    OPENING = "OPENING"
    POST = "POST"
    REVERSE = "REVERSE"
    REPLAY = "REPLAY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A journal entry. Without lines it is still one: something was decided, no money moved.

    A REVERSE or REPLAY has command, value date, reason, amount, name and transaction of what it
    takes away or posts again, and case and grant of the command that caused it.
    """

    entry_id: UUID
    transaction_id: UUID
    tx: str = ""
    """The transaction's name, as people and files say it."""
    kind: EntryKind
    command: str
    value_date: date
    booked_at: datetime
    currency: str
    policy_version: str
    lines: Lines
    case_id: UUID | None = None
    grant_id: UUID | None = None
    reason: str | None = None
    amount_minor: int | None = None
    """All that it moves; none on an opening."""
    asked: Adding | None = None
    """On the POST entry of a transaction: the command, so that the history can be folded anew."""
    reverses: UUID | None = None
    """The entry that a REVERSE takes back."""

    def __post_init__(self) -> None:
        """Assert that its lines move money to one side, and that it balances in each book."""
        bnk = co = cust = 0
        for book, _, debit, credit, _, _ in self.lines:
            assert debit >= 0 <= credit, "a line moves no less than nothing"
            assert (debit > 0) is not (credit > 0), "a line moves money, to one side"
            match book:
                case Book.BNK:
                    bnk += debit - credit
                case Book.CO:
                    co += debit - credit
                case Book.CUST:
                    cust += debit - credit
        assert bnk == 0, "an entry balances in BNK"
        assert co == 0, "an entry balances in CO"
        assert cust == 0, "an entry balances in CUST"
