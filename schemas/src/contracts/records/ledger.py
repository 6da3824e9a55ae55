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
from contracts.types import Days, Uuid


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
        )
