"""What ledger says.

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
from contracts.records.common import (
    SEGMENT_BYTES,
    SEGMENT_OF,
    Approver,
    Components,
    Meta,
    Money,
    Segment,
    Terms,
)
from contracts.records.schemas import SCHEMAS
from contracts.types import Days, Micros, Uuid


@dataclass(slots=True, kw_only=True)
class AllowanceProvisioned:
    """The allowance was raised, or lowered."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.AllowanceProvisioned"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    transaction_id: Uuid
    value_date: Days
    amount: Money
    """below zero: it fell"""
    allowance_after_minor: int
    policy_version: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            int_bytes(self.value_date),
            self.amount.to_binary(),
            NUMBER[self.allowance_after_minor],
            NUMBER[len(s := self.policy_version.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[AllowanceProvisioned, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = AllowanceProvisioned.__new__(AllowanceProvisioned)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        self.amount, at = Money.from_binary(data, at)
        self.allowance_after_minor, at = number(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "transaction_id": self.transaction_id,
            "value_date": self.value_date,
            "amount": self.amount.to_avro(),
            "allowance_after_minor": self.allowance_after_minor,
            "policy_version": self.policy_version,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "AllowanceProvisioned":
        """Return the record that an Avro library read."""
        return AllowanceProvisioned(
            meta=Meta.from_avro(d["meta"]),
            transaction_id=d["transaction_id"],
            value_date=d["value_date"],
            amount=Money.from_avro(d["amount"]),
            allowance_after_minor=d["allowance_after_minor"],
            policy_version=d["policy_version"],
        )


@dataclass(slots=True, kw_only=True)
class AuditBlockSealed:
    """The signed head of a block of a lane's journal: what an auditor holds against the books."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.AuditBlockSealed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    lane: int
    number: int
    """1, 2, 3, … in the lane"""
    first: int
    """which entry of the lane the block begins with; 1 is the oldest"""
    count: int
    """entries in the block"""
    last_seq: int
    """the journal's seq of the last one"""
    entry_form: int
    """canonical form of the entries"""
    root: str
    """RFC 6962 over the entries, 64 hex digits"""
    previous: str
    """SHA-256 of the signed text of the head before, 64 hex digits; zeros before the first"""
    sealed_at: Micros
    key_id: str
    """whose signature: first 16 hex digits of the SHA-256 of the public key"""
    signature: str
    """Ed25519 over the signed text, 128 hex digits"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            int_bytes(self.lane),
            NUMBER[self.number],
            NUMBER[self.first],
            int_bytes(self.count),
            NUMBER[self.last_seq],
            int_bytes(self.entry_form),
            NUMBER[len(s := self.root.encode())], s,
            NUMBER[len(s := self.previous.encode())], s,
            NUMBER[self.sealed_at],
            NUMBER[len(s := self.key_id.encode())], s,
            NUMBER[len(s := self.signature.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[AuditBlockSealed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = AuditBlockSealed.__new__(AuditBlockSealed)
        self.meta, at = Meta.from_binary(data, at)
        self.lane, at = small(data, at)
        self.number, at = number(data, at)
        self.first, at = number(data, at)
        self.count, at = small(data, at)
        self.last_seq, at = number(data, at)
        self.entry_form, at = small(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.root = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.previous = data[at : (at := at + (size >> 1))].decode()
        self.sealed_at, at = number(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.key_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.signature = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "lane": self.lane,
            "number": self.number,
            "first": self.first,
            "count": self.count,
            "last_seq": self.last_seq,
            "entry_form": self.entry_form,
            "root": self.root,
            "previous": self.previous,
            "sealed_at": self.sealed_at,
            "key_id": self.key_id,
            "signature": self.signature,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "AuditBlockSealed":
        """Return the record that an Avro library read."""
        return AuditBlockSealed(
            meta=Meta.from_avro(d["meta"]),
            lane=d["lane"],
            number=d["number"],
            first=d["first"],
            count=d["count"],
            last_seq=d["last_seq"],
            entry_form=d["entry_form"],
            root=d["root"],
            previous=d["previous"],
            sealed_at=d["sealed_at"],
            key_id=d["key_id"],
            signature=d["signature"],
        )


@dataclass(slots=True, kw_only=True)
class ChargeOffPosted:
    """The bank took a loss; the loan lives on."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.ChargeOffPosted"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    transaction_id: Uuid
    grant_id: Uuid
    value_date: Days
    amount: Money
    components: Components
    """of the amount"""
    charged_off_minor: int
    """what stands charged off afterwards"""
    is_full: bool
    """nothing is outstanding any more"""
    balance_before_minor: int
    """outstanding"""
    balance_after_minor: int
    approvers: list[Approver] = field(default_factory=list[Approver])
    policy_version: str
    instructed: str | None = None
    """the core banking system that has to book it too: PostingAcknowledged tells when it has"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.grant_id.encode())], s,
            int_bytes(self.value_date),
            self.amount.to_binary(),
            self.components.to_binary(),
            NUMBER[self.charged_off_minor],
            BOOLEAN[self.is_full],
            NUMBER[self.balance_before_minor],
            NUMBER[self.balance_after_minor],
            b"".join((NUMBER[len(self.approvers)], *[each.to_binary() for each in self.approvers], END)) if self.approvers else END,
            NUMBER[len(s := self.policy_version.encode())], s,
            NONE if self.instructed is None else SOME + NUMBER[len(s := self.instructed.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[ChargeOffPosted, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = ChargeOffPosted.__new__(ChargeOffPosted)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.grant_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        self.amount, at = Money.from_binary(data, at)
        self.components, at = Components.from_binary(data, at)
        self.charged_off_minor, at = number(data, at)
        self.is_full = BOOLEAN_OF[data[at]]
        at += 1
        self.balance_before_minor, at = number(data, at)
        self.balance_after_minor, at = number(data, at)
        self.approvers = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Approver.from_binary(data, at)
                self.approvers.append(each)
            left, at = count(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.instructed = data[at : (at := at + (size >> 1))].decode()
        else:
            self.instructed = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "transaction_id": self.transaction_id,
            "grant_id": self.grant_id,
            "value_date": self.value_date,
            "amount": self.amount.to_avro(),
            "components": self.components.to_avro(),
            "charged_off_minor": self.charged_off_minor,
            "is_full": self.is_full,
            "balance_before_minor": self.balance_before_minor,
            "balance_after_minor": self.balance_after_minor,
            "approvers": [each.to_avro() for each in self.approvers],
            "policy_version": self.policy_version,
            "instructed": self.instructed,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "ChargeOffPosted":
        """Return the record that an Avro library read."""
        return ChargeOffPosted(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            transaction_id=d["transaction_id"],
            grant_id=d["grant_id"],
            value_date=d["value_date"],
            amount=Money.from_avro(d["amount"]),
            components=Components.from_avro(d["components"]),
            charged_off_minor=d["charged_off_minor"],
            is_full=d["is_full"],
            balance_before_minor=d["balance_before_minor"],
            balance_after_minor=d["balance_after_minor"],
            approvers=[Approver.from_avro(each) for each in d["approvers"]],
            policy_version=d["policy_version"],
            instructed=d["instructed"],
        )


@dataclass(slots=True, kw_only=True)
class ChargeOffRemoved:
    """A charge-off that was too large is lessened, for error."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.ChargeOffRemoved"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    transaction_id: Uuid
    grant_id: Uuid
    value_date: Days
    amount: Money
    components: Components
    """of the amount"""
    cause: str
    charged_off_minor: int
    """what stands charged off afterwards"""
    balance_before_minor: int
    """outstanding"""
    balance_after_minor: int
    approvers: list[Approver] = field(default_factory=list[Approver])
    policy_version: str
    instructed: str | None = None
    """the core banking system that has to book it too: PostingAcknowledged tells when it has"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.grant_id.encode())], s,
            int_bytes(self.value_date),
            self.amount.to_binary(),
            self.components.to_binary(),
            NUMBER[len(s := self.cause.encode())], s,
            NUMBER[self.charged_off_minor],
            NUMBER[self.balance_before_minor],
            NUMBER[self.balance_after_minor],
            b"".join((NUMBER[len(self.approvers)], *[each.to_binary() for each in self.approvers], END)) if self.approvers else END,
            NUMBER[len(s := self.policy_version.encode())], s,
            NONE if self.instructed is None else SOME + NUMBER[len(s := self.instructed.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[ChargeOffRemoved, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = ChargeOffRemoved.__new__(ChargeOffRemoved)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.grant_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        self.amount, at = Money.from_binary(data, at)
        self.components, at = Components.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.cause = data[at : (at := at + (size >> 1))].decode()
        self.charged_off_minor, at = number(data, at)
        self.balance_before_minor, at = number(data, at)
        self.balance_after_minor, at = number(data, at)
        self.approvers = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Approver.from_binary(data, at)
                self.approvers.append(each)
            left, at = count(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.instructed = data[at : (at := at + (size >> 1))].decode()
        else:
            self.instructed = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "transaction_id": self.transaction_id,
            "grant_id": self.grant_id,
            "value_date": self.value_date,
            "amount": self.amount.to_avro(),
            "components": self.components.to_avro(),
            "cause": self.cause,
            "charged_off_minor": self.charged_off_minor,
            "balance_before_minor": self.balance_before_minor,
            "balance_after_minor": self.balance_after_minor,
            "approvers": [each.to_avro() for each in self.approvers],
            "policy_version": self.policy_version,
            "instructed": self.instructed,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "ChargeOffRemoved":
        """Return the record that an Avro library read."""
        return ChargeOffRemoved(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            transaction_id=d["transaction_id"],
            grant_id=d["grant_id"],
            value_date=d["value_date"],
            amount=Money.from_avro(d["amount"]),
            components=Components.from_avro(d["components"]),
            cause=d["cause"],
            charged_off_minor=d["charged_off_minor"],
            balance_before_minor=d["balance_before_minor"],
            balance_after_minor=d["balance_after_minor"],
            approvers=[Approver.from_avro(each) for each in d["approvers"]],
            policy_version=d["policy_version"],
            instructed=d["instructed"],
        )


@dataclass(slots=True, kw_only=True)
class ChargeOffReported:
    """A loss was reported by amount or percentage (FASB): no balance of the loan moves."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.ChargeOffReported"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    transaction_id: Uuid
    value_date: Days
    amount: Money
    percent: str | None = None
    """plain decimal; null: an amount was given"""
    outstanding_minor: int
    """in the bank's book, of which it is a part"""
    is_provision: bool
    """the allowance was raised by it; else it is a line of a report"""
    policy_version: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            int_bytes(self.value_date),
            self.amount.to_binary(),
            NONE if self.percent is None else SOME + NUMBER[len(s := self.percent.encode())] + s,
            NUMBER[self.outstanding_minor],
            BOOLEAN[self.is_provision],
            NUMBER[len(s := self.policy_version.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[ChargeOffReported, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = ChargeOffReported.__new__(ChargeOffReported)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        self.amount, at = Money.from_binary(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.percent = data[at : (at := at + (size >> 1))].decode()
        else:
            self.percent = None
        self.outstanding_minor, at = number(data, at)
        self.is_provision = BOOLEAN_OF[data[at]]
        at += 1
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "transaction_id": self.transaction_id,
            "value_date": self.value_date,
            "amount": self.amount.to_avro(),
            "percent": self.percent,
            "outstanding_minor": self.outstanding_minor,
            "is_provision": self.is_provision,
            "policy_version": self.policy_version,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "ChargeOffReported":
        """Return the record that an Avro library read."""
        return ChargeOffReported(
            meta=Meta.from_avro(d["meta"]),
            transaction_id=d["transaction_id"],
            value_date=d["value_date"],
            amount=Money.from_avro(d["amount"]),
            percent=d["percent"],
            outstanding_minor=d["outstanding_minor"],
            is_provision=d["is_provision"],
            policy_version=d["policy_version"],
        )


@dataclass(slots=True, kw_only=True)
class InstructedLine:
    """What a command moved on one general-ledger code."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.InstructedLine"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    book: str
    """BNK, CO or CUST"""
    code: str
    component: str | None = None
    debit_minor: int
    credit_minor: int

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[len(s := self.book.encode())], s,
            NUMBER[len(s := self.code.encode())], s,
            NONE if self.component is None else SOME + NUMBER[len(s := self.component.encode())] + s,
            NUMBER[self.debit_minor],
            NUMBER[self.credit_minor],
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[InstructedLine, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = InstructedLine.__new__(InstructedLine)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.book = data[at : (at := at + (size >> 1))].decode()
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
            self.component = data[at : (at := at + (size >> 1))].decode()
        else:
            self.component = None
        self.debit_minor, at = number(data, at)
        self.credit_minor, at = number(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "book": self.book,
            "code": self.code,
            "component": self.component,
            "debit_minor": self.debit_minor,
            "credit_minor": self.credit_minor,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "InstructedLine":
        """Return the record that an Avro library read."""
        return InstructedLine(
            book=d["book"],
            code=d["code"],
            component=d["component"],
            debit_minor=d["debit_minor"],
            credit_minor=d["credit_minor"],
        )


@dataclass(slots=True, kw_only=True)
class InterestAccrued:
    """Interest was earned up to a day."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.InterestAccrued"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    transaction_id: Uuid
    value_date: Days
    currency: str
    earned_minor: int
    """in the bank's book"""
    memo_minor: int
    """on what is charged off: never income"""
    balance_after_minor: int
    policy_version: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            int_bytes(self.value_date),
            NUMBER[len(s := self.currency.encode())], s,
            NUMBER[self.earned_minor],
            NUMBER[self.memo_minor],
            NUMBER[self.balance_after_minor],
            NUMBER[len(s := self.policy_version.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[InterestAccrued, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = InterestAccrued.__new__(InterestAccrued)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.currency = data[at : (at := at + (size >> 1))].decode()
        self.earned_minor, at = number(data, at)
        self.memo_minor, at = number(data, at)
        self.balance_after_minor, at = number(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "transaction_id": self.transaction_id,
            "value_date": self.value_date,
            "currency": self.currency,
            "earned_minor": self.earned_minor,
            "memo_minor": self.memo_minor,
            "balance_after_minor": self.balance_after_minor,
            "policy_version": self.policy_version,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "InterestAccrued":
        """Return the record that an Avro library read."""
        return InterestAccrued(
            meta=Meta.from_avro(d["meta"]),
            transaction_id=d["transaction_id"],
            value_date=d["value_date"],
            currency=d["currency"],
            earned_minor=d["earned_minor"],
            memo_minor=d["memo_minor"],
            balance_after_minor=d["balance_after_minor"],
            policy_version=d["policy_version"],
        )


@dataclass(slots=True, kw_only=True)
class LoanSnapshot:
    """The loan as the ledger holds it."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.LoanSnapshot"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    customer_id: str
    guarantor_id: str | None = None
    product: str
    segment: Segment
    currency: str
    status: str
    """ACTIVE, CLOSED_WRITTEN_OFF, …"""
    opened: Days
    expiry: Days | None = None
    balances: Components
    """as held, unearned interest included"""
    unearned_minor: int
    outstanding_minor: int
    charged_off_minor: int
    """standing charge-off lots"""
    written_off_minor: int
    last_transaction: Days | None = None
    """of a user transaction that stands"""
    days_past_due: int | None = None
    sanctioner: str | None = None
    sanction_level: int | None = None
    fraud: bool

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.customer_id.encode())], s,
            NONE if self.guarantor_id is None else SOME + NUMBER[len(s := self.guarantor_id.encode())] + s,
            NUMBER[len(s := self.product.encode())], s,
            SEGMENT_BYTES[self.segment],
            NUMBER[len(s := self.currency.encode())], s,
            NUMBER[len(s := self.status.encode())], s,
            int_bytes(self.opened),
            NONE if self.expiry is None else SOME + int_bytes(self.expiry),
            self.balances.to_binary(),
            NUMBER[self.unearned_minor],
            NUMBER[self.outstanding_minor],
            NUMBER[self.charged_off_minor],
            NUMBER[self.written_off_minor],
            NONE if self.last_transaction is None else SOME + int_bytes(self.last_transaction),
            NONE if self.days_past_due is None else SOME + int_bytes(self.days_past_due),
            NONE if self.sanctioner is None else SOME + NUMBER[len(s := self.sanctioner.encode())] + s,
            NONE if self.sanction_level is None else SOME + int_bytes(self.sanction_level),
            BOOLEAN[self.fraud],
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[LoanSnapshot, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = LoanSnapshot.__new__(LoanSnapshot)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.customer_id = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.guarantor_id = data[at : (at := at + (size >> 1))].decode()
        else:
            self.guarantor_id = None
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.product = data[at : (at := at + (size >> 1))].decode()
        self.segment = SEGMENT_OF[data[at]]
        at += 1
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.currency = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.status = data[at : (at := at + (size >> 1))].decode()
        self.opened, at = small(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            self.expiry, at = small(data, at)
        else:
            self.expiry = None
        self.balances, at = Components.from_binary(data, at)
        self.unearned_minor, at = number(data, at)
        self.outstanding_minor, at = number(data, at)
        self.charged_off_minor, at = number(data, at)
        self.written_off_minor, at = number(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            self.last_transaction, at = small(data, at)
        else:
            self.last_transaction = None
        at += 1
        if PRESENT[data[at - 1]]:
            self.days_past_due, at = small(data, at)
        else:
            self.days_past_due = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.sanctioner = data[at : (at := at + (size >> 1))].decode()
        else:
            self.sanctioner = None
        at += 1
        if PRESENT[data[at - 1]]:
            self.sanction_level, at = small(data, at)
        else:
            self.sanction_level = None
        self.fraud = BOOLEAN_OF[data[at]]
        at += 1
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "customer_id": self.customer_id,
            "guarantor_id": self.guarantor_id,
            "product": self.product,
            "segment": self.segment,
            "currency": self.currency,
            "status": self.status,
            "opened": self.opened,
            "expiry": self.expiry,
            "balances": self.balances.to_avro(),
            "unearned_minor": self.unearned_minor,
            "outstanding_minor": self.outstanding_minor,
            "charged_off_minor": self.charged_off_minor,
            "written_off_minor": self.written_off_minor,
            "last_transaction": self.last_transaction,
            "days_past_due": self.days_past_due,
            "sanctioner": self.sanctioner,
            "sanction_level": self.sanction_level,
            "fraud": self.fraud,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "LoanSnapshot":
        """Return the record that an Avro library read."""
        return LoanSnapshot(
            meta=Meta.from_avro(d["meta"]),
            customer_id=d["customer_id"],
            guarantor_id=d["guarantor_id"],
            product=d["product"],
            segment=d["segment"],
            currency=d["currency"],
            status=d["status"],
            opened=d["opened"],
            expiry=d["expiry"],
            balances=Components.from_avro(d["balances"]),
            unearned_minor=d["unearned_minor"],
            outstanding_minor=d["outstanding_minor"],
            charged_off_minor=d["charged_off_minor"],
            written_off_minor=d["written_off_minor"],
            last_transaction=d["last_transaction"],
            days_past_due=d["days_past_due"],
            sanctioner=d["sanctioner"],
            sanction_level=d["sanction_level"],
            fraud=d["fraud"],
        )


@dataclass(slots=True, kw_only=True)
class Party:
    """The one record with personal data; erased by a tombstone."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.Party"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    party_id: str
    given_name: str | None = None
    family_name: str | None = None
    business_name: str | None = None
    email: str | None = None
    tax_id: str | None = None
    locale: str | None = None

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.party_id.encode())], s,
            NONE if self.given_name is None else SOME + NUMBER[len(s := self.given_name.encode())] + s,
            NONE if self.family_name is None else SOME + NUMBER[len(s := self.family_name.encode())] + s,
            NONE if self.business_name is None else SOME + NUMBER[len(s := self.business_name.encode())] + s,
            NONE if self.email is None else SOME + NUMBER[len(s := self.email.encode())] + s,
            NONE if self.tax_id is None else SOME + NUMBER[len(s := self.tax_id.encode())] + s,
            NONE if self.locale is None else SOME + NUMBER[len(s := self.locale.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[Party, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = Party.__new__(Party)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.party_id = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.given_name = data[at : (at := at + (size >> 1))].decode()
        else:
            self.given_name = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.family_name = data[at : (at := at + (size >> 1))].decode()
        else:
            self.family_name = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.business_name = data[at : (at := at + (size >> 1))].decode()
        else:
            self.business_name = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.email = data[at : (at := at + (size >> 1))].decode()
        else:
            self.email = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.tax_id = data[at : (at := at + (size >> 1))].decode()
        else:
            self.tax_id = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.locale = data[at : (at := at + (size >> 1))].decode()
        else:
            self.locale = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "party_id": self.party_id,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "business_name": self.business_name,
            "email": self.email,
            "tax_id": self.tax_id,
            "locale": self.locale,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "Party":
        """Return the record that an Avro library read."""
        return Party(
            meta=Meta.from_avro(d["meta"]),
            party_id=d["party_id"],
            given_name=d["given_name"],
            family_name=d["family_name"],
            business_name=d["business_name"],
            email=d["email"],
            tax_id=d["tax_id"],
            locale=d["locale"],
        )


@dataclass(slots=True, kw_only=True)
class PayOffPosted:
    """The customer paid all that is owed."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.PayOffPosted"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    transaction_id: Uuid
    grant_id: Uuid
    value_date: Days
    amount: Money
    balance_before_minor: int
    """outstanding"""
    balance_after_minor: int
    status: str
    """of the loan afterwards: ACTIVE, CLOSED_WRITTEN_OFF, …"""
    approvers: list[Approver] = field(default_factory=list[Approver])
    policy_version: str
    instructed: str | None = None
    """the core banking system that has to book it too: PostingAcknowledged tells when it has"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.grant_id.encode())], s,
            int_bytes(self.value_date),
            self.amount.to_binary(),
            NUMBER[self.balance_before_minor],
            NUMBER[self.balance_after_minor],
            NUMBER[len(s := self.status.encode())], s,
            b"".join((NUMBER[len(self.approvers)], *[each.to_binary() for each in self.approvers], END)) if self.approvers else END,
            NUMBER[len(s := self.policy_version.encode())], s,
            NONE if self.instructed is None else SOME + NUMBER[len(s := self.instructed.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[PayOffPosted, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = PayOffPosted.__new__(PayOffPosted)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.grant_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        self.amount, at = Money.from_binary(data, at)
        self.balance_before_minor, at = number(data, at)
        self.balance_after_minor, at = number(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.status = data[at : (at := at + (size >> 1))].decode()
        self.approvers = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Approver.from_binary(data, at)
                self.approvers.append(each)
            left, at = count(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.instructed = data[at : (at := at + (size >> 1))].decode()
        else:
            self.instructed = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "transaction_id": self.transaction_id,
            "grant_id": self.grant_id,
            "value_date": self.value_date,
            "amount": self.amount.to_avro(),
            "balance_before_minor": self.balance_before_minor,
            "balance_after_minor": self.balance_after_minor,
            "status": self.status,
            "approvers": [each.to_avro() for each in self.approvers],
            "policy_version": self.policy_version,
            "instructed": self.instructed,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "PayOffPosted":
        """Return the record that an Avro library read."""
        return PayOffPosted(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            transaction_id=d["transaction_id"],
            grant_id=d["grant_id"],
            value_date=d["value_date"],
            amount=Money.from_avro(d["amount"]),
            balance_before_minor=d["balance_before_minor"],
            balance_after_minor=d["balance_after_minor"],
            status=d["status"],
            approvers=[Approver.from_avro(each) for each in d["approvers"]],
            policy_version=d["policy_version"],
            instructed=d["instructed"],
        )


@dataclass(slots=True, kw_only=True)
class PaymentPosted:
    """Money came in or was credited, or an overpayment went back."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.PaymentPosted"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    transaction_id: Uuid
    command: str
    """repay, refund, goodwill_credit or credit_balance_refund"""
    value_date: Days
    amount: Money
    recovered_minor: int
    """what of it came back on charged-off claims"""
    overpaid_minor: int
    """what stands overpaid afterwards"""
    balance_before_minor: int
    """outstanding"""
    balance_after_minor: int
    customer_minor: int
    """what the customer owes afterwards"""
    status: str
    """of the loan afterwards: ACTIVE, CLOSED_WRITTEN_OFF, …"""
    policy_version: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.command.encode())], s,
            int_bytes(self.value_date),
            self.amount.to_binary(),
            NUMBER[self.recovered_minor],
            NUMBER[self.overpaid_minor],
            NUMBER[self.balance_before_minor],
            NUMBER[self.balance_after_minor],
            NUMBER[self.customer_minor],
            NUMBER[len(s := self.status.encode())], s,
            NUMBER[len(s := self.policy_version.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[PaymentPosted, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = PaymentPosted.__new__(PaymentPosted)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.command = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        self.amount, at = Money.from_binary(data, at)
        self.recovered_minor, at = number(data, at)
        self.overpaid_minor, at = number(data, at)
        self.balance_before_minor, at = number(data, at)
        self.balance_after_minor, at = number(data, at)
        self.customer_minor, at = number(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.status = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "transaction_id": self.transaction_id,
            "command": self.command,
            "value_date": self.value_date,
            "amount": self.amount.to_avro(),
            "recovered_minor": self.recovered_minor,
            "overpaid_minor": self.overpaid_minor,
            "balance_before_minor": self.balance_before_minor,
            "balance_after_minor": self.balance_after_minor,
            "customer_minor": self.customer_minor,
            "status": self.status,
            "policy_version": self.policy_version,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "PaymentPosted":
        """Return the record that an Avro library read."""
        return PaymentPosted(
            meta=Meta.from_avro(d["meta"]),
            transaction_id=d["transaction_id"],
            command=d["command"],
            value_date=d["value_date"],
            amount=Money.from_avro(d["amount"]),
            recovered_minor=d["recovered_minor"],
            overpaid_minor=d["overpaid_minor"],
            balance_before_minor=d["balance_before_minor"],
            balance_after_minor=d["balance_after_minor"],
            customer_minor=d["customer_minor"],
            status=d["status"],
            policy_version=d["policy_version"],
        )


@dataclass(slots=True, kw_only=True)
class PeriodClosed:
    """A month is over: nothing is dated in it any more."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.PeriodClosed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    through: Days
    """its last day"""
    loans: int
    """gone through at its end"""
    accrued: int
    """on which interest was accrued"""
    proposed: int
    """due to be charged off, by clocks, and without a loss in the books"""
    breached: int
    """whose due-by was past"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            int_bytes(self.through),
            int_bytes(self.loans),
            int_bytes(self.accrued),
            int_bytes(self.proposed),
            int_bytes(self.breached),
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[PeriodClosed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = PeriodClosed.__new__(PeriodClosed)
        self.meta, at = Meta.from_binary(data, at)
        self.through, at = small(data, at)
        self.loans, at = small(data, at)
        self.accrued, at = small(data, at)
        self.proposed, at = small(data, at)
        self.breached, at = small(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "through": self.through,
            "loans": self.loans,
            "accrued": self.accrued,
            "proposed": self.proposed,
            "breached": self.breached,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "PeriodClosed":
        """Return the record that an Avro library read."""
        return PeriodClosed(
            meta=Meta.from_avro(d["meta"]),
            through=d["through"],
            loans=d["loans"],
            accrued=d["accrued"],
            proposed=d["proposed"],
            breached=d["breached"],
        )


@dataclass(slots=True, kw_only=True)
class PostingAcknowledged:
    """The core banking system shows a posting: it said so, or a person saw to it."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.PostingAcknowledged"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    instruction_id: Uuid
    transaction_id: Uuid
    core: str | None = None
    """none: the product has no core that hears instructions"""
    core_reference: str
    by: str | None = None
    """who keyed it in; none: the core booked it"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.instruction_id.encode())], s,
            NUMBER[len(s := self.transaction_id.encode())], s,
            NONE if self.core is None else SOME + NUMBER[len(s := self.core.encode())] + s,
            NUMBER[len(s := self.core_reference.encode())], s,
            NONE if self.by is None else SOME + NUMBER[len(s := self.by.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[PostingAcknowledged, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = PostingAcknowledged.__new__(PostingAcknowledged)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.instruction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.core = data[at : (at := at + (size >> 1))].decode()
        else:
            self.core = None
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.core_reference = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.by = data[at : (at := at + (size >> 1))].decode()
        else:
            self.by = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "instruction_id": self.instruction_id,
            "transaction_id": self.transaction_id,
            "core": self.core,
            "core_reference": self.core_reference,
            "by": self.by,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "PostingAcknowledged":
        """Return the record that an Avro library read."""
        return PostingAcknowledged(
            meta=Meta.from_avro(d["meta"]),
            instruction_id=d["instruction_id"],
            transaction_id=d["transaction_id"],
            core=d["core"],
            core_reference=d["core_reference"],
            by=d["by"],
        )


@dataclass(slots=True, kw_only=True)
class PostingInstructed:
    """A core banking system is to book what one command changed in the books. Said again until it answers: the instruction_id tells a repeat."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.PostingInstructed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    instruction_id: Uuid
    transaction_id: Uuid
    command: str
    """as write_off; reverse and undo name what they take back by transaction_id"""
    product: str
    value_date: Days
    amount: Money
    balance_after_minor: int
    """outstanding"""
    lines: list[InstructedLine] = field(default_factory=list[InstructedLine])
    """net of all entries of the command: replays behind a back-dated one are in it"""
    said: int
    """1 the first time"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.instruction_id.encode())], s,
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.command.encode())], s,
            NUMBER[len(s := self.product.encode())], s,
            int_bytes(self.value_date),
            self.amount.to_binary(),
            NUMBER[self.balance_after_minor],
            b"".join((NUMBER[len(self.lines)], *[each.to_binary() for each in self.lines], END)) if self.lines else END,
            int_bytes(self.said),
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[PostingInstructed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = PostingInstructed.__new__(PostingInstructed)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.instruction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.command = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.product = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        self.amount, at = Money.from_binary(data, at)
        self.balance_after_minor, at = number(data, at)
        self.lines = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = InstructedLine.from_binary(data, at)
                self.lines.append(each)
            left, at = count(data, at)
        self.said, at = small(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "instruction_id": self.instruction_id,
            "transaction_id": self.transaction_id,
            "command": self.command,
            "product": self.product,
            "value_date": self.value_date,
            "amount": self.amount.to_avro(),
            "balance_after_minor": self.balance_after_minor,
            "lines": [each.to_avro() for each in self.lines],
            "said": self.said,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "PostingInstructed":
        """Return the record that an Avro library read."""
        return PostingInstructed(
            meta=Meta.from_avro(d["meta"]),
            instruction_id=d["instruction_id"],
            transaction_id=d["transaction_id"],
            command=d["command"],
            product=d["product"],
            value_date=d["value_date"],
            amount=Money.from_avro(d["amount"]),
            balance_after_minor=d["balance_after_minor"],
            lines=[InstructedLine.from_avro(each) for each in d["lines"]],
            said=d["said"],
        )


@dataclass(slots=True, kw_only=True)
class PostingRefused:
    """The ledger's rules forbid it: nothing is posted."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.PostingRefused"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    grant_id: Uuid
    code: str
    message: str
    approval_reference: str | None = None

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.grant_id.encode())], s,
            NUMBER[len(s := self.code.encode())], s,
            NUMBER[len(s := self.message.encode())], s,
            NONE if self.approval_reference is None else SOME + NUMBER[len(s := self.approval_reference.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[PostingRefused, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = PostingRefused.__new__(PostingRefused)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.grant_id = data[at : (at := at + (size >> 1))].decode()
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
            "grant_id": self.grant_id,
            "code": self.code,
            "message": self.message,
            "approval_reference": self.approval_reference,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "PostingRefused":
        """Return the record that an Avro library read."""
        return PostingRefused(
            meta=Meta.from_avro(d["meta"]),
            grant_id=d["grant_id"],
            code=d["code"],
            message=d["message"],
            approval_reference=d["approval_reference"],
        )


@dataclass(slots=True, kw_only=True)
class RecoveryPosted:
    """Money came in on a loan that is written off."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.RecoveryPosted"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    transaction_id: Uuid
    grant_id: Uuid
    value_date: Days
    amount: Money
    components: Components
    """of the amount, as the memo book takes it"""
    remaining_minor: int
    """of the loss, not recovered"""
    approvers: list[Approver] = field(default_factory=list[Approver])
    policy_version: str
    instructed: str | None = None
    """the core banking system that has to book it too: PostingAcknowledged tells when it has"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.grant_id.encode())], s,
            int_bytes(self.value_date),
            self.amount.to_binary(),
            self.components.to_binary(),
            NUMBER[self.remaining_minor],
            b"".join((NUMBER[len(self.approvers)], *[each.to_binary() for each in self.approvers], END)) if self.approvers else END,
            NUMBER[len(s := self.policy_version.encode())], s,
            NONE if self.instructed is None else SOME + NUMBER[len(s := self.instructed.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[RecoveryPosted, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = RecoveryPosted.__new__(RecoveryPosted)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.grant_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        self.amount, at = Money.from_binary(data, at)
        self.components, at = Components.from_binary(data, at)
        self.remaining_minor, at = number(data, at)
        self.approvers = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Approver.from_binary(data, at)
                self.approvers.append(each)
            left, at = count(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.instructed = data[at : (at := at + (size >> 1))].decode()
        else:
            self.instructed = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "transaction_id": self.transaction_id,
            "grant_id": self.grant_id,
            "value_date": self.value_date,
            "amount": self.amount.to_avro(),
            "components": self.components.to_avro(),
            "remaining_minor": self.remaining_minor,
            "approvers": [each.to_avro() for each in self.approvers],
            "policy_version": self.policy_version,
            "instructed": self.instructed,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "RecoveryPosted":
        """Return the record that an Avro library read."""
        return RecoveryPosted(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            transaction_id=d["transaction_id"],
            grant_id=d["grant_id"],
            value_date=d["value_date"],
            amount=Money.from_avro(d["amount"]),
            components=Components.from_avro(d["components"]),
            remaining_minor=d["remaining_minor"],
            approvers=[Approver.from_avro(each) for each in d["approvers"]],
            policy_version=d["policy_version"],
            instructed=d["instructed"],
        )


@dataclass(slots=True, kw_only=True)
class RefinancePosted:
    """A loan was paid off by a new one, which is meta.loan_id. Said in the new loan's lane."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.RefinancePosted"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    transaction_id: Uuid
    grant_id: Uuid
    value_date: Days
    old_loan_id: str
    amount: Money
    rate: str
    """of the new loan, percent a year"""
    approvers: list[Approver] = field(default_factory=list[Approver])
    policy_version: str
    instructed: str | None = None
    """the core banking system that has to book it too: PostingAcknowledged tells when it has"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.grant_id.encode())], s,
            int_bytes(self.value_date),
            NUMBER[len(s := self.old_loan_id.encode())], s,
            self.amount.to_binary(),
            NUMBER[len(s := self.rate.encode())], s,
            b"".join((NUMBER[len(self.approvers)], *[each.to_binary() for each in self.approvers], END)) if self.approvers else END,
            NUMBER[len(s := self.policy_version.encode())], s,
            NONE if self.instructed is None else SOME + NUMBER[len(s := self.instructed.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[RefinancePosted, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = RefinancePosted.__new__(RefinancePosted)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.grant_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.old_loan_id = data[at : (at := at + (size >> 1))].decode()
        self.amount, at = Money.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.rate = data[at : (at := at + (size >> 1))].decode()
        self.approvers = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Approver.from_binary(data, at)
                self.approvers.append(each)
            left, at = count(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.instructed = data[at : (at := at + (size >> 1))].decode()
        else:
            self.instructed = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "transaction_id": self.transaction_id,
            "grant_id": self.grant_id,
            "value_date": self.value_date,
            "old_loan_id": self.old_loan_id,
            "amount": self.amount.to_avro(),
            "rate": self.rate,
            "approvers": [each.to_avro() for each in self.approvers],
            "policy_version": self.policy_version,
            "instructed": self.instructed,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "RefinancePosted":
        """Return the record that an Avro library read."""
        return RefinancePosted(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            transaction_id=d["transaction_id"],
            grant_id=d["grant_id"],
            value_date=d["value_date"],
            old_loan_id=d["old_loan_id"],
            amount=Money.from_avro(d["amount"]),
            rate=d["rate"],
            approvers=[Approver.from_avro(each) for each in d["approvers"]],
            policy_version=d["policy_version"],
            instructed=d["instructed"],
        )


@dataclass(slots=True, kw_only=True)
class TransactionReplayed:
    """A transaction was posted anew because the past before it changed."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.TransactionReplayed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    transaction_id: Uuid
    command: str
    value_date: Days
    because_of: Uuid
    """the transaction that was posted or taken back"""
    policy_version: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.command.encode())], s,
            int_bytes(self.value_date),
            NUMBER[len(s := self.because_of.encode())], s,
            NUMBER[len(s := self.policy_version.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[TransactionReplayed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = TransactionReplayed.__new__(TransactionReplayed)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.command = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.because_of = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "transaction_id": self.transaction_id,
            "command": self.command,
            "value_date": self.value_date,
            "because_of": self.because_of,
            "policy_version": self.policy_version,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "TransactionReplayed":
        """Return the record that an Avro library read."""
        return TransactionReplayed(
            meta=Meta.from_avro(d["meta"]),
            transaction_id=d["transaction_id"],
            command=d["command"],
            value_date=d["value_date"],
            because_of=d["because_of"],
            policy_version=d["policy_version"],
        )


@dataclass(slots=True, kw_only=True)
class TransactionReversed:
    """A posted transaction is taken back as if it had never been."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.TransactionReversed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    transaction_id: Uuid
    """what is taken back"""
    command: str
    """what it was, as write_off"""
    grant_id: Uuid
    value_date: Days
    """its own"""
    cause: str | None = None
    currency: str
    balance_before_minor: int
    """outstanding"""
    balance_after_minor: int
    status: str
    """of the loan afterwards: ACTIVE, CLOSED_WRITTEN_OFF, …"""
    approvers: list[Approver] = field(default_factory=list[Approver])
    policy_version: str
    instructed: str | None = None
    """the core banking system that has to book it too: PostingAcknowledged tells when it has"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.command.encode())], s,
            NUMBER[len(s := self.grant_id.encode())], s,
            int_bytes(self.value_date),
            NONE if self.cause is None else SOME + NUMBER[len(s := self.cause.encode())] + s,
            NUMBER[len(s := self.currency.encode())], s,
            NUMBER[self.balance_before_minor],
            NUMBER[self.balance_after_minor],
            NUMBER[len(s := self.status.encode())], s,
            b"".join((NUMBER[len(self.approvers)], *[each.to_binary() for each in self.approvers], END)) if self.approvers else END,
            NUMBER[len(s := self.policy_version.encode())], s,
            NONE if self.instructed is None else SOME + NUMBER[len(s := self.instructed.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[TransactionReversed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = TransactionReversed.__new__(TransactionReversed)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.command = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.grant_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.cause = data[at : (at := at + (size >> 1))].decode()
        else:
            self.cause = None
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.currency = data[at : (at := at + (size >> 1))].decode()
        self.balance_before_minor, at = number(data, at)
        self.balance_after_minor, at = number(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.status = data[at : (at := at + (size >> 1))].decode()
        self.approvers = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Approver.from_binary(data, at)
                self.approvers.append(each)
            left, at = count(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.instructed = data[at : (at := at + (size >> 1))].decode()
        else:
            self.instructed = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "transaction_id": self.transaction_id,
            "command": self.command,
            "grant_id": self.grant_id,
            "value_date": self.value_date,
            "cause": self.cause,
            "currency": self.currency,
            "balance_before_minor": self.balance_before_minor,
            "balance_after_minor": self.balance_after_minor,
            "status": self.status,
            "approvers": [each.to_avro() for each in self.approvers],
            "policy_version": self.policy_version,
            "instructed": self.instructed,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "TransactionReversed":
        """Return the record that an Avro library read."""
        return TransactionReversed(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            transaction_id=d["transaction_id"],
            command=d["command"],
            grant_id=d["grant_id"],
            value_date=d["value_date"],
            cause=d["cause"],
            currency=d["currency"],
            balance_before_minor=d["balance_before_minor"],
            balance_after_minor=d["balance_after_minor"],
            status=d["status"],
            approvers=[Approver.from_avro(each) for each in d["approvers"]],
            policy_version=d["policy_version"],
            instructed=d["instructed"],
        )


@dataclass(slots=True, kw_only=True)
class WriteOffPosted:
    """The loss is in the books."""

    FULL_NAME: ClassVar[str] = "writeoff.ledger.WriteOffPosted"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    terms: Terms
    transaction_id: Uuid
    grant_id: Uuid
    value_date: Days
    amount: Money
    """all that this write-off took, reclassified charge-offs included"""
    components: Components
    """of the amount"""
    reclassified_minor: int
    """part that was charged off before"""
    balance_before_minor: int
    """outstanding"""
    balance_after_minor: int
    approvers: list[Approver] = field(default_factory=list[Approver])
    policy_version: str
    instructed: str | None = None
    """the core banking system that has to book it too: PostingAcknowledged tells when it has"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            self.terms.to_binary(),
            NUMBER[len(s := self.transaction_id.encode())], s,
            NUMBER[len(s := self.grant_id.encode())], s,
            int_bytes(self.value_date),
            self.amount.to_binary(),
            self.components.to_binary(),
            NUMBER[self.reclassified_minor],
            NUMBER[self.balance_before_minor],
            NUMBER[self.balance_after_minor],
            b"".join((NUMBER[len(self.approvers)], *[each.to_binary() for each in self.approvers], END)) if self.approvers else END,
            NUMBER[len(s := self.policy_version.encode())], s,
            NONE if self.instructed is None else SOME + NUMBER[len(s := self.instructed.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[WriteOffPosted, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = WriteOffPosted.__new__(WriteOffPosted)
        self.meta, at = Meta.from_binary(data, at)
        self.terms, at = Terms.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.grant_id = data[at : (at := at + (size >> 1))].decode()
        self.value_date, at = small(data, at)
        self.amount, at = Money.from_binary(data, at)
        self.components, at = Components.from_binary(data, at)
        self.reclassified_minor, at = number(data, at)
        self.balance_before_minor, at = number(data, at)
        self.balance_after_minor, at = number(data, at)
        self.approvers = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = Approver.from_binary(data, at)
                self.approvers.append(each)
            left, at = count(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.policy_version = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.instructed = data[at : (at := at + (size >> 1))].decode()
        else:
            self.instructed = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "terms": self.terms.to_avro(),
            "transaction_id": self.transaction_id,
            "grant_id": self.grant_id,
            "value_date": self.value_date,
            "amount": self.amount.to_avro(),
            "components": self.components.to_avro(),
            "reclassified_minor": self.reclassified_minor,
            "balance_before_minor": self.balance_before_minor,
            "balance_after_minor": self.balance_after_minor,
            "approvers": [each.to_avro() for each in self.approvers],
            "policy_version": self.policy_version,
            "instructed": self.instructed,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "WriteOffPosted":
        """Return the record that an Avro library read."""
        return WriteOffPosted(
            meta=Meta.from_avro(d["meta"]),
            terms=Terms.from_avro(d["terms"]),
            transaction_id=d["transaction_id"],
            grant_id=d["grant_id"],
            value_date=d["value_date"],
            amount=Money.from_avro(d["amount"]),
            components=Components.from_avro(d["components"]),
            reclassified_minor=d["reclassified_minor"],
            balance_before_minor=d["balance_before_minor"],
            balance_after_minor=d["balance_after_minor"],
            approvers=[Approver.from_avro(each) for each in d["approvers"]],
            policy_version=d["policy_version"],
            instructed=d["instructed"],
        )
