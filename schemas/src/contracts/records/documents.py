"""What documents says.

Generated from the .avsc files by schemas/generate.py: change those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from contracts.binary import END, NONE, NUMBER, PRESENT, SOME, SPECIAL, count, length
from contracts.records.common import (
    REQUIREMENT_STATE_BYTES,
    REQUIREMENT_STATE_OF,
    Meta,
    RequirementState,
    Terms,
)
from contracts.records.schemas import SCHEMAS


@dataclass(slots=True, kw_only=True)
class DocumentRejected:
    """A document will not do."""

    FULL_NAME: ClassVar[str] = "writeoff.documents.DocumentRejected"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    document: str
    sha256: str | None = None
    agent: str
    code: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.document.encode())], s,
            NONE if self.sha256 is None else SOME + NUMBER[len(s := self.sha256.encode())] + s,
            NUMBER[len(s := self.agent.encode())], s,
            NUMBER[len(s := self.code.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[DocumentRejected, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = DocumentRejected.__new__(DocumentRejected)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.document = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.sha256 = data[at : (at := at + (size >> 1))].decode()
        else:
            self.sha256 = None
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.agent = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.code = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "document": self.document,
            "sha256": self.sha256,
            "agent": self.agent,
            "code": self.code,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "DocumentRejected":
        """Return the record that an Avro library read."""
        return DocumentRejected(
            meta=Meta.from_avro(d["meta"]),
            document=d["document"],
            sha256=d["sha256"],
            agent=d["agent"],
            code=d["code"],
        )


@dataclass(slots=True, kw_only=True)
class DocumentVerified:
    """A document agent vouches for a document."""

    FULL_NAME: ClassVar[str] = "writeoff.documents.DocumentVerified"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    document: str
    sha256: str | None = None
    agent: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.document.encode())], s,
            NONE if self.sha256 is None else SOME + NUMBER[len(s := self.sha256.encode())] + s,
            NUMBER[len(s := self.agent.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[DocumentVerified, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = DocumentVerified.__new__(DocumentVerified)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.document = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.sha256 = data[at : (at := at + (size >> 1))].decode()
        else:
            self.sha256 = None
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.agent = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "document": self.document,
            "sha256": self.sha256,
            "agent": self.agent,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "DocumentVerified":
        """Return the record that an Avro library read."""
        return DocumentVerified(
            meta=Meta.from_avro(d["meta"]),
            document=d["document"],
            sha256=d["sha256"],
            agent=d["agent"],
        )


@dataclass(slots=True, kw_only=True)
class Requirement:
    """One document that rules ask of a case."""

    FULL_NAME: ClassVar[str] = "writeoff.documents.Requirement"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    document: str
    rule: str
    """as R2"""
    state: RequirementState
    basis: str | None = None
    """VERIFIED, SUPPLIED, ATTESTED or MADE"""
    sha256: str | None = None

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[len(s := self.document.encode())], s,
            NUMBER[len(s := self.rule.encode())], s,
            REQUIREMENT_STATE_BYTES[self.state],
            NONE if self.basis is None else SOME + NUMBER[len(s := self.basis.encode())] + s,
            NONE if self.sha256 is None else SOME + NUMBER[len(s := self.sha256.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[Requirement, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = Requirement.__new__(Requirement)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.document = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.rule = data[at : (at := at + (size >> 1))].decode()
        self.state = REQUIREMENT_STATE_OF[data[at]]
        at += 1
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.basis = data[at : (at := at + (size >> 1))].decode()
        else:
            self.basis = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.sha256 = data[at : (at := at + (size >> 1))].decode()
        else:
            self.sha256 = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "document": self.document,
            "rule": self.rule,
            "state": self.state,
            "basis": self.basis,
            "sha256": self.sha256,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "Requirement":
        """Return the record that an Avro library read."""
        return Requirement(
            document=d["document"],
            rule=d["rule"],
            state=d["state"],
            basis=d["basis"],
            sha256=d["sha256"],
        )


@dataclass(slots=True, kw_only=True)
class RequirementsDetermined:
    """What the rules ask of this case."""

    FULL_NAME: ClassVar[str] = "writeoff.documents.RequirementsDetermined"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    requirements: list[Requirement] = field(default_factory=list[Requirement])

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            b"".join((NUMBER[len(self.requirements)], *[each.to_binary() for each in self.requirements], END)) if self.requirements else END,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[RequirementsDetermined, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = RequirementsDetermined.__new__(RequirementsDetermined)
        self.meta, at = Meta.from_binary(data, at)
        self.requirements = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Requirement.from_binary(data, at)
                self.requirements.append(each)
            left, at = count(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "requirements": [each.to_avro() for each in self.requirements],
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "RequirementsDetermined":
        """Return the record that an Avro library read."""
        return RequirementsDetermined(
            meta=Meta.from_avro(d["meta"]),
            requirements=[Requirement.from_avro(each) for each in d["requirements"]],
        )


@dataclass(slots=True, kw_only=True)
class VerificationCompleted:
    """Every requirement is met, waived or deferred."""

    FULL_NAME: ClassVar[str] = "writeoff.documents.VerificationCompleted"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    requirements: list[Requirement] = field(default_factory=list[Requirement])
    agent: str | None = None
    """the case's document agent; none: policy"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            b"".join((NUMBER[len(self.requirements)], *[each.to_binary() for each in self.requirements], END)) if self.requirements else END,
            NONE if self.agent is None else SOME + NUMBER[len(s := self.agent.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[VerificationCompleted, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = VerificationCompleted.__new__(VerificationCompleted)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        self.requirements = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Requirement.from_binary(data, at)
                self.requirements.append(each)
            left, at = count(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.agent = data[at : (at := at + (size >> 1))].decode()
        else:
            self.agent = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "requirements": [each.to_avro() for each in self.requirements],
            "agent": self.agent,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "VerificationCompleted":
        """Return the record that an Avro library read."""
        return VerificationCompleted(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            requirements=[Requirement.from_avro(each) for each in d["requirements"]],
            agent=d["agent"],
        )
