"""What is due since when: dates, days, months, and the bills that a book's balance makes."""

from datetime import date, timedelta
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.domain.money import COMPONENTS, NOTHING, Components
from ledger.reports.accounts import Accounts
from ledger.reports.ageing import DAYS, MONTHS, aged, bucket, schedule_of
from ledger.reports.due import (
    Bill,
    Schedule,
    add_months,
    days_past_due,
    months_in_arrears,
    oldest_unpaid,
    unpaid_bills,
)
from ledger.reports.standing import UNAPPLIED, Standing, balances, bills

JANUARY = date(2026, 1, 31)

DATES = st.dates(date(1990, 1, 1), date(2100, 12, 31))
MINOR = st.integers(0, 10**9)
HELD = st.builds(Components, MINOR, MINOR, MINOR, MINOR, MINOR)


def schedule(paid_minor: int = 0, **changed: object) -> Schedule:
    told: dict[str, object] = {
        "is_told": True,
        "oldest_unpaid": JANUARY,
        "instalment_minor": 100_00,
        "paid_minor": paid_minor,
    }
    return Schedule(**told | changed)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("day", "months"),
    [
        (date(2026, 1, 30), 0),
        (date(2026, 1, 31), 0),
        (date(2026, 2, 27), 0),
        (date(2026, 2, 28), 1),
        (date(2026, 3, 30), 1),
        (date(2026, 3, 31), 2),
        (date(2026, 4, 29), 2),
        (date(2026, 4, 30), 3),
        (date(2027, 1, 31), 12),
    ],
)
def test_months_in_arrears_are_whole_the_day_clipped_to_month_end(day: date, months: int) -> None:
    assert months_in_arrears(JANUARY, day) == months


def test_a_leap_day_is_a_month_end() -> None:
    assert add_months(date(2023, 11, 30), 3) == date(2024, 2, 29)
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)


@given(DATES, DATES)
def test_months_in_arrears_are_the_most_that_have_gone(oldest: date, day: date) -> None:
    months = months_in_arrears(oldest, day)

    assert months == 0 or add_months(oldest, months) <= day
    assert add_months(oldest, months + 1) > day


@pytest.mark.parametrize(
    ("oldest", "days"), [(None, 0), (JANUARY, 0), (date(2026, 1, 30), 1), (date(2026, 2, 1), 0)]
)
def test_days_past_due_count_from_the_oldest_unpaid_due_date(
    oldest: date | None, days: int
) -> None:
    assert days_past_due(oldest, JANUARY) == days


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (0, "0"), (1, "1-29"), (29, "1-29"), (30, "30-59"), (59, "30-59"), (60, "60-89"),
        (90, "90-119"), (119, "90-119"), (120, "120-149"), (150, "150-179"), (179, "150-179"),
        (180, "180+"), (9_999, "180+"), (None, "unknown"),
    ],
)  # fmt: skip
def test_a_bucket_of_days_has_both_its_ends(days: int | None, name: str) -> None:
    assert bucket(DAYS, days) == name


@pytest.mark.parametrize(
    ("months", "name"), [(0, "0"), (6, "6"), (7, "7-12"), (12, "7-12"), (13, "13+"), (99, "13+")]
)
def test_a_bucket_of_months_has_both_its_ends(months: int, name: str) -> None:
    assert bucket(MONTHS, months) == name


@pytest.mark.parametrize(
    ("paid_minor", "oldest"),
    [
        (0, JANUARY),
        (89_99, JANUARY),
        (90_00, date(2026, 2, 28)),
        (100_00, date(2026, 2, 28)),
        (189_99, date(2026, 2, 28)),
        (190_00, date(2026, 3, 31)),
        (-50_00, JANUARY),
    ],
)
def test_ninety_percent_of_an_instalment_counts_as_paid(paid_minor: int, oldest: date) -> None:
    assert oldest_unpaid(schedule(paid_minor), owed_minor=1) == oldest


def test_where_nothing_is_owed_nothing_is_unpaid() -> None:
    assert oldest_unpaid(schedule(), owed_minor=0) is None


def test_what_was_paid_beyond_an_instalment_is_on_the_next_bill() -> None:
    held = Components(principal=1_000_00, interest=30_00)

    bills = list(unpaid_bills(schedule(120_00), held, date(2026, 3, 31)))

    assert bills == [
        Bill(date(2026, 2, 28), Components(principal=50_00, interest=30_00)),
        Bill(date(2026, 3, 31), Components(principal=100_00)),
    ]


