"""A core's balance file held against the books: what cannot be read, what differs. Pure.

The file is CSV with a line of names: `loan_id`, `currency`, `outstanding`, and `charged_off` if the
core keeps it. A line is one loan; amounts are decimal strings.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mesh.currency import DECIMALS

from ledger.domain.money import to_minor, to_text

NEEDED = ("loan_id", "currency", "outstanding")
OPTIONAL = ("charged_off",)

CELL_MAX = 64
"""Characters of a cell: an id has no more, and an amount of 64 bits has a third."""

MINOR_DIGITS_MAX = 18
"""Digits of an amount in minor units: it fits 64 bits."""


class FileUnreadable(ValueError):
    """Nothing can be made of the file as a whole."""


class BadLine(NamedTuple):
    """A line of the file that cannot be held against the books."""

    line: int
    code: str
    """BROKEN_LINE, INVALID_FIELDS, DUPLICATE_LOAN or FOREIGN_LOAN."""
    loan_id: str
    message: str


class Told(NamedTuple):
    """What a line tells of a loan, in minor units; none: the file does not tell."""

    line: int
    loan_id: str
    currency: str
    outstanding_minor: int
    charged_off_minor: int | None


class Held(NamedTuple):
    """What the books hold of a loan, in minor units."""

    currency: str
    outstanding_minor: int
    charged_off_minor: int
    unacknowledged: int
    """Postings that the core has not acknowledged yet: these explain a difference."""


class Difference(NamedTuple):
    """Where file and books do not agree. Amounts are decimal strings."""

    loan_id: str
    line: int | None
    what: str
    """currency, outstanding, charged_off, or missing: the file has no such loan."""
    core: str | None
    books: str
    unacknowledged: int


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What became of a file."""

    equal: int
    bad: list[BadLine] = field(default_factory=list[BadLine])
    differences: list[Difference] = field(default_factory=list[Difference])


def read(lines: Iterable[str]) -> Iterator[Told | BadLine]:
    """Read a file line by line. Raises FileUnreadable where it is none of balances."""
    reader = csv.reader(lines, strict=True)
    try:
        names = next(reader, None)
    except csv.Error as error:
        raise FileUnreadable(f"line 1: {error}") from error
    if not names:
        raise FileUnreadable("the file is empty: a first line names the columns")
    names = [name.strip().removeprefix("\ufeff") for name in names]
    if missing := [name for name in NEEDED if name not in names]:
        raise FileUnreadable(f"line 1: there is no column {missing[0]}")
    if twice := sorted({name for name in (*NEEDED, *OPTIONAL) if names.count(name) > 1}):
        raise FileUnreadable(f"line 1: column {twice[0]} is there twice")
    seen: dict[str, int] = {}
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield BadLine(line, "BROKEN_LINE", "", str(error))
            continue
        if cells is None:
            return
        if cells:
            yield _line(line, names, cells, seen)


def _line(line: int, names: list[str], cells: list[str], seen: dict[str, int]) -> Told | BadLine:
    if len(cells) != len(names):
        return BadLine(line, "BROKEN_LINE", "", f"{len(cells)} cells, {len(names)} columns")
    row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
    loan_id, currency = row["loan_id"][:CELL_MAX], row["currency"]
    if not row["loan_id"] or len(row["loan_id"]) > CELL_MAX:
        return BadLine(line, "INVALID_FIELDS", loan_id, f"loan_id: 1 to {CELL_MAX} characters")
    if loan_id in seen:
        return BadLine(line, "DUPLICATE_LOAN", loan_id, f"the loan stands on line {seen[loan_id]}")
    seen[loan_id] = line
    if currency not in DECIMALS:
        return BadLine(line, "INVALID_FIELDS", loan_id, "currency: not one of ISO 4217")
    amounts: dict[str, int | None] = {"charged_off": None}
    for name in ("outstanding", *(name for name in OPTIONAL if name in row)):
        amounts[name] = minor = _amount(row[name], currency)
        if minor is None:
            decimals = DECIMALS[currency]
            message = f"{name}: not a decimal number of at most {decimals} decimals and 18 digits"
            return BadLine(line, "INVALID_FIELDS", loan_id, message)
    outstanding_minor = amounts["outstanding"]
    assert outstanding_minor is not None, "it was read"
    return Told(line, loan_id, currency, outstanding_minor, amounts["charged_off"])


def _amount(text: str, currency: str) -> int | None:
    minor = to_minor(text, decimals=DECIMALS[currency]) if len(text) <= CELL_MAX else None
    return minor if minor is not None and abs(minor) < 10**MINOR_DIGITS_MAX else None


def reconcile(told: Iterable[Told | BadLine], held: Mapping[str, Held]) -> Reconciled:
    """Hold what a file tells against what the books hold of the loans that the core keeps."""
    equal = 0
    bad: list[BadLine] = []
    differences: list[Difference] = []
    seen: set[str] = set()
    for each in told:
        if isinstance(each, BadLine):
            bad.append(each)
            seen.add(each.loan_id)
            continue
        seen.add(each.loan_id)
        books = held.get(each.loan_id)
        if books is None:
            message = "the books know no such loan that this core keeps"
            bad.append(BadLine(each.line, "FOREIGN_LOAN", each.loan_id, message))
            continue
        found = list(_differences(each, books))
        differences += found
        equal += not found
    differences += [
        Difference(
            loan_id,
            None,
            "missing",
            None,
            to_text(books.outstanding_minor, books.currency),
            books.unacknowledged,
        )
        for loan_id, books in sorted(held.items())
        if loan_id not in seen and (books.outstanding_minor or books.charged_off_minor)
    ]
    return Reconciled(equal, bad, differences)


def _differences(told: Told, books: Held) -> Iterator[Difference]:
    def differs(what: str, core: str, ours: str) -> Difference:
        return Difference(told.loan_id, told.line, what, core, ours, books.unacknowledged)

    if told.currency != books.currency:
        yield differs("currency", told.currency, books.currency)
        return
    amounts = (
        ("outstanding", told.outstanding_minor, books.outstanding_minor),
        ("charged_off", told.charged_off_minor, books.charged_off_minor),
    )
    for what, core, ours in amounts:
        if core is not None and core != ours:
            yield differs(what, to_text(core, told.currency), to_text(ours, told.currency))
