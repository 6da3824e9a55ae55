"""A grant of every kind is the command that it allows, within what was granted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from ledger.domain.answering import needs_history
from ledger.domain.command import Repay
from ledger.domain.decide import LoanState, Posted, PostingRefused, decide, evolve
from ledger.domain.grant import KindTerms, Post, Terms, terms_hash, to_ask
from ledger.domain.history import History
from ledger.domain.loan import Loan, Particulars, Status
from ledger.domain.money import Components
from ledger.domain.policyfile import Policies
from ledger.settings import own_policy

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = date(2026, 11, 20)
POLICY = Policies.parse(own_policy()).everybody
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
FRESH = LoanState(LOAN, history=History(LOAN))


def grant(
    kind: str,
    *,
    amount_minor: int = 100_000,
    scope: str = "FULL",
    max_minor: int = 100_000,
    of_kind: KindTerms | None = None,
    number: int = 1,
) -> Post:
    terms = Terms(
        kind=kind,
        scope=scope,
        amount_minor=amount_minor,
        currency="USD",
        reason="AGED",
        date=DAY,
        of_kind=of_kind,
    )
    return Post(
        tenant="demo",
        loan_id="LN-1",
        case_id=UUID(int=number),
        grant_id=UUID(int=100 + number),
        terms=terms,
        terms_hash=terms_hash("demo", "LN-1", terms),
        amount_max_minor=max_minor,
        expires_at=NOW + timedelta(days=1),
        entry_id=UUID(int=200 + number),
        transaction_id=UUID(int=300 + number),
    )


def after(state: LoanState, post: Post) -> LoanState:
    [event] = decide(state, post, now=NOW, policy=POLICY)
    assert isinstance(event, Posted), event
    evolved = evolve(state, event)
    assert isinstance(evolved, LoanState)
    return evolved


def code_of(state: LoanState, post: Post) -> str | None:
    [event] = decide(state, post, now=NOW, policy=POLICY)
    return event.refusal.code if isinstance(event, PostingRefused) else None


CHARGED_OFF = after(FRESH, grant("CHARGE_OFF"))
WRITTEN_OFF = after(CHARGED_OFF, grant("WRITE_OFF", number=2))
ERROR = KindTerms(cause="ERROR")


def held(state: LoanState) -> Loan:
    assert state.loan is not None
    return state.loan


def test_a_charge_off_leaves_the_loan_active() -> None:
    assert held(CHARGED_OFF).status is Status.ACTIVE
    assert held(CHARGED_OFF).charged_off_flag == "FULL"


def test_a_removal_puts_back_what_was_charged_off_in_error() -> None:
    removal = grant("REMOVAL", scope="PARTIAL", amount_minor=500, of_kind=ERROR, number=3)

    assert held(after(CHARGED_OFF, removal)).outstanding.total == 500
    assert code_of(CHARGED_OFF, grant("REMOVAL", number=3)) == "UNDO_ONLY_FOR_ERROR"


def test_a_reversal_names_the_transaction_or_undoes_the_last() -> None:
    named = KindTerms(transaction_id=str(UUID(int=302)), cause="ERROR")
    undone = KindTerms(undo="write_off", cause="ERROR")

    for of_kind in (named, undone):
        reversal = grant("REVERSAL", of_kind=of_kind, number=3)
        assert held(after(WRITTEN_OFF, reversal)).status is Status.ACTIVE
        assert held(after(WRITTEN_OFF, reversal)).charged_off_flag == "FULL"


def test_a_recovery_takes_its_amount() -> None:
    recovery = grant("RECOVERY", scope="PARTIAL", amount_minor=700, number=3)

    assert held(after(WRITTEN_OFF, recovery)).recovered.total == 700


def test_a_pay_off_pays_what_is_owed_or_the_very_amount_that_was_named() -> None:
    assert held(after(FRESH, grant("PAY_OFF"))).status is Status.CLOSED_OBLIGATIONS_MET
    named = grant("PAY_OFF", scope="PARTIAL", amount_minor=99_999)
    assert code_of(FRESH, named) == "PAY_OFF_AMOUNT_MISMATCH"


def test_a_refinance_names_the_new_loan_and_its_rate() -> None:
    refinance = grant("REFINANCE", of_kind=KindTerms(new_loan_id="LN-2", rate="4.5"))

    [event] = decide(FRESH, refinance, now=NOW, policy=POLICY)

    assert isinstance(event, Posted)
    assert event.opens is not None
    assert (event.opens.loan_id, event.opens.amount_minor) == ("LN-2", 100_000)
    assert event.opens.particulars.rate == "4.5"
    assert event.loan.status is Status.CLOSED_REFINANCED
    taken = replace(FRESH, taken=frozenset({"LN-2"}))
    assert code_of(taken, refinance) == "LOAN_EXISTS"


@pytest.mark.parametrize(
    ("state", "post"),
    [
        (FRESH, grant("CHARGE_OFF", max_minor=99_999)),
        (CHARGED_OFF, grant("WRITE_OFF", max_minor=99_999, number=3)),
        (CHARGED_OFF, grant("REMOVAL", max_minor=99_999, of_kind=ERROR, number=3)),
        (WRITTEN_OFF, grant("RECOVERY", max_minor=99_999, number=3)),
        (FRESH, grant("PAY_OFF", max_minor=99_999)),
        (
            FRESH,
            grant("REFINANCE", max_minor=99_999, of_kind=KindTerms(new_loan_id="N", rate="1")),
        ),
        (
            WRITTEN_OFF,
            grant(
                "REVERSAL",
                max_minor=99_999,
                of_kind=KindTerms(undo="write_off", cause="ERROR"),
                number=3,
            ),
        ),
    ],
    ids=lambda value: value.terms.kind if isinstance(value, Post) else "",
)
def test_no_kind_posts_more_than_was_granted(state: LoanState, post: Post) -> None:
    assert code_of(state, post) == "GRANT_EXCEEDED"


def test_what_is_above_what_there_is_comes_before_the_grant_and_what_remains_behind_it() -> None:
    much = grant("CHARGE_OFF", scope="PARTIAL", amount_minor=100_001, max_minor=1)
    assert code_of(FRESH, much) == "AMOUNT_EXCEEDS_OUTSTANDING"
    recovery = grant("RECOVERY", scope="PARTIAL", amount_minor=100_001, max_minor=1, number=3)
    assert code_of(WRITTEN_OFF, recovery) == "GRANT_EXCEEDED"
    granted = replace(recovery, amount_max_minor=200_000)
    assert code_of(WRITTEN_OFF, granted) == "RECOVERY_EXCEEDS_REMAINING"


@pytest.mark.parametrize(
    ("of_kind", "text"),
    [
        (KindTerms(transaction_id="t", cause="ERROR"), "|transaction_id=t|cause=ERROR"),
        (KindTerms(components=Components(1, 2)), "|components=1,2,0,0,0"),
    ],
)
def test_what_only_a_kind_asks_for_is_approved_too(of_kind: KindTerms, text: str) -> None:
    post = grant("REVERSAL", of_kind=of_kind)
    other = replace(post, terms=replace(post.terms, of_kind=None))

    common = "demo|LN-1|REVERSAL|100000|USD|FULL|AGED|2026-11-20"
    assert post.terms_hash == sha256(f"{common}{text}".encode()).hexdigest()
    assert code_of(FRESH, other) == "TERMS_CHANGED"


def test_the_history_is_needed_where_the_past_changes() -> None:
    today = NOW.date()
    charge_off = grant("CHARGE_OFF")
    late = replace(charge_off, terms=replace(charge_off.terms, date=date(2026, 1, 1)))

    assert not needs_history(LOAN, to_ask(grant("CHARGE_OFF"), today=today))
    assert needs_history(held(CHARGED_OFF), to_ask(late, today=today))
    undo = grant("REVERSAL", of_kind=KindTerms(undo="charge_off"))
    assert needs_history(LOAN, to_ask(undo, today=today))
    assert not needs_history(None, to_ask(undo, today=today))


def test_what_is_replayed_goes_by_the_policy_under_which_it_was_posted() -> None:
    newer = own_policy().replace('"2026-01"', '"2026-02"').replace('"6100"', '"6109"')
    policy = Policies.parse(own_policy(), newer).everybody
    ask = replace(
        to_ask(grant("UNKNOWN", number=5), today=NOW.date()),
        name="repay",
        asked=Repay(amount_minor=10_000),
        value_date=date(2026, 11, 1),
    )

    [event] = decide(CHARGED_OFF, ask, now=NOW, policy=policy)

    assert isinstance(event, Posted)
    assert [entry.kind for entry in event.entries] == ["REVERSE", "POST", "REPLAY"]
    assert [entry.policy_version for entry in event.entries] == ["2026-01", "2026-02", "2026-01"]
    codes = {line.code for entry in event.entries for line in entry.lines}
    assert "6100" in codes
    assert "6109" not in codes
