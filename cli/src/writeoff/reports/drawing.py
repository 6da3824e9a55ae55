"""A report as a table for people: fewer columns than it has, money to the right."""

from collections.abc import Mapping

from rich.console import Console

from writeoff.money import grouped
from writeoff.reports.reading import JsonReading
from writeoff.show import pairs, table

MONEY = frozenset({
    "debit", "credit", "balance", "paid", "bnk", "co", "cust", "bnk_balance", "co_balance",
    "cust_balance", "outstanding", "charged_off", "owed", "reported", "remaining", "charge_offs",
    "recoveries", "amount",
})  # fmt: skip

NUMBERS = frozenset({"seq", "loans", "days_past_due", "months_in_arrears", "percent"})

SHOWN = {
    "journal": (
        "seq", "value_date", "booked_at", "kind", "command", "loan_id", "book", "code",
        "component", "debit", "credit", "currency",
    ),
    "statement": (
        "line", "value_date", "kind", "command", "item", "paid", "bnk", "co", "cust",
        "bnk_balance", "co_balance", "cust_balance",
    ),
}  # fmt: skip
"""Columns of what would not fit on a screen."""


def draw(out: Console, read: JsonReading) -> None:
    """Draw what was read."""
    head = read.head
    columns = SHOWN.get(str(head["report"])) or tuple[str, ...](head["columns"])
    told = [f">{name}" if name in MONEY | NUMBERS else name for name in columns]
    rows = [[_cell(name, row[name]) for name in columns] for row in read.shown]
    # A line of its own: as a table's title it would be broken at the width of a narrow table.
    out.print(_title(read), style="bold", highlight=False, markup=False, soft_wrap=True)
    out.print(table("", told, rows))
    for name, sums in read.tail["totals"].items():
        out.print(pairs(f"total {name}", _flat(sums)))
    out.print(f"{read.count} rows", highlight=False)


def _title(read: JsonReading) -> str:
    head = read.head
    since = f"from {head['from']} " if "from" in head else ""
    besides = {"report", "tenant", "from", "as_of", "known_at", "columns", "rows"}
    asked = ", ".join(str(value) for name, value in head.items() if name not in besides)
    more = f", the first {len(read.shown)} rows" if read.count > len(read.shown) else ""
    name = str(head["report"]).replace("-", " ")
    when = f"{since}as of {head['as_of']}, known at {head['known_at']}"
    return f"{name} of {head['tenant']} {when}{asked and f' ({asked})'}{more}"


def _cell(name: str, value: object) -> object:
    return grouped(str(value)) if name in MONEY and value is not None else value


def _flat(sums: Mapping[str, object], before: str = "") -> dict[str, object]:
    """Lay sums within sums side by side; amounts for the eye."""
    flat: dict[str, object] = {}
    for name, value in sums.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name} ")
        else:
            flat[f"{before}{name}"] = grouped(str(value))
    return flat
