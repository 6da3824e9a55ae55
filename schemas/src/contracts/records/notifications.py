"""What notifications says.

Generated from the .avsc files by schemas/generate.py: change those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from contracts.binary import (
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
from contracts.records.common import Meta
from contracts.records.schemas import SCHEMAS
from contracts.types import Days, Uuid


@dataclass(slots=True, kw_only=True)
class NoticeDue:
    """One message to one recipient."""

    FULL_NAME: ClassVar[str] = "writeoff.notifications.NoticeDue"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    notice_id: Uuid
    notice: str
    """as WRITE_OFF_NOTICE"""
    recipient: str
    """party id"""
    deadline: Days

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            NUMBER[len(s := self.notice_id.encode())], s,
            NUMBER[len(s := self.notice.encode())], s,
            NUMBER[len(s := self.recipient.encode())], s,
            int_bytes(self.deadline),
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[NoticeDue, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = NoticeDue.__new__(NoticeDue)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.notice_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.notice = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.recipient = data[at : (at := at + (size >> 1))].decode()
        self.deadline, at = small(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "notice_id": self.notice_id,
            "notice": self.notice,
            "recipient": self.recipient,
            "deadline": self.deadline,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "NoticeDue":
        """Return the record that an Avro library read."""
        return NoticeDue(
            notice_id=d["notice_id"],
            notice=d["notice"],
            recipient=d["recipient"],
            deadline=d["deadline"],
        )


@dataclass(slots=True, kw_only=True)
class NoticeFailed:
    """A notice could not be delivered by any channel."""

    FULL_NAME: ClassVar[str] = "writeoff.notifications.NoticeFailed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    notice_id: Uuid
    notice: str
    recipient: str
    code: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.notice_id.encode())], s,
            NUMBER[len(s := self.notice.encode())], s,
            NUMBER[len(s := self.recipient.encode())], s,
            NUMBER[len(s := self.code.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[NoticeFailed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = NoticeFailed.__new__(NoticeFailed)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.notice_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.notice = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.recipient = data[at : (at := at + (size >> 1))].decode()
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
            "notice_id": self.notice_id,
            "notice": self.notice,
            "recipient": self.recipient,
            "code": self.code,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "NoticeFailed":
        """Return the record that an Avro library read."""
        return NoticeFailed(
            meta=Meta.from_avro(d["meta"]),
            notice_id=d["notice_id"],
            notice=d["notice"],
            recipient=d["recipient"],
            code=d["code"],
        )


@dataclass(slots=True, kw_only=True)
class NoticeSent:
    """A notice left the house."""

    FULL_NAME: ClassVar[str] = "writeoff.notifications.NoticeSent"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    notice_id: Uuid
    notice: str
    recipient: str
    channel: str
    """EMAIL or LETTER"""
    template_version: str
    text_sha256: str
    address_sha256: str
    provider_id: str | None = None
    """the Message-ID, or the file of the letter"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.notice_id.encode())], s,
            NUMBER[len(s := self.notice.encode())], s,
            NUMBER[len(s := self.recipient.encode())], s,
            NUMBER[len(s := self.channel.encode())], s,
            NUMBER[len(s := self.template_version.encode())], s,
            NUMBER[len(s := self.text_sha256.encode())], s,
            NUMBER[len(s := self.address_sha256.encode())], s,
            NONE if self.provider_id is None else SOME + NUMBER[len(s := self.provider_id.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[NoticeSent, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = NoticeSent.__new__(NoticeSent)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.notice_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.notice = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.recipient = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.channel = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.template_version = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.text_sha256 = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.address_sha256 = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.provider_id = data[at : (at := at + (size >> 1))].decode()
        else:
            self.provider_id = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "notice_id": self.notice_id,
            "notice": self.notice,
            "recipient": self.recipient,
            "channel": self.channel,
            "template_version": self.template_version,
            "text_sha256": self.text_sha256,
            "address_sha256": self.address_sha256,
            "provider_id": self.provider_id,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "NoticeSent":
        """Return the record that an Avro library read."""
        return NoticeSent(
            meta=Meta.from_avro(d["meta"]),
            notice_id=d["notice_id"],
            notice=d["notice"],
            recipient=d["recipient"],
            channel=d["channel"],
            template_version=d["template_version"],
            text_sha256=d["text_sha256"],
            address_sha256=d["address_sha256"],
            provider_id=d["provider_id"],
        )


@dataclass(slots=True, kw_only=True)
class NoticeSuppressed:
    """A rule forbids to tell."""

    FULL_NAME: ClassVar[str] = "writeoff.notifications.NoticeSuppressed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    notice_id: Uuid
    notice: str
    recipient: str
    rule: str

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.notice_id.encode())], s,
            NUMBER[len(s := self.notice.encode())], s,
            NUMBER[len(s := self.recipient.encode())], s,
            NUMBER[len(s := self.rule.encode())], s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[NoticeSuppressed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = NoticeSuppressed.__new__(NoticeSuppressed)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.notice_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.notice = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.recipient = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.rule = data[at : (at := at + (size >> 1))].decode()
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "notice_id": self.notice_id,
            "notice": self.notice,
            "recipient": self.recipient,
            "rule": self.rule,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "NoticeSuppressed":
        """Return the record that an Avro library read."""
        return NoticeSuppressed(
            meta=Meta.from_avro(d["meta"]),
            notice_id=d["notice_id"],
            notice=d["notice"],
            recipient=d["recipient"],
            rule=d["rule"],
        )


@dataclass(slots=True, kw_only=True)
class NoticesRecorded:
    """All notices that one posting makes due; may be none."""

    FULL_NAME: ClassVar[str] = "writeoff.notifications.NoticesRecorded"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    posting_id: Uuid
    notices: list[NoticeDue] = field(default_factory=list[NoticeDue])

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.posting_id.encode())], s,
            b"".join((NUMBER[len(self.notices)], *[each.to_binary() for each in self.notices], END)) if self.notices else END,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[NoticesRecorded, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = NoticesRecorded.__new__(NoticesRecorded)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.posting_id = data[at : (at := at + (size >> 1))].decode()
        self.notices = []
        left, at = count(data, at)
        while left:
            for _ in range(left):
                each, at = NoticeDue.from_binary(data, at)
                self.notices.append(each)
            left, at = count(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "posting_id": self.posting_id,
            "notices": [each.to_avro() for each in self.notices],
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "NoticesRecorded":
        """Return the record that an Avro library read."""
        return NoticesRecorded(
            meta=Meta.from_avro(d["meta"]),
            posting_id=d["posting_id"],
            notices=[NoticeDue.from_avro(each) for each in d["notices"]],
        )
