"""How a write-off lands: figures of the golden scenarios, from the state before the write-off."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.domain.applying import Applied, apply
from ledger.domain.command import Amount, Full, Parts, Percent, Take, WriteOff
from ledger.domain.loan import Loan, Lot, LotKind, Particulars, Status
from ledger.domain.money import NOTHING, Component, Components, Rounding
from ledger.domain.opening import opening
from ledger.domain.policy import Book, Method, Policy, Reason
from ledger.domain.posting import Entry, EntryKind, Line

DAY = date(2024, 4, 2)
ALL = Full()
CODES = {
    "CASH": "1000",
    "RECEIVABLE_PRINCIPAL": "1100",
    "RECEIVABLE_INTEREST": "1110",
    "RECEIVABLE": "1120",
    "UNEARNED_INTEREST": "1190",
    "ALLOWANCE": "1900",
    "DEFERRED_INCOME": "2300",
    "CHARGE_OFF_INTEREST": "4001",
    "CHARGE_OFF": "4011",
    "CHARGE_OFF_PRINCIPAL": "6100",
    "FRAUD": "6190",
    "WRITE_OFF": "6200",
}
POLICY = Policy(
    version="golden",
    method=Method.DIRECT,
    rounding=Rounding.HALF_UP,
    accounts={Book.BNK: CODES},
    reasons={"SMALL": Reason(write_off="6210"), "KEPT": Reason(write_off="6100")},
)
ALLOWANCE = replace(POLICY, method=Method.ALLOWANCE)

type Codes = dict[tuple[str, str], tuple[int, int]]


def held(
    bnk: Components,
    *,
    off: Components = NOTHING,
    accounts: Policy = POLICY,
    currency: str = "EUR",
) -> Loan:
    """An active loan, part of it charged off."""
    lots = tuple(
        Lot(
            kind=LotKind.CHARGE_OFF,
            component=component,
            account=accounts.charge_off_account(component, reason=None, fraud=False),
            standing_minor=part,
            made_on=date(2024, 3, 15),
            entry_id=UUID(int=1),
        )
        for component, part in off
        if part
    )
    return Loan(
        particulars=Particulars(
            customer_id="C1",
            product="TERM",
            segment="PERSONAL",
            currency=currency,
            opened=date(2024, 1, 1),
            accrued_to=date(2024, 1, 1),
        ),
        row_hash="",
        status=Status.ACTIVE,
        bnk=bnk,
        co=off,
        cust=bnk + off,
        lots=lots,
    )


def post(
    loan: Loan,
    take: Take = ALL,
    *,
    policy: Policy = POLICY,
    reason: str | None = None,
) -> Applied:
    return apply(loan, WriteOff(take, reason), policy, day=DAY, entry_id=UUID(int=2))


def moved(lines: Iterable[Line]) -> Codes:
    """Debits and credits, each by itself, by book and code."""
    debits: Counter[tuple[str, str]] = Counter()
    credits: Counter[tuple[str, str]] = Counter()
    for line in lines:
        debits[line.book.value, line.code] += line.debit_minor
        credits[line.book.value, line.code] += line.credit_minor
    return {code: (debits[code], credits[code]) for code in debits}


def test_a_loss_charged_off_in_full_is_moved_not_booked_again() -> None:
    off = Components(principal=240000, interest=6120, fees=1500, penalties=500)

    done = post(held(Components(), off=off))

    assert moved(done.lines) == {
        ("BNK", "6200"): (248120, 0),
        ("BNK", "6100"): (0, 240000),
        ("BNK", "4001"): (0, 6120),
        ("BNK", "4011"): (0, 2000),
    }
    assert done.loan.status is Status.CLOSED_WRITTEN_OFF
    assert done.loan.charged_off_flag == "NONE"
    assert (done.loan.bnk, done.loan.co, done.loan.cust) == (Components(), off, off)
    assert done.loan.off(LotKind.WRITE_OFF) == off
    assert (done.moved.parts, done.moved.reclassified) == (off, off)


def test_after_partial_charge_offs_the_rest_goes_and_the_lots_are_reclassified() -> None:
    off = Components(principal=195402, interest=18953, fees=2303, penalties=402, tax=179)
    left = Components(principal=704598, interest=22284, fees=3697, penalties=1448, tax=646)

    done = post(held(left, off=off, currency="USD"))

    assert moved(done.lines) == {
        ("BNK", "6200"): (949912, 0),
        ("BNK", "6100"): (0, 195402),
        ("BNK", "4001"): (0, 18953),
        ("BNK", "4011"): (0, 2884),
        ("BNK", "1100"): (0, 704598),
        ("BNK", "1110"): (0, 22284),
        ("BNK", "1120"): (0, 5791),
        ("CO", "PRINCIPAL"): (704598, 0),
        ("CO", "INTEREST"): (22284, 0),
        ("CO", "FEES"): (3697, 0),
        ("CO", "PENALTIES"): (1448, 0),
        ("CO", "TAX"): (646, 0),
        ("CO", "CONTRA"): (0, 732673),
    }
    assert done.loan.off(LotKind.WRITE_OFF).total == 949912
    assert done.loan.co == off + left


def test_a_loan_never_charged_off_leaves_the_receivables_at_once() -> None:
    done = post(held(Components(principal=64000, interest=1050)))

    assert moved(done.lines) == {
        ("BNK", "6200"): (65050, 0),
        ("BNK", "1100"): (0, 64000),
        ("BNK", "1110"): (0, 1050),
        ("CO", "PRINCIPAL"): (64000, 0),
        ("CO", "INTEREST"): (1050, 0),
        ("CO", "CONTRA"): (0, 65050),
    }


def test_lots_are_reclassified_gross_of_what_was_recovered_on_them() -> None:
    off = Components(principal=1753722, interest=13153)
    recovered = Components(principal=151947, interest=13153)
    loan = replace(
        held(Components(), off=off, currency="USD"),
        recovered=recovered,
        co=off - recovered,
        cust=Components(principal=1400000, interest=201775),
    )

    done = post(loan)

    assert moved(done.lines) == {
        ("BNK", "6200"): (1766875, 0),
        ("BNK", "6100"): (0, 1753722),
        ("BNK", "4001"): (0, 13153),
    }
    assert done.loan.co == Components(principal=1601775)
    assert done.loan.recovered == recovered


def test_under_the_allowance_method_principal_is_the_allowances() -> None:
    off = Components(principal=200000, interest=3000)
    left = Components(principal=400000, interest=6000)

    done = post(held(left, off=off, accounts=ALLOWANCE), policy=ALLOWANCE)

    assert moved(done.lines) == {
        ("BNK", "6200"): (9000, 0),
        ("BNK", "1900"): (400000, 0),
        ("BNK", "4001"): (0, 3000),
        ("BNK", "1100"): (0, 400000),
        ("BNK", "1110"): (0, 6000),
        ("CO", "PRINCIPAL"): (400000, 0),
        ("CO", "INTEREST"): (6000, 0),
        ("CO", "CONTRA"): (0, 406000),
    }
    assert done.loan.off(LotKind.WRITE_OFF).total == 609000


def test_a_reason_has_its_own_account_for_every_component() -> None:
    half = Components(principal=2500, fees=100)

    done = post(held(half, off=half), reason="SMALL")

    assert moved(done.lines) == {
        ("BNK", "6210"): (5200, 0),
        ("BNK", "6100"): (0, 2500),
        ("BNK", "4011"): (0, 100),
        ("BNK", "1100"): (0, 2500),
        ("BNK", "1120"): (0, 100),
        ("CO", "PRINCIPAL"): (2500, 0),
        ("CO", "FEES"): (100, 0),
        ("CO", "CONTRA"): (0, 2600),
    }


def test_memo_interest_stays_a_record_in_a_currency_without_decimals() -> None:
    off = Components(principal=99900, interest=1505, fees=366, tax=37)
    loan = replace(
        held(Components(principal=196308), off=off, currency="JPY"),
        co=off + Components(interest=1190),
        cust=Components(principal=299306),
    )

    done = post(loan)

    assert moved(done.lines) == {
        ("BNK", "6200"): (298116, 0),
        ("BNK", "6100"): (0, 99900),
        ("BNK", "4001"): (0, 1505),
        ("BNK", "4011"): (0, 403),
        ("BNK", "1100"): (0, 196308),
        ("CO", "PRINCIPAL"): (196308, 0),
        ("CO", "CONTRA"): (0, 196308),
    }
    assert done.loan.co == Components(principal=296208, interest=2695, fees=366, tax=37)


def test_a_lot_already_on_the_write_off_account_moves_no_money() -> None:
    done = post(held(Components(), off=Components(principal=500)), reason="KEPT")

    assert done.lines == ()
    assert done.loan.status is Status.CLOSED_WRITTEN_OFF
    assert done.loan.off(LotKind.WRITE_OFF) == Components(principal=500)


def test_a_partial_write_off_is_shared_by_largest_remainder_and_the_loan_goes_on() -> None:
    bnk = Components(principal=900000, interest=41237, fees=6000, penalties=1850, tax=825)

    done = post(held(bnk, currency="USD"), Amount(100000))

    assert done.moved.parts == Components(
        principal=94745, interest=4341, fees=632, penalties=195, tax=87
    )
    assert done.loan.status is Status.ACTIVE
    assert done.loan.bnk == bnk - done.moved.parts
    assert done.loan.cust == bnk


def test_a_percentage_is_rounded_by_policy_then_shared() -> None:
    bnk = Components(principal=805255, interest=36896, fees=5368, penalties=1655, tax=738)

    done = post(held(bnk, currency="USD"), Percent(Fraction("12.5")))

    assert done.moved.parts == Components(
        principal=100657, interest=4612, fees=671, penalties=207, tax=92
    )


def test_components_are_taken_as_named() -> None:
    parts = Components(interest=10000, fees=1000)

    done = post(held(Components(principal=50000, interest=20000, fees=1000)), Parts(parts))

    assert done.moved.parts == parts


def test_what_is_unearned_is_given_back_never_written_off() -> None:
    loan = replace(held(Components(principal=100000, interest=9000)), unearned_minor=4500)

    done = post(loan)

    assert moved(done.lines) == {
        ("BNK", "6200"): (104500, 0),
        ("BNK", "1190"): (4500, 0),
        ("BNK", "1100"): (0, 100000),
        ("BNK", "1110"): (0, 9000),
        ("CO", "PRINCIPAL"): (100000, 0),
        ("CO", "INTEREST"): (4500, 0),
        ("CO", "CONTRA"): (0, 104500),
        ("CUST", "CONTRA"): (4500, 0),
        ("CUST", "INTEREST"): (0, 4500),
    }
    assert done.loan.cust == Components(principal=100000, interest=4500)
    assert done.loan.unearned_minor == 0


def test_deferred_income_lessens_the_loss_when_the_loan_closes() -> None:
    loan = replace(held(Components(principal=100000)), deferred_minor=1200)

    done = post(loan)

    assert moved(done.lines)["BNK", "2300"] == (1200, 0)
    assert moved(done.lines)["BNK", "6200"] == (100000, 1200)
    assert done.loan.deferred_minor == 0


def test_a_partial_write_off_releases_nothing() -> None:
    loan = replace(
        held(Components(principal=100000, interest=9000)), unearned_minor=4500, deferred_minor=1200
    )

    done = post(loan, Amount(50000))

    assert (done.loan.unearned_minor, done.loan.deferred_minor) == (4500, 1200)
    assert ("BNK", "2300") not in moved(done.lines)


def test_an_entry_that_does_not_balance_in_a_book_cannot_be_made() -> None:
    lines = (
        Line(book=Book.BNK, code="6200", debit_minor=100),
        Line(book=Book.CO, code="CONTRA", credit_minor=100),
    )

    with pytest.raises(AssertionError, match="balances in BNK"):
        entry(lines)


@pytest.mark.parametrize("sides", [(1, 1), (0, 0), (-1, 0)])
def test_a_line_moves_money_to_one_side(sides: tuple[int, int]) -> None:
    debit, credit = sides

    with pytest.raises(AssertionError, match="a line moves"):
        entry((Line(Book.BNK, "6200", debit_minor=debit, credit_minor=credit),))


def entry(lines: tuple[Line, ...]) -> Entry:
    return Entry(
        entry_id=UUID(int=2),
        transaction_id=UUID(int=3),
        kind=EntryKind.POST,
        command="write_off",
        value_date=DAY,
        booked_at=datetime(2024, 4, 2, tzinfo=UTC),
        currency="EUR",
        policy_version="golden",
        lines=lines,
    )


PARTS = st.builds(Components, *(st.integers(0, 10**9) for _ in Component))


@given(PARTS, PARTS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_whatever_is_written_off_in_full_balances_and_ends_the_loan(
    bnk: Components, off: Components, unearned_minor: int, deferred_minor: int
) -> None:
    unearned_minor = min(unearned_minor, bnk.interest)
    loan = replace(held(bnk, off=off), unearned_minor=unearned_minor, deferred_minor=deferred_minor)

    done = post(loan)

    assert entry(done.lines).lines == done.lines
    assert done.loan.status is Status.CLOSED_WRITTEN_OFF
    assert done.moved.parts == loan.outstanding + off


@given(PARTS, PARTS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_opening_and_posting_add_up_to_the_balances(
    bnk: Components, off: Components, unearned_minor: int, deferred_minor: int
) -> None:
    unearned_minor = min(unearned_minor, bnk.interest)
    loan = replace(held(bnk, off=off), unearned_minor=unearned_minor, deferred_minor=deferred_minor)

    done = post(loan)

    lines = entry(opening(loan, policy=POLICY)).lines + entry(done.lines).lines
    net = {code: debit - credit for code, (debit, credit) in moved(lines).items()}
    assert net.get(("BNK", "1100"), 0) == done.loan.bnk.principal
    assert net.get(("BNK", "1110"), 0) == done.loan.bnk.interest
    assert net.get(("BNK", "1190"), 0) == 0
    assert net.get(("BNK", "2300"), 0) == 0
    assert net.get(("CO", "CONTRA"), 0) == -done.loan.co.total
    assert net.get(("CUST", "CONTRA"), 0) == -done.loan.cust.total
    assert net.get(("CUST", "INTEREST"), 0) == done.loan.cust.interest
