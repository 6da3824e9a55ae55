"""Rows of the mesh's own tables, to columns and back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mesh.doors import StoredAnswer
from mesh.ports import DueRow, ParkedRow, RequestRow, TurnWrites
from mesh.service import Key
from mesh.wire import pack_headers

type Columns = list[list[Any]]


def columns(rows: Sequence[tuple[Any, ...]], *, width: int) -> Columns:
    """Turn rows into `width` columns, also when there are none."""
    return (
        [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
    )


def turn_arguments(writes: TurnWrites, *, instance: str, lease_s: float) -> list[Any]:
    """Give the arguments of mesh.turn, in its order."""
    w = writes
    positions = [
        (p.topic, p.partition, p.topic_id, p.next_offset, p.incarnation, p.last_seq)
        for p in w.positions
    ]
    spoken = [(s.topic, s.lane, s.incarnation, s.last_seq, s.acked_seq) for s in w.spoken]
    outbox = [
        (b.topic, b.lane, b.incarnation, b.seq, b.key, pack_headers(b.headers), b.value)
        for b in w.outbox
    ]
    said = [(s.topic, s.lane, s.key, s.incarnation, s.seq, s.value) for s in w.said]
    requests = [
        (r.message_id, r.source, r.tenant, r.request_id, r.content_hash, r.case_id, r.code, r.reply)
        for r in w.requests
    ]
    parked = [
        (p.parked_id, p.lane, p.unit, p.case_id, p.behind, p.origin, p.place, p.reason, p.packed)
        for p in w.parked
    ]
    return [
        list(w.lanes),
        list(w.lanes.values()),
        instance,
        lease_s,
        w.at,
        *columns(positions, width=6),
        *columns(spoken, width=5),
        *columns(outbox, width=7),
        *columns(said, width=6),
        w.due_gone,
        *due_columns(w.due_put),
        *columns(requests, width=8),
        *columns(parked, width=9),
        w.unparked,
    ]


def due_columns(rows: Sequence[DueRow]) -> Columns:
    """Give the columns of rows to be put into `due`; the last of an id counts."""
    last = {row.due_id: row for row in rows}
    return columns(
        [(r.lane, r.due_at, r.due_id, r.case_id, r.kind, *r.key, r.payload) for r in last.values()],
        width=9,
    )


def due_row(row: Mapping[str, Any]) -> DueRow:
    """Read a row of `due`."""
    return DueRow(
        lane=row["lane"],
        due_at=row["due_at"],
        due_id=row["due_id"],
        case_id=row["case_id"],
        kind=row["kind"],
        key=Key(row["tenant"], row["key_id"], row["key_kind"]),
        payload=row["payload"],
    )


def request_row(row: Mapping[str, Any]) -> RequestRow:
    """Read a row of `request`."""
    return RequestRow(
        message_id=row["message_id"],
        source=row["source"],
        tenant=row["tenant"],
        request_id=row["request_id"],
        content_hash=row["content_hash"],
        case_id=row["case_id"],
        code=row["code"],
        reply=row["reply"],
    )


def parked_row(row: Mapping[str, Any]) -> ParkedRow:
    """Read a row of `parked`."""
    return ParkedRow(
        parked_id=row["parked_id"],
        lane=row["lane"],
        unit=row["unit"],
        behind=row["behind"],
        origin=row["origin"],
        place=row["place"],
        reason=row["reason"],
        packed=row["packed"],
        case_id=row["case_id"],
    )


def stored_answer(row: RequestRow) -> StoredAnswer:
    """Read an answer; a request nobody waits for has none."""
    body = json.loads(row.reply) if row.reply is not None else {}
    return StoredAnswer(row.content_hash, row.case_id, row.code, body, done=row.reply is not None)
