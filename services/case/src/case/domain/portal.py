"""What outsiders read of a case. A suspect must not learn of the suspicion."""

from case.domain import reasons
from case.domain.case import Case, LoanFile
from case.domain.lifecycle import AUTHORIZATION, DOCUMENT_VERIFICATION
from case.domain.policy import Policy

FRAUD = "FRAUD"


def is_suspicion(file: LoanFile, case: Case) -> bool:
    """Say whether fraud is suspected: by the request, its reason, or the loan."""
    if case.request.fraud or (file.loan and file.loan.fraud):
        return True
    if case.terms:
        return case.terms.fraud or case.terms.reason == FRAUD
    named = reasons.match(case.request.reason, segment="")
    return named is not None and named.code == FRAUD


def portal_text(file: LoanFile, case: Case) -> str:
    """Give what the customer reads; the same all along while fraud is suspected."""
    if not case.is_closed and is_suspicion(file, case):
        return AUTHORIZATION.portal_text
    return case.place.portal_text


def documents_wanted(file: LoanFile, case: Case, policy: Policy) -> tuple[str, ...]:
    """Give the documents that the customer is asked for now."""
    if case.place != DOCUMENT_VERIFICATION or is_suspicion(file, case):
        return ()
    return tuple(d for d in case.wanted if d in policy.from_customer)
