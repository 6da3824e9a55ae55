"""A report as bytes: cells that are no formulas, numbers that stay numbers, JSON line by line."""

import csv
import io
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.reports.report import Amount, Cell, Head, Row, When
from ledger.reports.written import Csv, Json

HEAD = Head(
    report="ageing",
    tenant="demo",
    when=When(as_of=date(2026, 3, 31), known_at=datetime(2026, 4, 1, tzinfo=UTC)),
    columns=("a", "b"),
)


def in_csv(*rows: Row) -> list[list[str]]:
    written = Csv()
    data = written.begin(HEAD) + written.rows(rows) + written.end({})
    return list(csv.reader(io.StringIO(data.decode(), newline="")))[1:]


def in_json(*pieces: list[Row]) -> Any:
    written = Json()
    data = b"".join([written.begin(HEAD), *map(written.rows, pieces), written.end({"x": 1})])
    return json.loads(data)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", "=cmd|'/C calc'!A0"]
)
def test_text_that_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert in_csv((text, "")) == [[f"'{text}", ""]]


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (Amount(-1234_50, "USD"), "-1234.50"),
        (Amount(-1, "KWD"), "-0.001"),
        (Amount(-1, "JPY"), "-1"),
        (Amount(2**63, "USD"), "92233720368547758.08"),
        (-7, "-7"),
        (None, ""),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000000Z"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ('say "a, b"', 'say "a, b"'),
        ("1-29", "1-29"),
    ],
)
def test_a_cell_is_written_as_what_it_is(cell: Cell, told: str) -> None:
    assert in_csv((cell, "x")) == [[told, "x"]]


@given(st.lists(st.tuples(st.text(), st.text())))
def test_csv_reads_back_with_nothing_that_could_run(rows: list[tuple[str, str]]) -> None:
    told = in_csv(*rows)

    cells = [cell for row in told for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert [cell.removeprefix("'") for cell in cells] == [
        cell.removeprefix("'") for row in rows for cell in row
    ]


def test_json_is_one_object_with_a_line_for_each_row() -> None:
    rows: list[Row] = [("x", Amount(-5, "USD")), ("\n", None)]

    told = in_json(rows[:1], [], rows[1:])

    assert told["rows"] == [{"a": "x", "b": "-0.05"}, {"a": "\n", "b": None}]
    assert (told["count"], told["totals"], told["as_of"]) == (2, {"x": 1}, "2026-03-31")
    written = Json()
    assert written.begin(HEAD).count(b"\n") == 0
    assert written.rows(rows).splitlines() == [
        b"",
        b'{"a":"x","b":"-0.05"},',
        b'{"a":"\\n","b":null}',
    ]


def test_a_report_without_rows_is_whole_too() -> None:
    assert in_json()["rows"] == []
    assert in_csv() == []
