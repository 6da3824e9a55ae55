"""The checks of a request against the loan, in their order: the first that fails is the answer.

The codes are the ledger's, and so is their order: whoever is told no here would be told so there.
What only the ledger can know (a transaction, what was recovered) it says itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from uuid import UUID

from mesh.currency import DECIMALS

from case.domain import reasons
from case.domain.case import LoanFile
from case.domain.fields import wrong_field
from case.domain.policy import Policy
from case.domain.terms import (
    CHARGE_OFF,
    FULL,
    LOSSES,
    NOTHING,
    RECOVERY,
    REMOVAL,
    REVERSAL,
    TAKING,
    WRITE_OFF,
    KindTerms,
    Loan,
    Request,
)

UNDONE: Mapping[str, str] = {"write_off": WRITE_OFF, "charge_off": CHARGE_OFF}
"""What the last one is of that is undone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A request and the loan that it is about, side by side."""

    file: LoanFile
    case_id: UUID
    request: Request
    loan: Loan
    reason: str
    policy: Policy
    today: date
    """In the tenant's time zone."""

    @property
    def of_kind(self) -> KindTerms:
        """Give what only some kinds ask for."""
        return self.request.of_kind or NOTHING

    @property
    def room_minor(self) -> int:
        """Give all that may be taken, or that is owed as far as it is known here."""
        match self.request.kind:
            case "CHARGE_OFF":
                return self.loan.outstanding_minor
            case "REMOVAL":
                return self.loan.charged_off_minor
            case _:
                return self.loan.outstanding_minor + self.loan.charged_off_minor

    @property
    def amount_minor(self) -> int | None:
        """Give the amount that it is about; none: nobody says. A percentage rounds up."""
        asked, of_kind = self.request, self.of_kind
        if asked.kind in TAKING:
            if of_kind.percent is not None:
                return -(-self.room_minor * Fraction(of_kind.percent) // 100)
            if of_kind.components is not None:
                return sum(of_kind.components.parts)
            return self.room_minor if asked.scope == FULL else asked.amount_minor
        if asked.amount_minor is not None or asked.kind == RECOVERY:
            return asked.amount_minor
        return self._taken_back_minor() if asked.kind == REVERSAL else self.room_minor

    def _taken_back_minor(self) -> int | None:
        """Give what was posted by the case that a reversal takes back, if it is one of this file.

        Of an undone kind it is the last one that stands.
        """
        of_kind = self.of_kind
        posted = [case for case in self.file.cases.values() if case.posting]
        gone = {
            c.posting.transaction_id for c in posted if c.posting and c.request.kind == REVERSAL
        }
        found = [
            (case.request.date, case.opened_at, case.posting.amount_minor)
            for case in posted
            if case.posting
            and case.posting.transaction_id not in gone
            and (
                case.posting.transaction_id == of_kind.transaction_id
                or case.request.kind == UNDONE.get(of_kind.undo or "")
            )
        ]
        return max(found)[-1] if found else None


def _currency(look: Look) -> str | None:
    asked, loan = look.request.currency, look.loan
    if asked is not None and (asked != loan.currency or asked not in DECIMALS):
        return f"currency: the loan is in {loan.currency}"
    return None


def _fields(look: Look) -> str | None:
    """Name the first field that no such case can have."""
    wrong = wrong_field(look.request)
    if wrong is None and look.amount_minor is None:
        wrong = "amount"
    return f"{wrong}: missing or not possible" if wrong else None


def _amount(look: Look) -> str | None:
    amount, parts = look.request.amount_minor, look.of_kind.components
    if parts is not None and (min(parts.parts) < 0 or not any(parts.parts)):
        return "components: one is below zero, or all are zero"
    return "amount: not above zero" if amount is not None and amount <= 0 else None


def _percent(look: Look) -> str | None:
    percent = look.of_kind.percent
    if percent is None or 0 < Fraction(percent) <= 100:
        return None
    return "percent: not above zero, or above 100"


def _not_in_future(look: Look) -> str | None:
    assert look.request.date is not None
    return f"date: after {look.today}" if look.request.date > look.today else None


def _not_before_opening(look: Look) -> str | None:
    assert look.request.date is not None
    opened = look.loan.opened
    return f"date: before {opened}, when it was opened" if look.request.date < opened else None


def _not_written_off(look: Look) -> str | None:
    if look.loan.status != "CLOSED_WRITTEN_OFF" or look.request.kind == RECOVERY:
        return None
    is_open = look.request.kind == REVERSAL and look.of_kind.undo != "charge_off"
    return None if is_open else "it is written off"


def _active(look: Look) -> str | None:
    status = look.loan.status
    if look.request.kind in (REVERSAL, RECOVERY):
        is_fit = status not in ("PENDING", "CLOSED_REFINANCED")
    else:
        is_fit = status == "ACTIVE"
    return None if is_fit else f"the loan is {status}"


def _charged_off(look: Look) -> str | None:
    asks = look.request.kind == REMOVAL or look.of_kind.undo == "charge_off"
    return "nothing is charged off" if asks and look.loan.charged_off_minor <= 0 else None


def _written_off(look: Look) -> str | None:
    status = look.loan.status
    is_not = look.request.kind == RECOVERY and status != "CLOSED_WRITTEN_OFF"
    return f"the loan is {status}: what comes in is a payment" if is_not else None


def _not_charged_off(look: Look) -> str | None:
    loan = look.loan
    is_full = loan.charged_off_minor > 0 and loan.outstanding_minor <= 0
    return "it is charged off whole" if look.request.kind == CHARGE_OFF and is_full else None


def _full_after_charge_off(look: Look) -> str | None:
    partly = look.loan.charged_off_minor > 0 and look.request.scope != FULL
    if look.request.kind == WRITE_OFF and partly:
        return "scope: a charge-off stands, so only FULL"
    return None


def _not_before_last_transaction(look: Look) -> str | None:
    assert look.request.date is not None
    last = look.loan.last_transaction
    if last is None or look.request.kind == REVERSAL or look.request.date >= last:
        return None
    return f"date: before {last}, its last transaction"


def _something_outstanding(look: Look) -> str | None:
    takes_share = look.request.scope == FULL or look.of_kind.percent is not None
    nothing = look.request.kind in TAKING and takes_share and look.room_minor <= 0
    return "nothing is outstanding" if nothing else None


def _at_most_outstanding(look: Look) -> str | None:
    return "amount: more than may be taken" if _is_above(look, LOSSES) else None


def _at_most_charged_off(look: Look) -> str | None:
    return "amount: more than is charged off" if _is_above(look, {REMOVAL}) else None


def _is_above(look: Look, kinds: frozenset[str] | set[str]) -> bool:
    """Say whether a request of these kinds asks for more than there is."""
    if look.request.kind not in kinds:
        return False
    asked = (look.request.amount_minor, look.amount_minor)
    return any(amount is not None and amount > look.room_minor for amount in asked)


def _full_means_all(look: Look) -> str | None:
    r = look.request
    less = r.scope == FULL and r.amount_minor is not None and r.amount_minor < look.room_minor
    return "amount: less than all, but scope is FULL" if r.kind in TAKING and less else None


def _reason_allowed(look: Look) -> str | None:
    if look.request.kind not in LOSSES:
        return None
    reason = reasons.BY_CODE[look.reason]
    if not reason.fits(look.loan.segment):
        return f"reason: {reason.code} is for {reason.segment} loans"
    if reason.code == "REPOSSESSION_FAILED" and not look.request.entitled:
        return "reason: its maker may not submit REPOSSESSION_FAILED"
    if reason.code == "SMALL_BALANCE":
        limit = look.policy.small_balance_max_usd.get(look.loan.segment, 0)
        if look.policy.is_above(look.room_minor, look.loan.currency, limit_usd=limit):
            return f"reason: SMALL_BALANCE is for up to {limit} US dollars"
    return None


def _no_rival(look: Look) -> str | None:
    rivals = look.file.rivals(look.case_id)
    if not rivals or look.request.kind not in LOSSES:
        return None
    if look.request.scope == FULL or look.file.excludes_others(look.case_id):
        return "another case on the loan is open"
    amount_minor = look.amount_minor
    assert amount_minor is not None
    too_much = amount_minor > look.file.unclaimed_minor(look.case_id)
    return "with the loan's other open cases it is more than is outstanding" if too_much else None


CHECKS: tuple[tuple[str, Callable[[Look], str | None]], ...] = (
    ("CURRENCY_MISMATCH", _currency),
    ("INVALID_FIELDS", _fields),
    ("AMOUNT_NOT_POSITIVE", _amount),
    ("PERCENT_OUT_OF_RANGE", _percent),
    ("FUTURE_DATE", _not_in_future),
    ("DATE_BEFORE_OPENING", _not_before_opening),
    ("ALREADY_WRITTEN_OFF", _not_written_off),
    ("LOAN_NOT_ACTIVE", _active),
    ("NOT_CHARGED_OFF", _charged_off),
    ("NOT_WRITTEN_OFF", _written_off),
    ("ALREADY_CHARGED_OFF", _not_charged_off),
    ("WRITE_OFF_MUST_BE_FULL", _full_after_charge_off),
    ("DATE_BEFORE_LAST_TRANSACTION", _not_before_last_transaction),
    ("NOTHING_OUTSTANDING", _something_outstanding),
    ("AMOUNT_EXCEEDS_OUTSTANDING", _at_most_outstanding),
    ("REMOVAL_EXCEEDS_CHARGED_OFF", _at_most_charged_off),
    ("INVALID_FIELDS", _full_means_all),
    ("REASON_NOT_ALLOWED", _reason_allowed),
    ("LOAN_HAS_OPEN_CASE", _no_rival),
)
"""First that fails. The ledger's rules 9, 11 and 14 to 16 are left to the ledger."""
