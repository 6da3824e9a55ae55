"""Tables of results, for the terminal and for a page. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table: the first column names what a row is about, all others are figures or verdicts."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    remarks: Sequence[str] = ()

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.columns) for row in self.rows), "a row fills its columns"


def shown(sheet: Sheet) -> Table:
    """Lay a table out for the terminal."""
    caption = "\n".join(sheet.remarks) or None
    table = Table(title=sheet.title, title_justify="left", box=None, caption=caption)
    table.caption_justify = "left"
    for place, column in enumerate(sheet.columns):
        table.add_column(column, justify="right" if place else "left")
    for row in sheet.rows:
        table.add_row(*row)
    return table


def markdown(sheet: Sheet) -> str:
    """Write a table as Markdown, remarks below."""
    rule = ["---", *("--:" for _ in sheet.columns[1:])]
    lines = [_line(sheet.columns), _line(rule), *(_line(row) for row in sheet.rows)]
    return "\n".join([*lines, *(f"\n{remark}" for remark in sheet.remarks)]) + "\n"


def figure(value: float | None) -> str:
    """Write a figure so that what matters of it is seen: few digits after the point, or none."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
