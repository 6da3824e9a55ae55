"""Rules 17 to 24: whether the loan's stage bears a command, now and in a replay."""

from ledger.domain.command import (
    Accrue,
    ChargeOff,
    CreditBalanceRefund,
    Full,
    GoodwillCredit,
    PayOff,
    Recover,
    Refinance,
    Refund,
    RemoveChargeOff,
    Repay,
    Reverse,
    Undo,
    WriteOff,
)
from ledger.domain.loan import Status
from ledger.domain.situation import Rule, Situation


def _paid_or_accrued_late(s: Situation) -> bool:
    """Say whether a replay finds a payment, all of it over then, or an accrual, nothing then."""
    on_any = Repay | Refund | GoodwillCredit | PayOff | Accrue
    return s.ask is None and isinstance(s.asked, on_any)


def _already_written_off(s: Situation) -> bool:
    if s.loan.status is not Status.CLOSED_WRITTEN_OFF or _paid_or_accrued_late(s):
        return False
    match s.asked:
        case Recover() | CreditBalanceRefund() | Undo(what="write_off"):
            return False
        case Reverse() if s.gone is not None:
            latest = s.past.latest("write_off")
            return s.gone.asked.name != "recover" and s.gone is not latest
        case _:
            return True


def _not_active(s: Situation) -> bool:
    match s.asked:
        case Reverse() | Undo() | Recover() | CreditBalanceRefund():
            return s.loan.status in (Status.PENDING, Status.CLOSED_REFINANCED)
        case _:
            return s.loan.status is not Status.ACTIVE and not _paid_or_accrued_late(s)


def _not_charged_off(s: Situation) -> bool:
    match s.asked:
        case RemoveChargeOff():
            return not s.loan.stands_charged_off
        case Undo(what="charge_off"):
            return not s.loan.stands_charged_off or s.gone is None
        case _:
            return False


def _not_written_off(s: Situation) -> bool:
    match s.asked:
        case Recover():
            return s.loan.status is not Status.CLOSED_WRITTEN_OFF
        case Undo(what="write_off"):
            return s.gone is None
        case _:
            return False


def _not_overpaid(s: Situation) -> bool:
    return isinstance(s.asked, CreditBalanceRefund) and s.loan.overpaid_minor == 0


def _already_charged_off(s: Situation) -> bool:
    return isinstance(s.asked, ChargeOff) and s.loan.charged_off_flag == "FULL"


def _charged_off(s: Situation) -> bool:
    return isinstance(s.asked, Refinance) and s.loan.co.total > 0


def _must_be_full(s: Situation) -> bool:
    return (
        isinstance(s.asked, WriteOff)
        and not isinstance(s.asked.take, Full)
        and s.loan.stands_charged_off
    )


STAGE: tuple[Rule, ...] = (
    ("ALREADY_WRITTEN_OFF", _already_written_off),
    ("LOAN_NOT_ACTIVE", _not_active),
    ("NOT_CHARGED_OFF", _not_charged_off),
    ("NOT_WRITTEN_OFF", _not_written_off),
    ("NOT_OVERPAID", _not_overpaid),
    ("ALREADY_CHARGED_OFF", _already_charged_off),
    ("LOAN_CHARGED_OFF", _charged_off),
    ("WRITE_OFF_MUST_BE_FULL", _must_be_full),
)
