"""Rules 32 to 37: whether there is room for a command at its place in the history."""

from ledger.domain.command import (
    Amount,
    ChargeOff,
    CreditBalanceRefund,
    Full,
    GoodwillCredit,
    Loss,
    Parts,
    PayOff,
    Percent,
    Recover,
    Refinance,
    Refund,
    RemoveChargeOff,
    Repay,
    WriteOff,
    asked_for,
)
from ledger.domain.loan import Loan, LotKind, Status
from ledger.domain.losses import removable
from ledger.domain.money import Components
from ledger.domain.situation import Rule, Situation


def _room(loan: Loan, loss: Loss) -> Components:
    if isinstance(loss, RemoveChargeOff):
        return removable(loan.off(LotKind.CHARGE_OFF), loan.claim)
    return loan.outstanding


def _wanted(s: Situation, loss: Loss) -> int:
    return asked_for(loss.take, _room(s.loan, loss), rounding=s.policy.rounding)


def _is_above(loan: Loan, loss: Loss) -> bool:
    """Say whether more is taken than there is room for, in all or in a component."""
    match loss.take:
        case Amount(amount_minor):
            return amount_minor > _room(loan, loss).total
        case Parts(parts):
            return not parts.fits(_room(loan, loss))
        case Full() | Percent():
            return False


def _nothing_outstanding(s: Situation) -> bool:
    match s.asked:
        case WriteOff() if s.loan.stands_charged_off:
            return False
        case ChargeOff(take=take) | WriteOff(take=take) | RemoveChargeOff(take=take):
            return isinstance(take, Full | Percent) and _wanted(s, s.asked) == 0
        case _:
            return False


def _exceeds_outstanding(s: Situation) -> bool:
    return isinstance(s.asked, ChargeOff | WriteOff) and _is_above(s.loan, s.asked)


def _exceeds_grant(s: Situation) -> bool:
    """Say whether it is more than a grant covers; a write-off's charge-offs count."""
    limit_minor = s.ask.limit_minor if s.ask else None
    if limit_minor is None:
        return False
    match s.asked:
        case WriteOff():
            return _wanted(s, s.asked) + s.loan.off(LotKind.CHARGE_OFF).total > limit_minor
        case ChargeOff() | RemoveChargeOff():
            return _wanted(s, s.asked) > limit_minor
        case Recover(amount_minor) | PayOff(amount_minor) | Refinance(amount_minor=amount_minor):
            return (s.loan.customer.total if amount_minor is None else amount_minor) > limit_minor
        case _:
            return False


def _removes_too_much(s: Situation) -> bool:
    return isinstance(s.asked, RemoveChargeOff) and _is_above(s.loan, s.asked)


def _exceeds_remaining(s: Situation) -> bool:
    return isinstance(s.asked, Recover) and s.asked.amount_minor > s.loan.claim.total


def _exceeds_credit_balance(s: Situation) -> bool:
    over = s.loan.overpaid_minor
    return isinstance(s.asked, CreditBalanceRefund) and s.asked.amount_minor > over


def _portions_mismatch(s: Situation) -> bool:
    match s.asked:
        case (
            Repay(portions=portions) | Refund(portions=portions) | GoodwillCredit(portions=portions)
        ):
            pass
        case _:
            return False
    # What is paid on a loan that is not active any more is over, however it was split.
    if portions is None or s.loan.status is not Status.ACTIVE:
        return False
    outstanding, co = s.loan.outstanding, s.loan.co
    if (outstanding.total > 0) is (co.total > 0):
        return True
    book = outstanding if outstanding.total else co
    fits = portions.fits(book) and portions.fits(s.loan.customer)
    return not fits or portions.total != s.asked.amount_minor


PLACED: tuple[Rule, ...] = (
    ("NOTHING_OUTSTANDING", _nothing_outstanding),
    ("AMOUNT_EXCEEDS_OUTSTANDING", _exceeds_outstanding),
    ("GRANT_EXCEEDED", _exceeds_grant),
    ("REMOVAL_EXCEEDS_CHARGED_OFF", _removes_too_much),
    ("RECOVERY_EXCEEDS_REMAINING", _exceeds_remaining),
    ("AMOUNT_EXCEEDS_CREDIT_BALANCE", _exceeds_credit_balance),
    ("PORTIONS_MISMATCH", _portions_mismatch),
)
