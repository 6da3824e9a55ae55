"""Why not: stable codes in the order in which they are looked for, each with a sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A stable code, and a sentence for people without personal data."""

    code: str
    message: str


MESSAGES = {
    "ID_REUSED": "the id was used for another command",
    "UNKNOWN_LOAN": "no such loan",
    "CURRENCY_MISMATCH": "the loan is in another currency",
    "INVALID_FIELDS": "the command cannot be read",
    "AMOUNT_NOT_POSITIVE": "the amount must be above zero",
    "AMOUNT_SCALE": "more decimals than the currency has",
    "PERCENT_OUT_OF_RANGE": "a percentage is above 0 and at most 100",
    "UNKNOWN_REASON": "the policy has no such reason",
    "APPROVAL_MISSING": "the command needs an approval",
    "FUTURE_DATE": "the date is after today",
    "PERIOD_CLOSED": "the date is in a closed period",
    "NOT_ALLOWANCE_METHOD": "the policy keeps no allowance",
    "DATE_BEFORE_OPENING": "the date is before the loan's opening",
    "UNKNOWN_TRANSACTION": "the loan has no such transaction",
    "ALREADY_REVERSED": "the transaction does not stand any more",
    "UNDO_ONLY_FOR_ERROR": "a loss is taken back for an error only",
    "ALREADY_WRITTEN_OFF": "the loan is written off",
    "LOAN_NOT_ACTIVE": "the loan is not active",
    "NOT_CHARGED_OFF": "nothing stands charged off",
    "NOT_WRITTEN_OFF": "the loan is not written off",
    "NOT_OVERPAID": "nothing is overpaid",
    "ALREADY_CHARGED_OFF": "the loan is charged off in full",
    "LOAN_CHARGED_OFF": "part of the loan is charged off",
    "WRITE_OFF_MUST_BE_FULL": "a charged-off loan is written off in full",
    "RECOVERY_STANDS": "a recovery stands on the write-off",
    "NOT_LAST_TRANSACTION": "a later transaction stands",
    "DATE_BEFORE_CHARGE_OFF": "the date is before a charge-off",
    "DATE_BEFORE_LAST_TRANSACTION": "a later transaction stands",
    "ALREADY_ACCRUED": "interest is accrued up to that date",
    "PAY_OFF_AMOUNT_MISMATCH": "the amount is not what the customer owes",
    "LOAN_EXISTS": "the new loan exists",
    "NOTHING_OUTSTANDING": "there is nothing to take",
    "AMOUNT_EXCEEDS_OUTSTANDING": "the amount is above what is outstanding",
    "GRANT_EXCEEDED": "it is above what was granted",
    "REMOVAL_EXCEEDS_CHARGED_OFF": "the amount is above what can be put back",
    "RECOVERY_EXCEEDS_REMAINING": "the amount is above what remains of the loss",
    "AMOUNT_EXCEEDS_CREDIT_BALANCE": "the amount is above what is overpaid",
    "PORTIONS_MISMATCH": "the portions do not fit the amount and what is owed",
    "REPLAY_REFUSED": "a later transaction cannot bear the change",
}
"""Every code of a posting, in order. A grant's own are looked for before all of them."""


def refuse(code: str, detail: str = "") -> Refusal:
    """Give the refusal of a code; `detail` says what in particular."""
    message = MESSAGES[code]
    return Refusal(code, f"{message}: {detail}" if detail else message)
