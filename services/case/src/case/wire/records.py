"""The records that others hear, one for each event that is somebody else's business."""

from dataclasses import asdict
from typing import Any, cast

from contracts.records import case as records
from contracts.records import common
from contracts.records import tasks as task_records
from contracts.types import from_date, from_datetime
from mesh.service import Change, Key, Told

from case.domain import events
from case.domain.case import Case, LoanFile
from case.domain.evolve import case_of
from case.domain.terms import Document, Terms
from mesh import tasks

type CaseChange = Change[LoanFile, events.Event]
type CaseTold = Told[events.Event]


def to_record(told: CaseTold, change: CaseChange) -> Any:
    """Make the record of an event; none for what is nobody else's business."""
    case_id = case_of(change.after, told.event)
    if case_id is None:
        return _request_refused(told, change.key)
    meta = told.meta(change.key, case_id=case_id)
    case = change.after.cases[case_id]
    match told.event:
        case events.CaseOpened():
            return _case_opened(told.event, meta, case)
        case events.CaseReviewed():
            return _case_reviewed(told.event, meta, case)
        case events.LoanUpdateConfirmed():
            return _loan_update_confirmed(told.event, meta, case)
        case events.CaseClosed():
            return _case_closed(told.event, meta, case)
        case tasks.TaskOpened():
            return _task_opened(told.event, meta)
        case tasks.TaskClosed():
            return _task_closed(told.event, meta, change.after)
        case _:
            return None


def _request_refused(told: CaseTold, key: Key) -> records.RequestRefused | None:
    event = told.event
    if not isinstance(event, events.RequestRefused):
        return None
    return records.RequestRefused(
        meta=told.meta(key),
        source=event.source,
        request_id=event.request_id,
        code=event.code,
        message=event.message,
    )


def _case_opened(event: events.CaseOpened, meta: common.Meta, case: Case) -> records.CaseOpened:
    """Tell of a new case; with terms if its intake passed in the same breath."""
    return records.CaseOpened(
        meta=meta,
        case_number=event.number,
        request_id=event.request.request_id,
        channel=cast(common.Channel, event.request.channel),
        source=event.request.source,
        terms=to_terms(case.terms) if case.terms else None,
    )


def _case_reviewed(
    event: events.CaseReviewed, meta: common.Meta, case: Case
) -> records.CaseReviewed:
    return records.CaseReviewed(
        meta=meta,
        terms=to_terms(event.terms),
        documents=[_document(d) for d in case.request.documents],
        reviewer=event.reviewer,
    )


def _loan_update_confirmed(
    event: events.LoanUpdateConfirmed, meta: common.Meta, case: Case
) -> records.LoanUpdateConfirmed:
    posting = event.posting
    return records.LoanUpdateConfirmed(
        meta=meta,
        case_number=case.number,
        transaction_id=posting.transaction_id,
        amount=common.Money(amount_minor=posting.amount_minor, currency=posting.currency),
        balance_before_minor=posting.balance_before_minor,
        balance_after_minor=posting.balance_after_minor,
        core_reference=event.core_reference,
    )


def _case_closed(event: events.CaseClosed, meta: common.Meta, case: Case) -> records.CaseClosed:
    return records.CaseClosed(
        meta=meta,
        case_number=case.number,
        outcome=event.outcome,
        code=event.code,
        approval_reference=case.request.approval_reference,
        kind=cast(common.Kind, case.request.kind),
    )


def _task_opened(event: tasks.TaskOpened, meta: common.Meta) -> task_records.TaskOpened:
    task = event.task
    return task_records.TaskOpened(
        meta=meta,
        task_id=str(task.task_id),
        task=task.task,
        queue=task.queue,
        due_at=from_datetime(task.due_at),
    )


def _task_closed(
    event: tasks.TaskClosed, meta: common.Meta, file: LoanFile
) -> task_records.TaskClosed:
    return task_records.TaskClosed(
        meta=meta,
        task_id=str(event.task_id),
        task=file.tasks[event.task_id].task,
        result=event.result,
        closed_by=event.by,
    )


def to_terms(terms: Terms) -> common.Terms:
    """Say the terms of a case."""
    legal_date = terms.legal_date
    return common.Terms(
        case_number=terms.case_number,
        customer_id=terms.customer_id,
        guarantor_id=terms.guarantor_id,
        product=terms.product,
        segment=cast(common.Segment, terms.segment),
        kind=cast(common.Kind, terms.kind),
        scope=cast(common.Scope, terms.scope),
        amount=common.Money(amount_minor=terms.amount_minor, currency=terms.currency),
        usd_rate=terms.usd_rate,
        reason=terms.reason,
        date=from_date(terms.date),
        channel=cast(common.Channel, terms.channel),
        source=terms.source,
        maker=terms.maker,
        sanctioner=terms.sanctioner,
        sanction_level=terms.sanction_level,
        litigation=cast(common.Litigation, terms.litigation),
        legal_code=terms.legal_code,
        legal_date=from_date(legal_date) if legal_date else None,
        fraud=terms.fraud,
        related_party=terms.related_party,
        collection_ceases=terms.collection_ceases,
        outstanding_minor=terms.outstanding_minor,
        charged_off_minor=terms.charged_off_minor,
        approval_reference=terms.approval_reference,
        of_kind=common.KindTerms.from_avro(asdict(terms.of_kind)) if terms.of_kind else None,
    )


def _document(document: Document) -> common.SuppliedDocument:
    return common.SuppliedDocument(
        document=document.document,
        sha256=document.sha256,
        dated=from_date(document.dated),
        source=document.source,
    )
