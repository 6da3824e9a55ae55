"""What rows become: the call report's lines, losses reported, days that a report can be of."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.domain.money import Rounding
from ledger.domain.policy import Book, Method, Policy, Reason
from ledger.reports.accounts import Accounts
from ledger.reports.fasb import Percent, Reported, read_amount, read_percent
from ledger.reports.report import Amount, Books, Refused, When, when
from ledger.reports.roll_forward import Category, category, rows

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BOOKS = Books(first_day=date(2026, 1, 1), first_moment=datetime(2026, 1, 2, tzinfo=UTC), now=NOW)


def policy(method: Method = Method.ALLOWANCE, rounding: Rounding = Rounding.HALF_UP) -> Policy:
    accounts = {"ALLOWANCE": "1900", "RECOVERY": "4900", "FRAUD": "6190", "CHARGE_OFF": "6100"}
    return Policy(
        version=f"{method}-{rounding}",
        method=method,
        rounding=rounding,
        accounts={Book.BNK: accounts | {"WRITE_OFF": "6200", "CHARGE_OFF_INTEREST": "4001"}},
        reasons={"FRAUD": Reason(charge_off="6191"), "SETTLEMENT": Reason(write_off="6220")},
    )


def year(*movements: Mapping[str, Any], opening: int = 0, closing: int = 0) -> dict[str, list[int]]:
    """Give the year's rows by item, zeros left out."""
    allowances = [{"currency": "USD", "opening_minor": opening, "closing_minor": closing}]
    accounts = Accounts.of([policy(), policy(Method.DIRECT)])
    told: dict[str, list[int]] = {}
    for _, _, item, *cells in rows(movements, allowances, accounts):
        amounts = [cell.minor for cell in cells if isinstance(cell, Amount)]
        if any(amounts):
            told[str(item)] = amounts
    return told


def moved(command: str, code: str, debit: int, component: str | None = "principal") -> Any:
    return {
        "currency": "USD",
        "product": "AUTO_LOAN",
        "segment": "PERSONAL",
        "command": command,
        "code": code,
        "component": component,
        "debit_minor": max(debit, 0),
        "credit_minor": max(-debit, 0),
    }


@pytest.mark.parametrize(
    ("product", "segment", "line"),
    [
        ("MORTGAGE", "PERSONAL", Category.ONE_TO_FOUR_FAMILY),
        ("MORTGAGE", "BUSINESS", Category.ONE_TO_FOUR_FAMILY),
        ("COMMERCIAL_MORTGAGE", "BUSINESS", Category.NONFARM_NONRESIDENTIAL),
        ("EQUIPMENT_LOAN", "BUSINESS", Category.COMMERCIAL_AND_INDUSTRIAL),
        ("AUTO_LOAN", "BUSINESS", Category.COMMERCIAL_AND_INDUSTRIAL),
        ("AUTO_LOAN", "PERSONAL", Category.AUTOMOBILE),
        ("CREDIT_LINE", "PERSONAL", Category.OTHER_CONSUMER),
    ],
)
def test_a_loan_is_of_the_first_category_that_fits(
    product: str, segment: str, line: Category
) -> None:
    assert category(product, segment) is line


def test_a_write_off_after_a_charge_off_counts_once() -> None:
    told = year(
        moved("charge_off", "6100", 300),
        moved("write_off", "6200", 1_000),
        moved("write_off", "6100", -300),
    )

    assert told == {
        "AUTOMOBILE": [1_000, 0],
        "TOTAL": [1_000, 0],
        "LESS_CHARGE_OFFS": [-1_000],
        "BORNE_BY_RESULT": [1_000],
    }


def test_a_removal_a_refund_and_a_reversal_lessen_charge_offs() -> None:
    told = year(
        moved("charge_off", "1900", 1_000),
        moved("charge_off", "1900", -100),
        moved("remove_charge_off", "1900", -200),
        moved("refund", "1900", -50),
        closing=-650,
    )

    assert told["TOTAL"] == [650, 0]
    assert told["CLOSING"] == [-650]
    assert "STEPS_LESS_CLOSING" not in told


def test_fraud_is_no_credit_loss_until_it_is_written_off_as_one() -> None:
    charged = year(moved("charge_off", "6191", 500), moved("charge_off", "6190", 70))
    written = year(
        moved("charge_off", "6190", 70),
        moved("write_off", "1900", 70),
        moved("write_off", "6190", -70),
        closing=-70,
    )

    assert charged == {"FRAUD": [570]}
    assert written["TOTAL"] == [70, 0]
    assert "FRAUD" not in written


