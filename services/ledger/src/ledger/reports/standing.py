"""What a loan's three books hold while its lines are walked along, and each balance type at a day.

Balance types: CUR not billed (of interest ACC, accrued), DUE billed and not overdue, D1 to D180
overdue by at least so many days, UNC money received and not applied. ACCOUNT is the principal. In
the memo books the types bear CO and CUST behind the name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ledger.domain.money import COMPONENTS, NOTHING, Component, Components
from ledger.domain.policy import Book
from ledger.reports import due
from ledger.reports.accounts import Accounts
from ledger.reports.ageing import DAYS

UNEARNED = "UNEARNED"
"""Contained in the interest of the bank and the customer, and not earned yet."""

UNAPPLIED = "UNCACCOUNT"

type Trio = list[int]
"""Minor units in BNK, CO and CUST."""

type Line = Mapping[str, Any]
type Bills = Mapping[Book, Sequence[due.Bill]]

PLACE = {book: place for place, book in enumerate((Book.BNK, Book.CO, Book.CUST))}


def nothing() -> dict[Component, Trio]:
    """Give zero for every component in every book."""
    return {component: [0, 0, 0] for component in COMPONENTS}


@dataclass(slots=True)
class Standing:
    """What the books hold. Lines are taken one by one."""

    accounts: Accounts
    held: dict[Component, Trio] = field(default_factory=nothing)
    unearned_minor: int = 0
    unapplied_minor: int = 0

    def take(self, line: Line) -> None:
        """Move by one line."""
        moved = int(line["debit_minor"] - line["credit_minor"])
        if line["holds"]:
            self.held[Component(line["component"])][PLACE[Book(line["book"])]] += moved
        elif line["code"] in self.accounts.unearned:
            self.unearned_minor -= moved
        elif line["code"] in self.accounts.overpayment:
            self.unapplied_minor -= moved

    def owed(self, book: Book) -> Components:
        """Give what is owed by a book, net of what is unearned."""
        held = Components(*(trio[PLACE[book]] for trio in self.held.values()))
        return held if book is Book.CO else held - Components(interest=self.unearned_minor)

    @property
    def totals(self) -> Trio:
        """Give what each book holds in all."""
        return [sum(trio[place] for trio in self.held.values()) for place in PLACE.values()]


def bills(standing: Standing, schedule: due.Schedule, day: date) -> Bills:
    """Give the unpaid bills of the bank and of the customer, each by what his book holds."""
    return {
        book: tuple(due.unpaid_bills(schedule, standing.owed(book), day))
        for book in (Book.BNK, Book.CUST)
    }


def balances(standing: Standing, unpaid: Bills, day: date) -> Iterator[tuple[str, Trio]]:
    """Give the balance types that hold something; with UNEARNED they add up to the books."""
    billed = {book: _billed(unpaid[book], day) for book in unpaid}
    for component in COMPONENTS:
        current = [
            standing.owed(book).minor[COMPONENTS.index(component)]
            - sum(
                parts.minor[COMPONENTS.index(component)] for parts in billed.get(book, {}).values()
            )
            for book in PLACE
        ]
        types = {_current_type(component): current}
        for bucket in DAYS:
            parts = [billed.get(book, {}).get(bucket.least, NOTHING) for book in PLACE]
            amounts = [part.minor[COMPONENTS.index(component)] for part in parts]
            types[due_type(bucket.least, component)] = amounts
        yield from ((name, trio) for name, trio in types.items() if any(trio))
    unearned, unapplied = standing.unearned_minor, standing.unapplied_minor
    if unearned:
        yield UNEARNED, [unearned, 0, unearned]
    if unapplied:
        yield UNAPPLIED, [unapplied, 0, unapplied]


def due_type(days: int, component: Component) -> str:
    """Name the balance type of what was billed so many days before."""
    least = max(bucket.least for bucket in DAYS if bucket.least <= days)
    return f"{f'D{least}' if least else 'DUE'}{_name(component)}"


def _billed(unpaid: Sequence[due.Bill], day: date) -> dict[int, Components]:
    """Add bills up by the bucket of their days."""
    sums: dict[int, Components] = {}
    for bill in unpaid:
        days = due.days_past_due(bill.due_on, day)
        least = max(bucket.least for bucket in DAYS if bucket.least <= days)
        sums[least] = sums.get(least, NOTHING) + bill.parts
    return sums


def _current_type(component: Component) -> str:
    return f"{'ACC' if component is Component.INTEREST else 'CUR'}{_name(component)}"


def _name(component: Component) -> str:
    return "ACCOUNT" if component is Component.PRINCIPAL else component.name
