"""What case says.

Generated from the .avsc files by schemas/generate.py: change those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from contracts.binary import END, NONE, NUMBER, PRESENT, SOME, SPECIAL, count, length, number
from contracts.records.common import (
    CHANNEL_BYTES,
    CHANNEL_OF,
    KIND_BYTES,
    KIND_OF,
    OUTCOME_BYTES,
    OUTCOME_OF,
    SEGMENT_BYTES,
    SEGMENT_OF,
    Channel,
    Kind,
    Meta,
    Money,
    Outcome,
    Segment,
    SuppliedDocument,
    Terms,
)
from contracts.records.schemas import SCHEMAS
from contracts.types import Micros, Uuid


@dataclass(slots=True, kw_only=True)
class CaseClosed:
    """The case is over."""

    FULL_NAME: ClassVar[str] = "writeoff.case.CaseClosed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    case_number: str
    outcome: Outcome
    code: str | None = None
    """why, unless complete"""
    approval_reference: str | None = None
    kind: Kind

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.case_number.encode())], s,
            OUTCOME_BYTES[self.outcome],
            NONE if self.code is None else SOME + NUMBER[len(s := self.code.encode())] + s,
            NONE if self.approval_reference is None else SOME + NUMBER[len(s := self.approval_reference.encode())] + s,
            KIND_BYTES[self.kind],
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[CaseClosed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = CaseClosed.__new__(CaseClosed)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.case_number = data[at : (at := at + (size >> 1))].decode()
        self.outcome = OUTCOME_OF[data[at]]
        at += 1
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.code = data[at : (at := at + (size >> 1))].decode()
        else:
            self.code = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.approval_reference = data[at : (at := at + (size >> 1))].decode()
        else:
            self.approval_reference = None
        self.kind = KIND_OF[data[at]]
        at += 1
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "case_number": self.case_number,
            "outcome": self.outcome,
            "code": self.code,
            "approval_reference": self.approval_reference,
            "kind": self.kind,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "CaseClosed":
        """Return the record that an Avro library read."""
        return CaseClosed(
            meta=Meta.from_avro(d["meta"]),
            case_number=d["case_number"],
            outcome=d["outcome"],
            code=d["code"],
            approval_reference=d["approval_reference"],
            kind=d["kind"],
        )


@dataclass(slots=True, kw_only=True)
class CaseOpened:
    """A request became a case."""

    FULL_NAME: ClassVar[str] = "writeoff.case.CaseOpened"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    case_number: str
    request_id: str
    channel: Channel
    source: str
    terms: Terms | None = None
    """none when the loan is unknown"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.case_number.encode())], s,
            NUMBER[len(s := self.request_id.encode())], s,
            CHANNEL_BYTES[self.channel],
            NUMBER[len(s := self.source.encode())], s,
            NONE if self.terms is None else SOME + self.terms.to_binary(),
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[CaseOpened, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = CaseOpened.__new__(CaseOpened)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.case_number = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.request_id = data[at : (at := at + (size >> 1))].decode()
        self.channel = CHANNEL_OF[data[at]]
        at += 1
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.source = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            self.terms, at = Terms.from_binary(data, at)
        else:
            self.terms = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "case_number": self.case_number,
            "request_id": self.request_id,
            "channel": self.channel,
            "source": self.source,
            "terms": None if self.terms is None else self.terms.to_avro(),
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "CaseOpened":
        """Return the record that an Avro library read."""
        return CaseOpened(
            meta=Meta.from_avro(d["meta"]),
            case_number=d["case_number"],
            request_id=d["request_id"],
            channel=d["channel"],
            source=d["source"],
            terms=None if d["terms"] is None else Terms.from_avro(d["terms"]),
        )


@dataclass(slots=True, kw_only=True)
class CaseReviewed:
    """The terms stand: documents are asked for next."""

    FULL_NAME: ClassVar[str] = "writeoff.case.CaseReviewed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    documents: list[SuppliedDocument] = field(default_factory=list[SuppliedDocument])
    """that came with the request"""
    reviewer: str | None = None
    """none: policy"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            b"".join((NUMBER[len(self.documents)], *[each.to_binary() for each in self.documents], END)) if self.documents else END,
            NONE if self.reviewer is None else SOME + NUMBER[len(s := self.reviewer.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[CaseReviewed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = CaseReviewed.__new__(CaseReviewed)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        self.documents = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = SuppliedDocument.from_binary(data, at)
                self.documents.append(each)
            left, at = count(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.reviewer = data[at : (at := at + (size >> 1))].decode()
        else:
            self.reviewer = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "documents": [each.to_avro() for each in self.documents],
            "reviewer": self.reviewer,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "CaseReviewed":
        """Return the record that an Avro library read."""
        return CaseReviewed(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            documents=[SuppliedDocument.from_avro(each) for each in d["documents"]],
            reviewer=d["reviewer"],
        )


@dataclass(slots=True, kw_only=True)
class CaseStatus:
    """A case as outsiders may see it."""

    FULL_NAME: ClassVar[str] = "writeoff.case.CaseStatus"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    case_number: str
    customer_id: str | None = None
    kind: Kind
    segment: Segment
    product: str | None = None
    reason: str | None = None
    amount: Money | None = None
    state: str
    stage: str
    portal_text: str
    documents_wanted: list[str] = field(default_factory=list[str])
    opened_at: Micros
    updated_at: Micros
    closed_at: Micros | None = None
    code: str | None = None

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.case_number.encode())], s,
            NONE if self.customer_id is None else SOME + NUMBER[len(s := self.customer_id.encode())] + s,
            KIND_BYTES[self.kind],
            SEGMENT_BYTES[self.segment],
            NONE if self.product is None else SOME + NUMBER[len(s := self.product.encode())] + s,
            NONE if self.reason is None else SOME + NUMBER[len(s := self.reason.encode())] + s,
            NONE if self.amount is None else SOME + self.amount.to_binary(),
            NUMBER[len(s := self.state.encode())], s,
            NUMBER[len(s := self.stage.encode())], s,
            NUMBER[len(s := self.portal_text.encode())], s,
            b"".join((NUMBER[len(self.documents_wanted)], *[NUMBER[len(s := each.encode())] + s for each in self.documents_wanted], END)) if self.documents_wanted else END,
            NUMBER[self.opened_at],
            NUMBER[self.updated_at],
            NONE if self.closed_at is None else SOME + NUMBER[self.closed_at],
            NONE if self.code is None else SOME + NUMBER[len(s := self.code.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[CaseStatus, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = CaseStatus.__new__(CaseStatus)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.case_number = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.customer_id = data[at : (at := at + (size >> 1))].decode()
        else:
            self.customer_id = None
        self.kind = KIND_OF[data[at]]
        at += 1
        self.segment = SEGMENT_OF[data[at]]
        at += 1
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.product = data[at : (at := at + (size >> 1))].decode()
        else:
            self.product = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.reason = data[at : (at := at + (size >> 1))].decode()
        else:
            self.reason = None
        at += 1
        if PRESENT[data[at - 1]]:
            self.amount, at = Money.from_binary(data, at)
        else:
            self.amount = None
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.state = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.stage = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.portal_text = data[at : (at := at + (size >> 1))].decode()
        self.documents_wanted = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                size = data[at]
                at += 1
                if size & SPECIAL:
                    size, at = length(data, at - 1)
                each = data[at : (at := at + (size >> 1))].decode()
                self.documents_wanted.append(each)
            left, at = count(data, at)
        self.opened_at, at = number(data, at)
        self.updated_at, at = number(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            self.closed_at, at = number(data, at)
        else:
            self.closed_at = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.code = data[at : (at := at + (size >> 1))].decode()
        else:
            self.code = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "case_number": self.case_number,
            "customer_id": self.customer_id,
            "kind": self.kind,
            "segment": self.segment,
            "product": self.product,
            "reason": self.reason,
            "amount": None if self.amount is None else self.amount.to_avro(),
            "state": self.state,
            "stage": self.stage,
            "portal_text": self.portal_text,
            "documents_wanted": self.documents_wanted,
            "opened_at": self.opened_at,
            "updated_at": self.updated_at,
            "closed_at": self.closed_at,
            "code": self.code,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "CaseStatus":
        """Return the record that an Avro library read."""
        return CaseStatus(
            meta=Meta.from_avro(d["meta"]),
            case_number=d["case_number"],
            customer_id=d["customer_id"],
            kind=d["kind"],
            segment=d["segment"],
            product=d["product"],
            reason=d["reason"],
            amount=None if d["amount"] is None else Money.from_avro(d["amount"]),
            state=d["state"],
            stage=d["stage"],
            portal_text=d["portal_text"],
            documents_wanted=d["documents_wanted"],
            opened_at=d["opened_at"],
            updated_at=d["updated_at"],
            closed_at=d["closed_at"],
            code=d["code"],
        )


@dataclass(slots=True, kw_only=True)
class LoanUpdateConfirmed:
    """The loan system shows what was posted."""

    FULL_NAME: ClassVar[str] = "writeoff.case.LoanUpdateConfirmed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    case_number: str
    transaction_id: Uuid
    amount: Money
    balance_before_minor: int
    balance_after_minor: int
    core_reference: str | None = None

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.case_number.encode())], s,
            NUMBER[len(s := self.transaction_id.encode())], s,
            self.amount.to_binary(),
            NUMBER[self.balance_before_minor],
            NUMBER[self.balance_after_minor],
            NONE if self.core_reference is None else SOME + NUMBER[len(s := self.core_reference.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[LoanUpdateConfirmed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = LoanUpdateConfirmed.__new__(LoanUpdateConfirmed)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.case_number = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        self.amount, at = Money.from_binary(data, at)
        self.balance_before_minor, at = number(data, at)
        self.balance_after_minor, at = number(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.core_reference = data[at : (at := at + (size >> 1))].decode()
        else:
            self.core_reference = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "case_number": self.case_number,
            "transaction_id": self.transaction_id,
            "amount": self.amount.to_avro(),
            "balance_before_minor": self.balance_before_minor,
            "balance_after_minor": self.balance_after_minor,
            "core_reference": self.core_reference,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "LoanUpdateConfirmed":
        """Return the record that an Avro library read."""
        return LoanUpdateConfirmed(
            meta=Meta.from_avro(d["meta"]),
            case_number=d["case_number"],
            transaction_id=d["transaction_id"],
            amount=Money.from_avro(d["amount"]),
            balance_before_minor=d["balance_before_minor"],
            balance_after_minor=d["balance_after_minor"],
            core_reference=d["core_reference"],
        )


@dataclass(slots=True, kw_only=True)
class RequestRefused:
    """A request that made no case."""

    FULL_NAME: ClassVar[str] = "writeoff.case.RequestRefused"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    source: str
    request_id: str
    code: str
    """ID_REUSED or SOURCE_NOT_ALLOWED"""
    message: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.source.encode())], s,
            NUMBER[len(s := self.request_id.encode())], s,
            NUMBER[len(s := self.code.encode())], s,
            NUMBER[len(s := self.message.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[RequestRefused, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = RequestRefused.__new__(RequestRefused)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.source = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.request_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.code = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.message = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "source": self.source,
            "request_id": self.request_id,
            "code": self.code,
            "message": self.message,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "RequestRefused":
        """Return the record that an Avro library read."""
        return RequestRefused(
            meta=Meta.from_avro(d["meta"]),
            source=d["source"],
            request_id=d["request_id"],
            code=d["code"],
            message=d["message"],
        )
