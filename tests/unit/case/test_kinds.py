"""Cases of every kind: what each may ask for, how it is checked, and how it ends."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from case.domain import events, lifecycle
from case.domain.commands import CompleteTask
from case.domain.terms import Components, KindTerms, Posting
from mesh.people import Person

CASE = UUID(int=1)
ERROR = {"cause": "ERROR"}
GONE = "11111111-1111-4111-8111-111111111111"
WRITTEN_OFF = {"status": "CLOSED_WRITTEN_OFF", "outstanding_minor": 0}

POSTED = {
    "WRITE_OFF": events.WriteOffPosted,
    "CHARGE_OFF": events.ChargeOffPosted,
    "REMOVAL": events.ChargeOffRemoved,
    "REVERSAL": events.TransactionReversed,
    "RECOVERY": events.RecoveryPosted,
    "PAY_OFF": events.PayOffPosted,
}


def ask(story: Any, kind: str, number: int = 1, *, of: dict[str, Any] | None = None, **more: Any):
    """Ask for a case of a kind; `of`: what only that kind asks for."""
    of_kind = KindTerms(**of) if of else None
    return story.request(number, kind=kind, of_kind=of_kind, **more)


def posting(amount_minor: int = 100_000, **more: Any) -> Posting:
    told: dict[str, Any] = {
        "transaction_id": GONE,
        "amount_minor": amount_minor,
        "currency": "USD",
        "balance_before_minor": 100_000,
        "balance_after_minor": 0,
    }
    return Posting(**told | more)


def book(story: Any, kind: str, number: int = 1, **more: Any) -> Any:
    """Let the ledger book what a case asked for."""
    base = {"case_id": UUID(int=number), "at": story.now, "fact_id": UUID(int=500 + number)}
    return story.hear(POSTED[kind](**base, posting=posting(**more)))


def code_of(story: Any, told: Any) -> str | None:
    assert story.case().is_closed == (story.refusal(told) is not None)
    return story.refusal(told)


@pytest.mark.parametrize(
    ("kind", "of", "asked", "loan", "amount_minor"),
    [
        ("CHARGE_OFF", {}, {}, {}, 100_000),
        ("CHARGE_OFF", {}, {}, {"charged_off_minor": 7}, 100_000),
        ("CHARGE_OFF", {"percent": "33.333"}, {"scope": "PARTIAL"}, {}, 33_333),
        ("CHARGE_OFF", {"percent": "0.0001"}, {"scope": "PARTIAL"}, {}, 1),
        (
            "CHARGE_OFF",
            {"components": Components(principal_minor=600, tax_minor=5)},
            {"scope": "PARTIAL"},
            {},
            605,
        ),
        ("REMOVAL", ERROR, {}, {"charged_off_minor": 700}, 700),
        ("REMOVAL", ERROR, {"scope": "PARTIAL", "amount_minor": 7}, {"charged_off_minor": 9}, 7),
        ("REVERSAL", {"transaction_id": GONE}, {"amount_minor": 55}, {}, 55),
        ("REVERSAL", {"undo": "write_off"} | ERROR, {"amount_minor": 55}, WRITTEN_OFF, 55),
        ("RECOVERY", {}, {"amount_minor": 12_345}, WRITTEN_OFF, 12_345),
        ("PAY_OFF", {}, {}, {"charged_off_minor": 500}, 100_500),
        ("PAY_OFF", {}, {"scope": "PARTIAL", "amount_minor": 99}, {}, 99),
        ("REFINANCE", {"new_loan_id": "LN-2", "rate": "7.5"}, {}, {}, 100_000),
    ],
)
def test_each_kind_goes_on_with_its_terms(
    story: Any,
    *,
    kind: str,
    of: dict[str, Any],
    asked: dict[str, Any],
    loan: dict[str, Any],
    amount_minor: int,
) -> None:
    story.loan(**loan)

    told = ask(story, kind, of=of, **asked)

    assert code_of(story, told) is None
    terms = story.case().terms
    assert (terms.kind, terms.amount_minor) == (kind, amount_minor)
    assert terms.of_kind == (KindTerms(**of) if of else None)
    assert terms.reason == ("UNCOLLECTIBLE" if kind == "CHARGE_OFF" else "OTHER")
    assert story.case().place == lifecycle.DOCUMENT_VERIFICATION


REFINANCE = {"new_loan_id": "LN-2", "rate": "7.5"}


@pytest.mark.parametrize(
    ("kind", "of", "asked", "loan", "code"),
    [
        ("CHARGE_OFF", {"percent": "5"}, {}, {}, "INVALID_FIELDS"),
        ("CHARGE_OFF", {}, {"scope": "PARTIAL"}, {}, "INVALID_FIELDS"),
        (
            "CHARGE_OFF",
            {"percent": "5"},
            {"scope": "PARTIAL", "amount_minor": 1},
            {},
            "INVALID_FIELDS",
        ),
        ("CHARGE_OFF", {"percent": "5%"}, {"scope": "PARTIAL"}, {}, "INVALID_FIELDS"),
        ("CHARGE_OFF", {"percent": "-5"}, {"scope": "PARTIAL"}, {}, "PERCENT_OUT_OF_RANGE"),
        ("CHARGE_OFF", {"percent": "100.01"}, {"scope": "PARTIAL"}, {}, "PERCENT_OUT_OF_RANGE"),
        (
            "CHARGE_OFF",
            {"components": Components(principal_minor=2, fees_minor=-1)},
            {"scope": "PARTIAL"},
            {},
            "AMOUNT_NOT_POSITIVE",
        ),
        (
            "CHARGE_OFF",
            {"components": Components()},
            {"scope": "PARTIAL"},
            {},
            "AMOUNT_NOT_POSITIVE",
        ),
        (
            "CHARGE_OFF",
            {"components": Components(principal_minor=2**62, fees_minor=2**62)},
            {"scope": "PARTIAL"},
            {},
            "AMOUNT_EXCEEDS_OUTSTANDING",
        ),
        ("CHARGE_OFF", ERROR, {}, {}, "INVALID_FIELDS"),
        (
            "CHARGE_OFF",
            {},
            {},
            {"outstanding_minor": 0, "charged_off_minor": 9},
            "ALREADY_CHARGED_OFF",
        ),
        ("CHARGE_OFF", {}, {}, WRITTEN_OFF, "ALREADY_WRITTEN_OFF"),
        ("REMOVAL", ERROR, {}, {}, "NOT_CHARGED_OFF"),
        (
            "REMOVAL",
            ERROR,
            {"scope": "PARTIAL", "amount_minor": 10},
            {"charged_off_minor": 9},
            "REMOVAL_EXCEEDS_CHARGED_OFF",
        ),
        ("REVERSAL", {}, {"amount_minor": 1}, {}, "INVALID_FIELDS"),
        ("REVERSAL", {"transaction_id": GONE}, {}, {}, "INVALID_FIELDS"),
        (
            "REVERSAL",
            {"transaction_id": GONE, "undo": "write_off"},
            {"amount_minor": 1},
            {},
            "INVALID_FIELDS",
        ),
        ("REVERSAL", {"undo": "payment"}, {"amount_minor": 1}, {}, "INVALID_FIELDS"),
        ("REVERSAL", {"transaction_id": "a|b"}, {"amount_minor": 1}, {}, "INVALID_FIELDS"),
        ("REVERSAL", {"undo": "charge_off"}, {"amount_minor": 1}, {}, "NOT_CHARGED_OFF"),
        (
            "REVERSAL",
            {"undo": "charge_off"},
            {"amount_minor": 1},
            WRITTEN_OFF,
            "ALREADY_WRITTEN_OFF",
        ),
        (
            "REVERSAL",
            {"transaction_id": GONE},
            {"amount_minor": 1},
            {"status": "CLOSED_REFINANCED"},
            "LOAN_NOT_ACTIVE",
        ),
        ("RECOVERY", {}, {}, WRITTEN_OFF, "INVALID_FIELDS"),
        ("RECOVERY", {}, {"amount_minor": 1}, {}, "NOT_WRITTEN_OFF"),
        ("PAY_OFF", {}, {"scope": "PARTIAL"}, {}, "INVALID_FIELDS"),
        ("PAY_OFF", {}, {"date": date(2026, 5, 1)}, {}, "DATE_BEFORE_LAST_TRANSACTION"),
        ("PAY_OFF", {}, {}, WRITTEN_OFF, "ALREADY_WRITTEN_OFF"),
        ("REFINANCE", {}, {}, {}, "INVALID_FIELDS"),
        ("REFINANCE", {"new_loan_id": "LN-2"}, {}, {}, "INVALID_FIELDS"),
        ("REFINANCE", REFINANCE | {"rate": "-1"}, {}, {}, "INVALID_FIELDS"),
        ("REFINANCE", REFINANCE | {"new_loan_id": "LN 2"}, {}, {}, "INVALID_FIELDS"),
        ("REFINANCE", REFINANCE, {}, {"status": "PENDING"}, "LOAN_NOT_ACTIVE"),
    ],
)
def test_what_a_kind_cannot_ask_for_is_refused(
    story: Any,
    *,
    kind: str,
    of: dict[str, Any],
    asked: dict[str, Any],
    loan: dict[str, Any],
    code: str,
) -> None:
    story.loan(**loan)

    assert code_of(story, ask(story, kind, of=of, **asked)) == code


@pytest.mark.parametrize("kind", ["RECOVERY", "PAY_OFF"])
def test_money_that_comes_in_is_not_reviewed(story: Any, kind: str) -> None:
    story.loan(**(WRITTEN_OFF if kind == "RECOVERY" else {}))

    ask(story, kind, amount_minor=100, channel="AGENT", source="agent", reason="paid at the desk")

    assert not story.case().waits


def test_an_agents_refinance_is_reviewed(story: Any) -> None:
    story.loan()

    ask(story, "REFINANCE", of=REFINANCE, channel="AGENT", source="agent")

    assert story.case().waits


@pytest.mark.parametrize("of", [{"transaction_id": GONE}, {"undo": "write_off"}])
def test_a_reversal_is_about_what_its_transaction_booked(story: Any, of: dict[str, str]) -> None:
    story.loan()
    ask(story, "WRITE_OFF")
    book(story, "WRITE_OFF", amount_minor=77_700)

    ask(story, "REVERSAL", 2, of=of | ERROR)

    assert story.case(2).terms.amount_minor == 77_700


def test_what_was_taken_back_is_not_undone_again(story: Any) -> None:
    story.loan()
    ask(story, "WRITE_OFF")
    book(story, "WRITE_OFF")
    ask(story, "REVERSAL", 2, of={"undo": "write_off"} | ERROR)
    book(story, "REVERSAL", 2)

    told = ask(story, "REVERSAL", 3, of={"undo": "write_off"} | ERROR)

    assert story.refusal(told) == "INVALID_FIELDS"


def test_a_loss_excludes_another_and_nothing_else(story: Any) -> None:
    story.loan()
    ask(story, "WRITE_OFF")

    loss = ask(story, "CHARGE_OFF", 2, scope="PARTIAL", amount_minor=1)
    paid = ask(story, "PAY_OFF", 3)

    assert story.refusal(loss) == "LOAN_HAS_OPEN_CASE"
    assert story.refusal(paid) is None
    story.hear(
        events.AuthorizationRefused(case_id=CASE, at=story.now, fact_id=UUID(int=9), code="X")
    )
    assert story.refusal(ask(story, "WRITE_OFF", 4)) is None


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("CHARGE_OFF", "Charged off 1000.00 USD by transaction"),
        ("RECOVERY", "Recovered 1000.00 USD by transaction"),
        ("PAY_OFF", "Paid off 1000.00 USD by transaction"),
        ("REVERSAL", "Taken back 1000.00 USD of transaction"),
    ],
)
def test_a_case_whose_kind_has_no_notices_closes_when_it_is_posted(
    story: Any, kind: str, note: str
) -> None:
    story.loan(**(WRITTEN_OFF if kind == "RECOVERY" else {}))
    of = {"transaction_id": GONE} if kind == "REVERSAL" else None
    ask(story, kind, of=of, amount_minor=100_000)

    told = book(story, kind)

    assert story.names(told) == [
        POSTED[kind].__name__,
        "LoanUpdateConfirmed",
        "WorkNoteAdded",
        "CaseClosed",
    ]
    assert told[2].text.startswith(note)


def refinanced(story: Any, **more: Any) -> events.RefinancePosted:
    base = {"case_id": CASE, "at": story.now, "fact_id": UUID(int=60)}
    return events.RefinancePosted(**base, posting=posting(**more), loan_id="LN-1")


def test_a_refinance_is_told_in_the_new_loans_lane_and_heard_in_the_old_ones(
    story: Any, new_story: Any
) -> None:
    story.loan()
    ask(story, "REFINANCE", of=REFINANCE)
    other = new_story()
    other.file = replace(other.file, loan_id="LN-2")
    fact = refinanced(story)

    [elsewhere] = other.hear(fact)
    told = story.hear(fact)

    assert isinstance(elsewhere, events.HeardElsewhere)
    assert (elsewhere.loan_id, elsewhere.fact_id) == ("LN-1", fact.fact_id)
    assert not other.file.cases
    assert story.names(told)[-1] == "CaseClosed"
    assert story.hear(fact) == []


def test_a_case_closes_when_its_loan_is_seen_as_the_posting_left_it(story: Any) -> None:
    story.loan(told_at=story.now)
    ask(story, "CHARGE_OFF")
    story.later(seconds=1)

    told = book(story, "CHARGE_OFF", booked_at=story.now)
    older = story.loan(version=(1, 2), told_at=story.now - timedelta(microseconds=1))
    shown = story.loan(version=(1, 3), told_at=story.now, charged_off_minor=100_000)

    assert story.names(told) == ["ChargeOffPosted", "LoanUpdateConfirmed"]
    assert story.names(older) == ["LoanTaken"]
    assert story.names(shown) == ["LoanTaken", "WorkNoteAdded", "CaseClosed"]
    assert story.refusal(ask(story, "REMOVAL", 2, of=ERROR)) is None


def acknowledged(story: Any) -> events.PostingAcknowledged:
    base = {"case_id": CASE, "at": story.now, "fact_id": UUID(int=70)}
    return events.PostingAcknowledged(**base, core_reference="V-1")


@pytest.mark.parametrize("is_first", [False, True])
def test_a_case_of_a_core_goes_on_by_its_acknowledgement(story: Any, is_first: bool) -> None:
    story.policy = replace(story.policy, modes={"PERSONAL_LOAN": "MANUAL"})
    story.loan()
    ask(story, "CHARGE_OFF")
    heard = [lambda: book(story, "CHARGE_OFF", instructed="vault")]
    heard.insert(0 if is_first else 1, lambda: story.hear(acknowledged(story)))

    first, told = heard[0](), heard[1]()

    assert len(first) == 1, "it waits, and no task of ours is opened"
    assert story.names(told)[1:] == ["LoanUpdateConfirmed", "WorkNoteAdded", "CaseClosed"]
    assert told[1].core_reference == "V-1"


def test_a_case_that_waits_for_its_core_is_not_on_the_way(story: Any) -> None:
    story.loan()
    ask(story, "CHARGE_OFF")

    book(story, "CHARGE_OFF", instructed="vault")
    case = story.case()

    assert (case.waits_for_core, case.is_on_the_way, case.waits) == (True, False, False)
    assert case.place == lifecycle.LOAN_UPDATE
    opened = events.ElsewhereOpened(
        case_id=CASE, at=story.now, fact_id=UUID(int=71), task_id=UUID(int=5), task="core posting"
    )
    story.hear(opened)
    assert story.case().waits
    story.hear(acknowledged(story))
    assert not story.case().waits_for_core


def test_where_no_core_is_a_person_keys_in_every_kind(story: Any) -> None:
    story.policy = replace(story.policy, modes={"PERSONAL_LOAN": "MANUAL"})
    story.loan(**WRITTEN_OFF)
    ask(story, "RECOVERY", amount_minor=500)

    told = book(story, "RECOVERY", amount_minor=500, balance_before_minor=0)

    assert story.names(told) == ["RecoveryPosted", "TaskOpened"]


def test_a_reviewer_cannot_drop_what_a_kind_needs(story: Any, ana: Person) -> None:
    story.loan()
    ask(story, "REVERSAL", of={"transaction_id": GONE}, amount_minor=5, litigation="P")
    [task] = story.file.tasks.values()

    told = story.hear(CompleteTask(task_id=task.task_id, by=ana))

    assert story.names(told) == ["TaskClosed", "CaseReviewed", "WorkNoteAdded"]
    assert told[1].terms.amount_minor == 5
    assert told[1].terms.of_kind == KindTerms(transaction_id=GONE)
