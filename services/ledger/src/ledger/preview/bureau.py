"""What the credit bureau would be told of a loan, as far as the ledger knows it: Metro 2. Pure.

Of which loans, policy says (`bureaus`). Amounts are whole units of the currency, truncated, as the
format has them. What needs the loan system (scheduled payment, history) is not told here.
"""

from dataclasses import dataclass
from datetime import date

from mesh.currency import DECIMALS

from ledger.domain.loan import Status
from ledger.monthend.clocks import month_end
from ledger.preview.bureaus import Bureau

STATUS_BY_DPD = ((180, "84"), (150, "83"), (120, "82"), (90, "80"), (60, "78"), (30, "71"))
"""Field 17A while nothing is charged off, by days past due; below all of them CURRENT."""

CURRENT, PAID, CHARGED_OFF, PAID_AFTER_IT = "11", "13", "97", "64"

LINE_OF_CREDIT = "C"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A loan on a day, as far as the bureau is concerned."""

    on: date
    segment: str
    currency: str
    opened: date
    status: Status
    is_all_lost: bool
    """All that the bank held is charged off or written off."""
    off_minor: int
    """What stands charged off and written off, whatever was recovered on it."""
    owed_minor: int
    """By the customer."""
    days_past_due: int | None
    oldest_unpaid_due: date | None
    paid_on: date | None = None
    """When the last of it was paid, or money came in last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BureauRecord:
    """Fields of the base segment, by their numbers there. None: not known to the ledger."""

    portfolio: str
    """8: I instalment, M mortgage, C line of credit."""
    opened: date
    """10."""
    status: str
    """17A."""
    balance: int
    """21, whole units of the currency."""
    past_due: int | None
    """22, whole units."""
    original_charge_off: int
    """23, whole units: payments do not change it."""
    account_date: date
    """24: month end, or the day it was paid."""
    first_delinquency: date | None
    """25."""
    closed: date | None
    """26."""
    last_payment: date | None
    """27."""


@dataclass(frozen=True, slots=True)
class NoRecord:
    """Why the bureau is told nothing."""

    why: str


def bureau_record(loan: Standing, policy: Bureau) -> BureauRecord | NoRecord:
    """Say what would be reported of a loan as it stands."""
    if not policy.reports:
        return NoRecord("by policy no loan of this tenant and product is reported")
    if loan.segment not in policy.segments:
        return NoRecord(f"by policy no {loan.segment} loan is reported")
    unit_minor = 10 ** DECIMALS[loan.currency]
    is_line = policy.portfolio == LINE_OF_CREDIT
    status = _status(loan)
    is_paid = status in (PAID, PAID_AFTER_IT)
    is_lost = status in (CHARGED_OFF, PAID_AFTER_IT)
    balance = loan.owed_minor // unit_minor
    day_paid = loan.paid_on if is_paid else None
    return BureauRecord(
        portfolio=policy.portfolio,
        opened=loan.opened,
        status=status,
        balance=balance,
        past_due=_past_due(status, balance),
        original_charge_off=loan.off_minor // unit_minor if is_lost else 0,
        account_date=day_paid or month_end(loan.on),
        first_delinquency=loan.oldest_unpaid_due if is_lost or loan.days_past_due else None,
        closed=loan.on if status == CHARGED_OFF and is_line else day_paid,
        last_payment=loan.paid_on,
    )


def _status(loan: Standing) -> str:
    """Give field 17A. A partial charge-off reports no loss."""
    if loan.is_all_lost and loan.off_minor:
        return CHARGED_OFF if loan.owed_minor else PAID_AFTER_IT
    if loan.owed_minor == 0:
        return PAID
    past = loan.days_past_due or 0
    return next((code for least, code in STATUS_BY_DPD if past >= least), CURRENT)


def _past_due(status: str, balance: int) -> int | None:
    match status:
        case "97":
            return balance
        case "64" | "13" | "11":
            return 0
        case _:
            return None
