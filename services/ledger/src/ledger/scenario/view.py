"""A loan as a scenario looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ledger.domain.loan import Loan, LotKind
from ledger.domain.money import Components
from ledger.domain.policy import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is held, in minor units; balances as held, unearned interest included."""

    status: str
    charged_off: str
    outstanding_minor: int
    books: Mapping[Book, Components]
    amounts: Mapping[str, int]
    """By the names that files use: `totals.recovered`, `overpaid`, …"""

    @classmethod
    def of(cls, loan: Loan) -> Self:
        """Look at a loan."""
        charged_off = loan.off(LotKind.CHARGE_OFF).total
        written_off = loan.off(LotKind.WRITE_OFF).total
        return cls(
            status=loan.status.value,
            charged_off=loan.charged_off_flag,
            outstanding_minor=loan.outstanding.total,
            books={Book.BNK: loan.bnk, Book.CO: loan.co, Book.CUST: loan.cust},
            amounts={
                "totals.charged_off": charged_off,
                "totals.written_off": written_off,
                "totals.recovered": loan.recovered.total,
                "totals.remaining": charged_off + written_off - loan.recovered.total,
                "unearned_interest": loan.unearned_minor,
                "deferred_income": loan.deferred_minor,
                "memo_interest": loan.memo_minor,
                "overpaid": loan.overpaid_minor,
            },
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as a door tells it."""
        return {
            "status": self.status,
            "charged_off": self.charged_off,
            "outstanding_minor": self.outstanding_minor,
            "books": {book.value: parts.minor for book, parts in self.books.items()},
            "amounts": dict(self.amounts),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            status=told["status"],
            charged_off=told["charged_off"],
            outstanding_minor=told["outstanding_minor"],
            books={Book(book): Components(*parts) for book, parts in told["books"].items()},
            amounts=told["amounts"],
        )
