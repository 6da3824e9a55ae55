"""A loan's statement: movements in its three books, unpaid bills, each balance type."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby

from ledger.domain.money import COMPONENTS, Component
from ledger.domain.policy import Book
from ledger.reports import due
from ledger.reports.accounts import Accounts
from ledger.reports.report import Amount, Cell, Row, When
from ledger.reports.standing import (
    PLACE,
    Bills,
    Line,
    Standing,
    Trio,
    balances,
    bills,
    due_type,
    nothing,
)

NAME = "statement"

COLUMNS = (
    "line", "value_date", "booked_at", "kind", "command", "reason", "case_id", "transaction_id",
    "item", "paid", "bnk", "co", "cust", "bnk_balance", "co_balance", "cust_balance",
)  # fmt: skip
"""`line`: FORWARD what stood before the first day; ENTRY what an entry moves of a component; BILL
an unpaid one, by its due date; BALANCE a balance type at the day; PROOF that CUST = BNK + CO."""

ENTRY = ("value_date", "booked_at", "kind", "command", "reason", "case_id", "transaction_id")

PROOF = "CUST = BNK + CO"


class Statement:
    """Shapes the lines of one loan."""

    def __init__(self, *, accounts: Accounts, currency: str, when: When) -> None:
        self._accounts = accounts
        self._currency = currency
        self._when = when
        self._standing = Standing(accounts)

    def rows(self, lines: Sequence[Line], schedule: due.Schedule) -> Iterator[Row]:
        """Shape all of them; they come in the order of value date and booking."""
        since = self._when.since or date.min
        for _, entry in groupby(lines, key=lambda line: line["seq"]):
            told = list(entry)
            if since > date.min and told[0]["value_date"] >= since:
                yield from self._forward(since)
                since = date.min
            rows = list(self._entry(told))
            if since == date.min:
                yield from rows
        if since > date.min:
            yield from self._forward(since)
        unpaid = bills(self._standing, schedule, self._when.as_of)
        yield from self._bills(unpaid)
        for name, trio in balances(self._standing, unpaid, self._when.as_of):
            yield _row("BALANCE", item=name, **self._after(trio))
        yield _row("PROOF", item=PROOF, **self._after(self._standing.totals))

    def _forward(self, since: date) -> Iterator[Row]:
        for component, trio in self._standing.held.items():
            if any(trio):
                yield _row("FORWARD", value_date=since, item=component, **self._after(trio))

    def _entry(self, lines: Sequence[Line]) -> Iterator[Row]:
        """Give a row for each component that an entry moves, or one where it moves none."""
        moved = nothing()
        paid = 0
        for line in lines:
            if line["book"] is None:
                continue  # an entry without lines
            self._standing.take(line)
            minor = int(line["debit_minor"] - line["credit_minor"])
            if line["holds"]:
                moved[Component(line["component"])][PLACE[Book(line["book"])]] += minor
            elif line["book"] == Book.BNK and line["code"] in self._accounts.cash:
                paid += minor
        cells: dict[str, Cell] = {name: lines[0][name] for name in ENTRY}
        first = cells | ({"paid": Amount(paid, self._currency)} if paid else {})
        touched = [component for component in COMPONENTS if any(moved[component])]
        for component in touched:
            after = self._after(self._standing.held[component])
            yield _row(
                "ENTRY", item=component, **first, **self._movement(moved[component]), **after
            )
            first = cells
        if not touched:
            yield _row("ENTRY", **first)

    def _bills(self, unpaid: Bills) -> Iterator[Row]:
        """Give a row for each component of each bill, the bank's beside the customer's."""
        days = sorted({bill.due_on for book in unpaid for bill in unpaid[book]})
        for due_on in days:
            age = due.days_past_due(due_on, self._when.as_of)
            for place, component in enumerate(COMPONENTS):
                trio = [
                    sum(b.parts.minor[place] for b in unpaid.get(book, ()) if b.due_on == due_on)
                    for book in PLACE
                ]
                if any(trio):
                    item = due_type(age, component)
                    yield _row("BILL", value_date=due_on, item=item, **self._movement(trio))

    def _movement(self, trio: Trio) -> Mapping[str, Amount | None]:
        """Give amounts of the three books; nothing where nothing moves."""
        names = ("bnk", "co", "cust")
        return {
            name: Amount(minor, self._currency) if minor else None
            for name, minor in zip(names, trio, strict=True)
        }

    def _after(self, trio: Trio) -> Mapping[str, Amount]:
        """Give what the three books hold afterwards."""
        names = ("bnk_balance", "co_balance", "cust_balance")
        return {
            name: Amount(minor, self._currency) for name, minor in zip(names, trio, strict=True)
        }


def _row(line: str, **cells: Cell) -> Row:
    return (line, *(cells.get(name) for name in COLUMNS[1:]))
