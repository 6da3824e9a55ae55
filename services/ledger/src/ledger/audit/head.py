"""A block's head: what is signed and published of it, and its one form in bytes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Self

FORM = "writeoff-audit-head/1"
"""Stands in the signed text, so that no other text of ours is ever taken for a head."""

NONE_BEFORE = bytes(32)
"""What the first block of a lane names as the digest of the head before it."""

MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"

KEY_ID_LENGTH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a block says of a lane's journal."""

    lane: int
    number: int
    """1, 2, 3, … in the lane."""
    first: int
    """Which entry of the lane its first one is: 1 is the lane's oldest."""
    count: int
    last_seq: int
    """The journal's `seq` of its last entry."""
    entry_form: int
    """In which canonical form the entries were hashed."""
    root: bytes
    previous: bytes
    """Digest of the head before it."""
    sealed_at: datetime
    key_id: str

    def __post_init__(self) -> None:
        """Assert what must hold of any head, sealed or read. Raises ValueError."""
        wrong = [
            name
            for name, holds in (
                ("lane", self.lane >= 0),
                ("number", self.number >= 1),
                ("first", self.first >= 1),
                ("count", self.count >= 1),
                ("last_seq", self.last_seq >= 1),
                ("root", len(self.root) == 32),
                ("previous", len(self.previous) == 32),
                ("sealed_at", self.sealed_at.tzinfo is UTC),
                ("key_id", len(self.key_id) == KEY_ID_LENGTH),
            )
            if not holds
        ]
        if wrong:
            raise ValueError(f"a block's head cannot have this {', '.join(wrong)}")

    @property
    def text(self) -> bytes:
        """Give the bytes that are signed: JSON without spaces, its fields in this order."""
        return json.dumps({"form": FORM, **self._fields()}, separators=(",", ":")).encode()

    @property
    def digest(self) -> bytes:
        """Give what the next head names as `previous`: SHA-256 of the signed bytes."""
        return sha256(self.text).digest()

    def _fields(self) -> dict[str, Any]:
        return {
            "lane": self.lane,
            "number": self.number,
            "first": self.first,
            "count": self.count,
            "last_seq": self.last_seq,
            "entry_form": self.entry_form,
            "root": self.root.hex(),
            "previous": self.previous.hex(),
            "sealed_at": self.sealed_at.strftime(MOMENT),
            "key_id": self.key_id,
        }


@dataclass(frozen=True, slots=True)
class Signed:
    """A head with the signature that was given to it."""

    head: Head
    signature: bytes

    def to_json(self) -> dict[str, Any]:
        """Write it as it stands in files and proofs."""
        return {**json.loads(self.head.text), "signature": self.signature.hex()}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote. Raises ValueError naming what is wrong."""
        if row.get("form") != FORM:
            raise ValueError(f"form is {row.get('form')!r}, not {FORM!r}")
        try:
            head = Head(
                lane=_number(row["lane"]),
                number=_number(row["number"]),
                first=_number(row["first"]),
                count=_number(row["count"]),
                last_seq=_number(row["last_seq"]),
                entry_form=_number(row["entry_form"]),
                root=bytes.fromhex(row["root"]),
                previous=bytes.fromhex(row["previous"]),
                sealed_at=datetime.strptime(row["sealed_at"], MOMENT).replace(tzinfo=UTC),
                key_id=str(row["key_id"]),
            )
            return cls(head, bytes.fromhex(row["signature"]))
        except KeyError as missing:
            raise ValueError(f"{missing} is missing") from None
        except TypeError as error:
            raise ValueError(f"a field has another kind of value: {error}") from None


def _number(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is no whole number")
    return value
