"""What forbids a write-off: rules in one order, the first that applies is the answer.

They look at the loan as it is now. What a grant itself must be is asked before (`grant`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ledger.domain.loan import Loan, LotKind, Status
from ledger.domain.policy import Policy
from ledger.domain.posting import Amount, Full, Parts, Percent, Take, asked


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff:
    """A write-off as asked for. `take` none: neither all, nor an amount."""

    take: Take | None
    currency: str
    reason: str
    date: date


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: a stable code, and a sentence for people without personal data."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the rules look at."""

    loan: Loan
    ask: WriteOff
    policy: Policy
    today: date


def refusal(loan: Loan | None, ask: WriteOff, *, policy: Policy, today: date) -> Refusal | None:
    """Give the first rule that forbids the write-off; none when it may be posted."""
    if loan is None:
        return Refusal("UNKNOWN_LOAN", "no such loan")
    situation = Situation(loan=loan, ask=ask, policy=policy, today=today)
    return next(
        (Refusal(code, message) for code, message, holds in RULES if holds(situation)), None
    )


def _other_currency(s: Situation) -> bool:
    return s.ask.currency != s.loan.particulars.currency


def _invalid(s: Situation) -> bool:
    match s.ask.take:
        case None:
            return True
        case Parts(parts):
            return parts.total == 0
        case _:
            return False


def _not_positive(s: Situation) -> bool:
    match s.ask.take:
        case Amount(amount_minor):
            return amount_minor <= 0
        case Parts(parts):
            return min(parts.minor) < 0
        case _:
            return False


def _percent_out_of_range(s: Situation) -> bool:
    return isinstance(s.ask.take, Percent) and not 0 < s.ask.take.percent <= 100


def _unknown_reason(s: Situation) -> bool:
    return s.ask.reason not in s.policy.reasons


def _future_date(s: Situation) -> bool:
    return s.ask.date > s.today


def _period_closed(s: Situation) -> bool:
    return s.policy.closed_through is not None and s.ask.date <= s.policy.closed_through


def _before_opening(s: Situation) -> bool:
    return s.ask.date < s.loan.particulars.opened


def _already_written_off(s: Situation) -> bool:
    return s.loan.status is Status.CLOSED_WRITTEN_OFF


def _not_active(s: Situation) -> bool:
    return s.loan.status is not Status.ACTIVE


def _must_be_full(s: Situation) -> bool:
    return s.loan.stands_charged_off and not isinstance(s.ask.take, Full)


def _before_charge_off(s: Situation) -> bool:
    lots = (lot for lot in s.loan.lots if lot.kind is LotKind.CHARGE_OFF and lot.standing_minor)
    return any(s.ask.date < lot.made_on for lot in lots)


def _before_last_transaction(s: Situation) -> bool:
    last = s.loan.last_transaction
    return last is not None and s.ask.date < last


def _nothing_outstanding(s: Situation) -> bool:
    if not isinstance(s.ask.take, Full | Percent) or s.loan.stands_charged_off:
        return False
    return asked(s.ask.take, s.loan.outstanding, rounding=s.policy.rounding) == 0


def _exceeds_outstanding(s: Situation) -> bool:
    match s.ask.take:
        case Amount(amount_minor):
            return amount_minor > s.loan.outstanding.total
        case Parts(parts):
            return not parts.fits(s.loan.outstanding)
        case _:
            return False


RULES: tuple[tuple[str, str, Callable[[Situation], bool]], ...] = (
    ("CURRENCY_MISMATCH", "the loan is in another currency", _other_currency),
    ("INVALID_FIELDS", "a write-off takes all, or an amount", _invalid),
    ("AMOUNT_NOT_POSITIVE", "the amount must be above zero", _not_positive),
    ("PERCENT_OUT_OF_RANGE", "a percentage is above 0 and at most 100", _percent_out_of_range),
    ("UNKNOWN_REASON", "the policy has no such reason", _unknown_reason),
    ("FUTURE_DATE", "the date is after today", _future_date),
    ("PERIOD_CLOSED", "the date is in a closed period", _period_closed),
    ("DATE_BEFORE_OPENING", "the date is before the loan's opening", _before_opening),
    ("ALREADY_WRITTEN_OFF", "the loan is written off", _already_written_off),
    ("LOAN_NOT_ACTIVE", "the loan is not active", _not_active),
    ("WRITE_OFF_MUST_BE_FULL", "a charged-off loan is written off in full", _must_be_full),
    ("DATE_BEFORE_CHARGE_OFF", "the date is before a charge-off", _before_charge_off),
    ("DATE_BEFORE_LAST_TRANSACTION", "a later transaction stands", _before_last_transaction),
    ("NOTHING_OUTSTANDING", "nothing is outstanding", _nothing_outstanding),
    ("AMOUNT_EXCEEDS_OUTSTANDING", "the amount is above what is outstanding", _exceeds_outstanding),
)
