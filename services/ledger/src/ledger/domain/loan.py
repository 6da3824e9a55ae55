"""A loan as the ledger holds it: three books by component, and the lots that left the bank's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from ledger.domain.money import NOTHING, PLACE, Component, Components


class Status(StrEnum):
    """Where a loan stands in its life."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    OVERPAID = "OVERPAID"
    CLOSED_OBLIGATIONS_MET = "CLOSED_OBLIGATIONS_MET"
    CLOSED_WRITTEN_OFF = "CLOSED_WRITTEN_OFF"
    CLOSED_REFINANCED = "CLOSED_REFINANCED"


class LotKind(StrEnum):
    """Whether the loss is final."""

    CHARGE_OFF = "CHARGE_OFF"
    WRITE_OFF = "WRITE_OFF"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """One component of one charge-off or write-off."""

    kind: LotKind
    component: Component
    account: str
    """The code that was debited for it."""
    standing_minor: int
    made_on: date
    """Value date of the charge-off or write-off that made it so."""
    entry_id: UUID
    """The journal entry that made it so."""

    def __post_init__(self) -> None:
        """Assert that what stands is not negative."""
        assert self.standing_minor >= 0


class Sums(NamedTuple):
    """What stands of these lots, by kind: so that a thousand lots are added up once."""

    lots: tuple[Lot, ...]
    charged_off: Components
    written_off: Components


def sums(lots: tuple[Lot, ...]) -> Sums:
    """Add up what stands."""
    return Sums(lots, _standing(lots, LotKind.CHARGE_OFF), _standing(lots, LotKind.WRITE_OFF))


def _standing(lots: Sequence[Lot], kind: LotKind) -> Components:
    if not lots:
        return NOTHING
    standing = [0, 0, 0, 0, 0]
    for lot in lots:
        if lot.kind is kind:
            standing[PLACE[lot.component]] += lot.standing_minor
    return Components(*standing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What a loan is, whatever is posted on it. The customer is known by an id only."""

    customer_id: str
    product: str
    segment: str
    currency: str
    opened: date
    """The opening balances are as of this day; nothing may be dated before it."""
    accrued_to: date
    rate: str = "0"
    """Percent a year, decimal text."""
    fraud: bool = False
    guarantor_id: str | None = None
    expiry: date | None = None
    days_past_due: int | None = None
    sanctioner: str | None = None
    sanction_level: int | None = None
    oldest_unpaid_due: date | None = None
    """When the oldest instalment that is not paid fell due, as of `opened`."""
    instalment_minor: int | None = None
    """What one monthly instalment is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What the principal of two books has earned since `accrued_to`, in exact minor units.

    What is booked is the rounded total less what was booked before, so nothing drifts.
    """

    earned_bnk: Fraction = Fraction(0)
    earned_cust: Fraction = Fraction(0)
    booked_bnk_minor: int = 0
    booked_cust_minor: int = 0
    grown_to: date | None = None
    """Up to when it is earned; none: `accrued_to`."""


NO_INTEREST = Interest()


def net(held: Components, unearned_minor: int) -> Components:
    """Give what a book holds less the interest in it that is not earned yet."""
    return held - Components(interest=unearned_minor) if unearned_minor else held


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """Balances are as held, in minor units, unearned interest included."""

    particulars: Particulars
    row_hash: str
    """Of the row that it was imported from: the same row again is no other loan."""
    status: Status
    bnk: Components
    co: Components
    cust: Components
    unearned_minor: int = 0
    """Part of the interest of BNK and CUST that is not earned yet."""
    deferred_minor: int = 0
    """Deferred income: a liability beside the balances."""
    memo_minor: int = 0
    """Part of the interest of CO that was never in BNK: accrued on what is charged off."""
    overpaid_minor: int = 0
    """What the customer paid too much, and can have back."""
    recovered: Components = NOTHING
    lots: tuple[Lot, ...] = ()
    """In the order in which they were made; one that is used up stays, at zero."""
    interest: Interest = NO_INTEREST
    last_transaction: date | None = None
    """The latest value date of a user transaction that stands."""
    last_accrue: date | None = None
    """The latest date up to which a standing transaction accrued."""
    last_charge_off: date | None = None
    """The latest value date of a charge-off transaction that stands, whatever its lots."""
    arrivals: int = 0
    """Transactions accepted so far, standing or not."""
    version: int = 1
    """Rises by one with every change."""
    sums: Sums = field(default=Sums((), NOTHING, NOTHING), compare=False, repr=False)
    """Of `lots`; made here where they are of others."""

    def __post_init__(self) -> None:
        """Assert what is always true of a loan."""
        if self.sums.lots is not self.lots:
            object.__setattr__(self, "sums", sums(self.lots))
        assert self.cust.total == self.bnk.total + self.co.total, "CUST = BNK + CO"
        assert min(self.bnk.minor + self.co.minor + self.cust.minor) >= 0, "nothing is negative"
        assert 0 <= self.unearned_minor <= min(self.bnk.interest, self.cust.interest)
        assert min(self.deferred_minor, self.memo_minor, self.overpaid_minor) >= 0
        assert self.recovered.fits(self.off()), "no more comes back than left"

    @property
    def outstanding(self) -> Components:
        """Give what the bank's book holds, net of unearned interest."""
        return net(self.bnk, self.unearned_minor)

    @property
    def customer(self) -> Components:
        """Give what the customer owes, net of unearned interest."""
        return net(self.cust, self.unearned_minor)

    def off(self, kind: LotKind | None = None) -> Components:
        """Give what stands charged off, or written off; both, when no kind is named."""
        match kind:
            case LotKind.CHARGE_OFF:
                return self.sums.charged_off
            case LotKind.WRITE_OFF:
                return self.sums.written_off
            case None:
                return self.sums.charged_off + self.sums.written_off

    @property
    def claim(self) -> Components:
        """Give what left the bank's book and did not come back."""
        return self.off() - self.recovered

    @property
    def stands_charged_off(self) -> bool:
        """Say whether a charge-off lot stands, whatever was recovered on it."""
        return self.sums.charged_off.total > 0

    @property
    def charged_off_flag(self) -> str:
        """Give NONE, PARTIAL or FULL."""
        if not self.stands_charged_off:
            return "NONE"
        return "PARTIAL" if self.outstanding.total else "FULL"

    @property
    def last_date(self) -> date | None:
        """Give the latest value date of any transaction that stands."""
        dates = [day for day in (self.last_transaction, self.last_accrue) if day]
        return max(dates, default=None)
