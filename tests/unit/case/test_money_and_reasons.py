"""Decimal text to minor units, free text to reasons, and limits in US dollars."""

import pytest
from case.domain.money import Refusal, to_minor, to_text
from case.domain.policy import Policy
from case.domain.reasons import match
from hypothesis import given
from hypothesis import strategies as st
from mesh.currency import DECIMALS


@given(st.integers(-(10**15) + 1, 10**15 - 1), st.sampled_from(sorted(DECIMALS)))
def test_an_amount_written_is_read_back(amount_minor: int, currency: str) -> None:
    assert to_minor(to_text(amount_minor, currency), currency) == amount_minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("12.3", "USD", 1230), ("12", "JPY", 12), ("1.5", "KWD", 1500), ("-0.01", "EUR", -1)],
)
def test_fewer_decimals_are_allowed(text: str, currency: str, minor: int) -> None:
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "code"),
    [
        ("1.001", "USD", "AMOUNT_SCALE"),
        ("1.0", "JPY", "AMOUNT_SCALE"),
        ("1e3", "USD", "INVALID_FIELDS"),
        ("1,000.00", "USD", "INVALID_FIELDS"),
        ("٣", "USD", "INVALID_FIELDS"),
        ("", "USD", "INVALID_FIELDS"),
        ("1" * 16, "USD", "INVALID_FIELDS"),
        ("1.00", "XXX", "CURRENCY_MISMATCH"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, currency: str, code: str) -> None:
    refused = to_minor(text, currency)

    assert isinstance(refused, Refusal)
    assert refused.code == code


@pytest.mark.parametrize(
    ("text", "segment", "code"),
    [
        ("Uncollectible - Customer bankruptcy", "PERSONAL", "BANKRUPTCY"),
        ("skip", "PERSONAL", "SKIP"),
        ("Identity theft, police report", "PERSONAL", "FRAUD"),
        ("company dissolved", "BUSINESS", "WINDING_UP"),
        ("WINDING_UP", "PERSONAL", "WINDING_UP"),
        ("residual after sale", "PERSONAL", "SMALL_BALANCE"),
        ("150 days past due", "PERSONAL", "AGED"),
        ("legal means exhausted", "BUSINESS", "UNCOLLECTIBLE"),
    ],
)
def test_free_text_names_a_reason(text: str, segment: str, code: str) -> None:
    named = match(text, segment=segment)

    assert named is not None
    assert named.code == code


@pytest.mark.parametrize("text", ["damaged goods", "customer moved", "managed account"])
def test_a_word_in_the_middle_of_another_is_no_hit(text: str) -> None:
    assert match(text, segment="PERSONAL") is None


def test_a_persons_loan_is_not_wound_up_by_a_word() -> None:
    assert match("estate in liquidation", segment="PERSONAL") == match("DECEASED", segment="")


def test_limits_are_compared_after_conversion_and_include_their_figure() -> None:
    policy = Policy()

    assert not policy.is_above(10_000, "USD", limit_usd=100)
    assert policy.is_above(10_001, "USD", limit_usd=100)
    assert policy.is_above(9_091, "EUR", limit_usd=100)
    assert not policy.is_above(9_090, "EUR", limit_usd=100)
    assert policy.is_above(1, "SEK", limit_usd=100)
