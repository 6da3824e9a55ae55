"""A loss that is reported and not posted (FASB): by amount or percentage, and no loan moves.

Under the allowance method the figure is provided for; under the direct method it is an entry
without lines, which reports tell.
"""

from collections.abc import Mapping
from datetime import date, datetime

from ledger.domain.allowance import entry_of, provision_lines
from ledger.domain.ask import Ask
from ledger.domain.asked import read
from ledger.domain.command import ChargeOff, ReportChargeOff, asked_for
from ledger.domain.events import ChargeOffReported
from ledger.domain.loan import Loan, Status
from ledger.domain.policy import Method, Policy
from ledger.domain.refusal import Refusal, refuse
from ledger.domain.rules import broken_as_asked

TAKES = ("amount", "percent")


def read_report(fields: Mapping[str, object], *, decimals: int) -> ReportChargeOff | Refusal:
    """Read what is reported of a loan in money of so many decimals, or say why it cannot be."""
    if unknown := sorted(fields.keys() - TAKES):
        return refuse("INVALID_FIELDS", f"unknown field {unknown[0][:64]}")
    if len(fields) != 1:
        return refuse("INVALID_FIELDS", f"needs exactly one of {', '.join(TAKES)}")
    asked = read(ChargeOff.name, fields, decimals=decimals)
    if isinstance(asked, Refusal):
        return asked
    assert isinstance(asked, ChargeOff), "its fields are a charge-off's"
    return ReportChargeOff(asked.take)


def report(
    loan: Loan | None,
    ask: Ask,
    *,
    policy: Policy,
    closed_through: date | None,
    booked_at: datetime,
) -> ChargeOffReported | Refusal:
    """Say what is reported of a loan, by its product's policy, or why nothing."""
    if loan is None:
        return refuse("UNKNOWN_LOAN")
    what, asked = loan.particulars, ask.asked
    if ask.currency is not None and ask.currency != what.currency:
        return refuse("CURRENCY_MISMATCH")
    if isinstance(asked, Refusal):
        return asked
    assert isinstance(asked, ReportChargeOff), "all others are posted"
    policy = policy.of(what.product)
    if closed_through is not None and ask.value_date <= closed_through:
        policy = policy.closed(closed_through)
    held_minor = loan.outstanding.total
    reported_minor = asked_for(asked.take, loan.outstanding, rounding=policy.rounding)
    if code := broken_as_asked(asked, ask, policy) or _broken(loan, ask, reported_minor):
        return refuse(code)
    is_provision = policy.method is Method.ALLOWANCE
    lines = provision_lines(reported_minor, policy) if is_provision else ()
    return ChargeOffReported(
        ask=ask,
        entry=entry_of(
            ask, lines, reported_minor, currency=what.currency, policy=policy, booked_at=booked_at
        ),
        outstanding_minor=held_minor,
        is_provision=is_provision,
    )


def _broken(loan: Loan, ask: Ask, reported_minor: int) -> str | None:
    """Give the code of the first rule that forbids on the loan as it is."""
    if ask.value_date < loan.particulars.opened:
        return "DATE_BEFORE_OPENING"
    if loan.status is not Status.ACTIVE:
        is_lost = loan.status is Status.CLOSED_WRITTEN_OFF
        return "ALREADY_WRITTEN_OFF" if is_lost else "LOAN_NOT_ACTIVE"
    # A figure of a day that is over would be of what was outstanding then, not of what is.
    if loan.last_date is not None and ask.value_date < loan.last_date:
        return "DATE_BEFORE_LAST_TRANSACTION"
    if loan.outstanding.total == 0 or reported_minor == 0:
        return "NOTHING_OUTSTANDING"
    if reported_minor > loan.outstanding.total:
        return "AMOUNT_EXCEEDS_OUTSTANDING"
    return None
