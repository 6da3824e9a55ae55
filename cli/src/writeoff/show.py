"""Tables that all verbs draw the same way."""

import re
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

MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)[.\d]*(?:Z|\+00:00)")
"""A moment in UTC, as doors tell it: shown to the second."""

WHOLE = frozenset({"id", "case", "loan", "case_id", "parked_id", "instance"})
"""Columns that are never broken over lines."""


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Draw rows; a column whose name begins with `>` is set right."""
    drawn = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for column in columns:
        right = column.startswith(">")
        drawn.add_column(
            column.lstrip(">"),
            justify="right" if right else "left",
            overflow="fold",
            # What a person copies into the next command stays in one piece.
            no_wrap=column in WHOLE,
        )
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
    moment = MOMENT.fullmatch(text)
    if moment:
        text = f"{moment.group(1)} {moment.group(2)}"
    return Text(text, style=STATE_STYLES.get(text, ""))
