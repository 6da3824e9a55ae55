"""What may differ between tenants and years, as values that are checked when they are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from fractions import Fraction
from typing import Literal

from mesh.currency import DECIMALS

from case.domain.terms import PAY_OFF, RECOVERY, WRITE_OFF

type Mode = Literal["OWN", "MANUAL"]
"""How a product's loan system learns of a posting: the ledger is it, or a person keys it in."""

RATES: Mapping[str, str] = {
    "USD": "1",
    "EUR": "1.10",
    "GBP": "1.25",
    "CHF": "1.15",
    "JPY": "0.0067",
    "INR": "0.012",
    "KES": "0.0077",
    "KWD": "3.25",
}
"""US dollars for one unit; a currency that is not here counts as above every limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What fits all of these, a person reviews, however plain it is. None fits any."""

    tenant: str | None = None
    product: str | None = None
    reason: str | None = None

    def fits(self, *, tenant: str, product: str, reason: str) -> bool:
        """Say whether a request falls under it."""
        return (
            self.tenant in (None, tenant)
            and self.product in (None, product)
            and self.reason in (None, reason)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every figure and switch of this service."""

    sources: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """For which tenants an upstream may speak."""
    repossession_sources: frozenset[str] = frozenset()
    """Upstreams that may submit REPOSSESSION_FAILED."""
    zones: Mapping[str, tzinfo] = field(default_factory=dict[str, tzinfo])
    """A tenant's time zone, in which it is a date; UTC where none is given."""
    by_hand: tuple[ByHand, ...] = ()
    modes: Mapping[str, Mode] = field(default_factory=dict[str, Mode])
    """By product; OWN where none is given."""
    rates: Mapping[str, str] = field(default_factory=lambda: RATES)
    small_balance_max_usd: Mapping[str, int] = field(
        default_factory=lambda: {"PERSONAL": 100, "BUSINESS": 250}
    )
    special_above_usd: int = 250_000
    """Reviews above this go to the queue SPECIAL."""
    review_days: int = 2
    """Business days for a review."""
    loan_update_days: int = 1
    """Business days for a loan update by hand."""
    loan_awaited_s: int = 30
    """How long a loan that is not known yet is looked for: imports and requests may race."""
    unreviewed_kinds: frozenset[str] = frozenset({RECOVERY, PAY_OFF})
    """Money that came in: nothing about it is to be judged."""
    notice_kinds: frozenset[str] = frozenset({WRITE_OFF})
    """Of these notifications tells who is to be told; of the others nobody is, so far."""
    from_customer: frozenset[str] = frozenset({"FINANCIAL_STATEMENTS", "SETTLEMENT_AGREEMENT"})
    """Documents that only the customer can bring: the portal asks for them."""

    def __post_init__(self) -> None:
        """Assert what must hold of rates."""
        for currency, rate in self.rates.items():
            assert currency in DECIMALS, f"{currency} is none of ISO 4217"
            assert Fraction(rate) > 0, f"the rate of {currency} is positive"

    def zone(self, tenant: str) -> tzinfo:
        """Give the time zone in which a tenant's business dates are."""
        return self.zones.get(tenant, UTC)

    def mode(self, product: str) -> Mode:
        """Say how a product's loan system learns of a posting."""
        return self.modes.get(product, "OWN")

    def is_above(self, amount_minor: int, currency: str, *, limit_usd: int) -> bool:
        """Compare an amount with a limit in US dollars, exactly; without a rate it is above."""
        rate = self.rates.get(currency)
        if rate is None:
            return True
        return Fraction(amount_minor, 10 ** DECIMALS[currency]) * Fraction(rate) > limit_usd
