"""A report as bytes, piece by piece: CSV, or JSON with a line for each row.

Cells of text come from outside. In CSV one that a spreadsheet would take for a formula gets an
apostrophe in front; an amount below zero stays the number it is.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Protocol

from ledger.domain.money import to_text
from ledger.reports.report import Amount, Cell, Head, Row, moment_text

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, or skips to find one."""


class Written(Protocol):
    """How a report becomes bytes: `begin` once, `rows` as they come, `end` once."""

    content_type: str
    suffix: str

    def begin(self, head: Head) -> bytes:
        """Give what stands before the first row."""
        ...

    def rows(self, rows: Iterable[Row]) -> bytes:
        """Give the next rows."""
        ...

    def end(self, totals: Mapping[str, Any]) -> bytes:
        """Give what stands after the last row."""
        ...


class Csv:
    """A line of names, a line for each row, nothing else: any tool takes it as a table."""

    content_type = "text/csv; charset=utf-8; header=present"
    suffix = "csv"

    def begin(self, head: Head) -> bytes:
        """Give the line of names."""
        return _lines([head.columns])

    def rows(self, rows: Iterable[Row]) -> bytes:
        """Give a line for each row."""
        return _lines([_csv_cell(cell) for cell in row] for row in rows)

    def end(self, totals: Mapping[str, Any]) -> bytes:
        """Give nothing: how many rows there are is told beside the file."""
        return b""


class Json:
    """One object: the head, `rows` with a line for each, then `totals` and `count`."""

    content_type = "application/json"
    suffix = "json"

    def __init__(self) -> None:
        self._columns: tuple[str, ...] = ()
        self._count = 0

    def begin(self, head: Head) -> bytes:
        """Give the head."""
        self._columns = head.columns
        told = _json(dict(head) | {"columns": head.columns})
        return f'{told[:-1]},"rows":['.encode()

    def rows(self, rows: Iterable[Row]) -> bytes:
        """Give a line for each row; what parts it from the one before stands at that one's end."""
        pieces: list[str] = []
        for row in rows:
            pieces.append(",\n" if self._count else "\n")
            pieces.append(_json(dict(zip(self._columns, map(_json_cell, row), strict=True))))
            self._count += 1
        return "".join(pieces).encode()

    def end(self, totals: Mapping[str, Any]) -> bytes:
        """Give the totals and how many rows were written."""
        told = _json({"totals": totals, "count": self._count})
        return f"\n],{told[1:]}\n".encode()


def _lines(table: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(table)
    return out.getvalue().encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _csv_cell(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Amount(minor, currency):
            return to_text(minor, currency)
        case str():
            return f"'{cell}" if cell.startswith(FORMULA) else str(cell)
        case datetime():
            return moment_text(cell)
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def _json_cell(cell: Cell) -> str | int | None:
    match cell:
        case Amount(minor, currency):
            return to_text(minor, currency)
        case datetime():
            return moment_text(cell)
        case date():
            return cell.isoformat()
        case None | str() | int():
            return cell
        case _:
            return str(cell)
