"""The checks of a request against the loan, in their order, and what follows when all hold.

The codes are the ledger's, and so is their order: whoever is told no here would be told so there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from mesh.currency import DECIMALS

from case.domain import reasons
from case.domain.case import LoanFile, number_of
from case.domain.money import Refusal
from case.domain.policy import Policy
from case.domain.terms import FULL, PARTIAL, WRITE_OFF, Loan, Request, Terms

REASON_LENGTH_MAX = 200
NOTES_LENGTH_MAX = 2_000
REFERENCE_LENGTH_MAX = 64
"""As the API has them: one request is the same by every way in."""

LEGAL_CODES = frozenset(str(code) for code in range(10, 22))
"""10 summons … 20 receiver, 21 settled or discharged."""


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
    def room_minor(self) -> int:
        """Give all that may be written off: what is outstanding, and what stands charged off."""
        return self.loan.outstanding_minor + self.loan.charged_off_minor


def examine(
    file: LoanFile, request: Request, *, case_id: UUID, policy: Policy, today: date
) -> Terms | Refusal:
    """Check a request; gives its terms, or the first reason why not."""
    if request.kind not in (WRITE_OFF, "UNKNOWN"):
        return Refusal("KIND_NOT_SUPPORTED", f"{request.kind} is not taken yet")
    if file.loan is None:
        return Refusal("UNKNOWN_LOAN", "no such loan")
    named = reasons.match(request.reason, segment=file.loan.segment)
    look = Look(
        file=file,
        case_id=case_id,
        request=request,
        loan=file.loan,
        reason=named.code if named else reasons.NO_HIT,
        policy=policy,
        today=today,
    )
    for code, check in CHECKS:
        trouble = check(look)
        if trouble:
            return Refusal(code, trouble)
    return _terms(look)


def needs_no_person(file: LoanFile, request: Request, terms: Terms, policy: Policy) -> bool:
    """Say whether policy may review it: everything known, nothing at law, no suspicion."""
    return (
        request.channel != "AGENT"
        and terms.litigation == "N"
        and not terms.fraud
        and terms.reason != "FRAUD"
        and reasons.match(request.reason, segment=terms.segment) is not None
        and not any(
            e.fits(tenant=file.tenant, product=terms.product, reason=terms.reason)
            for e in policy.by_hand
        )
    )


def review_queue(terms: Terms, policy: Policy) -> str:
    """Say in which queue a review waits."""
    large = policy.is_above(terms.amount_minor, terms.currency, limit_usd=policy.special_above_usd)
    if terms.reason == "FRAUD" or terms.litigation in ("L", "P") or large:
        return "SPECIAL"
    return "CREDIT-BUSINESS" if terms.segment == "BUSINESS" else "CREDIT-PERSONAL"


def _currency(look: Look) -> str | None:
    asked, loan = look.request.currency, look.loan
    if asked is not None and (asked != loan.currency or asked not in DECIMALS):
        return f"currency: the loan is in {loan.currency}"
    return None


def _fields(look: Look) -> str | None:
    """Name the first field that no write-off can have."""
    r = look.request
    wrong = {
        "kind": r.kind != WRITE_OFF,
        "scope": r.scope not in (FULL, PARTIAL),
        "amount": r.scope == PARTIAL and r.amount_minor is None,
        "date": r.date is None,
        "reason": not 0 < len(r.reason.strip()) <= REASON_LENGTH_MAX,
        "litigation": r.litigation not in ("N", "L", "P"),
        "legal_code": r.legal_code is not None and r.legal_code not in LEGAL_CODES,
        "approval_reference": r.approval_reference is not None
        and not 0 < len(r.approval_reference) <= REFERENCE_LENGTH_MAX,
        "notes": r.notes is not None and len(r.notes) > NOTES_LENGTH_MAX,
    }
    return next((f"{field}: missing or not possible" for field, bad in wrong.items() if bad), None)


def _amount(look: Look) -> str | None:
    amount = look.request.amount_minor
    return "amount: not above zero" if amount is not None and amount <= 0 else None


def _not_in_future(look: Look) -> str | None:
    assert look.request.date is not None
    return f"date: after {look.today}" if look.request.date > look.today else None


def _not_before_opening(look: Look) -> str | None:
    assert look.request.date is not None
    opened = look.loan.opened
    return f"date: before {opened}, when it was opened" if look.request.date < opened else None


def _not_written_off(look: Look) -> str | None:
    return "it is written off" if look.loan.status == "CLOSED_WRITTEN_OFF" else None


def _active(look: Look) -> str | None:
    return f"the loan is {look.loan.status}" if look.loan.status != "ACTIVE" else None


def _full_after_charge_off(look: Look) -> str | None:
    partly = look.loan.charged_off_minor > 0 and look.request.scope != FULL
    return "scope: a charge-off stands, so only FULL" if partly else None


def _not_before_last_transaction(look: Look) -> str | None:
    assert look.request.date is not None
    last = look.loan.last_transaction
    return (
        f"date: before {last}, its last transaction" if last and look.request.date < last else None
    )


def _something_outstanding(look: Look) -> str | None:
    nothing = look.request.scope == FULL and look.room_minor <= 0
    return "nothing is outstanding" if nothing else None


def _at_most_outstanding(look: Look) -> str | None:
    amount = look.request.amount_minor
    too_much = amount is not None and amount > look.room_minor
    return "amount: more than may be written off" if too_much else None


def _full_means_all(look: Look) -> str | None:
    r = look.request
    less = r.scope == FULL and r.amount_minor is not None and r.amount_minor < look.room_minor
    return "amount: less than all, but scope is FULL" if less else None


def _reason_allowed(look: Look) -> str | None:
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
    if not rivals:
        return None
    if look.request.scope == FULL or look.file.excludes_others(look.case_id):
        return "another case on the loan is open"
    assert look.request.amount_minor is not None
    too_much = look.request.amount_minor > look.file.unclaimed_minor(look.case_id)
    return "with the loan's other open cases it is more than is outstanding" if too_much else None


CHECKS: tuple[tuple[str, Callable[[Look], str | None]], ...] = (
    ("CURRENCY_MISMATCH", _currency),
    ("INVALID_FIELDS", _fields),
    ("AMOUNT_NOT_POSITIVE", _amount),
    ("FUTURE_DATE", _not_in_future),
    ("DATE_BEFORE_OPENING", _not_before_opening),
    ("ALREADY_WRITTEN_OFF", _not_written_off),
    ("LOAN_NOT_ACTIVE", _active),
    ("WRITE_OFF_MUST_BE_FULL", _full_after_charge_off),
    ("DATE_BEFORE_LAST_TRANSACTION", _not_before_last_transaction),
    ("NOTHING_OUTSTANDING", _something_outstanding),
    ("AMOUNT_EXCEEDS_OUTSTANDING", _at_most_outstanding),
    ("INVALID_FIELDS", _full_means_all),
    ("REASON_NOT_ALLOWED", _reason_allowed),
    ("LOAN_HAS_OPEN_CASE", _no_rival),
)
"""First that fails. The ledger's rules 9, 11 and 14 to 16 are left to the ledger."""


def _terms(look: Look) -> Terms:
    """Write down what is asked for, with what the loan says."""
    r, loan = look.request, look.loan
    assert r.date is not None
    full = r.scope == FULL
    amount_minor = look.room_minor if full else r.amount_minor
    assert amount_minor is not None
    return Terms(
        case_number=number_of(look.case_id),
        customer_id=loan.customer_id,
        guarantor_id=loan.guarantor_id,
        product=loan.product,
        segment=loan.segment,
        kind=r.kind,
        scope=r.scope,
        amount_minor=amount_minor,
        currency=loan.currency,
        usd_rate=look.policy.rates.get(loan.currency),
        reason=look.reason,
        date=r.date,
        channel=r.channel,
        source=r.source,
        maker=r.maker,
        sanctioner=loan.sanctioner,
        sanction_level=loan.sanction_level,
        litigation=r.litigation,
        legal_code=r.legal_code,
        legal_date=r.legal_date,
        fraud=r.fraud or loan.fraud,
        related_party=r.related_party,
        collection_ceases=r.collection_ceases,
        outstanding_minor=loan.outstanding_minor,
        charged_off_minor=loan.charged_off_minor,
        approval_reference=r.approval_reference,
    )
