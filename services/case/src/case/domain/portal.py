"""What outsiders read of a case. A suspect must not learn of the suspicion."""

from datetime import datetime
from typing import NamedTuple

from case.domain import reasons
from case.domain.case import Case, LoanFile
from case.domain.lifecycle import AUTHORIZATION, DOCUMENT_VERIFICATION
from case.domain.policy import Policy
from case.domain.terms import LOSSES

FRAUD = "FRAUD"


class View(NamedTuple):
    """All that outsiders see of a case, but its version and when it last changed."""

    state: str
    stage: str
    portal_text: str
    documents_wanted: tuple[str, ...]
    customer_id: str | None
    segment: str
    product: str | None
    reason: str | None
    """A code: free text may name somebody."""
    amount_minor: int | None
    currency: str | None
    code: str | None
    closed_at: datetime | None


def view_of(file: LoanFile, case: Case, policy: Policy) -> View:
    """Look at a case from outside."""
    loan = file.loan
    return View(
        state=case.place.state,
        stage=case.place.stage,
        portal_text=_portal_text(file, case),
        documents_wanted=_documents_wanted(file, case, policy),
        customer_id=loan.customer_id if loan else None,
        segment=loan.segment if loan else "UNKNOWN",
        product=loan.product if loan else None,
        reason=case.terms.reason if case.terms else None,
        amount_minor=case.asked.amount_minor,
        currency=case.asked.currency,
        code=case.code,
        closed_at=case.closed_at,
    )


def _portal_text(file: LoanFile, case: Case) -> str:
    """Give what the customer reads; the same all along while fraud is suspected."""
    if not case.is_closed and _is_suspicion(file, case):
        return AUTHORIZATION.portal_text
    return case.place.portal_text


def _documents_wanted(file: LoanFile, case: Case, policy: Policy) -> tuple[str, ...]:
    """Give the documents that the customer is asked for now."""
    if case.place != DOCUMENT_VERIFICATION or _is_suspicion(file, case):
        return ()
    return tuple(d for d in case.wanted if d in policy.from_customer)


def _is_suspicion(file: LoanFile, case: Case) -> bool:
    """Say whether fraud is suspected: by the request, its reason, or the loan."""
    if case.request.fraud or (file.loan and file.loan.fraud):
        return True
    if case.terms and case.terms.kind in LOSSES:
        return case.terms.reason == FRAUD
    named = reasons.match(case.request.reason, segment="")
    return named is not None and named.code == FRAUD
