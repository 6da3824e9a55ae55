"""Requests, as topics and doors have them, to the domain."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from contracts.records import common, requests
from contracts.types import to_date
from mesh.people import Person
from mesh.service import Message

from case.domain.policy import Policy
from case.domain.terms import Components, Document, KindTerms, Request

MAY_REPOSSESS = ("admin", "back_office")
"""Roles that may submit REPOSSESSION_FAILED."""


def request_of_topic(record: requests.WriteOffRequested, *, source: str, policy: Policy) -> Request:
    """Read an upstream's request; what the mesh lets through has dates within 1900 to 2200."""
    assert record.meta.loan_id is not None, "the mesh parks requests without a loan"
    return Request(
        loan_id=record.meta.loan_id,
        request_id=record.request_id,
        channel="TOPIC",
        source=source,
        kind=record.kind,
        scope=record.scope,
        amount_minor=record.amount.amount_minor if record.amount else None,
        currency=record.amount.currency if record.amount else None,
        date=to_date(record.date),
        reason=record.reason,
        maker=record.maker or f"source:{source}",
        litigation=record.litigation,
        legal_code=record.legal_code,
        legal_date=to_date(record.legal_date) if record.legal_date is not None else None,
        fraud=record.fraud,
        related_party=record.related_party,
        collection_ceases=record.collection_ceases,
        approval_reference=record.approval_reference,
        documents=tuple(
            Document(document=d.document, sha256=d.sha256, dated=to_date(d.dated), source=d.source)
            for d in record.documents
        ),
        notes=record.notes,
        of_kind=kind_terms_of(record.of_kind) if record.of_kind else None,
        entitled=source in policy.repossession_sources,
    )


def request_of_door(message: Message) -> Request:
    """Read what the door made of a line: see `api.requests.body_of`."""
    assert message.by is not None, "the door knows who asks"
    assert message.request_id is not None, "the door gives every request its id"
    return request_of_body(message.body, request_id=message.request_id, by=message.by)


def request_of_body(body: Mapping[str, Any], *, request_id: str, by: Person) -> Request:
    """Read a request as the door puts it into a command; its maker is who stands at the door."""
    return Request(
        loan_id=body["loan_id"],
        request_id=request_id,
        channel=body["channel"],
        source=body["channel"].lower(),
        kind=body["kind"],
        scope=body["scope"],
        amount_minor=body["amount_minor"],
        currency=body["currency"],
        date=date.fromisoformat(body["date"]),
        reason=body["reason"],
        maker=by.id,
        litigation=body["litigation"],
        legal_code=body["legal_code"],
        legal_date=date.fromisoformat(body["legal_date"]) if body["legal_date"] else None,
        fraud=body["fraud"],
        related_party=body["related_party"],
        collection_ceases=body["collection_ceases"],
        approval_reference=body["approval_reference"],
        documents=tuple(
            Document(
                document=d["document"],
                sha256=d["sha256"],
                dated=date.fromisoformat(d["dated"]),
                source=d["source"],
            )
            for d in body["documents"]
        ),
        notes=body["notes"],
        of_kind=_kind_terms_of_body(body["of_kind"]) if "of_kind" in body else None,
        entitled=by.is_any(MAY_REPOSSESS),
    )


def kind_terms_of(told: common.KindTerms) -> KindTerms:
    """Read what only some kinds ask for."""
    return _kind_terms_of_body(told.to_avro())


def _kind_terms_of_body(told: Mapping[str, Any]) -> KindTerms:
    """Read it by name: `api.requests` puts into a command only what was said."""
    parts = told.get("components")
    rest = {name: value for name, value in told.items() if name != "components"}
    return KindTerms(**rest, components=Components(**parts) if parts else None)
