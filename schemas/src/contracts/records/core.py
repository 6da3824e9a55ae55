"""What core says.

Generated from the .avsc files by schemas/generate.py: change those.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from contracts.binary import NUMBER, SPECIAL, length
from contracts.records.common import Meta, Money
from contracts.records.schemas import SCHEMAS
from contracts.types import Uuid


@dataclass(slots=True, kw_only=True)
class PostingBooked:
    """A core banking system booked what it was instructed to."""

    FULL_NAME: ClassVar[str] = "writeoff.core.PostingBooked"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    request_id: str
    """the core's own, unique for the tenant: sent again, it counts once"""
    instruction_id: Uuid
    amount: Money
    """as the core booked it: must be the instruction's"""
    core_reference: str
    """what the core calls its booking, 1-64 characters"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.request_id.encode())], s,
            NUMBER[len(s := self.instruction_id.encode())], s,
            self.amount.to_binary(),
            NUMBER[len(s := self.core_reference.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[PostingBooked, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = PostingBooked.__new__(PostingBooked)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.request_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.instruction_id = data[at : (at := at + (size >> 1))].decode()
        self.amount, at = Money.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.core_reference = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "request_id": self.request_id,
            "instruction_id": self.instruction_id,
            "amount": self.amount.to_avro(),
            "core_reference": self.core_reference,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "PostingBooked":
        """Return the record that an Avro library read."""
        return PostingBooked(
            meta=Meta.from_avro(d["meta"]),
            request_id=d["request_id"],
            instruction_id=d["instruction_id"],
            amount=Money.from_avro(d["amount"]),
            core_reference=d["core_reference"],
        )


@dataclass(slots=True, kw_only=True)
class PostingRejected:
    """A core banking system did not book what it was instructed to."""

    FULL_NAME: ClassVar[str] = "writeoff.core.PostingRejected"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    request_id: str
    """the core's own, unique for the tenant: sent again, it counts once"""
    instruction_id: Uuid
    code: str
    """the core's own, 1-64 characters"""
    message: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.request_id.encode())], s,
            NUMBER[len(s := self.instruction_id.encode())], s,
            NUMBER[len(s := self.code.encode())], s,
            NUMBER[len(s := self.message.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[PostingRejected, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = PostingRejected.__new__(PostingRejected)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.request_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.instruction_id = data[at : (at := at + (size >> 1))].decode()
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
            "request_id": self.request_id,
            "instruction_id": self.instruction_id,
            "code": self.code,
            "message": self.message,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "PostingRejected":
        """Return the record that an Avro library read."""
        return PostingRejected(
            meta=Meta.from_avro(d["meta"]),
            request_id=d["request_id"],
            instruction_id=d["instruction_id"],
            code=d["code"],
            message=d["message"],
        )
