"""The border of the trail: a block's head ↔ the record that tells it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.records import ledger
from mesh.service import EPOCH, Key, Told, micros

from ledger.audit.head import Head, Signed
from ledger.audit.sealing import Block


def to_sealed(key: Key, told: Told[Any], block: Block) -> ledger.AuditBlockSealed:
    """Tell a block's head with its signature."""
    head = block.signed.head
    return ledger.AuditBlockSealed(
        meta=told.meta(key),
        lane=head.lane,
        number=head.number,
        first=head.first,
        count=head.count,
        last_seq=head.last_seq,
        entry_form=head.entry_form,
        root=head.root.hex(),
        previous=head.previous.hex(),
        sealed_at=micros(head.sealed_at),
        key_id=head.key_id,
        signature=block.signed.signature.hex(),
    )


def from_sealed(body: Mapping[str, Any]) -> Signed:
    """Read what the record tells, as any Avro library gives it. Raises ValueError."""
    sealed_at = body["sealed_at"]
    if not isinstance(sealed_at, datetime):
        sealed_at = EPOCH + timedelta(microseconds=sealed_at)
    head = Head(
        lane=body["lane"],
        number=body["number"],
        first=body["first"],
        count=body["count"],
        last_seq=body["last_seq"],
        entry_form=body["entry_form"],
        root=bytes.fromhex(body["root"]),
        previous=bytes.fromhex(body["previous"]),
        sealed_at=sealed_at.astimezone(UTC),
        key_id=body["key_id"],
    )
    return Signed(head, bytes.fromhex(body["signature"]))
