"""A grant at the ledger's door, and the rules behind it, in their order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.domain.command import Full, WriteOff
from ledger.domain.decide import (
    Answered,
    LoanState,
    Posted,
    PostingRefused,
    decide,
    evolve,
)
from ledger.domain.grant import KindTerms, Post, Terms, terms_hash
from ledger.domain.loan import Loan, Lot, LotKind, Particulars, Status
from ledger.domain.money import Component, Components
from ledger.domain.policy import Policy
from ledger.domain.policyfile import Policies
from ledger.settings import own_policy

NOW = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
TODAY = NOW.date()
POLICY = Policies.parse(own_policy()).everybody
CASE = UUID(int=1)
GRANT = UUID(int=2)

LOAN = Loan(
    particulars=Particulars(
        customer_id="C1",
        product="PERSONAL_LOAN",
        segment="PERSONAL",
        currency="USD",
        opened=date(2025, 1, 1),
        accrued_to=date(2025, 1, 1),
    ),
    row_hash="",
    status=Status.ACTIVE,
    bnk=Components(principal=90_000, interest=10_000),
    co=Components(),
    cust=Components(principal=90_000, interest=10_000),
)
CHARGED_OFF = replace(
    LOAN,
    co=Components(principal=50_000),
    cust=Components(principal=140_000, interest=10_000),
    last_charge_off=date(2026, 3, 15),
    lots=(
        Lot(
            kind=LotKind.CHARGE_OFF,
            component=Component.PRINCIPAL,
            account="6100",
            standing_minor=50_000,
            made_on=date(2026, 3, 15),
            entry_id=UUID(int=9),
        ),
    ),
)
WRITTEN_OFF = replace(
    LOAN,
    status=Status.CLOSED_WRITTEN_OFF,
    bnk=Components(),
    co=LOAN.bnk,
)
FULL = Terms(
    kind="WRITE_OFF",
    scope="FULL",
    amount_minor=100_000,
    currency="USD",
    reason="AGED",
    date=date(2026, 11, 20),
)
PARTIAL = replace(FULL, scope="PARTIAL", amount_minor=40_000)


def granted(terms: Terms = FULL, *, max_minor: int = 102_000) -> Post:
    return Post(
        tenant="demo",
        loan_id="LN-1",
        case_id=CASE,
        grant_id=GRANT,
        terms=terms,
        terms_hash=terms_hash("demo", "LN-1", terms),
        amount_max_minor=max_minor,
        expires_at=NOW + timedelta(days=30),
        entry_id=UUID(int=3),
        transaction_id=UUID(int=4),
    )


def code_of(loan: Loan | None, post: Post, *, policy: Policy = POLICY) -> str | None:
    [event] = decide(LoanState(loan), post, now=NOW, policy=policy)
    return event.refusal.code if isinstance(event, PostingRefused) else None


def test_a_full_grant_is_posted() -> None:
    [event] = decide(LoanState(LOAN), granted(), now=NOW, policy=POLICY)

    assert isinstance(event, Posted)
    assert event.moved.parts == LOAN.bnk
    assert (event.balance_before_minor, event.loan.outstanding.total) == (100_000, 0)
    assert event.loan.version == LOAN.version + 1
    assert event.loan.last_transaction == FULL.date
    assert (event.entry.case_id, event.entry.grant_id) == (CASE, GRANT)
    assert (event.entry.amount_minor, event.entry.booked_at) == (100_000, NOW)
    assert event.entry.asked == WriteOff(Full(), "AGED")


def test_a_partial_grant_takes_its_amount_and_the_loan_stays_active() -> None:
    [event] = decide(LoanState(LOAN), granted(PARTIAL), now=NOW, policy=POLICY)

    assert isinstance(event, Posted)
    assert event.moved.parts == Components(principal=36_000, interest=4_000)
    assert event.loan.status is Status.ACTIVE
    assert event.entry.amount_minor == 40_000


def test_a_full_grant_takes_what_is_there_when_less_is_outstanding_than_granted() -> None:
    less = replace(LOAN, bnk=Components(principal=1), cust=Components(principal=1))

    [event] = decide(LoanState(less), granted(), now=NOW, policy=POLICY)

    assert isinstance(event, Posted)
    assert event.moved.parts.total == 1


def test_the_terms_hash_is_of_the_terms_as_written() -> None:
    text = "demo|LN-1|WRITE_OFF|100000|USD|FULL|AGED|2026-11-20"

    assert terms_hash("demo", "LN-1", FULL) == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("post", "code"),
    [
        (replace(granted(), expires_at=NOW), "GRANT_EXPIRED"),
        (replace(granted(), terms=replace(FULL, amount_minor=99)), "TERMS_CHANGED"),
        (replace(granted(), loan_id="LN-2"), "TERMS_CHANGED"),
        (granted(replace(FULL, currency="EUR")), "CURRENCY_MISMATCH"),
        (granted(replace(FULL, kind="UNKNOWN")), "INVALID_FIELDS"),
        (granted(replace(FULL, scope="UNKNOWN")), "INVALID_FIELDS"),
        (granted(replace(PARTIAL, amount_minor=0)), "AMOUNT_NOT_POSITIVE"),
        (granted(replace(PARTIAL, amount_minor=-1)), "AMOUNT_NOT_POSITIVE"),
        (granted(replace(FULL, reason="WHIM")), "UNKNOWN_REASON"),
        (granted(replace(FULL, date=TODAY + timedelta(days=1))), "FUTURE_DATE"),
        (granted(replace(FULL, date=date(2024, 12, 31))), "DATE_BEFORE_OPENING"),
        (granted(replace(PARTIAL, amount_minor=100_001)), "AMOUNT_EXCEEDS_OUTSTANDING"),
        (granted(PARTIAL, max_minor=39_999), "GRANT_EXCEEDED"),
        (granted(max_minor=99_999), "GRANT_EXCEEDED"),
        (granted(max_minor=100_000), None),
        (granted(replace(FULL, date=TODAY)), None),
    ],
)
def test_a_grant_on_an_active_loan(post: Post, code: str | None) -> None:
    assert code_of(LOAN, post) == code


@pytest.mark.parametrize(
    ("loan", "post", "code"),
    [
        (None, granted(), "UNKNOWN_LOAN"),
        (WRITTEN_OFF, granted(), "ALREADY_WRITTEN_OFF"),
        (replace(LOAN, status=Status.PENDING), granted(), "LOAN_NOT_ACTIVE"),
        (CHARGED_OFF, granted(PARTIAL), "WRITE_OFF_MUST_BE_FULL"),
        (CHARGED_OFF, granted(), "GRANT_EXCEEDED"),
        (CHARGED_OFF, granted(max_minor=150_000), None),
        (CHARGED_OFF, granted(replace(FULL, date=date(2026, 3, 14))), "DATE_BEFORE_CHARGE_OFF"),
        (
            replace(LOAN, last_transaction=date(2026, 11, 21)),
            granted(),
            "DATE_BEFORE_LAST_TRANSACTION",
        ),
        (replace(LOAN, last_transaction=date(2026, 11, 20)), granted(), None),
        (replace(LOAN, bnk=Components(), cust=Components()), granted(), "NOTHING_OUTSTANDING"),
    ],
)
def test_a_grant_on_other_loans(loan: Loan | None, post: Post, code: str | None) -> None:
    assert code_of(loan, post) == code


def test_a_closed_period_takes_nothing() -> None:
    closed = replace(POLICY, closed_through=date(2026, 11, 20))

    assert code_of(LOAN, granted(), policy=closed) == "PERIOD_CLOSED"


@pytest.mark.parametrize(
    ("of_kind", "code"),
    [
        (KindTerms(percent="0"), "PERCENT_OUT_OF_RANGE"),
        (KindTerms(percent="101"), "PERCENT_OUT_OF_RANGE"),
        (KindTerms(percent="ten"), "INVALID_FIELDS"),
        (KindTerms(components=Components()), "INVALID_FIELDS"),
        (KindTerms(components=Components(principal=-1, interest=2)), "AMOUNT_NOT_POSITIVE"),
        (KindTerms(components=Components(interest=10_001)), "AMOUNT_EXCEEDS_OUTSTANDING"),
        (KindTerms(components=Components(interest=10_000)), None),
        (KindTerms(percent="100"), None),
    ],
)
def test_other_ways_to_say_how_much(of_kind: KindTerms, code: str | None) -> None:
    assert code_of(LOAN, granted(replace(PARTIAL, of_kind=of_kind))) == code


def test_a_grant_heard_again_changes_nothing_posted_or_refused() -> None:
    for loan in (LOAN, None):
        [event] = decide(LoanState(loan), granted(), now=NOW, policy=POLICY)
        after = evolve(LoanState(loan), event)

        assert decide(after, granted(), now=NOW + timedelta(days=60), policy=POLICY) == ()


@pytest.mark.parametrize(
    "answered",
    [
        Answered(GRANT, UUID(int=77), posted=True),
        Answered(UUID(int=78), CASE, posted=True),
    ],
)
def test_a_grant_or_a_case_that_was_posted_is_used_up(answered: Answered) -> None:
    state = LoanState(LOAN, frozenset({answered}))

    [event] = decide(state, granted(), now=NOW, policy=POLICY)

    assert isinstance(event, PostingRefused)
    assert event.refusal.code == "GRANT_USED"


def test_a_case_that_was_refused_may_be_granted_again() -> None:
    state = LoanState(LOAN, frozenset({Answered(UUID(int=78), CASE, posted=False)}))

    [event] = decide(state, granted(), now=NOW, policy=POLICY)

    assert isinstance(event, Posted)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 60_000)), max_size=12))
def test_no_order_and_no_repetition_of_grants_takes_more_than_there_was(
    asked: list[tuple[int, int]],
) -> None:
    state = LoanState(LOAN)
    for case, amount_minor in asked:
        terms = replace(PARTIAL, amount_minor=amount_minor)
        post = replace(granted(terms), case_id=UUID(int=case), grant_id=UUID(int=100 + case))
        for event in decide(state, post, now=NOW, policy=POLICY):
            state = evolve(state, event)
        assert decide(state, post, now=NOW, policy=POLICY) == ()

    assert isinstance(state, LoanState)
    assert state.loan is not None
    assert state.loan.off(LotKind.WRITE_OFF) + state.loan.bnk == LOAN.bnk
