"""The authority matrix: how many people of which level a loss needs. Policy as data.

A row by segment and amount, then every modifier that fits; what is no loss has a row by its kind,
and what takes a loss back needs whom the loss needed. More money never needs fewer people nor a
lower level; that holds by construction and is asserted when a matrix is made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from mesh.currency import DECIMALS

from authorization.domain.terms import CORRECTIONS, LOSSES, Approver, Flag, Terms

LEVEL_TOP = 5
"""L5, the board credit committee: nobody is above it."""


@dataclass(frozen=True, slots=True)
class Need:
    """So many different people, one of them of this level, the other at least one below it."""

    row: str
    level: int
    people: int

    def __post_init__(self) -> None:
        """Assert that nobody has no level, and that a level has somebody."""
        assert 0 <= self.level <= LEVEL_TOP
        assert 0 <= self.people <= 2
        assert (self.level == 0) == (self.people == 0), "a level needs people"

    @property
    def levels(self) -> tuple[int, ...]:
        """Give the level that each of the people needs, the highest first."""
        return (self.level, max(self.level - 1, 1))[: self.people]

    def level_next(self, approvers: Iterable[Approver]) -> int | None:
        """Give the lowest level whose approval is still needed after these; none: all are here."""
        missing = list(self.levels)
        for rank in _ranks(approvers):
            met = next((level for level in missing if level <= rank), None)
            if met is not None:
                missing.remove(met)
        return min(missing, default=None)

    def is_met_by(self, approvers: Iterable[Approver]) -> bool:
        """Say whether these persons suffice; who is named twice counts once."""
        return self.level_next(approvers) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Up to which amount, in US dollars, people of which level decide."""

    name: str
    reasons: frozenset[str] = frozenset()
    """The row is only for these; empty: for all."""
    personal: Fraction | None = None
    """The largest amount; none: no limit."""
    business: Fraction | None = None
    level: int
    people: int

    def __post_init__(self) -> None:
        """Assert that nobody is asked for chosen reasons only, and within limits."""
        assert self.level or (self.reasons and self.personal is not None)
        assert (self.personal is None) == (self.business is None), "limits are for both or none"

    def reaches(self, terms: Terms, usd: Fraction | None) -> bool:
        """Say whether the amount is within the row; one without a rate is above every limit."""
        if self.reasons and terms.reason not in self.reasons:
            return False
        # A segment that is not known counts as the one with the lower limits.
        limit = self.business if terms.segment == "BUSINESS" else self.personal
        return limit is None or (usd is not None and usd <= limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifier:
    """What asks for more than the amount does."""

    name: str
    reasons: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    flags: frozenset[Flag] = frozenset()
    with_flag: Flag | None = None
    raises: int = 0
    level_min: int = 0
    people_min: int = 0

    def __post_init__(self) -> None:
        """Assert that a modifier only ever asks for more."""
        assert self.raises >= 0
        assert 0 <= self.level_min <= LEVEL_TOP
        assert 0 <= self.people_min <= 2

    def fits(self, terms: Terms) -> bool:
        """Say whether the terms have what it looks for."""
        if self.with_flag is not None and self.with_flag not in terms.flags:
            return False
        return (
            terms.reason in self.reasons
            or terms.product in self.products
            or not self.flags.isdisjoint(terms.flags)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRow:
    """Who decides on a kind that is no loss: nobody up to an amount, then one of a level."""

    free: Fraction | None = None
    """In US dollars, the figure itself included; none: from the first cent on."""
    level: int
    """0: nobody, whatever the amount."""

    def __post_init__(self) -> None:
        """Assert that an amount up to which nobody is asked has somebody beyond it."""
        assert 0 <= self.level <= LEVEL_TOP
        assert self.level or self.free is None, "beyond the free amount somebody decides"

    def level_of(self, usd: Fraction | None) -> int:
        """Give the level for an amount; one without a rate is above every limit."""
        is_free = self.free is not None and usd is not None and usd <= self.free
        return 0 if is_free else self.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """One version of who may decide."""

    version: str
    kinds: frozenset[str]
    reasons: frozenset[str]
    unattestable_reasons: frozenset[str]
    """For these no reference stands in for documents."""
    rows: Sequence[Row]
    kind_rows: Mapping[str, KindRow]
    """By kind, for each that is neither a loss nor takes one back."""
    correction_level_min: int
    """What takes back is decided at least here."""
    modifiers: Sequence[Modifier]
    rates: Mapping[str, Fraction]
    """US dollars for one unit."""
    exposure_days: int
    grant_days: int
    growth_percent: int
    growth_units_max: int
    reference_days: int
    reference_days_max: int
    above_sanction: frozenset[str] = frozenset()
    """Tenants whose approver ranks above the one who sanctioned the loan."""

    def __post_init__(self) -> None:
        """Assert that rows rise, that somebody decides on everything, and that rates are rates."""
        assert self.rows, "a matrix has rows"
        assert self.rows[-1].personal is None, "beyond the last limit somebody decides too"
        assert not self.rows[-1].reasons, "the last row is for every reason"
        for lower, higher in pairwise(self.rows):
            assert _rise(lower.personal, higher.personal), "limits rise"
            assert _rise(lower.business, higher.business), "limits rise"
            assert lower.level <= higher.level, "more money never needs a lower level"
            assert lower.people <= higher.people, "more money never needs fewer people"
            assert lower.reasons or not higher.reasons, "rows for chosen reasons come first"
        assert self.rates["USD"] == 1
        assert all(rate > 0 for rate in self.rates.values())
        others = self.kinds - LOSSES - CORRECTIONS
        assert others == self.kind_rows.keys(), "every other kind has its row, and no more"
        assert 1 <= self.correction_level_min <= LEVEL_TOP
        assert 0 < self.reference_days <= self.reference_days_max
        assert self.grant_days > 0
        assert self.exposure_days > 0
        assert self.growth_percent >= 0
        assert self.growth_units_max >= 0

    def usd(self, amount_minor: int, currency: str) -> Fraction | None:
        """Give an amount in US dollars, exactly; none where the currency has no rate."""
        rate = self.rates.get(currency)
        return None if rate is None else amount_minor * rate / self.minor_of_unit(currency)

    def minor_of_unit(self, currency: str) -> int:
        """Give how many minor units one unit of the currency has."""
        return 10 ** DECIMALS.get(currency, 2)

    def need(
        self,
        terms: Terms,
        usd: Fraction | None,
        *,
        tenant: str,
        taken_back: Iterable[Need] = (),
    ) -> Need:
        """Say who has to decide when so much counts; none: above every limit.

        `taken_back`: whom the losses needed that a correction takes back; the strictest counts. One
        that takes back no loss goes by its own amount.
        """
        if terms.kind in CORRECTIONS:
            known = list(taken_back) or [self._by_amount(terms, usd, tenant)]
            return max((self._corrected(need) for need in known), key=_strictness)
        kind_row = self.kind_rows.get(terms.kind)
        if kind_row is None:
            return self._by_amount(terms, usd, tenant)
        level = kind_row.level_of(usd)
        if not level:
            return Need(terms.kind, 0, 0)
        return self._modified(Need(terms.kind, level, 1), terms)

    def _by_amount(self, terms: Terms, usd: Fraction | None, tenant: str) -> Need:
        """Find the row of an amount, and what else the terms ask for."""
        row = next(row for row in self.rows if row.reaches(terms, usd))
        least = self._above_sanction(row, terms, tenant)
        return self._modified(Need(row.name, row.level, row.people), terms, level_min=least)

    def _modified(self, need: Need, terms: Terms, *, level_min: int = 0) -> Need:
        """Give what is needed after every modifier that fits."""
        fitting = [modifier for modifier in self.modifiers if modifier.fits(terms)]
        level = max(
            need.level + sum(modifier.raises for modifier in fitting),
            *(modifier.level_min for modifier in fitting),
            level_min,
        )
        people = max(need.people, *(modifier.people_min for modifier in fitting), min(level, 1))
        return Need(need.row, min(level, LEVEL_TOP), people)

    def _corrected(self, need: Need) -> Need:
        """Give what a correction of what needed this needs."""
        level = max(need.level, self.correction_level_min)
        return Need(need.row, level, max(need.people, 1))

    def amount_max_minor(self, terms: Terms) -> int:
        """Give the most that a grant covers: what is outstanding grows until it is posted."""
        if terms.scope != "FULL":
            return terms.amount_minor
        growth_max = self.growth_units_max * self.minor_of_unit(terms.currency)
        return terms.amount_minor + min(terms.amount_minor * self.growth_percent // 100, growth_max)

    def _above_sanction(self, row: Row, terms: Terms, tenant: str) -> int:
        """Give the level above the loan's sanctioner, where the tenant asks for it."""
        if tenant not in self.above_sanction or not row.level or terms.sanction_level is None:
            return 0
        return terms.sanction_level + 1


def _strictness(need: Need) -> tuple[int, int]:
    return need.level, need.people


def _rise(lower: Fraction | None, higher: Fraction | None) -> bool:
    """Say whether the second limit is above the first; none is above all."""
    return lower is not None and (higher is None or lower < higher)


def _ranks(approvers: Iterable[Approver]) -> list[int]:
    """Give the levels of different persons, highest first."""
    levels: dict[str, int] = {}
    for approver in approvers:
        levels[approver.id] = max(approver.level, levels.get(approver.id, 0))
    return sorted(levels.values(), reverse=True)
