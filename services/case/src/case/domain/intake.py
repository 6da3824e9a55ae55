"""From a request to its terms: checked against the loan, and whether policy may review it."""

from datetime import date
from uuid import UUID

from case.domain import reasons
from case.domain.case import LoanFile, number_of
from case.domain.checks import CHECKS, Look
from case.domain.money import Refusal
from case.domain.policy import Policy
from case.domain.terms import LOSSES, Request, Terms

NO_LOSS = "OTHER"
"""The reason of what is no loss: it has none of a loss's, whatever is said."""


def examine(
    file: LoanFile, request: Request, *, case_id: UUID, policy: Policy, today: date
) -> Terms | Refusal:
    """Check a request; gives its terms, or the first reason why not."""
    if file.loan is None:
        return Refusal("UNKNOWN_LOAN", "no such loan")
    look = Look(
        file=file,
        case_id=case_id,
        request=request,
        loan=file.loan,
        reason=_reason(request, segment=file.loan.segment),
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
    if terms.kind in policy.unreviewed_kinds:
        return True
    named = reasons.match(request.reason, segment=terms.segment)
    return (
        request.channel != "AGENT"
        and terms.litigation == "N"
        and not terms.fraud
        and terms.reason != "FRAUD"
        and (named is not None or terms.kind not in LOSSES)
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


def _reason(request: Request, *, segment: str) -> str:
    """Give the code of a loss's reason; what takes no loss has none of these."""
    if request.kind not in LOSSES:
        return NO_LOSS
    named = reasons.match(request.reason, segment=segment)
    return named.code if named else reasons.NO_HIT


def _terms(look: Look) -> Terms:
    """Write down what is asked for, with what the loan says."""
    r, loan = look.request, look.loan
    assert r.date is not None
    amount_minor = look.amount_minor
    assert amount_minor is not None, "the checks hold"
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
        of_kind=r.of_kind,
    )
