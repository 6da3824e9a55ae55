"""Money: shares add up, roundings are exact, decimals are the currency's."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger.domain.money import Component, Components, Rounding, rounded, share, to_minor, to_text
from mesh.currency import DECIMALS

ROOM = st.builds(Components, *(st.integers(0, 10**12) for _ in Component))


@given(ROOM, st.fractions(0, 1))
def test_shares_add_up_and_stay_within_their_room(room: Components, part: Fraction) -> None:
    amount_minor = int(room.total * part)

    shares = share(amount_minor, room)

    assert shares.total == amount_minor
    assert shares.fits(room)


def test_the_units_left_go_to_the_largest_remainders_ties_in_order() -> None:
    assert share(2, Components(principal=1, interest=1, fees=1)) == Components(1, 1, 0)
    assert share(5, Components(principal=3, interest=6)) == Components(2, 3)


@pytest.mark.parametrize(
    ("exact", "up", "even"),
    [("1/2", 1, 0), ("3/2", 2, 2), ("5/2", 3, 2), ("49/100", 0, 0), ("51/100", 1, 1), ("7", 7, 7)],
)
def test_half_a_unit_goes_by_the_rounding(exact: str, up: int, even: int) -> None:
    assert rounded(Fraction(exact), Rounding.HALF_UP) == up
    assert rounded(Fraction(exact), Rounding.HALF_EVEN) == even


@pytest.mark.parametrize("text", ["", "1.", ".5", "1,000", "1e3", "+1", "\u0661", " 1", "1.001"])
def test_what_is_no_plain_decimal_of_the_currency_is_no_amount(text: str) -> None:
    assert to_minor(text, decimals=2) is None


def test_decimals_are_the_currencys_own() -> None:
    assert to_text(5, "USD") == "0.05"
    assert to_text(-1205, "KWD") == "-1.205"
    assert to_text(298116, "JPY") == "298116"
    assert to_minor("12.5", decimals=3) == 12500


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(DECIMALS)))
def test_an_amount_written_is_read_again(amount_minor: int, currency: str) -> None:
    assert to_minor(to_text(amount_minor, currency), decimals=DECIMALS[currency]) == amount_minor
