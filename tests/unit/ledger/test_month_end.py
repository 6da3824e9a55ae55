"""Clocks, months, and what a month's end makes of one loan."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.domain.events import LoanState
from ledger.domain.loan import Loan, Particulars, Status
from ledger.domain.money import Components
from ledger.monthend.clocks import Arrears, Clocks, ClocksWrong, Standard
from ledger.monthend.closing import PAYMENTS, Closing, close, is_in_scope
from ledger.monthend.known import Known, Notice, NoticeKind
from ledger.monthend.month import (
    Close,
    MonthRefused,
    MonthStarted,
    MonthState,
    MonthUnchanged,
    PeriodClosed,
    Progress,
    Start,
    decide,
    evolve,
    read_month,
)
from ledger.monthend.settings import MonthEndSettings, own_clocks
from ledger.store import reports

CLOCKS = Clocks.parse(own_clocks())
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OCTOBER = date(2026, 10, 31)


def arrears(oldest: date | None = None, *notices: Notice) -> Arrears:
    return Arrears(is_told=True, oldest_unpaid=oldest, notices=notices)


# --- clocks -----------------------------------------------------------------------------------


def test_the_example_of_the_business_page() -> None:
    late = arrears(date(2026, 1, 15))
    bankrupt = arrears(date(2026, 1, 15), Notice(NoticeKind.BANKRUPTCY, date(2026, 3, 10)))

    by_days = CLOCKS.classify(late, "PERSONAL_LOAN", date(2026, 5, 20))
    by_notice = CLOCKS.classify(bankrupt, "PERSONAL_LOAN", date(2026, 5, 20))

    assert by_days.due is not None
    assert (by_days.due.due_by, by_days.due.trigger) == (date(2026, 5, 31), "120 DPD")
    assert (by_days.standard, by_days.days_late) == (Standard.LOSS, 0)
    assert by_notice.due is not None
    assert (by_notice.due.due_by, by_notice.due.trigger) == (date(2026, 5, 9), "BANKRUPTCY")
    assert by_notice.days_late == 11


@pytest.mark.parametrize(
    ("product", "days", "standard"),
    [
        ("PERSONAL_LOAN", 89, Standard.PASS),
        ("PERSONAL_LOAN", 90, Standard.SUBSTANDARD),
        ("PERSONAL_LOAN", 119, Standard.SUBSTANDARD),
        ("PERSONAL_LOAN", 120, Standard.LOSS),
        ("CREDIT_LINE", 179, Standard.SUBSTANDARD),
        ("CREDIT_LINE", 180, Standard.LOSS),
        ("MORTGAGE", 179, Standard.SUBSTANDARD),
        ("MORTGAGE", 180, Standard.LOSS),
    ],
)
def test_days_past_due_classify_a_loan(product: str, days: int, standard: Standard) -> None:
    late = arrears(OCTOBER - timedelta(days=days))

    assert CLOCKS.classify(late, product, OCTOBER).standard is standard


def test_a_notice_makes_a_loan_substandard_at_once_and_a_loss_when_its_days_are_over() -> None:
    fraud = arrears(None, Notice(NoticeKind.FRAUD, date(2026, 10, 1)))

    assert CLOCKS.classify(fraud, "AUTO_LOAN", date(2026, 9, 30)).standard is Standard.PASS
    assert CLOCKS.classify(fraud, "AUTO_LOAN", date(2026, 10, 1)).standard is Standard.SUBSTANDARD
    assert CLOCKS.classify(fraud, "AUTO_LOAN", date(2026, 12, 30)).standard is Standard.LOSS


def test_nothing_told_is_not_the_same_as_nothing_late() -> None:
    silent = Arrears(is_told=False, oldest_unpaid=None)

    assert CLOCKS.classify(silent, "AUTO_LOAN", OCTOBER).standard is Standard.UNKNOWN


@given(
    oldest=st.dates(date(2020, 1, 1), date(2026, 10, 1)),
    product=st.sampled_from(["PERSONAL_LOAN", "CREDIT_LINE", "MORTGAGE"]),
    day=st.dates(date(2020, 1, 1), date(2027, 12, 31)),
    more=st.integers(0, 400),
)
def test_time_never_makes_a_loan_better(oldest: date, product: str, day: date, more: int) -> None:
    order = [Standard.PASS, Standard.SUBSTANDARD, Standard.LOSS]
    late = arrears(oldest)

    now = CLOCKS.classify(late, product, day)
    then = CLOCKS.classify(late, product, day + timedelta(days=more))

    assert order.index(now.standard) <= order.index(then.standard)
    assert now.days_late <= then.days_late
    assert now.due == then.due
    assert now.due is not None
    assert now.due.reached <= now.due.due_by


@pytest.mark.parametrize(
    ("change", "because"),
    [
        (("substandard_days = 90", ""), "substandard_days: missing"),
        (("months_between = 12", ""), "re_ageing: needs months_between, most, within_months"),
        (("payments = 3", "payments = 0.5"), "re_ageing.payments: not a whole number"),
        (
            ("substandard_days = 90", "substandard_days = -1"),
            "substandard_days: not a whole",
        ),
        (("closed_end = 120", ""), "loss_days: needs closed_end, open_end, mortgage"),
        (("BANKRUPTCY = 60", "BANKRUPTCY = '60'"), "notice_days.BANKRUPTCY: not a whole number"),
        (('mortgage = ["MORTGAGE"]', 'mortgage = ["CREDIT_LINE"]'), "CREDIT_LINE is open_end"),
        (('version = "2026-11"', 'version = "2026-11"\nholidays = 1'), "holidays: unknown"),
    ],
)
def test_wrong_clocks_are_not_read(change: tuple[str, str], because: str) -> None:
    with pytest.raises(ClocksWrong, match=because):
        Clocks.parse(own_clocks().replace(*change))


def test_a_missing_file_of_clocks_stops_the_process() -> None:
    with pytest.raises(SystemExit, match="LEDGER_CLOCKS_FILE"):
        MonthEndSettings.read({"LEDGER_CLOCKS_FILE": "/no/such/file"})


# --- one loan ---------------------------------------------------------------------------------


def a_loan(**what: Any) -> Loan:
    owed = Components(principal=90_000, interest=10_000)
    told: dict[str, Any] = {
        "customer_id": "C-1",
        "product": "PERSONAL_LOAN",
        "segment": "PERSONAL",
        "currency": "USD",
        "opened": date(2026, 6, 30),
        "accrued_to": date(2026, 6, 30),
    }
    return Loan(
        particulars=Particulars(**told | what),
        row_hash="",
        status=Status.ACTIVE,
        bnk=owed,
        co=Components(),
        cust=owed,
    )


def at_month_end(loan: Loan, **state: Any) -> Any:
    return close(
        Closing(LoanState(loan), **state),
        OCTOBER,
        accrued_minor=0,
        accrual_code=None,
        clocks=CLOCKS,
    )


def test_a_loan_whose_loss_is_due_is_proposed() -> None:
    closed = at_month_end(a_loan(oldest_unpaid_due=date(2026, 6, 15)))

    assert closed.days_past_due == 138
    assert closed.classified.standard is Standard.LOSS
    assert closed.classified.due.due_by == OCTOBER
    assert closed.is_proposed
    assert closed.outstanding_minor == 100_000


def test_a_loan_whose_loss_is_due_later_is_not_proposed() -> None:
    closed = at_month_end(a_loan(oldest_unpaid_due=date(2026, 7, 15)))

    assert closed.classified.standard is Standard.SUBSTANDARD
    assert not closed.is_proposed


def test_money_moves_the_clock_on() -> None:
    loan = a_loan(oldest_unpaid_due=date(2026, 6, 15), instalment_minor=5_000)

    paid = at_month_end(loan, paid={OCTOBER: 4_500})

    assert paid.oldest_unpaid == date(2026, 7, 15)
    assert not paid.is_proposed


def test_a_fraud_flag_counts_from_when_the_loan_came_in() -> None:
    flagged = at_month_end(a_loan(fraud=True, days_past_due=0))
    told_later = at_month_end(
        a_loan(fraud=True, days_past_due=0),
        known=Known(notices=(Notice(NoticeKind.FRAUD, date(2026, 10, 1)),)),
    )

    assert flagged.classified.due.due_by == date(2026, 9, 28)
    assert flagged.is_proposed
    assert told_later.classified.due.due_by == date(2026, 12, 30)
    assert told_later.classified.standard is Standard.SUBSTANDARD


def test_nothing_outstanding_is_never_proposed() -> None:
    loan = a_loan(oldest_unpaid_due=date(2026, 1, 15))
    off = replace(loan, bnk=Components(), co=loan.bnk)

    assert not at_month_end(off).is_proposed


def test_only_active_loans_that_were_there_are_gone_through() -> None:
    assert is_in_scope(a_loan(), OCTOBER)
    assert not is_in_scope(a_loan(opened=date(2026, 11, 1), accrued_to=date(2026, 11, 1)), OCTOBER)
    assert not is_in_scope(None, OCTOBER)


def test_reports_and_month_ends_mean_the_same_by_money() -> None:
    assert frozenset(reports.PAYMENTS) == PAYMENTS


# --- a month ----------------------------------------------------------------------------------


def start(state: MonthState, through: date = OCTOBER) -> Any:
    [event] = decide(state, Start(through, "bea"), now=NOW)
    return event


def test_a_month_is_begun_gone_through_and_closed_once() -> None:
    begun = start(MonthState())
    assert isinstance(begun, MonthStarted)
    state = evolve(MonthState(), begun)
    assert start(state) == MonthUnchanged(is_closed=False)

    done = replace(state, progress=Progress(loans=3, proposed=1))
    [over] = decide(done, Close(OCTOBER, "bea"), now=NOW)
    assert over == PeriodClosed(through=OCTOBER, by="bea", at=NOW, progress=done.progress)

    closed = evolve(done, over)
    assert closed.closed_through == OCTOBER
    assert decide(closed, Close(OCTOBER, "bea"), now=NOW) == (MonthUnchanged(is_closed=True),)
    assert start(closed) == MonthUnchanged(is_closed=True)


@pytest.mark.parametrize(
    ("state", "through", "code"),
    [
        (MonthState(), date(2026, 11, 30), "MONTH_NOT_OVER"),
        (MonthState(closed_through=OCTOBER), OCTOBER, "PERIOD_CLOSED"),
        (MonthState(closed_through=OCTOBER), date(2026, 9, 30), "PERIOD_CLOSED"),
        (MonthState(earliest_open=date(2026, 9, 30)), OCTOBER, "EARLIER_MONTH_OPEN"),
    ],
)
def test_a_month_that_cannot_be_closed_is_not_begun(
    state: MonthState, through: date, code: str
) -> None:
    refused = start(state, through)

    assert isinstance(refused, MonthRefused)
    assert refused.code == code


def test_a_month_with_loans_left_is_not_closed() -> None:
    state = replace(evolve(MonthState(), start(MonthState())), progress=Progress(left=1))

    [refused] = decide(state, Close(OCTOBER, "bea"), now=NOW)
    [early] = decide(MonthState(), Close(OCTOBER, "bea"), now=NOW)

    assert isinstance(refused, MonthRefused)
    assert refused.code == "LOANS_LEFT"
    assert isinstance(early, MonthRefused)
    assert early.code == "MONTH_NOT_STARTED"


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-10", "2026-10-01", "", "2026-1０"])
def test_what_is_no_month_is_not_read(text: str) -> None:
    assert read_month(text) is None
