"""Whether a loss discharges the debt, and so makes a 1099-C. Pure.

One form a debtor and year, of US dollars only, on an identifiable event: a charge-off or write-off
alone is none. "No form" has its reason too.
"""

from dataclasses import dataclass
from datetime import date

LEAST_MINOR = 600_00
"""Below 600.00 of debt discharged no form is due (26 CFR 1.6050P-1)."""

BANKRUPTCY_CODE = "12"
"""Legal status: bankruptcy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What is known of a loss when its tax result is asked for."""

    on: date
    """Value date."""
    currency: str
    principal_minor: int
    """Of the part that would be discharged; the form counts principal only."""
    segment: str
    reason: str | None
    legal_code: str | None = None
    legal_date: date | None = None
    collection_ceases: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxForm:
    """The boxes of a 1099-C that the ledger can fill."""

    on: date
    """Box 1: of the identifiable event."""
    amount_minor: int
    """Box 2."""
    currency: str
    code: str
    """Box 6: which event."""


@dataclass(frozen=True, slots=True)
class NoForm:
    """Why there is none."""

    why: str


def tax_result(loss: Loss | None) -> TaxForm | NoForm:
    """Say which form a loss makes. `loss` none: the command takes none."""
    if loss is None:
        return NoForm("no debt is lost by it")
    if loss.currency != "USD":
        return NoForm("the form is of US dollars only")
    event = _event(loss)
    if event is None:
        return NoForm("a loss in the books discharges nobody: no identifiable event")
    if isinstance(event, NoForm):
        return event
    code, on = event
    if loss.principal_minor < LEAST_MINOR:
        return NoForm("less than 600.00 of principal is discharged")
    return TaxForm(on=on, amount_minor=loss.principal_minor, currency=loss.currency, code=code)


def _event(loss: Loss) -> tuple[str, date] | NoForm | None:
    """Give the event's code and day; the papers it needs were verified before a grant."""
    match loss.reason:
        case "BANKRUPTCY":
            return _bankruptcy(loss)
        case "STATUTE_BARRED":
            return "C", loss.on
        case "SETTLEMENT":
            return "F", loss.on
        case _:
            return ("G", loss.on) if loss.collection_ceases else None


def _bankruptcy(loss: Loss) -> tuple[str, date] | NoForm:
    is_discharged = loss.legal_code == BANKRUPTCY_CODE and loss.legal_date is not None
    if loss.segment != "BUSINESS" or not is_discharged:
        return NoForm("a bankruptcy makes a form of discharged business debt only")
    assert loss.legal_date is not None
    return "A", loss.legal_date
