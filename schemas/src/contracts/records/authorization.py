"""What authorization says.

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
    number,
    small,
)
from contracts.records.common import KIND_BYTES, KIND_OF, Approver, Kind, Meta, Money, Terms
from contracts.records.schemas import SCHEMAS
from contracts.types import Days, Micros, Uuid


@dataclass(slots=True, kw_only=True)
class ApprovalRecorded:
    """One of the people needed approved."""

    FULL_NAME: ClassVar[str] = "writeoff.authorization.ApprovalRecorded"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    approver: Approver
    still_needed: int

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.approver.to_binary(),
            int_bytes(self.still_needed),
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[ApprovalRecorded, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = ApprovalRecorded.__new__(ApprovalRecorded)
        self.meta, at = Meta.from_binary(data, at)
        self.approver, at = Approver.from_binary(data, at)
        self.still_needed, at = small(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "approver": self.approver.to_avro(),
            "still_needed": self.still_needed,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "ApprovalRecorded":
        """Return the record that an Avro library read."""
        return ApprovalRecorded(
            meta=Meta.from_avro(d["meta"]),
            approver=Approver.from_avro(d["approver"]),
            still_needed=d["still_needed"],
        )


@dataclass(slots=True, kw_only=True)
class ApprovalReferenceIssued:
    """A grant given before the request."""

    FULL_NAME: ClassVar[str] = "writeoff.authorization.ApprovalReferenceIssued"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    reference: str
    """as APPR-2024-001"""
    kind: Kind
    amount_max: Money
    reasons: list[str] = field(default_factory=list[str])
    """none: all"""
    approvers: list[Approver] = field(default_factory=list[Approver])
    issued: Days
    expires: Days
    attests_documents: bool
    issued_by: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.reference.encode())], s,
            KIND_BYTES[self.kind],
            self.amount_max.to_binary(),
            b"".join((NUMBER[len(self.reasons)], *[NUMBER[len(s := each.encode())] + s for each in self.reasons], END)) if self.reasons else END,
            b"".join((NUMBER[len(self.approvers)], *[each.to_binary() for each in self.approvers], END)) if self.approvers else END,
            int_bytes(self.issued),
            int_bytes(self.expires),
            BOOLEAN[self.attests_documents],
            NUMBER[len(s := self.issued_by.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[ApprovalReferenceIssued, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = ApprovalReferenceIssued.__new__(ApprovalReferenceIssued)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.reference = data[at : (at := at + (size >> 1))].decode()
        self.kind = KIND_OF[data[at]]
        at += 1
        self.amount_max, at = Money.from_binary(data, at)
        self.reasons = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                size = data[at]
                at += 1
                if size & SPECIAL:
                    size, at = length(data, at - 1)
                each = data[at : (at := at + (size >> 1))].decode()
                self.reasons.append(each)
            left, at = count(data, at)
        self.approvers = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Approver.from_binary(data, at)
                self.approvers.append(each)
            left, at = count(data, at)
        self.issued, at = small(data, at)
        self.expires, at = small(data, at)
        self.attests_documents = BOOLEAN_OF[data[at]]
        at += 1
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.issued_by = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "reference": self.reference,
            "kind": self.kind,
            "amount_max": self.amount_max.to_avro(),
            "reasons": self.reasons,
            "approvers": [each.to_avro() for each in self.approvers],
            "issued": self.issued,
            "expires": self.expires,
            "attests_documents": self.attests_documents,
            "issued_by": self.issued_by,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "ApprovalReferenceIssued":
        """Return the record that an Avro library read."""
        return ApprovalReferenceIssued(
            meta=Meta.from_avro(d["meta"]),
            reference=d["reference"],
            kind=d["kind"],
            amount_max=Money.from_avro(d["amount_max"]),
            reasons=d["reasons"],
            approvers=[Approver.from_avro(each) for each in d["approvers"]],
            issued=d["issued"],
            expires=d["expires"],
            attests_documents=d["attests_documents"],
            issued_by=d["issued_by"],
        )


@dataclass(slots=True, kw_only=True)
class AuthorizationDeclined:
    """An authorizer said no."""

    FULL_NAME: ClassVar[str] = "writeoff.authorization.AuthorizationDeclined"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    by: Approver
    comment: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.by.to_binary(),
            NUMBER[len(s := self.comment.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[AuthorizationDeclined, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = AuthorizationDeclined.__new__(AuthorizationDeclined)
        self.meta, at = Meta.from_binary(data, at)
        self.by, at = Approver.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.comment = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "by": self.by.to_avro(),
            "comment": self.comment,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "AuthorizationDeclined":
        """Return the record that an Avro library read."""
        return AuthorizationDeclined(
            meta=Meta.from_avro(d["meta"]),
            by=Approver.from_avro(d["by"]),
            comment=d["comment"],
        )


@dataclass(slots=True, kw_only=True)
class AuthorizationGranted:
    """The case may be posted."""

    FULL_NAME: ClassVar[str] = "writeoff.authorization.AuthorizationGranted"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    grant_id: Uuid
    row: str
    """of the matrix, or REFERENCE"""
    level: int
    approvers: list[Approver] = field(default_factory=list[Approver])
    amount_max_minor: int
    expires_at: Micros
    matrix_version: str
    terms_hash: str
    """SHA-256 of tenant, loan, kind, amount, scope, reason, date"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            NUMBER[len(s := self.grant_id.encode())], s,
            NUMBER[len(s := self.row.encode())], s,
            int_bytes(self.level),
            b"".join((NUMBER[len(self.approvers)], *[each.to_binary() for each in self.approvers], END)) if self.approvers else END,
            NUMBER[self.amount_max_minor],
            NUMBER[self.expires_at],
            NUMBER[len(s := self.matrix_version.encode())], s,
            NUMBER[len(s := self.terms_hash.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[AuthorizationGranted, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = AuthorizationGranted.__new__(AuthorizationGranted)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.grant_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.row = data[at : (at := at + (size >> 1))].decode()
        self.level, at = small(data, at)
        self.approvers = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Approver.from_binary(data, at)
                self.approvers.append(each)
            left, at = count(data, at)
        self.amount_max_minor, at = number(data, at)
        self.expires_at, at = number(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.matrix_version = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.terms_hash = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "grant_id": self.grant_id,
            "row": self.row,
            "level": self.level,
            "approvers": [each.to_avro() for each in self.approvers],
            "amount_max_minor": self.amount_max_minor,
            "expires_at": self.expires_at,
            "matrix_version": self.matrix_version,
            "terms_hash": self.terms_hash,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "AuthorizationGranted":
        """Return the record that an Avro library read."""
        return AuthorizationGranted(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            grant_id=d["grant_id"],
            row=d["row"],
            level=d["level"],
            approvers=[Approver.from_avro(each) for each in d["approvers"]],
            amount_max_minor=d["amount_max_minor"],
            expires_at=d["expires_at"],
            matrix_version=d["matrix_version"],
            terms_hash=d["terms_hash"],
        )


@dataclass(slots=True, kw_only=True)
class AuthorizationRefused:
    """A rule forbids it."""

    FULL_NAME: ClassVar[str] = "writeoff.authorization.AuthorizationRefused"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    code: str
    approval_reference: str | None = None

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.code.encode())], s,
            NONE if self.approval_reference is None else SOME + NUMBER[len(s := self.approval_reference.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[AuthorizationRefused, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = AuthorizationRefused.__new__(AuthorizationRefused)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.code = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.approval_reference = data[at : (at := at + (size >> 1))].decode()
        else:
            self.approval_reference = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "code": self.code,
            "approval_reference": self.approval_reference,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "AuthorizationRefused":
        """Return the record that an Avro library read."""
        return AuthorizationRefused(
            meta=Meta.from_avro(d["meta"]),
            code=d["code"],
            approval_reference=d["approval_reference"],
        )


@dataclass(slots=True, kw_only=True)
class AuthorizationRequested:
    """People of these levels have to decide."""

    FULL_NAME: ClassVar[str] = "writeoff.authorization.AuthorizationRequested"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    row: str
    """of the matrix, as A3"""
    level: int
    people: int
    queue: str
    matrix_version: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.row.encode())], s,
            int_bytes(self.level),
            int_bytes(self.people),
            NUMBER[len(s := self.queue.encode())], s,
            NUMBER[len(s := self.matrix_version.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[AuthorizationRequested, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = AuthorizationRequested.__new__(AuthorizationRequested)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.row = data[at : (at := at + (size >> 1))].decode()
        self.level, at = small(data, at)
        self.people, at = small(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.queue = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.matrix_version = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "row": self.row,
            "level": self.level,
            "people": self.people,
            "queue": self.queue,
            "matrix_version": self.matrix_version,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "AuthorizationRequested":
        """Return the record that an Avro library read."""
        return AuthorizationRequested(
            meta=Meta.from_avro(d["meta"]),
            row=d["row"],
            level=d["level"],
            people=d["people"],
            queue=d["queue"],
            matrix_version=d["matrix_version"],
        )
