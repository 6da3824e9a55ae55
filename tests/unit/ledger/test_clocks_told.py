"""What a bank is told of a loan's clock: notices, what collateral is worth, re-ageing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.domain.events import LoanState
from ledger.domain.loan import Loan
from ledger.domain.money import Components
from ledger.monthend.clocks import Arrears, Clocks, Standard
from ledger.monthend.closing import Closing, LoanClosed, close, closed
from ledger.monthend.known import Known, Notice, NoticeKind, Reaging, Valuation
from ledger.monthend.settings import own_clocks
from ledger.monthend.telling import (
    ClockState,
    LoanReaged,
    NoticeTold,
    TellNotice,
    TellReaging,
    TellRefused,
    TellUnchanged,
    TellValuation,
    ValuationTold,
    tell,
    told,
)

from .door import a_loan

CLOCKS = Clocks.parse(own_clocks())
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 31), date(2026, 11, 30)
LATE = date(2026, 4, 15)
"""180 days before it was over in October."""
LINE = ClockState(
    is_known=True,
    product="CREDIT_LINE",
    opened=date(2020, 1, 1),
    repaid_on=(date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)),
)


def telling(state: ClockState, command: Any) -> Any:
    [event] = tell(state, command, clocks=CLOCKS, now=NOW)
    return event


def a_late_loan(product: str = "MORTGAGE", **what: Any) -> Loan:
    late: dict[str, Any] = {"oldest_unpaid_due": LATE}
    return a_loan(Components(principal=100_000_00), product=product, **late | what)


def at(loan: Loan, through: date = OCTOBER, **state: Any) -> LoanClosed:
    closing = Closing(LoanState(loan), **state)
    return close(closing, through, accrued_minor=0, accrual_code=None, clocks=CLOCKS)


def worth(value: int, cost: int = 0, *, on: date = LATE, is_assured: bool = False) -> Known:
    return Known(valuations=(Valuation(on, value, cost, is_assured),))


# --- notices ----------------------------------------------------------------------------------


def test_the_first_day_on_which_the_bank_was_told_counts() -> None:
    early, late = (
        Notice(NoticeKind.BANKRUPTCY, date(2026, 3, 10)),
        Notice(NoticeKind.BANKRUPTCY, date(2026, 4, 1)),
    )
    state = told(ClockState(is_known=True), NoticeTold(late))

    assert telling(state, TellNotice(early)) == NoticeTold(early)
    state = told(state, NoticeTold(early))
    assert state.known.notices == (early,)
    assert telling(state, TellNotice(late)) == TellUnchanged(early.received)
    assert telling(ClockState(), TellNotice(early)).code == "UNKNOWN_LOAN"
    future = Notice(NoticeKind.DEATH, date(2026, 11, 25))
    assert telling(state, TellNotice(future)).code == "FUTURE_DATE"


# --- collateral -------------------------------------------------------------------------------


def test_of_a_mortgage_only_what_collateral_does_not_cover_is_a_loss() -> None:
    done = at(a_late_loan(), known=worth(80_000_00, 5_000_00))

    assert done.classified.standard is Standard.LOSS
    assert (done.outstanding_minor, done.loss_minor) == (100_000_00, 25_000_00)
    assert done.is_proposed


def test_a_mortgage_that_is_covered_is_no_loss_and_never_late() -> None:
    done = at(a_late_loan(), known=worth(110_000_00, 10_000_00))

    assert done.classified.standard is Standard.SUBSTANDARD
    assert (done.loss_minor, done.is_proposed, done.classified.days_late) == (0, False, 0)


@pytest.mark.parametrize(
    ("value", "standard"),
    [(166_667_00, Standard.PASS), (166_666_66, Standard.SUBSTANDARD)],
)
def test_a_late_mortgage_of_at_most_60_percent_of_its_value_passes(
    value: int, standard: Standard
) -> None:
    assert at(a_late_loan(), known=worth(value)).classified.standard is standard


def test_a_valuation_counts_from_its_day_and_the_latest_one_counts() -> None:
    known = Known(
        valuations=(
            Valuation(date(2026, 9, 1), 90_000_00, 0),
            Valuation(date(2026, 10, 1), 70_000_00, 0),
            Valuation(date(2026, 11, 1), 0, 0),
        )
    )

    assert at(a_late_loan(), known=known).loss_minor == 30_000_00
    assert at(a_late_loan(), NOVEMBER, known=known).loss_minor == 100_000_00


def test_other_collateral_counts_while_it_is_being_taken_back() -> None:
    loan = a_late_loan("AUTO_LOAN")

    assert at(loan, known=worth(60_000_00)).loss_minor == 100_000_00
    assert at(loan, known=worth(60_000_00, is_assured=True)).loss_minor == 40_000_00


def test_a_bankruptcy_makes_all_of_it_a_loss() -> None:
    notice = Notice(NoticeKind.BANKRUPTCY, date(2026, 8, 1))
    known = replace(worth(110_000_00), notices=(notice,))

    done = at(a_late_loan(), known=known)

    assert done.classified.due is not None
    assert done.classified.due.trigger == "BANKRUPTCY"
    assert done.loss_minor == 100_000_00


@given(held=st.integers(1, 10**12), value=st.integers(0, 10**12), cost=st.integers(0, 10**12))
def test_a_loss_is_never_more_than_what_is_held_and_never_below_zero(
    held: int, value: int, cost: int
) -> None:
    arrears = Arrears(
        is_told=True,
        oldest_unpaid=LATE,
        outstanding_minor=held,
        valuation=Valuation(LATE, value, cost),
    )

    due = CLOCKS.classify(arrears, "MORTGAGE", OCTOBER).due

    loss = due.loss_minor if due else 0
    assert loss == max(held - max(value - cost, 0), 0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"value": "1.001"}, "AMOUNT_SCALE"),
        ({"cost": "much"}, "AMOUNT_SCALE"),
        ({"value": "-1"}, "AMOUNT_NOT_POSITIVE"),
        ({"cost": "-0.01"}, "AMOUNT_NOT_POSITIVE"),
        ({"valued_on": date(2026, 11, 25)}, "FUTURE_DATE"),
    ],
)
def test_a_valuation_that_cannot_be_is_refused(change: dict[str, Any], code: str) -> None:
    given: dict[str, Any] = {"valued_on": OCTOBER, "value": "1", "cost": "0", "is_assured": False}

    assert telling(LINE, TellValuation(**given | change)).code == code


def test_the_last_word_on_a_day_counts() -> None:
    said = TellValuation(valued_on=OCTOBER, value="10.5", cost="1", is_assured=False)
    state = told(LINE, ValuationTold(Valuation(OCTOBER, 7, 7)))

    event = telling(state, said)

    assert event == ValuationTold(Valuation(OCTOBER, 10_50, 1_00))
    assert told(state, event).known.valuations == (event.valuation,)
    assert telling(told(state, event), said) == TellUnchanged(OCTOBER)


# --- re-ageing --------------------------------------------------------------------------------


def test_an_open_end_loan_is_re_aged_after_three_payments() -> None:
    reaging = Reaging(date(2026, 10, 2), date(2026, 9, 15))

    event = telling(LINE, TellReaging(reaging))

    assert event == LoanReaged(reaging)
    assert telling(told(LINE, event), TellReaging(reaging)) == TellUnchanged(reaging.reaged_on)


def test_its_clock_begins_anew_and_money_before_it_counts_no_more() -> None:
    loan = a_late_loan("CREDIT_LINE", instalment_minor=100_00)
    known = Known(reagings=(Reaging(date(2026, 10, 2), date(2026, 9, 15)),))

    assert at(loan).classified.standard is Standard.LOSS
    done = at(loan, known=known)
    assert done.oldest_unpaid == date(2026, 9, 15)
    assert done.classified.standard is Standard.PASS
    assert at(loan, NOVEMBER, known=known, paid={NOVEMBER: 100_00}).oldest_unpaid == date(
        2026, 10, 15
    )


@pytest.mark.parametrize(
    ("state", "on", "code"),
    [
        ({"product": "PERSONAL_LOAN"}, date(2026, 10, 2), "REAGING_NOT_OPEN_END"),
        ({"product": "MORTGAGE"}, date(2026, 10, 2), "REAGING_NOT_OPEN_END"),
        ({"repaid_on": LINE.repaid_on[:2]}, date(2026, 10, 2), "REAGING_NEEDS_PAYMENTS"),
        ({}, date(2026, 9, 30), "REAGING_NEEDS_PAYMENTS"),
        ({}, date(2026, 11, 25), "FUTURE_DATE"),
        ({"before": (date(2025, 10, 3),)}, date(2026, 10, 2), "REAGING_TOO_SOON"),
        ({"before": (date(2021, 10, 3), date(2024, 1, 1))}, date(2026, 10, 2), "REAGING_TOO_OFTEN"),
        ({"is_known": False}, date(2026, 10, 2), "UNKNOWN_LOAN"),
    ],
)  # fmt: skip
def test_a_re_ageing_that_may_not_be_is_refused(state: dict[str, Any], on: date, code: str) -> None:
    given = dict(state)
    before = tuple(Reaging(day, None) for day in given.pop("before", ()))
    line = replace(LINE, **given, known=Known(reagings=before))

    refused = telling(line, TellReaging(Reaging(on, None)))

    assert isinstance(refused, TellRefused)
    assert refused.code == code


def test_five_years_later_it_may_be_again() -> None:
    before = (Reaging(date(2021, 10, 2), None), Reaging(date(2024, 1, 1), None))
    line = replace(LINE, known=Known(reagings=before))

    event = telling(line, TellReaging(Reaging(date(2026, 10, 2), None)))

    assert isinstance(event, LoanReaged)


# --- proposals --------------------------------------------------------------------------------


def test_a_loss_is_proposed_once_for_its_day_and_stays_a_breach() -> None:
    loan = a_late_loan("PERSONAL_LOAN")
    first = at(loan)
    state = closed(Closing(LoanState(loan)), first)

    again = close(state, NOVEMBER, accrued_minor=0, accrual_code=None, clocks=CLOCKS)

    assert (first.is_proposed, again.is_proposed) == (True, False)
    assert first.classified.due == again.classified.due
    assert again.loss_minor == 100_000_00
    assert again.classified.days_late > first.classified.days_late


def test_another_day_is_another_proposal() -> None:
    loan = a_late_loan("PERSONAL_LOAN", oldest_unpaid_due=date(2026, 7, 15))
    notice = Notice(NoticeKind.BANKRUPTCY, date(2026, 8, 1))
    early = at(loan, known=Known(notices=(notice,)))
    state = closed(Closing(LoanState(loan)), early)

    later = close(state, NOVEMBER, accrued_minor=0, accrual_code=None, clocks=CLOCKS)

    assert early.is_proposed
    assert later.is_proposed
    assert later.classified.due is not None
    assert later.classified.due.due_by == NOVEMBER
    assert later.classified.due.reached == date(2026, 7, 15) + timedelta(days=120)
