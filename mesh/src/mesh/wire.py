"""Headers of a record, and how rows are packed into bytes of the store.

CloudEvents in its binary binding for Kafka (CloudEvents 1.0.2), W3C trace context, and the
record's number in its output (`mesh-seq`: incarnation/number; readers count by it).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mesh.ports import DueRow, Record
from mesh.service import Key

SEQ = "mesh-seq"


def event_headers(
    *,
    event_id: str,
    source: str,
    kind: str,
    subject: str,
    at: str,
    correlation_id: str,
    incarnation: int,
    seq: int,
) -> list[tuple[str, bytes]]:
    """Make the headers of one record."""
    trace = correlation_id.replace("-", "")
    span = event_id.replace("-", "")[:16]
    return [
        ("ce_id", event_id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", kind.encode()),
        ("ce_subject", subject.encode()),
        ("ce_specversion", b"1.0"),
        ("ce_time", at.encode()),
        ("content-type", b"application/avro"),
        ("traceparent", f"00-{trace}-{span}-01".encode()),
        (SEQ, b"%d/%d" % (incarnation, seq)),
    ]


def number_of(headers: Mapping[str, bytes]) -> tuple[int, int] | None:
    """Read (incarnation, number) of a record of ours; none where it has no valid one."""
    raw = headers.get(SEQ)
    if raw is None:
        return None
    incarnation, slash, seq = raw.partition(b"/")
    if not slash or not incarnation.isdigit() or not seq.isdigit():
        return None
    return int(incarnation), int(seq)


def pack_headers(headers: Sequence[tuple[str, bytes]]) -> bytes:
    """Pack headers into one value: a line each."""
    return b"\n".join(name.encode() + b":" + value for name, value in headers)


def unpack_headers(packed: bytes) -> list[tuple[str, bytes]]:
    """Undo `pack_headers`."""
    found: list[tuple[str, bytes]] = []
    for line in packed.split(b"\n") if packed else ():
        name, _, value = line.partition(b":")
        found.append((name.decode(), value))
    return found


def pack_record(record: Record) -> bytes:
    """Keep a record as it came: its place as JSON, then its headers, key and value in hex."""
    return json.dumps(
        {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp_ms": record.timestamp_ms,
            "headers": {name: value.hex() for name, value in record.headers.items()},
            "key": None if record.key is None else record.key.hex(),
            "value": None if record.value is None else record.value.hex(),
        }
    ).encode()


def unpack_record(packed: bytes) -> Record:
    """Undo `pack_record`."""
    data = json.loads(packed)
    return Record(
        topic=data["topic"],
        partition=data["partition"],
        offset=data["offset"],
        timestamp_ms=data["timestamp_ms"],
        headers={name: bytes.fromhex(value) for name, value in data["headers"].items()},
        key=None if data["key"] is None else bytes.fromhex(data["key"]),
        value=None if data["value"] is None else bytes.fromhex(data["value"]),
    )


def pack_due(row: DueRow) -> bytes:
    """Keep a row of `due` that is parked."""
    return json.dumps(
        {
            "due_at": row.due_at.isoformat(),
            "due_id": str(row.due_id),
            "case_id": None if row.case_id is None else str(row.case_id),
            "kind": row.kind,
            "key": list(row.key),
            "payload": row.payload.hex(),
        }
    ).encode()


def unpack_due(packed: bytes, *, lane: int) -> DueRow:
    """Undo `pack_due`."""
    data: dict[str, Any] = json.loads(packed)
    return DueRow(
        lane=lane,
        due_at=datetime.fromisoformat(data["due_at"]),
        due_id=UUID(data["due_id"]),
        case_id=UUID(data["case_id"]) if data["case_id"] else None,
        kind=data["kind"],
        key=Key(*data["key"]),
        payload=bytes.fromhex(data["payload"]),
    )
