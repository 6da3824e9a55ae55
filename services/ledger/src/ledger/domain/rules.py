"""What forbids a posting now: rules in one order, the first that applies is the answer.

What a command's own fields must be is asked before (`asked`), and before that what a grant must be
(`grant`); behind these come the loan's stage (`stages`) and the room at its place (`places`).
"""

from ledger.domain.ask import Ask
from ledger.domain.command import (
    Accrue,
    Asked,
    ChargeOff,
    CreditBalanceRefund,
    PayOff,
    Provision,
    Recover,
    Refinance,
    RemoveChargeOff,
    Reverse,
    Undo,
    WriteOff,
)
from ledger.domain.policy import Method, Policy
from ledger.domain.situation import Rule, Situation
from ledger.domain.stages import STAGE

LOSSES = (ChargeOff.name, WriteOff.name, RemoveChargeOff.name)
"""What is taken back for an error only."""


def broken_as_asked(asked: Asked, ask: Ask, policy: Policy) -> str | None:
    """Give the code of the first rule, 8 to 12, that forbids before any loan is looked at."""
    closed = policy.closed_through
    match asked:
        case ChargeOff(reason=reason) | WriteOff(reason=reason):
            if reason is not None and reason not in policy.reasons:
                return "UNKNOWN_REASON"
        case _:
            pass
    if asked.name in policy.approval_required and not ask.approval:
        return "APPROVAL_MISSING"
    if ask.value_date > ask.today:
        return "FUTURE_DATE"
    if closed is not None and ask.value_date <= closed:
        return "PERIOD_CLOSED"
    if isinstance(asked, Provision) and policy.method is not Method.ALLOWANCE:
        return "NOT_ALLOWANCE_METHOD"
    return None


def _before_opening(s: Situation) -> bool:
    return s.now.value_date < s.loan.particulars.opened


def _unknown_transaction(s: Situation) -> bool:
    return isinstance(s.asked, Reverse) and s.gone is None


def _already_reversed(s: Situation) -> bool:
    return isinstance(s.asked, Reverse) and s.gone is not None and not s.gone.standing


def _no_error(s: Situation) -> bool:
    match s.asked:
        case Undo(cause=cause) | RemoveChargeOff(cause=cause):
            return cause != "ERROR"
        case Reverse(cause=cause):
            return s.gone is not None and s.gone.asked.name in LOSSES and cause != "ERROR"
        case _:
            return False


def _recovery_stands(s: Situation) -> bool:
    gone = s.gone
    if not isinstance(s.asked, Reverse | Undo) or gone is None or gone.asked.name != "write_off":
        return False
    return s.past.latest("recover") is not None


def _not_last(s: Situation) -> bool:
    gone = s.gone
    if not isinstance(s.asked, Undo) or gone is None:
        return False
    return any(
        later.standing and later.is_users and later.place > gone.place
        for later in s.past.transactions
    )


def _before_charge_off(s: Situation) -> bool:
    last = s.loan.last_charge_off
    return isinstance(s.asked, WriteOff) and last is not None and s.now.value_date < last


def _before_last_transaction(s: Situation) -> bool:
    match s.asked:
        case ChargeOff() | WriteOff() | RemoveChargeOff() | Recover() | CreditBalanceRefund():
            last = s.loan.last_transaction
        case PayOff() | Refinance():
            last = s.loan.last_date
        case _:
            return False
    return last is not None and s.now.value_date < last


def _already_accrued(s: Situation) -> bool:
    last = s.loan.last_accrue or s.loan.particulars.accrued_to
    return isinstance(s.asked, Accrue) and s.now.value_date <= last


def _not_what_is_owed(s: Situation) -> bool:
    match s.asked:
        case PayOff(amount_minor=amount) | Refinance(amount_minor=amount):
            return amount is not None and amount != s.loan.customer.total
        case _:
            return False


def _loan_exists(s: Situation) -> bool:
    return isinstance(s.asked, Refinance) and s.asked.new_loan in s.taken


NOW: tuple[Rule, ...] = (
    ("DATE_BEFORE_OPENING", _before_opening),
    ("UNKNOWN_TRANSACTION", _unknown_transaction),
    ("ALREADY_REVERSED", _already_reversed),
    ("UNDO_ONLY_FOR_ERROR", _no_error),
    *STAGE,
    ("RECOVERY_STANDS", _recovery_stands),
    ("NOT_LAST_TRANSACTION", _not_last),
    ("DATE_BEFORE_CHARGE_OFF", _before_charge_off),
    ("DATE_BEFORE_LAST_TRANSACTION", _before_last_transaction),
    ("ALREADY_ACCRUED", _already_accrued),
    ("PAY_OFF_AMOUNT_MISMATCH", _not_what_is_owed),
    ("LOAN_EXISTS", _loan_exists),
)
