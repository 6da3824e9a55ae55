"""A loan as the ledger holds it: three books by component, and the lots that left the bank's."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from ledger.domain.money import COMPONENTS, NOTHING, Component, Components


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
    recovered: Components = NOTHING
    lots: tuple[Lot, ...] = ()
    """In the order in which they were made; one that is used up stays, at zero."""
    last_transaction: date | None = None
    """The latest value date of a user transaction that stands."""
    version: int = 1
    """Rises by one with every change."""

    def __post_init__(self) -> None:
        """Assert what is always true of a loan."""
        assert self.cust.total == self.bnk.total + self.co.total, "CUST = BNK + CO"
        assert min(self.bnk.minor + self.co.minor + self.cust.minor) >= 0, "nothing is negative"
        assert 0 <= self.unearned_minor <= min(self.bnk.interest, self.cust.interest)
        assert self.deferred_minor >= 0
        assert self.recovered.fits(self.off(LotKind.CHARGE_OFF) + self.off(LotKind.WRITE_OFF))

    @property
    def outstanding(self) -> Components:
        """Give what the bank's book holds, net of unearned interest."""
        return self.bnk - Components(interest=self.unearned_minor)

    def off(self, kind: LotKind) -> Components:
        """Give what stands charged off, or written off."""
        if not self.lots:
            return NOTHING
        standing = dict.fromkeys(COMPONENTS, 0)
        for lot in self.lots:
            if lot.kind is kind:
                standing[lot.component] += lot.standing_minor
        return Components(*standing.values())

    @property
    def stands_charged_off(self) -> bool:
        """Say whether a charge-off lot stands, whatever was recovered on it."""
        return self.off(LotKind.CHARGE_OFF).total > 0

    @property
    def charged_off_flag(self) -> str:
        """Give NONE, PARTIAL or FULL."""
        if not self.stands_charged_off:
            return "NONE"
        return "PARTIAL" if self.outstanding.total else "FULL"
