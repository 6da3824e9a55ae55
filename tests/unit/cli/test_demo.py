"""The demo's lender is made up, and always the same for the same seed."""

from collections import Counter
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from contracts.codec import decode_body
from contracts.records.requests import WriteOffRequested
from writeoff.demo.asks import asks
from writeoff.demo.measure import percentile
from writeoff.demo.people import answer
from writeoff.demo.play import Plan
from writeoff.demo.portfolio import Loan, portfolio
from writeoff.demo.recipes import Ask
from writeoff.demo.upstream import to_record
from writeoff.identity import case_of_request

TODAY = date(2026, 11, 24)

BOOK = portfolio(seed=7, number=0, loans=2000, today=TODAY)


def run(number: int = 0, loans: tuple[Loan, ...] = BOOK[0::3]) -> tuple[Ask, ...]:
    return asks(loans, count=500, seed=7, run=number, today=TODAY)


def test_the_same_seed_makes_the_same_portfolio_and_requests() -> None:
    assert portfolio(seed=7, number=0, loans=2000, today=TODAY) == BOOK
    assert run() == run()


def test_another_seed_number_or_run_makes_others() -> None:
    assert portfolio(seed=8, number=0, loans=10, today=TODAY) != BOOK[:10]
    other = portfolio(seed=7, number=1, loans=2000, today=TODAY)
    assert {loan.loan_id for loan in other}.isdisjoint(loan.loan_id for loan in BOOK)
    assert {ask.request_id for ask in run(1)}.isdisjoint(ask.request_id for ask in run(0))


def test_another_day_moves_dates_and_no_amount() -> None:
    later = portfolio(seed=7, number=0, loans=2000, today=date(2027, 1, 5))

    assert [loan.balances_minor for loan in later] == [loan.balances_minor for loan in BOOK]


def test_the_portfolio_is_mixed() -> None:
    assert len({loan.product.name for loan in BOOK}) >= 8
    assert {loan.product.currency for loan in BOOK} == {"USD", "EUR", "JPY", "KES", "KWD"}
    assert {loan.product.segment for loan in BOOK} == {"PERSONAL", "BUSINESS"}
    mailed = sum(1 for loan in BOOK if loan.email)
    assert 0.75 < mailed / len(BOOK) < 0.95


def test_closed_loans_owe_nothing_and_active_ones_something() -> None:
    for loan in BOOK:
        assert (loan.status == "ACTIVE") == (loan.outstanding_minor > 0)
        assert all(minor >= 0 for _, minor in loan.balances_minor)


def test_rows_have_the_decimals_of_their_currency() -> None:
    decimals = {"USD": 2, "EUR": 2, "KES": 2, "JPY": 0, "KWD": 3}

    for loan in BOOK:
        row = loan.to_row(today=TODAY)
        assert len(row["principal"].partition(".")[2]) == decimals[row["currency"]]


def test_five_hundred_requests_are_mixed_and_each_loan_is_asked_for_once() -> None:
    made = run()

    recipes = Counter(ask.recipe for ask in made)
    assert len(made) == 500
    assert len(recipes) >= 15
    assert recipes["approved beforehand"] > 200
    again = {"the same again", "the id again, another amount", "for a foreign tenant"}
    loans = Counter(ask.loan_id for ask in made if ask.recipe not in again)
    assert set(loans.values()) == {1}


def test_two_runs_ask_for_different_loans() -> None:
    first = {ask.loan_id for ask in run(0, BOOK[0::3])}
    second = {ask.loan_id for ask in run(1, BOOK[1::3])}

    assert first.isdisjoint(second)
    assert Plan(loans=2000, requests=500, seed=7).runs_per_portfolio == 3


def test_requests_can_be_said_as_the_contract_has_them() -> None:
    for ask in run():
        record = to_record(ask, now=datetime(2026, 11, 24, tzinfo=UTC))
        assert decode_body(WriteOffRequested, record.to_binary()) == record


def test_a_case_is_known_before_it_is_opened() -> None:
    assert case_of_request("lending", "demo", "R1") == case_of_request("lending", "demo", "R1")
    assert case_of_request("lending", "demo", "R1") != case_of_request("lending", "sba", "R1")


def test_authorizers_decline_every_fourth_case() -> None:
    decisions = Counter(
        answer({"task": "loan authorization", "case_id": str(UUID(int=n))})["decision"]
        for n in range(40)
    )

    assert decisions == {"APPROVE": 30, "DECLINE": 10}


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([], 50, None), ([5], 99, 5), ([3, 1, 2], 50, 2), (list(range(1, 101)), 99, 99)],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[int], share: int, found: int | None
) -> None:
    assert percentile(values, share) == found
