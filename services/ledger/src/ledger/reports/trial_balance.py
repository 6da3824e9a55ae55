"""Trial balance: every code of every book at a day, each book in balance, CUST = BNK + CO."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from ledger.domain.policy import Book
from ledger.reports.report import Amount, Row

NAME = "trial-balance"

COLUMNS = ("line", "currency", "book", "code", "debit", "credit", "balance")
"""`line`: ACCOUNT; TOTAL of a book; PROOF, where debit is CUST and credit is BNK + CO."""

PROOF = "BNK + CO"


def rows(sums: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Shape sums by currency, book, code and whether they hold what is owed, in that order."""
    for currency, of_currency in groupby(sums, key=lambda row: str(row["currency"])):
        yield from _currency(currency, list(of_currency))


def _currency(currency: str, sums: list[Mapping[str, Any]]) -> Iterator[Row]:
    claims = dict.fromkeys(Book, 0)
    for book, of_book in groupby(sums, key=lambda row: Book(row["book"])):
        total_debit = total_credit = 0
        for code, parts in groupby(of_book, key=lambda row: str(row["code"])):
            debit = credit = 0
            for part in parts:
                debit += int(part["debit_minor"])
                credit += int(part["credit_minor"])
                if part["holds"]:
                    claims[book] += int(part["debit_minor"] - part["credit_minor"])
            total_debit += debit
            total_credit += credit
            yield ("ACCOUNT", currency, book, code, *_sides(debit, credit, currency))
        yield ("TOTAL", currency, book, None, *_sides(total_debit, total_credit, currency))
    backed = claims[Book.BNK] + claims[Book.CO]
    yield ("PROOF", currency, Book.CUST, PROOF, *_sides(claims[Book.CUST], backed, currency))


def _sides(debit_minor: int, credit_minor: int, currency: str) -> tuple[Amount, Amount, Amount]:
    amounts = (debit_minor, credit_minor, debit_minor - credit_minor)
    debit, credit, balance = (Amount(minor, currency) for minor in amounts)
    return debit, credit, balance
