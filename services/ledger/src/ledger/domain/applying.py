"""How one command lands on a loan, now or in a replay: the step of the fold."""

from dataclasses import dataclass
from datetime import date
from typing import assert_never
from uuid import UUID

from ledger.domain import interest, losses, payments
from ledger.domain.command import (
    Accrue,
    Adding,
    ChargeOff,
    CreditBalanceRefund,
    GoodwillCredit,
    PayOff,
    Recover,
    Refinance,
    Refund,
    RemoveChargeOff,
    Repay,
    WriteOff,
)
from ledger.domain.draft import Draft
from ledger.domain.loan import Loan, Status
from ledger.domain.losses import Moved
from ledger.domain.money import Component
from ledger.domain.policy import Policy
from ledger.domain.posting import Lines


@dataclass(frozen=True, slots=True)
class Applied:
    """The loan afterwards, and the lines that say what moved."""

    loan: Loan
    lines: Lines
    moved: Moved


def apply(loan: Loan, asked: Adding, policy: Policy, *, day: date, entry_id: UUID) -> Applied:
    """Apply a command that nothing forbids, of a day not before any other that the loan has had.

    Interest grows first: what is paid that day earns no more from then on.
    """
    draft = Draft(loan, policy, day=day, entry_id=entry_id)
    moved = _move(draft, asked)
    if not isinstance(asked, Accrue) and draft.outstanding.total == 0 and draft.unearned_minor:
        interest.release_unearned(draft)
    if loan.status is Status.ACTIVE and draft.status is not Status.ACTIVE and draft.deferred_minor:
        _release_deferred(draft, asked)
    match asked:
        case Accrue():
            after = draft.loan_after(last_accrue=day)
        case ChargeOff():
            after = draft.loan_after(last_transaction=day, last_charge_off=day)
        case _:
            after = draft.loan_after(last_transaction=day)
    return Applied(after, tuple(draft.lines), moved)


def _move(draft: Draft, asked: Adding) -> Moved:
    match asked:
        case ChargeOff():
            return losses.charge_off(draft, asked)
        case WriteOff():
            return losses.write_off(draft, asked)
        case RemoveChargeOff():
            return losses.remove_charge_off(draft, asked)
        case Recover():
            return payments.recover(draft, asked)
        case Repay() | Refund() | GoodwillCredit() | PayOff() | Refinance():
            return payments.pay(draft, asked)
        case CreditBalanceRefund():
            return payments.refund_credit_balance(draft, asked)
        case Accrue():
            return interest.accrue(draft)
        case _:
            assert_never(asked)


def _release_deferred(draft: Draft, asked: Adding) -> None:
    """Release what was deferred of a loan that is not active any more: against the loss, if any."""
    policy, deferred_minor = draft.policy, draft.deferred_minor
    draft.debit(policy.bnk("DEFERRED_INCOME"), deferred_minor)
    if draft.status is Status.CLOSED_WRITTEN_OFF:
        reason = asked.reason if isinstance(asked, WriteOff) else None
        account = policy.write_off_account(Component.PRINCIPAL, reason=reason)
        draft.credit(account, deferred_minor, Component.PRINCIPAL)
    else:
        draft.credit(policy.bnk("FEE_INCOME"), deferred_minor)
    draft.deferred_minor = 0
