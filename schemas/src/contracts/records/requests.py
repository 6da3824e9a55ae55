"""What requests says.

Generated from the .avsc files by schemas/generate.py: change those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from contracts.binary import (
    BOOLEAN,
    BOOLEAN_OF,
    END,
    NONE,
    NUMBER,
    PRESENT,
    SOME,
    SPECIAL,
    count,
    int_bytes,
    length,
    small,
)
from contracts.records.common import (
    KIND_BYTES,
    KIND_OF,
    LITIGATION_BYTES,
    LITIGATION_OF,
    SCOPE_BYTES,
    SCOPE_OF,
    Kind,
    KindTerms,
    Litigation,
    Meta,
    Money,
    Scope,
    SuppliedDocument,
)
from contracts.records.schemas import SCHEMAS
from contracts.types import Days


@dataclass(slots=True, kw_only=True)
class WriteOffRequested:
    """An upstream asks for a write-off (or another kind of case)."""

    FULL_NAME: ClassVar[str] = "writeoff.requests.WriteOffRequested"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    request_id: str
    """the source's own, unique for its tenant"""
    kind: Kind
    scope: Scope
    amount: Money | None = None
    """may be left out for FULL, and where a percentage or components stand for it"""
    date: Days
    reason: str
    """code or free text"""
    maker: str | None = None
    """the upstream's user, pseudonymous"""
    litigation: Litigation
    legal_code: str | None = None
    legal_date: Days | None = None
    fraud: bool
    related_party: bool
    collection_ceases: bool
    approval_reference: str | None = None
    documents: list[SuppliedDocument] = field(default_factory=list[SuppliedDocument])
    notes: str | None = None
    of_kind: KindTerms | None = None
    """what this kind asks for beyond an amount"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.request_id.encode())], s,
            KIND_BYTES[self.kind],
            SCOPE_BYTES[self.scope],
            NONE if self.amount is None else SOME + self.amount.to_binary(),
            int_bytes(self.date),
            NUMBER[len(s := self.reason.encode())], s,
            NONE if self.maker is None else SOME + NUMBER[len(s := self.maker.encode())] + s,
            LITIGATION_BYTES[self.litigation],
            NONE if self.legal_code is None else SOME + NUMBER[len(s := self.legal_code.encode())] + s,
            NONE if self.legal_date is None else SOME + int_bytes(self.legal_date),
            BOOLEAN[self.fraud],
            BOOLEAN[self.related_party],
            BOOLEAN[self.collection_ceases],
            NONE if self.approval_reference is None else SOME + NUMBER[len(s := self.approval_reference.encode())] + s,
            b"".join((NUMBER[len(self.documents)], *[each.to_binary() for each in self.documents], END)) if self.documents else END,
            NONE if self.notes is None else SOME + NUMBER[len(s := self.notes.encode())] + s,
            NONE if self.of_kind is None else SOME + self.of_kind.to_binary(),
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[WriteOffRequested, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = WriteOffRequested.__new__(WriteOffRequested)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.request_id = data[at : (at := at + (size >> 1))].decode()
        self.kind = KIND_OF[data[at]]
        at += 1
        self.scope = SCOPE_OF[data[at]]
        at += 1
        at += 1
        if PRESENT[data[at - 1]]:
            self.amount, at = Money.from_binary(data, at)
        else:
            self.amount = None
        self.date, at = small(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.reason = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.maker = data[at : (at := at + (size >> 1))].decode()
        else:
            self.maker = None
        self.litigation = LITIGATION_OF[data[at]]
        at += 1
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.legal_code = data[at : (at := at + (size >> 1))].decode()
        else:
            self.legal_code = None
        at += 1
        if PRESENT[data[at - 1]]:
            self.legal_date, at = small(data, at)
        else:
            self.legal_date = None
        self.fraud = BOOLEAN_OF[data[at]]
        at += 1
        self.related_party = BOOLEAN_OF[data[at]]
        at += 1
        self.collection_ceases = BOOLEAN_OF[data[at]]
        at += 1
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.approval_reference = data[at : (at := at + (size >> 1))].decode()
        else:
            self.approval_reference = None
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
            self.notes = data[at : (at := at + (size >> 1))].decode()
        else:
            self.notes = None
        at += 1
        if PRESENT[data[at - 1]]:
            self.of_kind, at = KindTerms.from_binary(data, at)
        else:
            self.of_kind = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "request_id": self.request_id,
            "kind": self.kind,
            "scope": self.scope,
            "amount": None if self.amount is None else self.amount.to_avro(),
            "date": self.date,
            "reason": self.reason,
            "maker": self.maker,
            "litigation": self.litigation,
            "legal_code": self.legal_code,
            "legal_date": self.legal_date,
            "fraud": self.fraud,
            "related_party": self.related_party,
            "collection_ceases": self.collection_ceases,
            "approval_reference": self.approval_reference,
            "documents": [each.to_avro() for each in self.documents],
            "notes": self.notes,
            "of_kind": None if self.of_kind is None else self.of_kind.to_avro(),
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "WriteOffRequested":
        """Return the record that an Avro library read."""
        return WriteOffRequested(
            meta=Meta.from_avro(d["meta"]),
            request_id=d["request_id"],
            kind=d["kind"],
            scope=d["scope"],
            amount=None if d["amount"] is None else Money.from_avro(d["amount"]),
            date=d["date"],
            reason=d["reason"],
            maker=d["maker"],
            litigation=d["litigation"],
            legal_code=d["legal_code"],
            legal_date=d["legal_date"],
            fraud=d["fraud"],
            related_party=d["related_party"],
            collection_ceases=d["collection_ceases"],
            approval_reference=d["approval_reference"],
            documents=[SuppliedDocument.from_avro(each) for each in d["documents"]],
            notes=d["notes"],
            of_kind=None if d["of_kind"] is None else KindTerms.from_avro(d["of_kind"]),
        )
