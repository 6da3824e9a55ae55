"""How money comes in and goes back: payments in both books, recoveries, what was paid too much."""

from ledger.domain.command import (
    CreditBalanceRefund,
    GoodwillCredit,
    Payment,
    PayOff,
    Recover,
    Refinance,
    Refund,
    Repay,
)
from ledger.domain.draft import Draft
from ledger.domain.loan import LotKind, Status
from ledger.domain.losses import Moved
from ledger.domain.money import NOTHING, Component, Components, pour
from ledger.domain.policy import Book


def pay(draft: Draft, payment: Payment) -> Moved:
    """Apply a payment, to the bank's book first, then to what was charged off; the rest is over.

    On a loan that is not active any more, as a replay can find it, all of it is.
    """
    amount_minor = payment.amount_minor
    assert amount_minor is not None, "the amount of a pay-off is filled in before"
    draft.debit(draft.policy.bnk(_source(payment)), amount_minor)
    recovered_minor = 0
    if draft.status is Status.ACTIVE:
        on, off, cust = _split(draft, payment, amount_minor)
        draft.bnk_down(on)
        recovered_minor = _come_back(draft, off, uses_lots=isinstance(payment, Refund))
        draft.co_down(off)
        draft.cust_down(cust)
        amount_minor -= cust.total
    _overpay(draft, amount_minor)
    if isinstance(payment, Refinance):
        draft.status = Status.CLOSED_REFINANCED
    elif draft.outstanding.total == 0 and draft.co.total == 0:
        over = draft.overpaid_minor > 0
        draft.status = Status.OVERPAID if over else Status.CLOSED_OBLIGATIONS_MET
    return Moved(amount_minor=payment.amount_minor or 0, recovered_minor=recovered_minor)


def recover(draft: Draft, command: Recover) -> Moved:
    """Take money on a loan that is written off. Memo interest is not collected here."""
    policy, amount_minor = draft.policy, command.amount_minor
    parts = pour(amount_minor, policy.waterfall[Book.CO], draft.claim)
    draft.debit(policy.bnk("CASH"), amount_minor)
    for component, part in parts:
        draft.credit(policy.recovery_account(), part, component)
    draft.recovered += parts
    draft.co_down(parts)
    draft.cust_down(pour(amount_minor, policy.waterfall[Book.CUST], draft.customer))
    return Moved(amount_minor=amount_minor, parts=parts, recovered_minor=amount_minor)


def refund_credit_balance(draft: Draft, command: CreditBalanceRefund) -> Moved:
    """Give back what was paid too much."""
    draft.debit(draft.policy.bnk("OVERPAYMENT"), command.amount_minor)
    draft.credit(draft.policy.bnk("CASH"), command.amount_minor)
    draft.overpaid_minor -= command.amount_minor
    if draft.overpaid_minor == 0 and draft.status is Status.OVERPAID:
        draft.status = Status.CLOSED_OBLIGATIONS_MET
    return Moved(amount_minor=command.amount_minor)


def _source(payment: Payment) -> str:
    """Give the role that a payment is debited to."""
    match payment:
        case GoodwillCredit():
            return "GOODWILL"
        case Refinance():
            return "REFINANCE"
        case Repay() | Refund() | PayOff():
            return "CASH"


def _split(
    draft: Draft, payment: Payment, amount_minor: int
) -> tuple[Components, Components, Components]:
    """Say what of a payment goes on the bank's book, on what was charged off, on the customer's."""
    outstanding, waterfall = draft.outstanding, draft.policy.waterfall
    portions = None if isinstance(payment, PayOff | Refinance) else payment.portions
    if portions is not None:
        on, off = (portions, NOTHING) if outstanding.total else (NOTHING, portions)
        return on, off, portions
    on_minor = min(amount_minor, outstanding.total)
    off_minor = min(amount_minor - on_minor, draft.co.total)
    return (
        pour(on_minor, waterfall[Book.BNK], outstanding),
        pour(off_minor, waterfall[Book.CO], draft.co),
        pour(on_minor + off_minor, waterfall[Book.CUST], draft.customer),
    )


def _come_back(draft: Draft, off: Components, *, uses_lots: bool) -> int:
    """Credit what comes back on the memo book: in each component the claim first, then memo.

    A refund was never a loss: it gives back what was debited. Gives what was recovered.
    """
    claim, recovered = draft.claim, [0, 0, 0, 0, 0]
    for place, (component, part) in enumerate(off):
        on_claim = min(part, claim.minor[place])
        if uses_lots:
            left = draft.use_lots(LotKind.CHARGE_OFF, component, on_claim)
            left = draft.use_lots(LotKind.WRITE_OFF, component, left)
            assert left == 0, "a claim is covered by lots"
        else:
            draft.credit(draft.policy.recovery_account(), on_claim, component)
            recovered[place] = on_claim
        draft.credit(draft.policy.bnk("MEMO_INTEREST"), part - on_claim, Component.INTEREST)
        draft.memo_minor -= part - on_claim
    draft.recovered += Components(*recovered)
    return sum(recovered)


def _overpay(draft: Draft, over_minor: int) -> None:
    draft.credit(draft.policy.bnk("OVERPAYMENT"), over_minor)
    draft.overpaid_minor += over_minor
