"""The general-ledger journal: every line as it was booked, in the order in which it was."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ledger.domain.money import to_text
from ledger.domain.policy import Book
from ledger.reports.report import Amount, Row

NAME = "journal"

COLUMNS = (
    "seq", "entry_id", "transaction_id", "kind", "command", "reverses", "loan_id", "value_date",
    "booked_at", "book", "code", "component", "currency", "debit", "credit", "reason", "case_id",
    "grant_id", "actor", "policy_version",
)  # fmt: skip
"""An entry without lines is still one: it is told once, without book and amounts."""


class Journal:
    """Shapes lines as they come and adds them up."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[str, list[int]]] = {}

    def rows(self, lines: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
        """Shape the next lines."""
        for line in lines:
            yield self._row(line)

    def totals(self) -> dict[str, Any]:
        """Give debits and credits by currency and book, as decimal strings."""
        return {
            currency: {
                book: {
                    "debit": to_text(debit, currency),
                    "credit": to_text(credit, currency),
                }
                for book, (debit, credit) in sorted(books.items())
            }
            for currency, books in sorted(self._sums.items())
        }

    def _row(self, line: Mapping[str, Any]) -> Row:
        currency: str = line["currency"]
        debit = credit = None
        if line["book"] is not None:
            sums = self._sums.setdefault(currency, {}).setdefault(Book(line["book"]), [0, 0])
            sums[0] += line["debit_minor"]
            sums[1] += line["credit_minor"]
            debit = Amount(line["debit_minor"], currency) if line["debit_minor"] else None
            credit = Amount(line["credit_minor"], currency) if line["credit_minor"] else None
        amounts = {"debit": debit, "credit": credit}
        return tuple(amounts[name] if name in amounts else line[name] for name in COLUMNS)