def test_what_is_missing_of_an_instalment_that_counts_is_on_the_next_bill() -> None:
    [bill] = unpaid_bills(schedule(95_00), Components(principal=1_000_00), date(2026, 3, 30))

    assert bill == Bill(date(2026, 2, 28), Components(principal=105_00))


def test_at_expiry_everything_is_due() -> None:
    expiring = schedule(expiry=date(2026, 3, 15))

    bills = list(unpaid_bills(expiring, Components(principal=1_000_00), date(2026, 4, 1)))

    assert bills == [
        Bill(JANUARY, Components(principal=100_00)),
        Bill(date(2026, 2, 28), Components(principal=100_00)),
        Bill(date(2026, 3, 15), Components(principal=800_00)),
    ]


def test_charges_are_due_when_they_are_charged_and_nothing_else_without_an_instalment() -> None:
    held = Components(principal=5, interest=5, fees=1, penalties=2, tax=3)

    [bill] = unpaid_bills(schedule(instalment_minor=None), held, JANUARY)

    assert bill == Bill(JANUARY, Components(fees=1, penalties=2, tax=3))


@given(HELD, st.integers(-(10**6), 10**9), st.integers(10**6, 10**9), st.integers(0, 4_000))
def test_no_bill_is_of_more_than_a_book_holds(
    held: Components, paid_minor: int, instalment_minor: int, days: int
) -> None:
    day = JANUARY + timedelta(days)
    told = schedule(paid_minor, instalment_minor=instalment_minor)

    bills = list(unpaid_bills(told, held, day))

    billed = sum((bill.parts for bill in bills), NOTHING)
    assert billed.fits(held)
    assert min((part for bill in bills for part in bill.parts.minor), default=0) >= 0
    assert [bill.due_on for bill in bills] == sorted(bill.due_on for bill in bills)
    assert all(bill.due_on <= day for bill in bills)


def loan(**told: object) -> dict[str, object]:
    nothing = {"oldest_unpaid_due": None, "days_past_due": None, "expiry": None}
    return nothing | {"opened": JANUARY, "instalment_minor": None, "paid_minor": 0} | told


def test_days_as_imported_tell_the_date() -> None:
    told = schedule_of(loan(days_past_due=31))

    how = aged(told, owed_minor=1, day=date(2026, 2, 28))

    assert (how.oldest, how.days, how.months) == (date(2025, 12, 31), 59, 2)


def test_a_loan_of_which_nothing_was_told_is_unknown_and_one_that_is_paid_is_not() -> None:
    told = schedule_of(loan())

    assert aged(told, owed_minor=1, day=JANUARY).days_bucket == "unknown"
    assert aged(told, owed_minor=0, day=JANUARY).days_bucket == "0"


def test_a_due_date_to_come_is_not_late() -> None:
    told = schedule_of(loan(oldest_unpaid_due=date(2026, 3, 1)))

    how = aged(told, owed_minor=1, day=JANUARY)

    assert (how.oldest, how.days, how.months) == (None, 0, 0)


@given(st.tuples(HELD, HELD, HELD), MINOR, st.integers(-(10**6), 10**9), st.integers(0, 4_000))
def test_the_balance_types_of_a_book_are_what_it_holds(
    held: tuple[Components, ...], unearned_minor: int, paid: int, days: int
) -> None:
    bnk, co, cust = held
    day = JANUARY + timedelta(days)
    standing = Standing(
        Accounts.of([]),
        held={name: [part(bnk), part(co), part(cust)] for name, part in PARTS.items()},
        unearned_minor=min(unearned_minor, bnk.interest, cust.interest),
        unapplied_minor=7,
    )
    unpaid = bills(standing, schedule(paid, instalment_minor=10**7), day)

    types = dict(balances(standing, unpaid, day))

    assert types.pop(UNAPPLIED) == [7, 0, 7]
    assert min((minor for trio in types.values() for minor in trio), default=0) >= 0
    assert [sum(trio[book] for trio in types.values()) for book in range(3)] == standing.totals


PARTS = {name: attrgetter(name.value) for name in COMPONENTS}
