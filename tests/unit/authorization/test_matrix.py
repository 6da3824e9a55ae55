"""Who has to decide on how much."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from importlib.resources import files
from itertools import pairwise

import pytest
from authorization.domain.matrix import Matrix, Need
from authorization.domain.terms import KINDS, Approver, Flag, Terms
from authorization.policy import read_matrix, shipped_matrix
from contracts.records import common
from hypothesis import given
from hypothesis import strategies as st

MATRIX = shipped_matrix()
TERMS = Terms(
    kind="WRITE_OFF",
    scope="FULL",
    amount_minor=1,
    currency="USD",
    reason="UNCOLLECTIBLE",
    date=date(2026, 11, 24),
    segment="PERSONAL",
    product="PERSONAL_LOAN",
    maker="u-17",
)

amounts = st.integers(1, 10**12)
flags = st.frozensets(st.sampled_from(["fraud", "related_party", "collection_ceases"]))
any_terms = st.builds(
    Terms,
    kind=st.just("WRITE_OFF"),
    scope=st.sampled_from(["FULL", "PARTIAL"]),
    amount_minor=amounts,
    currency=st.sampled_from([*MATRIX.rates, "BRL", "BHD"]),
    reason=st.sampled_from(sorted(MATRIX.reasons)),
    date=st.just(TERMS.date),
    segment=st.sampled_from(["PERSONAL", "BUSINESS", "UNKNOWN"]),
    product=st.sampled_from(["PERSONAL_LOAN", "MORTGAGE", "COMMERCIAL_MORTGAGE"]),
    flags=flags,
    maker=st.just("u-17"),
    sanction_level=st.none() | st.integers(1, 5),
)


def need(dollars: str, *, matrix: Matrix = MATRIX, tenant: str = "demo", **terms: object) -> Need:
    return matrix.need(replace(TERMS, **terms), Fraction(dollars), tenant=tenant)


@pytest.mark.parametrize(
    ("dollars", "segment", "expected"),
    [
        ("0.01", "PERSONAL", Need("A1", 1, 1)),
        ("5000.00", "PERSONAL", Need("A1", 1, 1)),
        ("5000.01", "PERSONAL", Need("A2", 2, 1)),
        ("25000.00", "PERSONAL", Need("A2", 2, 1)),
        ("25000.01", "PERSONAL", Need("A3", 3, 2)),
        ("100000.01", "PERSONAL", Need("A4", 4, 2)),
        ("1000000.00", "PERSONAL", Need("A4", 4, 2)),
        ("1000000.01", "PERSONAL", Need("A5", 5, 2)),
        ("10000.00", "BUSINESS", Need("A1", 1, 1)),
        ("100000.00", "BUSINESS", Need("A2", 2, 1)),
        ("500000.00", "BUSINESS", Need("A3", 3, 2)),
        ("5000000.00", "BUSINESS", Need("A4", 4, 2)),
        ("5000000.01", "BUSINESS", Need("A5", 5, 2)),
        ("10000.00", "UNKNOWN", Need("A2", 2, 1)),
    ],
)
def test_the_row_follows_from_segment_and_amount(
    dollars: str, segment: str, expected: Need
) -> None:
    assert need(dollars, segment=segment) == expected


def test_nobody_decides_on_a_small_balance_within_its_limit() -> None:
    assert need("100.00", reason="SMALL_BALANCE") == Need("A0", 0, 0)
    assert need("250.00", reason="SMALL_BALANCE", segment="BUSINESS") == Need("A0", 0, 0)
    assert need("100.01", reason="SMALL_BALANCE") == Need("A1", 1, 1)
    assert need("100.00", reason="AGED") == Need("A1", 1, 1)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"reason": "FRAUD"}, Need("A1", 3, 1)),
        ({"flags": frozenset({"fraud"})}, Need("A1", 3, 1)),
        ({"reason": "SETTLEMENT"}, Need("A1", 2, 1)),
        ({"reason": "SETTLEMENT", "flags": frozenset({"fraud"})}, Need("A1", 5, 1)),
        ({"flags": frozenset({"collection_ceases"})}, Need("A1", 2, 1)),
        ({"flags": frozenset({"related_party"})}, Need("A1", 4, 2)),
        ({"product": "MORTGAGE"}, Need("A1", 2, 1)),
        ({"product": "COMMERCIAL_MORTGAGE"}, Need("A1", 2, 1)),
        (
            {"reason": "SMALL_BALANCE", "flags": frozenset({"collection_ceases"})},
            Need("A0", 1, 1),
        ),
    ],
)
def test_a_modifier_asks_for_more(terms: dict[str, object], expected: Need) -> None:
    assert need("50.00", **terms) == expected


def test_each_modifier_that_fits_raises_the_level() -> None:
    ceasing: frozenset[Flag] = frozenset({"collection_ceases"})

    assert need("30000", reason="SETTLEMENT", flags=ceasing) == Need("A3", 5, 2)


def test_nobody_is_above_the_board() -> None:
    assert need("2000000", reason="FRAUD") == Need("A5", 5, 2)


def test_a_currency_without_a_rate_is_above_every_limit() -> None:
    assert MATRIX.need(TERMS, MATRIX.usd(1, "BRL"), tenant="demo") == Need("A5", 5, 2)


def test_money_is_converted_exactly() -> None:
    assert MATRIX.usd(100, "USD") == 1
    assert MATRIX.usd(100, "EUR") == Fraction("1.10")
    assert MATRIX.usd(1_000, "JPY") == Fraction("6.7")
    assert MATRIX.usd(1_000, "KWD") == Fraction("3.25")


def test_ranking_above_the_sanctioner_is_off_unless_a_tenant_wants_it() -> None:
    strict = replace(MATRIX, above_sanction=frozenset({"bank-in"}))

    assert need("100", sanction_level=3) == Need("A1", 1, 1)
    assert need("100", matrix=strict, tenant="bank-in", sanction_level=3) == Need("A1", 4, 1)
    assert need("100", matrix=strict, tenant="bank-in", sanction_level=5) == Need("A1", 5, 1)
    assert need("100", matrix=strict, tenant="bank-in") == Need("A1", 1, 1)
    assert need("100", matrix=strict, tenant="demo", sanction_level=3) == Need("A1", 1, 1)
    small = need("100", matrix=strict, tenant="bank-in", sanction_level=3, reason="SMALL_BALANCE")
    assert small == Need("A0", 0, 0)


@pytest.mark.parametrize(
    ("needed", "approvers", "missing"),
    [
        (Need("A0", 0, 0), (), None),
        (Need("A1", 1, 1), (), 1),
        (Need("A2", 2, 1), (("ann", 1),), 2),
        (Need("A2", 2, 1), (("ann", 5),), None),
        (Need("A3", 3, 2), (), 2),
        (Need("A3", 3, 2), (("ann", 2),), 3),
        (Need("A3", 3, 2), (("ann", 3),), 2),
        (Need("A3", 3, 2), (("ann", 3), ("bob", 2)), None),
        (Need("A3", 3, 2), (("bob", 2), ("ann", 5)), None),
        (Need("A3", 3, 2), (("ann", 2), ("bob", 2)), 3),
        (Need("A3", 3, 2), (("ann", 5), ("bob", 1)), 2),
        (Need("A3", 3, 2), (("ann", 5), ("ann", 4)), 2),
    ],
)
def test_two_people_are_two_persons_one_of_the_level(
    needed: Need, approvers: tuple[tuple[str, int], ...], missing: int | None
) -> None:
    people = [Approver(name, level) for name, level in approvers]

    assert needed.level_next(people) == missing
    assert needed.is_met_by(people) == (missing is None)


@given(any_terms, amounts, amounts)
def test_more_money_never_needs_fewer_people_or_a_lower_level(
    terms: Terms, one: int, other: int
) -> None:
    less, more = (MATRIX.usd(a, "EUR") for a in sorted((one, other)))

    low, high = (MATRIX.need(terms, usd, tenant="demo") for usd in (less, more))

    assert low.level <= high.level
    assert low.people <= high.people


@given(any_terms, amounts, flags)
def test_a_flag_never_lowers_anything(terms: Terms, amount: int, more: frozenset[Flag]) -> None:
    usd = MATRIX.usd(amount, "USD")
    flagged = replace(terms, flags=terms.flags | more)

    plain, raised = (MATRIX.need(each, usd, tenant="demo") for each in (terms, flagged))

    assert plain.level <= raised.level
    assert plain.people <= raised.people


@given(any_terms)
def test_a_grant_covers_two_percent_of_growth_at_most_500_units(terms: Terms) -> None:
    growth = MATRIX.amount_max_minor(terms) - terms.amount_minor

    assert growth >= 0
    assert growth * 50 <= terms.amount_minor
    assert growth <= 500 * MATRIX.minor_of_unit(terms.currency)
    assert growth == 0 or terms.scope == "FULL"


def test_growth_is_rounded_down_in_minor_units_of_the_currency() -> None:
    assert MATRIX.amount_max_minor(replace(TERMS, amount_minor=99)) == 100
    assert MATRIX.amount_max_minor(replace(TERMS, amount_minor=10_000_000)) == 10_050_000
    yen = replace(TERMS, amount_minor=10_000_000, currency="JPY")
    assert MATRIX.amount_max_minor(yen) == 10_000_500
    dinar = replace(TERMS, amount_minor=10**9, currency="KWD")
    assert MATRIX.amount_max_minor(dinar) == 10**9 + 500_000


def test_the_shipped_rows_rise() -> None:
    assert [row.name for row in MATRIX.rows] == ["A0", "A1", "A2", "A3", "A4", "A5"]
    for lower, higher in pairwise(MATRIX.rows):
        assert lower.level < higher.level
        assert lower.people <= higher.people


SHIPPED = "personal = 25_000\nbusiness = 100_000\nlevel = 2\npeople = 1"


@pytest.mark.parametrize(
    "broken",
    [
        SHIPPED.replace("25_000", "5_000"),
        SHIPPED.replace("100_000", "9_000"),
        SHIPPED.replace("level = 2", "level = 0"),
        SHIPPED.replace("people = 1", "people = 0"),
        SHIPPED.replace("personal = 25_000\n", ""),
    ],
)
def test_a_matrix_that_does_not_rise_is_not_loaded(broken: str) -> None:
    text = (files("authorization") / "matrix.toml").read_text()
    assert SHIPPED in text

    with pytest.raises(AssertionError):
        read_matrix(text.replace(SHIPPED, broken))


def test_a_reference_can_be_of_every_kind_that_records_know() -> None:
    assert set(KINDS) == set(common.KINDS) - {"UNKNOWN"}
