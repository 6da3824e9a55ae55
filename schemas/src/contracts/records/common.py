"""What common says.

Generated from the .avsc files by schemas/generate.py: change those.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from contracts.binary import (
    BOOLEAN,
    BOOLEAN_OF,
    NONE,
    NUMBER,
    PRESENT,
    SOME,
    SPECIAL,
    int_bytes,
    length,
    number,
    small,
)
from contracts.records.schemas import SCHEMAS
from contracts.types import Days, Micros, Uuid


@dataclass(slots=True, kw_only=True)
class Actor:
    """Who caused it: a role and a pseudonymous id, never a name."""

    FULL_NAME: ClassVar[str] = "writeoff.common.Actor"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    role: str
    id: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[len(s := self.role.encode())], s,
            NUMBER[len(s := self.id.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[Actor, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = Actor.__new__(Actor)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.role = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.id = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "role": self.role,
            "id": self.id,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "Actor":
        """Return the record that an Avro library read."""
        return Actor(
            role=d["role"],
            id=d["id"],
        )


@dataclass(slots=True, kw_only=True)
class Meta:
    """What every record begins with."""

    FULL_NAME: ClassVar[str] = "writeoff.common.Meta"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    event_id: Uuid
    tenant: str
    case_id: Uuid | None = None
    loan_id: str | None = None
    occurred_at: Micros
    correlation_id: Uuid
    """the request that everything follows from"""
    causation_id: Uuid
    """the message that this one follows from"""
    actor: Actor
    version: int | None = None
    """table records only: rises with every change of the key"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[len(s := self.event_id.encode())], s,
            NUMBER[len(s := self.tenant.encode())], s,
            NONE if self.case_id is None else SOME + NUMBER[len(s := self.case_id.encode())] + s,
            NONE if self.loan_id is None else SOME + NUMBER[len(s := self.loan_id.encode())] + s,
            NUMBER[self.occurred_at],
            NUMBER[len(s := self.correlation_id.encode())], s,
            NUMBER[len(s := self.causation_id.encode())], s,
            self.actor.to_binary(),
            NONE if self.version is None else SOME + NUMBER[self.version],
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[Meta, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = Meta.__new__(Meta)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.event_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.tenant = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.case_id = data[at : (at := at + (size >> 1))].decode()
        else:
            self.case_id = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.loan_id = data[at : (at := at + (size >> 1))].decode()
        else:
            self.loan_id = None
        self.occurred_at, at = number(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.correlation_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.causation_id = data[at : (at := at + (size >> 1))].decode()
        self.actor, at = Actor.from_binary(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            self.version, at = number(data, at)
        else:
            self.version = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "event_id": self.event_id,
            "tenant": self.tenant,
            "case_id": self.case_id,
            "loan_id": self.loan_id,
            "occurred_at": self.occurred_at,
            "correlation_id": self.correlation_id,
            "causation_id": self.causation_id,
            "actor": self.actor.to_avro(),
            "version": self.version,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "Meta":
        """Return the record that an Avro library read."""
        return Meta(
            event_id=d["event_id"],
            tenant=d["tenant"],
            case_id=d["case_id"],
            loan_id=d["loan_id"],
            occurred_at=d["occurred_at"],
            correlation_id=d["correlation_id"],
            causation_id=d["causation_id"],
            actor=Actor.from_avro(d["actor"]),
            version=d["version"],
        )


@dataclass(slots=True, kw_only=True)
class Approver:
    """Who approved, at which level."""

    FULL_NAME: ClassVar[str] = "writeoff.common.Approver"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    id: str
    level: int

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[len(s := self.id.encode())], s,
            int_bytes(self.level),
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[Approver, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = Approver.__new__(Approver)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.id = data[at : (at := at + (size >> 1))].decode()
        self.level, at = small(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "id": self.id,
            "level": self.level,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "Approver":
        """Return the record that an Avro library read."""
        return Approver(
            id=d["id"],
            level=d["level"],
        )


type Kind = Literal["WRITE_OFF", "CHARGE_OFF", "REMOVAL", "REVERSAL", "RECOVERY", "PAY_OFF", "REFINANCE", "UNKNOWN"]
"""What a case asks for."""

KINDS: tuple[Kind, ...] = ("WRITE_OFF", "CHARGE_OFF", "REMOVAL", "REVERSAL", "RECOVERY", "PAY_OFF", "REFINANCE", "UNKNOWN",)
KIND_BYTES: dict[Kind, bytes] = {s: NUMBER[i] for i, s in enumerate(KINDS)}
KIND_OF: dict[int, Kind] = {2 * i: s for i, s in enumerate(KINDS)}


@dataclass(slots=True, kw_only=True)
class Money:
    """An amount in minor units of its ISO 4217 currency."""

    FULL_NAME: ClassVar[str] = "writeoff.common.Money"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    amount_minor: int
    currency: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[self.amount_minor],
            NUMBER[len(s := self.currency.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[Money, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = Money.__new__(Money)
        self.amount_minor, at = number(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.currency = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "amount_minor": self.amount_minor,
            "currency": self.currency,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "Money":
        """Return the record that an Avro library read."""
        return Money(
            amount_minor=d["amount_minor"],
            currency=d["currency"],
        )


type Segment = Literal["PERSONAL", "BUSINESS", "UNKNOWN"]
"""Whose loan: a person's or a business's."""

SEGMENTS: tuple[Segment, ...] = ("PERSONAL", "BUSINESS", "UNKNOWN",)
SEGMENT_BYTES: dict[Segment, bytes] = {s: NUMBER[i] for i, s in enumerate(SEGMENTS)}
SEGMENT_OF: dict[int, Segment] = {2 * i: s for i, s in enumerate(SEGMENTS)}


type Scope = Literal["FULL", "PARTIAL", "UNKNOWN"]
"""All that is outstanding, or an amount."""

SCOPES: tuple[Scope, ...] = ("FULL", "PARTIAL", "UNKNOWN",)
SCOPE_BYTES: dict[Scope, bytes] = {s: NUMBER[i] for i, s in enumerate(SCOPES)}
SCOPE_OF: dict[int, Scope] = {2 * i: s for i, s in enumerate(SCOPES)}


type Channel = Literal["AGENT", "API", "TOPIC", "FILE", "BATCH", "UNKNOWN"]
"""How a request came in."""

CHANNELS: tuple[Channel, ...] = ("AGENT", "API", "TOPIC", "FILE", "BATCH", "UNKNOWN",)
CHANNEL_BYTES: dict[Channel, bytes] = {s: NUMBER[i] for i, s in enumerate(CHANNELS)}
CHANNEL_OF: dict[int, Channel] = {2 * i: s for i, s in enumerate(CHANNELS)}


type Litigation = Literal["N", "L", "P", "UNKNOWN"]
"""L under litigation, N not, P in process."""

LITIGATIONS: tuple[Litigation, ...] = ("N", "L", "P", "UNKNOWN",)
LITIGATION_BYTES: dict[Litigation, bytes] = {s: NUMBER[i] for i, s in enumerate(LITIGATIONS)}
LITIGATION_OF: dict[int, Litigation] = {2 * i: s for i, s in enumerate(LITIGATIONS)}


@dataclass(slots=True, kw_only=True)
class Components:
    """Minor units by component, in the ledger's order."""

    FULL_NAME: ClassVar[str] = "writeoff.common.Components"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    principal_minor: int
    interest_minor: int
    fees_minor: int
    penalties_minor: int
    tax_minor: int

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[self.principal_minor],
            NUMBER[self.interest_minor],
            NUMBER[self.fees_minor],
            NUMBER[self.penalties_minor],
            NUMBER[self.tax_minor],
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[Components, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = Components.__new__(Components)
        self.principal_minor, at = number(data, at)
        self.interest_minor, at = number(data, at)
        self.fees_minor, at = number(data, at)
        self.penalties_minor, at = number(data, at)
        self.tax_minor, at = number(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "principal_minor": self.principal_minor,
            "interest_minor": self.interest_minor,
            "fees_minor": self.fees_minor,
            "penalties_minor": self.penalties_minor,
            "tax_minor": self.tax_minor,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "Components":
        """Return the record that an Avro library read."""
        return Components(
            principal_minor=d["principal_minor"],
            interest_minor=d["interest_minor"],
            fees_minor=d["fees_minor"],
            penalties_minor=d["penalties_minor"],
            tax_minor=d["tax_minor"],
        )


@dataclass(slots=True, kw_only=True)
class KindTerms:
    """What only some kinds ask for."""

    FULL_NAME: ClassVar[str] = "writeoff.common.KindTerms"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    transaction_id: str | None = None
    """REVERSAL: what is taken back"""
    undo: str | None = None
    """REVERSAL: the last charge_off or write_off is, instead"""
    cause: str | None = None
    """REMOVAL, REVERSAL: ERROR"""
    new_loan_id: str | None = None
    """REFINANCE"""
    rate: str | None = None
    """REFINANCE: percent a year of the new loan, decimal text"""
    percent: str | None = None
    """CHARGE_OFF, WRITE_OFF, REMOVAL: a part of what there is, instead of the amount"""
    components: Components | None = None
    """the same: an amount for each component"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NONE if self.transaction_id is None else SOME + NUMBER[len(s := self.transaction_id.encode())] + s,
            NONE if self.undo is None else SOME + NUMBER[len(s := self.undo.encode())] + s,
            NONE if self.cause is None else SOME + NUMBER[len(s := self.cause.encode())] + s,
            NONE if self.new_loan_id is None else SOME + NUMBER[len(s := self.new_loan_id.encode())] + s,
            NONE if self.rate is None else SOME + NUMBER[len(s := self.rate.encode())] + s,
            NONE if self.percent is None else SOME + NUMBER[len(s := self.percent.encode())] + s,
            NONE if self.components is None else SOME + self.components.to_binary(),
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[KindTerms, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = KindTerms.__new__(KindTerms)
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.transaction_id = data[at : (at := at + (size >> 1))].decode()
        else:
            self.transaction_id = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.undo = data[at : (at := at + (size >> 1))].decode()
        else:
            self.undo = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.cause = data[at : (at := at + (size >> 1))].decode()
        else:
            self.cause = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.new_loan_id = data[at : (at := at + (size >> 1))].decode()
        else:
            self.new_loan_id = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.rate = data[at : (at := at + (size >> 1))].decode()
        else:
            self.rate = None
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.percent = data[at : (at := at + (size >> 1))].decode()
        else:
            self.percent = None
        at += 1
        if PRESENT[data[at - 1]]:
            self.components, at = Components.from_binary(data, at)
        else:
            self.components = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "transaction_id": self.transaction_id,
            "undo": self.undo,
            "cause": self.cause,
            "new_loan_id": self.new_loan_id,
            "rate": self.rate,
            "percent": self.percent,
            "components": None if self.components is None else self.components.to_avro(),
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "KindTerms":
        """Return the record that an Avro library read."""
        return KindTerms(
            transaction_id=d["transaction_id"],
            undo=d["undo"],
            cause=d["cause"],
            new_loan_id=d["new_loan_id"],
            rate=d["rate"],
            percent=d["percent"],
            components=None if d["components"] is None else Components.from_avro(d["components"]),
        )


@dataclass(slots=True, kw_only=True)
class Terms:
    """What is asked for, as reviewed: the next service needs no join and no question."""

    FULL_NAME: ClassVar[str] = "writeoff.common.Terms"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    case_number: str
    customer_id: str
    """party"""
    guarantor_id: str | None = None
    product: str
    segment: Segment
    kind: Kind
    scope: Scope
    amount: Money
    """FULL: all that is outstanding and charged off at review"""
    usd_rate: str | None = None
    """US dollars for one unit of the currency, decimal text; none: above every limit"""
    reason: str
    """the reason's code"""
    date: Days
    """value date"""
    channel: Channel
    source: str
    """the upstream, or the door"""
    maker: str
    """who prepared it"""
    sanctioner: str | None = None
    """who approved the loan when it was made"""
    sanction_level: int | None = None
    litigation: Litigation
    legal_code: str | None = None
    legal_date: Days | None = None
    fraud: bool
    related_party: bool
    """staff or related party"""
    collection_ceases: bool
    outstanding_minor: int
    """at review"""
    charged_off_minor: int
    """standing charge-offs at review"""
    approval_reference: str | None = None
    of_kind: KindTerms | None = None
    """what this kind asks for beyond an amount"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[len(s := self.case_number.encode())], s,
            NUMBER[len(s := self.customer_id.encode())], s,
            NONE if self.guarantor_id is None else SOME + NUMBER[len(s := self.guarantor_id.encode())] + s,
            NUMBER[len(s := self.product.encode())], s,
            SEGMENT_BYTES[self.segment],
            KIND_BYTES[self.kind],
            SCOPE_BYTES[self.scope],
            self.amount.to_binary(),
            NONE if self.usd_rate is None else SOME + NUMBER[len(s := self.usd_rate.encode())] + s,
            NUMBER[len(s := self.reason.encode())], s,
            int_bytes(self.date),
            CHANNEL_BYTES[self.channel],
            NUMBER[len(s := self.source.encode())], s,
            NUMBER[len(s := self.maker.encode())], s,
            NONE if self.sanctioner is None else SOME + NUMBER[len(s := self.sanctioner.encode())] + s,
            NONE if self.sanction_level is None else SOME + int_bytes(self.sanction_level),
            LITIGATION_BYTES[self.litigation],
            NONE if self.legal_code is None else SOME + NUMBER[len(s := self.legal_code.encode())] + s,
            NONE if self.legal_date is None else SOME + int_bytes(self.legal_date),
            BOOLEAN[self.fraud],
            BOOLEAN[self.related_party],
            BOOLEAN[self.collection_ceases],
            NUMBER[self.outstanding_minor],
            NUMBER[self.charged_off_minor],
            NONE if self.approval_reference is None else SOME + NUMBER[len(s := self.approval_reference.encode())] + s,
            NONE if self.of_kind is None else SOME + self.of_kind.to_binary(),
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[Terms, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = Terms.__new__(Terms)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.case_number = data[at : (at := at + (size >> 1))].decode()
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
        self.kind = KIND_OF[data[at]]
        at += 1
        self.scope = SCOPE_OF[data[at]]
        at += 1
        self.amount, at = Money.from_binary(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.usd_rate = data[at : (at := at + (size >> 1))].decode()
        else:
            self.usd_rate = None
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.reason = data[at : (at := at + (size >> 1))].decode()
        self.date, at = small(data, at)
        self.channel = CHANNEL_OF[data[at]]
        at += 1
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.source = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.maker = data[at : (at := at + (size >> 1))].decode()
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
        self.outstanding_minor, at = number(data, at)
        self.charged_off_minor, at = number(data, at)
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.approval_reference = data[at : (at := at + (size >> 1))].decode()
        else:
            self.approval_reference = None
        at += 1
        if PRESENT[data[at - 1]]:
            self.of_kind, at = KindTerms.from_binary(data, at)
        else:
            self.of_kind = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "case_number": self.case_number,
            "customer_id": self.customer_id,
            "guarantor_id": self.guarantor_id,
            "product": self.product,
            "segment": self.segment,
            "kind": self.kind,
            "scope": self.scope,
            "amount": self.amount.to_avro(),
            "usd_rate": self.usd_rate,
            "reason": self.reason,
            "date": self.date,
            "channel": self.channel,
            "source": self.source,
            "maker": self.maker,
            "sanctioner": self.sanctioner,
            "sanction_level": self.sanction_level,
            "litigation": self.litigation,
            "legal_code": self.legal_code,
            "legal_date": self.legal_date,
            "fraud": self.fraud,
            "related_party": self.related_party,
            "collection_ceases": self.collection_ceases,
            "outstanding_minor": self.outstanding_minor,
            "charged_off_minor": self.charged_off_minor,
            "approval_reference": self.approval_reference,
            "of_kind": None if self.of_kind is None else self.of_kind.to_avro(),
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "Terms":
        """Return the record that an Avro library read."""
        return Terms(
            case_number=d["case_number"],
            customer_id=d["customer_id"],
            guarantor_id=d["guarantor_id"],
            product=d["product"],
            segment=d["segment"],
            kind=d["kind"],
            scope=d["scope"],
            amount=Money.from_avro(d["amount"]),
            usd_rate=d["usd_rate"],
            reason=d["reason"],
            date=d["date"],
            channel=d["channel"],
            source=d["source"],
            maker=d["maker"],
            sanctioner=d["sanctioner"],
            sanction_level=d["sanction_level"],
            litigation=d["litigation"],
            legal_code=d["legal_code"],
            legal_date=d["legal_date"],
            fraud=d["fraud"],
            related_party=d["related_party"],
            collection_ceases=d["collection_ceases"],
            outstanding_minor=d["outstanding_minor"],
            charged_off_minor=d["charged_off_minor"],
            approval_reference=d["approval_reference"],
            of_kind=None if d["of_kind"] is None else KindTerms.from_avro(d["of_kind"]),
        )


type Outcome = Literal["COMPLETE", "REFUSED", "DECLINED", "WITHDRAWN", "UNKNOWN"]
"""How a case ended."""

OUTCOMES: tuple[Outcome, ...] = ("COMPLETE", "REFUSED", "DECLINED", "WITHDRAWN", "UNKNOWN",)
OUTCOME_BYTES: dict[Outcome, bytes] = {s: NUMBER[i] for i, s in enumerate(OUTCOMES)}
OUTCOME_OF: dict[int, Outcome] = {2 * i: s for i, s in enumerate(OUTCOMES)}


@dataclass(slots=True, kw_only=True)
class SuppliedDocument:
    """A document that came with a request."""

    FULL_NAME: ClassVar[str] = "writeoff.common.SuppliedDocument"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    document: str
    """the type, as COLLECTION_LOG"""
    sha256: str
    """of its bytes, 64 hex digits"""
    dated: Days
    source: str
    """who made it; policy says whom it trusts for which type"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[len(s := self.document.encode())], s,
            NUMBER[len(s := self.sha256.encode())], s,
            int_bytes(self.dated),
            NUMBER[len(s := self.source.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[SuppliedDocument, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = SuppliedDocument.__new__(SuppliedDocument)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.document = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.sha256 = data[at : (at := at + (size >> 1))].decode()
        self.dated, at = small(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.source = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "document": self.document,
            "sha256": self.sha256,
            "dated": self.dated,
            "source": self.source,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "SuppliedDocument":
        """Return the record that an Avro library read."""
        return SuppliedDocument(
            document=d["document"],
            sha256=d["sha256"],
            dated=d["dated"],
            source=d["source"],
        )


type RequirementState = Literal["OPEN", "MET", "WAIVED", "DEFERRED", "UNKNOWN"]
"""Where a requirement stands."""

REQUIREMENT_STATES: tuple[RequirementState, ...] = ("OPEN", "MET", "WAIVED", "DEFERRED", "UNKNOWN",)
REQUIREMENT_STATE_BYTES: dict[RequirementState, bytes] = {s: NUMBER[i] for i, s in enumerate(REQUIREMENT_STATES)}
REQUIREMENT_STATE_OF: dict[int, RequirementState] = {2 * i: s for i, s in enumerate(REQUIREMENT_STATES)}
