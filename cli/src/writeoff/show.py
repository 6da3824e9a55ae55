"""Tables that all verbs draw the same way."""

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from writeoff.money import grouped

STATE_STYLES = {
    "Closed Complete": "green",
    "Closed Refused": "red",
    "Closed Declined": "red",
    "Closed Withdrawn": "yellow",
    "imported": "green",
    "issued": "green",
    "refused": "red",
}


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Draw rows; a column whose name begins with `>` is set right."""
    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for column in columns:
        right = column.startswith(">")
        drawn.add_column(column.lstrip(">"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(_cell(value) for value in row))
    return drawn


def pairs(title: str, values: Mapping[str, object]) -> Table:
    """Draw names and values below each other, leaving out what is not there."""
    drawn = Table(
        title=title, title_justify="left", box=None, show_header=False, title_style="bold"
    )
    drawn.add_column(style="dim")
    drawn.add_column(overflow="fold")
    for name, value in values.items():
        if value not in (None, "", [], {}):
            drawn.add_row(name.replace("_", " "), _cell(value))
    return drawn


def amount(value: object, currency: object) -> str:
    """Write a decimal string and its currency for the eye."""
    return "" if value in (None, "") else f"{grouped(str(value))} {currency or ''}".rstrip()


def _cell(value: object) -> Text:
    text = "" if value is None else str(value)
    return Text(text, style=STATE_STYLES.get(text, ""))
