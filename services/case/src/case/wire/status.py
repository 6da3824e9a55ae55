"""The status record: a case as outsiders may see it."""

from typing import Any, cast

from case.domain.case import Case, LoanFile
from case.domain.policy import Policy
from case.domain.portal import documents_wanted, portal_text
from contracts.records import case as records
from contracts.records import common
from contracts.types import from_datetime


def visible(file: LoanFile, case: Case, policy: Policy) -> tuple[Any, ...]:
    """Give all that outsiders see of a case but its version and when it last changed."""
    asked = case.terms or case.request
    loan = file.loan
    return (
        case.place,
        portal_text(file, case),
        documents_wanted(file, case, policy),
        (asked.amount_minor, asked.currency),
        # Free text may name somebody: only a reason's code is for others.
        case.terms.reason if case.terms else None,
        (loan.customer_id, loan.product, loan.segment) if loan else (None, None, "UNKNOWN"),
        case.code,
        case.closed_at,
    )


def status_of(
    file: LoanFile, case: Case, policy: Policy, *, meta: common.Meta
) -> records.CaseStatus:
    """Say how a case stands."""
    place, text, wanted, amount, reason, of_loan, code, closed_at = visible(file, case, policy)
    amount_minor, currency = amount
    customer_id, product, segment = of_loan
    known = amount_minor is not None and currency is not None
    return records.CaseStatus(
        meta=meta,
        case_number=case.number,
        customer_id=customer_id,
        kind=cast(common.Kind, case.request.kind),
        segment=segment,
        product=product,
        reason=reason,
        amount=common.Money(amount_minor=amount_minor, currency=currency) if known else None,
        state=place.state,
        stage=place.stage,
        portal_text=text,
        documents_wanted=list(wanted),
        opened_at=from_datetime(case.opened_at),
        updated_at=from_datetime(case.updated_at),
        closed_at=from_datetime(closed_at) if closed_at else None,
        code=code,
    )
