"""A request is checked against the loan: the first check that fails names the refusal."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from case.domain.commands import LookAgain, OpenCase
from case.domain.events import CaseClosed, IntakePassed, LoanAwaited, RequestRefused
from case.domain.policy import ByHand
from case.domain.terms import Request


@pytest.mark.parametrize(
    ("asked", "loan", "code"),
    [
        ({"kind": "UNKNOWN"}, {}, "INVALID_FIELDS"),
        ({"currency": "EUR", "amount_minor": 1}, {}, "CURRENCY_MISMATCH"),
        ({"currency": "???", "amount_minor": 1}, {"currency": "???"}, "CURRENCY_MISMATCH"),
        ({"scope": "PARTIAL"}, {}, "INVALID_FIELDS"),
        ({"scope": "UNKNOWN"}, {}, "INVALID_FIELDS"),
        ({"litigation": "UNKNOWN"}, {}, "INVALID_FIELDS"),
        ({"legal_code": "99"}, {}, "INVALID_FIELDS"),
        ({"reason": " "}, {}, "INVALID_FIELDS"),
        ({"scope": "PARTIAL", "amount_minor": 0}, {}, "AMOUNT_NOT_POSITIVE"),
        ({"amount_minor": -5}, {}, "AMOUNT_NOT_POSITIVE"),
        ({"date": date(2026, 11, 25)}, {}, "FUTURE_DATE"),
        ({"date": date(2023, 12, 31)}, {}, "DATE_BEFORE_OPENING"),
        ({}, {"status": "CLOSED_WRITTEN_OFF", "outstanding_minor": 0}, "ALREADY_WRITTEN_OFF"),
        ({}, {"status": "CLOSED_OBLIGATIONS_MET"}, "LOAN_NOT_ACTIVE"),
        (
            {"scope": "PARTIAL", "amount_minor": 1},
            {"charged_off_minor": 500},
            "WRITE_OFF_MUST_BE_FULL",
        ),
        ({"date": date(2026, 5, 31)}, {}, "DATE_BEFORE_LAST_TRANSACTION"),
        ({}, {"outstanding_minor": 0}, "NOTHING_OUTSTANDING"),
        ({"scope": "PARTIAL", "amount_minor": 100_001}, {}, "AMOUNT_EXCEEDS_OUTSTANDING"),
        ({"amount_minor": 100_001}, {}, "AMOUNT_EXCEEDS_OUTSTANDING"),
        ({"amount_minor": 99_999}, {}, "INVALID_FIELDS"),
        ({"reason": "WINDING_UP"}, {}, "REASON_NOT_ALLOWED"),
        ({"reason": "SMALL_BALANCE"}, {}, "REASON_NOT_ALLOWED"),
        ({"reason": "REPOSSESSION_FAILED"}, {}, "REASON_NOT_ALLOWED"),
    ],
)
def test_a_case_is_made_and_refused_at_once(
    story: Any, asked: dict[str, Any], loan: dict[str, Any], code: str
) -> None:
    story.loan(**loan)

    events = story.request(**asked)

    assert story.names(events) == ["CaseOpened", "WorkNoteAdded", "CaseClosed"]
    assert story.refusal(events) == code
    assert story.case().place.state == "Closed Refused"


@pytest.mark.parametrize(
    "asked",
    [
        {"amount_minor": 100_000, "currency": "USD"},
        {"scope": "PARTIAL", "amount_minor": 100_000, "currency": "USD"},
        {"date": date(2026, 6, 1)},
        {"reason": "REPOSSESSION_FAILED", "entitled": True},
    ],
)
def test_what_is_just_allowed_is_allowed(story: Any, asked: dict[str, Any]) -> None:
    story.loan()

    assert story.refusal(story.request(**asked)) is None


def test_a_full_request_after_a_charge_off_asks_for_both(story: Any) -> None:
    story.loan(outstanding_minor=30_000, charged_off_minor=70_000)

    events = story.request(amount_minor=100_000, currency="USD")

    [passed] = [e for e in events if isinstance(e, IntakePassed)]
    assert passed.terms.amount_minor == 100_000
    assert passed.terms.outstanding_minor == 30_000


def test_small_balances_are_small_in_dollars(story: Any) -> None:
    story.loan(currency="KWD", outstanding_minor=30_769)

    assert story.refusal(story.request(reason="SMALL_BALANCE")) is None
    story.loan(currency="KWD", outstanding_minor=30_770, version=(1, 2))
    assert story.refusal(story.request(2, reason="SMALL_BALANCE")) == "REASON_NOT_ALLOWED"


def test_several_partials_may_be_open_up_to_the_balance(story: Any) -> None:
    story.loan()
    story.request(1, scope="PARTIAL", amount_minor=60_000)

    fits = story.request(2, scope="PARTIAL", amount_minor=40_000)
    too_much = story.request(3, scope="PARTIAL", amount_minor=1)

    assert story.refusal(fits) is None
    assert story.refusal(too_much) == "LOAN_HAS_OPEN_CASE"


def test_a_full_request_excludes_every_other(story: Any) -> None:
    story.loan()
    story.request(1)

    assert story.refusal(story.request(2)) == "LOAN_HAS_OPEN_CASE"
    partial = story.request(3, scope="PARTIAL", amount_minor=1)
    assert story.refusal(partial) == "LOAN_HAS_OPEN_CASE"


def test_an_unknown_loan_is_waited_for_and_goes_on_when_it_is_told(story: Any) -> None:
    events = story.request()

    assert story.names(events) == ["CaseOpened", "LoanAwaited"]
    assert not story.case().is_on_the_way
    assert story.names(story.loan()) == ["LoanTaken", "IntakePassed", "CaseReviewed"]
    assert story.hear(LookAgain(case_id=UUID(int=1))) == []


def test_cases_that_waited_for_one_loan_are_checked_in_their_order(story: Any) -> None:
    story.request(2)
    story.later(seconds=1)
    story.request(1)

    story.loan()

    assert story.case(2).place.stage == "Document Verification"
    assert story.case(1).code == "LOAN_HAS_OPEN_CASE"


def test_a_loan_that_nobody_tells_of_is_refused_in_the_end(story: Any) -> None:
    [_, awaited] = story.request()
    assert isinstance(awaited, LoanAwaited)
    assert (awaited.until - story.now).total_seconds() == 30

    story.later(seconds=30)
    assert story.refusal(story.hear(LookAgain(case_id=UUID(int=1)))) == "UNKNOWN_LOAN"


def test_an_agent_is_told_at_once_that_there_is_no_such_loan(story: Any) -> None:
    assert story.refusal(story.request(channel="AGENT", source="agent")) == "UNKNOWN_LOAN"


def test_a_source_speaks_for_its_own_tenants_only(story: Any) -> None:
    [refused] = story.request(source="stranger")

    assert isinstance(refused, RequestRefused)
    assert refused.code == "SOURCE_NOT_ALLOWED"
    assert not story.file.cases


def test_a_reused_id_makes_no_case(story: Any) -> None:
    asked = Request(
        loan_id="LN-1",
        request_id="R-1",
        channel="TOPIC",
        source="lending",
        kind="WRITE_OFF",
        scope="FULL",
        reason="AGED",
        maker="u",
    )

    [refused] = story.hear(OpenCase(case_id=UUID(int=9), request=asked, id_reused=True))

    assert isinstance(refused, RequestRefused)
    assert refused.code == "ID_REUSED"


def test_the_same_request_again_changes_nothing(story: Any) -> None:
    story.loan()
    story.request()

    assert story.request() == []


@pytest.mark.parametrize(
    ("asked", "loan", "queue"),
    [
        ({"channel": "AGENT"}, {}, "CREDIT-PERSONAL"),
        ({"channel": "AGENT"}, {"segment": "BUSINESS"}, "CREDIT-BUSINESS"),
        ({"litigation": "P"}, {}, "SPECIAL"),
        ({"fraud": True}, {}, "CREDIT-PERSONAL"),
        ({}, {"fraud": True}, "CREDIT-PERSONAL"),
        ({"reason": "forged signature"}, {}, "SPECIAL"),
        ({"reason": "nobody knows"}, {}, "CREDIT-PERSONAL"),
        ({"channel": "AGENT"}, {"outstanding_minor": 25_000_001}, "SPECIAL"),
        ({"channel": "AGENT"}, {"currency": "SEK", "outstanding_minor": 1}, "SPECIAL"),
    ],
)
def test_what_is_not_plain_waits_for_a_reviewer(
    story: Any, asked: dict[str, Any], loan: dict[str, Any], queue: str
) -> None:
    story.loan(**loan)

    story.request(**asked)

    [task] = story.file.tasks.values()
    assert (task.task, task.queue, task.role) == ("case review and details", queue, "loan_agent")
    assert (task.due_at - story.now).days == 2
    assert story.case().waits


def test_a_text_that_names_no_reason_is_taken_for_uncollectible(story: Any) -> None:
    story.loan()

    story.request(reason="nobody knows")

    assert story.case().terms.reason == "UNCOLLECTIBLE"


@pytest.mark.parametrize(
    "exception", [ByHand(tenant="demo"), ByHand(product="PERSONAL_LOAN", reason="UNCOLLECTIBLE")]
)
def test_a_switch_sends_plain_cases_to_a_person(story: Any, exception: ByHand) -> None:
    story.policy = replace(story.policy, by_hand=(ByHand(tenant="other"), exception))
    story.loan()

    story.request()

    assert story.case().waits


def test_a_refusal_carries_a_sentence_that_names_the_field(story: Any) -> None:
    story.loan()

    events = story.request(scope="PARTIAL")

    [closed] = [e for e in events if isinstance(e, CaseClosed)]
    assert closed.message.startswith("amount:")
