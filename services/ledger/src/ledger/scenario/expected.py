"""What a scenario file expects, read from its tables. All money is in minor units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.domain.money import COMPONENTS, PLAIN_DECIMAL, Components, to_minor
from ledger.domain.policy import Book
from ledger.domain.posting import EntryKind

type Table = Mapping[str, Any]
type Sums = Mapping[tuple[str, str], tuple[int, int]]
"""Debit and credit, each by itself, per book and code."""

BOOKS = tuple(Book)
KINDS = ("POST", "REVERSE", "REPLAY")
MONEY = (
    "previous_balance", "new_balance", "unearned_interest", "deferred_income", "memo_interest",
    "overpaid",
)  # fmt: skip
TOTALS = ("charged_off", "written_off", "recovered", "remaining")


class FileWrong(Exception):
    """What is wrong with a file: it cannot be run."""


@dataclass(frozen=True, slots=True)
class ExpectedEntry:
    """An entry that a step must make. `loan` None: the step's own."""

    tx: str
    kind: str
    loan: str | None
    sums: Sums


@dataclass(frozen=True, slots=True)
class ExpectedLoan:
    """What a loan must be after a step; what is not named is not looked at."""

    texts: Mapping[str, str]
    """`status` and `charged_off`."""
    amounts: Mapping[str, int]
    """Money by its name; totals as `totals.recovered`."""
    books: Mapping[Book, Components]


def money(given: object, decimals: int, place: str, *, negative: bool = False) -> int:
    """Read an amount with exactly the currency's decimals. Raises FileWrong."""
    exact = isinstance(given, str) and PLAIN_DECIMAL.fullmatch(given)
    if not exact or not isinstance(given, str) or len(given.partition(".")[2]) != decimals:
        raise FileWrong(f"{place}: {given!r} is not an amount of exactly {decimals} decimals")
    amount_minor = to_minor(given, decimals=decimals)
    assert amount_minor is not None, "its decimals were counted"
    if amount_minor < 0 and not negative:
        raise FileWrong(f"{place}: {given!r} is negative")
    return amount_minor


def table(given: object, place: str) -> Table:
    """Read a table. Raises FileWrong."""
    if not isinstance(given, Mapping):
        raise FileWrong(f"{place}: not a table")
    return given


def known(given: Table, keys: Sequence[str], place: str) -> None:
    """Refuse a key that is none of these. Raises FileWrong."""
    if unknown := sorted(given.keys() - set(keys)):
        raise FileWrong(f"{place}: unknown key {unknown[0]}")


def text(given: object, place: str) -> str:
    """Read a text that is not empty. Raises FileWrong."""
    if not isinstance(given, str) or not given:
        raise FileWrong(f"{place}: no text")
    return given


def components(given: object, decimals: int, place: str) -> Components:
    """Read amounts by component; those left out are zero. Raises FileWrong."""
    parts = table(given, place)
    known(parts, COMPONENTS, place)
    return Components(
        **{name: money(part, decimals, f"{place}.{name}") for name, part in parts.items()}
    )


def entry(given: object, decimals: int, place: str, *, tx: str) -> ExpectedEntry:
    """Read an expected entry; `tx` is the step's. Raises FileWrong."""
    what = table(given, place)
    known(what, ("tx", "kind", "loan", "lines"), place)
    kind = what.get("kind", EntryKind.POST.value)
    if kind not in KINDS:
        raise FileWrong(f"{place}.kind: {kind!r} is not one of {', '.join(KINDS)}")
    return ExpectedEntry(
        tx=text(what.get("tx", tx), f"{place}.tx"),
        kind=kind,
        loan=text(what["loan"], f"{place}.loan") if "loan" in what else None,
        sums=_lines(what.get("lines", []), decimals, f"{place}.lines"),
    )


def _lines(given: object, decimals: int, place: str) -> Sums:
    if not isinstance(given, list):
        raise FileWrong(f"{place}: not a list")
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for number, line in enumerate(given, start=1):
        book, code, debit, credit = _line(line, f"{place}[{number}]")
        sides = [
            money(side, decimals, f"{place}[{number}]") if side else 0 for side in (debit, credit)
        ]
        before = sums.get((book, code), (0, 0))
        sums[book, code] = before[0] + sides[0], before[1] + sides[1]
    return {key: sides for key, sides in sums.items() if any(sides)}


def _line(given: object, place: str) -> list[str]:
    if not isinstance(given, list) or len(given) != 4 or not all(isinstance(x, str) for x in given):
        raise FileWrong(f"{place}: not book, code, debit and credit as texts")
    if given[0] not in BOOKS:
        raise FileWrong(f"{place}: unknown book {given[0]!r}")
    return given


def loan_after(given: object, decimals: int, place: str) -> ExpectedLoan:
    """Read what a loan must be afterwards. Raises FileWrong."""
    what = table(given, place)
    known(what, ("status", "charged_off", "totals", *MONEY, *BOOKS), place)
    totals = table(what.get("totals", {}), f"{place}.totals")
    known(totals, TOTALS, f"{place}.totals")
    named = {name: what[name] for name in MONEY if name in what}
    named |= {f"totals.{name}": amount for name, amount in totals.items()}
    return ExpectedLoan(
        texts={
            name: text(what[name], f"{place}.{name}")
            for name in ("status", "charged_off")
            if name in what
        },
        amounts={
            name: money(amount, decimals, f"{place}.{name}") for name, amount in named.items()
        },
        books={
            book: components(what[book], decimals, f"{place}.{book}")
            for book in BOOKS
            if book in what
        },
    )


def final(given: object, decimals: int) -> Mapping[Book, Mapping[str, int]]:
    """Read the movement per code over the whole file, debit positive. Raises FileWrong."""
    books = table(given, "final")
    known(books, BOOKS, "final")
    return {
        Book(book): {
            code: money(amount, decimals, f"final.{book}.{code}", negative=True)
            for code, amount in table(codes, f"final.{book}").items()
        }
        for book, codes in books.items()
    }