def test_interest_and_fees_reverse_income_and_no_other_line_counts() -> None:
    told = year(
        moved("charge_off", "4001", 40, "interest"),
        moved("charge_off", "6100", 5, "fees"),
        moved("write_off", "6220", 7, "penalties"),
        moved("write_off", "UNEARNED_INTEREST", 90, "interest"),
        moved("repay", "CASH", 900, None),
    )

    assert told == {"INTEREST_AND_FEES": [52]}


def test_recoveries_are_what_payments_bring_back_of_any_component() -> None:
    told = year(
        moved("recover", "1900", -200),
        moved("repay", "1900", -30, "interest"),
        moved("recover", "1900", 20),
        moved("repay", "MEMO_INTEREST", -9, "interest"),
        closing=210,
    )

    assert told["TOTAL"] == [0, 210]
    assert "STEPS_LESS_CLOSING" not in told


def test_the_allowance_goes_from_opening_to_closing() -> None:
    told = year(
        moved("provision", "1900", -500, None),
        moved("charge_off", "1900", 300),
        moved("charge_off", "6220", 40),
        moved("import", "1900", -7, None),
        opening=100,
        closing=307,
    )

    assert told["PROVISION"] == [500]
    assert told["BORNE_BY_RESULT"] == [40]
    assert told["ADJUSTMENTS"] == [7]
    assert "STEPS_LESS_CLOSING" not in told


def test_an_allowance_that_does_not_come_out_is_shown() -> None:
    assert year(moved("charge_off", "1900", 300), closing=-299)["STEPS_LESS_CLOSING"] == [-1]


@given(st.integers(1, 2**63), st.fractions(0, 100).filter(bool), st.sampled_from(Rounding))
def test_what_is_reported_and_what_remains_are_what_is_outstanding(
    outstanding_minor: int, part: Any, rounding: Rounding
) -> None:
    loan = {
        "loan_id": "L",
        "product": "P",
        "segment": "S",
        "currency": "KWD",
        "bnk_minor": outstanding_minor,
    }
    shape = Reported(Percent("p", part), policy_of=lambda _: policy(rounding=rounding))

    [row] = shape.rows([loan])

    _, _, _, _, outstanding, _, reported, remaining, _ = row
    assert isinstance(reported, Amount)
    assert isinstance(remaining, Amount)
    assert outstanding == Amount(reported.minor + remaining.minor, "KWD")
    assert abs(reported.minor - outstanding_minor * part / 100) * 2 <= 1


@pytest.mark.parametrize(
    ("method", "effect"), [(Method.ALLOWANCE, "PROVISION"), (Method.DIRECT, "REPORT_LINE")]
)
def test_a_loss_is_provided_for_or_a_line_by_the_method_of_the_product(
    method: Method, effect: str
) -> None:
    loan = {"loan_id": "L", "product": "P", "segment": "S", "currency": "USD", "bnk_minor": 100}

    [row] = Reported(40, policy_of=lambda _: policy(method)).rows([loan])

    assert row[-3:] == (Amount(40, "USD"), Amount(60, "USD"), effect)


@pytest.mark.parametrize("text", ["", "1.", ".5", "1e2", "+1", "٣", "1 ", "1" * 21, "NaN"])
def test_a_number_that_is_not_plain_is_refused(text: str) -> None:
    told = (read_percent(text), read_amount(text, currency="USD", outstanding_minor=10**30))

    assert {refused.code for refused in told if isinstance(refused, Refused)} == {"INVALID_FIELDS"}


def test_without_dates_a_report_is_of_today_as_known_now() -> None:
    assert when(BOOKS) == When(as_of=date(2026, 11, 24), known_at=NOW)


@pytest.mark.parametrize(
    ("books", "asked", "code"),
    [
        (BOOKS, {"as_of": date(2026, 11, 25)}, "FUTURE_DATE"),
        (BOOKS, {"known_at": NOW.replace(microsecond=1)}, "FUTURE_DATE"),
        (BOOKS, {"as_of": date(2025, 12, 31)}, "DATE_BEFORE_OPENING"),
        (BOOKS, {"known_at": datetime(2026, 1, 1, 23, tzinfo=UTC)}, "DATE_BEFORE_OPENING"),
        (BOOKS, {"since": date(2026, 11, 25)}, "INVALID_FIELDS"),
        (Books(first_day=None, first_moment=None, now=NOW), {}, "DATE_BEFORE_OPENING"),
    ],
)  # fmt: skip
def test_a_report_of_no_day_of_the_books_is_refused(
    books: Books, asked: dict[str, Any], code: str
) -> None:
    refused = when(books, **asked)

    assert isinstance(refused, Refused)
    assert refused.code == code
