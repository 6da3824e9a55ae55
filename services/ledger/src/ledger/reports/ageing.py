"""Ageing: what is owed by days past due or by months in arrears; by product, or by loan."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from ledger.domain.money import to_text
from ledger.reports import due
from ledger.reports.report import Amount, Row

NAME = "ageing"

UNKNOWN = "unknown"
"""The loan system told nothing of arrears."""


class By(StrEnum):
    """What the lines of the report are."""

    DAYS = "days"
    MONTHS = "months"
    LOAN = "loan"


@dataclass(frozen=True, slots=True)
class Bucket:
    """From `least` up to `most`, both included; without `most` everything above."""

    name: str
    least: int
    most: int | None = None


DAYS = (
    Bucket("0", 0, 0),
    Bucket("1-29", 1, 29),
    Bucket("30-59", 30, 59),
    Bucket("60-89", 60, 89),
    Bucket("90-119", 90, 119),
    Bucket("120-149", 120, 149),
    Bucket("150-179", 150, 179),
    Bucket("180+", 180),
)

MONTHS = (
    *(Bucket(str(months), months, months) for months in range(7)),
    Bucket("7-12", 7, 12),
    Bucket("13+", 13),
)

LOAN_COLUMNS = (
    "loan_id", "product", "segment", "currency", "oldest_unpaid_due", "days_past_due",
    "days_bucket", "months_in_arrears", "months_bucket", "outstanding", "charged_off", "owed",
)  # fmt: skip
"""`outstanding` is the bank's, `charged_off` what CO holds, `owed` the customer's."""

SUM_COLUMNS = (
    "line", "currency", "product", "segment", "bucket", "loans", "outstanding", "charged_off",
    "owed",
)  # fmt: skip
"""`line`: GROUP, or TOTAL of a bucket, or with no bucket of the currency."""

COLUMNS = {By.LOAN: LOAN_COLUMNS, By.DAYS: SUM_COLUMNS, By.MONTHS: SUM_COLUMNS}

type Sums = list[int]
"""Loans, outstanding, charged off, owed."""


@dataclass(frozen=True, slots=True)
class Aged:
    """A loan at a day."""

    oldest: date | None
    days: int | None
    """None: the loan system told nothing of arrears."""
    months: int | None

    @property
    def days_bucket(self) -> str:
        """Give the bucket of its days past due."""
        return bucket(DAYS, self.days)

    @property
    def months_bucket(self) -> str:
        """Give the bucket of its months in arrears."""
        return bucket(MONTHS, self.months)


def bucket(buckets: tuple[Bucket, ...], figure: int | None) -> str:
    """Name the bucket that a figure falls into."""
    if figure is None:
        return UNKNOWN
    return next(
        b.name for b in buckets if b.least <= figure and (b.most is None or figure <= b.most)
    )


def schedule_of(loan: Mapping[str, Any]) -> due.Schedule:
    """Read what the loan system told of arrears: the date, or the days on the day it was told."""
    oldest: date | None = loan["oldest_unpaid_due"]
    days: int | None = loan["days_past_due"]
    if oldest is None and days:
        oldest = loan["opened"] - timedelta(days=days)
    return due.Schedule(
        is_told=oldest is not None or days is not None,
        oldest_unpaid=oldest,
        instalment_minor=loan["instalment_minor"],
        expiry=loan["expiry"],
        paid_minor=int(loan["paid_minor"]),
    )


def aged(schedule: due.Schedule, *, owed_minor: int, day: date) -> Aged:
    """Say how far a loan is behind at a day."""
    if not schedule.is_told and owed_minor:
        return Aged(None, None, None)
    oldest = due.oldest_unpaid(schedule, owed_minor=owed_minor)
    if oldest and oldest > day:
        oldest = None
    return Aged(oldest, due.days_past_due(oldest, day), due.months_in_arrears(oldest, day))


class Ageing:
    """Ages loans as they come; tells each, or keeps nothing but sums."""

    def __init__(self, by: By, day: date) -> None:
        self._by = by
        self._day = day
        self._groups: dict[tuple[str, str, str, str], Sums] = {}
        self._totals: dict[str, Sums] = {}

    def loans(self, loans: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
        """Take the next loans in; by loan, give a row for each."""
        for loan in loans:
            owed_minor = int(loan["cust_minor"])
            how = aged(schedule_of(loan), owed_minor=owed_minor, day=self._day)
            amounts = (int(loan["bnk_minor"]), int(loan["co_minor"]), owed_minor)
            currency: str = loan["currency"]
            _add(self._totals.setdefault(currency, [0, 0, 0, 0]), 1, *amounts)
            if self._by is By.LOAN:
                yield _loan_row(loan, how, amounts)
                continue
            name = how.days_bucket if self._by is By.DAYS else how.months_bucket
            group = (currency, str(loan["product"]), str(loan["segment"]), name)
            _add(self._groups.setdefault(group, [0, 0, 0, 0]), 1, *amounts)

    def sums(self) -> Iterator[Row]:
        """Give a row for each group that has loans, and each currency's buckets."""
        buckets = [b.name for b in (DAYS if self._by is By.DAYS else MONTHS)]
        place = {name: number for number, name in enumerate([*buckets, UNKNOWN])}
        for currency, total in sorted(self._totals.items()):
            of_bucket: dict[str, Sums] = {name: [0, 0, 0, 0] for name in buckets}
            mine = [group for group in self._groups if group[0] == currency]
            for group in sorted(mine, key=lambda g: (g[1], g[2], place[g[3]])):
                _, product, segment, name = group
                sums = self._groups[group]
                _add(of_bucket.setdefault(name, [0, 0, 0, 0]), *sums)
                yield ("GROUP", currency, product, segment, name, *_cells(sums, currency))
            for name, sums in of_bucket.items():
                yield ("TOTAL", currency, None, None, name, *_cells(sums, currency))
            yield ("TOTAL", currency, None, None, None, *_cells(total, currency))

    def totals(self) -> dict[str, Any]:
        """Give loans and amounts by currency, as decimal strings."""
        names = ("outstanding", "charged_off", "owed")
        return {
            currency: {"loans": sums[0]}
            | {n: to_text(minor, currency) for n, minor in zip(names, sums[1:], strict=True)}
            for currency, sums in sorted(self._totals.items())
        }


def _loan_row(loan: Mapping[str, Any], how: Aged, amounts: tuple[int, int, int]) -> Row:
    currency: str = loan["currency"]
    return (
        loan["loan_id"],
        loan["product"],
        loan["segment"],
        currency,
        how.oldest,
        how.days,
        how.days_bucket,
        how.months,
        how.months_bucket,
        *(Amount(minor, currency) for minor in amounts),
    )


def _add(sums: Sums, *figures: int) -> None:
    for place, figure in enumerate(figures):
        sums[place] += figure


def _cells(sums: Sums, currency: str) -> tuple[int, Amount, Amount, Amount]:
    loans, *amounts = sums
    outstanding, charged_off, owed = (Amount(minor, currency) for minor in amounts)
    return loans, outstanding, charged_off, owed
