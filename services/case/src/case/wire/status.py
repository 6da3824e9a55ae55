"""The status record: a case as outsiders may see it."""

from typing import cast

from contracts.records import case as records
from contracts.records import common
from contracts.types import from_datetime

from case.domain.case import Case
from case.domain.portal import View


def status_of(case: Case, view: View, *, meta: common.Meta) -> records.CaseStatus:
    """Say how a case stands."""
    amount = None
    if view.amount_minor is not None and view.currency is not None:
        amount = common.Money(amount_minor=view.amount_minor, currency=view.currency)
    return records.CaseStatus(
        meta=meta,
        case_number=case.number,
        customer_id=view.customer_id,
        kind=cast(common.Kind, case.request.kind),
        segment=cast(common.Segment, view.segment),
        product=view.product,
        reason=view.reason,
        amount=amount,
        state=view.state,
        stage=view.stage,
        portal_text=view.portal_text,
        documents_wanted=list(view.documents_wanted),
        opened_at=from_datetime(case.opened_at),
        updated_at=from_datetime(case.updated_at),
        closed_at=from_datetime(view.closed_at) if view.closed_at else None,
        code=view.code,
    )
