"""What the claims about a store are made of: rows, turns, and a hand behind the store."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from mesh.doors import CommandStore
from mesh.ports import (
    DueRow,
    OutboxRow,
    ParkedRow,
    Position,
    RequestRow,
    Save,
    Store,
    TurnWrites,
)
from mesh.service import Key, Transaction

LANES = 3
LEASE_S = 10.0
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TOPIC = "writeoff.case.v1"
KEY = Key("demo", "L1")


class AnyStore(Store, CommandStore, Protocol):
    """The port, and what doors and repairs need beside it."""

    async def trace(self, *, who: str, verb: str, detail: str) -> None: ...

    async def begin(self, topic: str, partition: int, *, topic_id: str, offset: int) -> None: ...


class Hand(Protocol):
    """What a test does to a store from behind."""

    bad_data: Save
    """Saves what the store refuses as data."""
    misfit: Save
    """Saves into a table that this store does not have."""
    breaks: Save
    """Saves nothing: the connection breaks."""

    async def pass_time(self, seconds: float) -> None: ...

    async def cut_at_commit(self, *, applied: bool) -> AnyStore:
        """Give a store whose next COMMIT has no answer."""
        ...

    async def replace_store(self) -> None: ...


async def nothing(tx: Transaction) -> None:
    """A turn without changes of the service's own."""


def position(next_offset: int, *, partition: int = 0) -> Position:
    return Position("writeoff.documents.v1", partition, "id-1", next_offset, 7, next_offset)


def outbox(seq: int, *, lane: int = 0, incarnation: int = 1, topic: str = TOPIC) -> OutboxRow:
    headers = [("ce_id", b"%d" % seq), ("mesh-seq", b"%d/%d" % (incarnation, seq))]
    return OutboxRow(topic, lane, incarnation, seq, f"demo/L{seq}", headers, b"\x00%d" % seq)


def due(number: int, *, at: datetime = NOON, lane: int = 0, payload: bytes = b"{}") -> DueRow:
    return DueRow(lane, at, UUID(int=number), None, "Remind", KEY, payload)


def request(number: int, *, request_id: str = "R-1", reply: str | None = None) -> RequestRow:
    return RequestRow(UUID(int=number), "upstream", "demo", request_id, b"hash", None, None, reply)


def parked(number: int, *, unit: str = "case-1", behind: int | None = None) -> ParkedRow:
    first = UUID(int=behind) if behind else None
    return ParkedRow(
        UUID(int=number), 0, unit, first, "record", f"at {number}", "it broke", b"\x01"
    )


async def take(store: Store, lane: int = 0, *, instance: str = "one") -> int:
    await store.beat(instance, held={}, lease_s=LEASE_S, lanes=LANES)
    epoch = await store.take(lane, instance=instance, lease_s=LEASE_S)
    assert epoch is not None
    return epoch


async def commit(
    store: Store, writes: TurnWrites, save: Save = nothing, *, instance: str = "one"
) -> None:
    writes.at = writes.at or NOON
    await store.commit(writes, save, instance=instance, lease_s=LEASE_S)


async def next_offsets(store: Store, lane: int = 0) -> list[int]:
    return [each.next_offset for each in (await store.recover(lane)).positions]


def ids(rows: Sequence[DueRow]) -> list[int]:
    return [row.due_id.int for row in rows]
