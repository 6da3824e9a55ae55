"""Records to bytes and back, in Confluent's wire format: 0, the schema's id, the Avro body.

What was written as we read it goes through the records' own straight-line code, several times
faster than any general reader; what was written with an older or newer schema is resolved by
fastavro. Both say the same: tests hold them against each other.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from typing import Any, cast

import fastavro
from fastavro.schema import to_parsing_canonical_form

from contracts.catalogue import RECORDS
from contracts.types import Record

MAGIC = 0
HEADER_BYTES = 5

SCHEMAS_MAX = 1024
"""Far more than all records in all their versions; a bound for what upstreams may register."""


class Undecodable(ValueError):
    """These bytes are not what their schema says, or their schema is not one of ours."""


def encode(record: Record, schema_id: int) -> bytes:
    """Return a record as a topic carries it."""
    return b"\x00" + schema_id.to_bytes(4) + record.to_binary()


def schema_id_of(data: bytes) -> int:
    """Return the id of the schema that a message was written with."""
    if len(data) < HEADER_BYTES or data[0] != MAGIC:
        raise Undecodable("not in Confluent's wire format")
    return int.from_bytes(data[1:HEADER_BYTES])


def decode(data: bytes, *, writer_schema: str) -> Record:
    """Return the record in a message whose schema id stands for this schema."""
    schema_id_of(data)
    return _read(_kind(writer_schema), data, HEADER_BYTES, writer_schema=writer_schema)


def decode_body[R: Record](kind: type[R], body: bytes, *, writer_schema: str | None = None) -> R:
    """Return the record of an Avro body, written with this schema (none: our own)."""
    return _read(kind, body, 0, writer_schema=writer_schema or kind.SCHEMA)


def _read[R: Record](kind: type[R], data: bytes, at: int, *, writer_schema: str) -> R:
    try:
        record, end = _reader(kind, writer_schema)(data, at)
    except Undecodable:
        raise
    # Whatever a hostile byte breaks (an index, an enum, UTF-8), it is the bytes' fault.
    except Exception as error:
        raise Undecodable(f"{kind.FULL_NAME}: {error!r}") from error
    if end != len(data):
        raise Undecodable(f"{kind.FULL_NAME}: {len(data)} bytes, but it ends at {end}")
    return cast(R, record)


@lru_cache(SCHEMAS_MAX)
def _reader(kind: type[Record], writer_schema: str) -> Callable[[bytes, int], tuple[Record, int]]:
    """Return how to read what was written with this schema."""
    written, ours = (_raw(json.loads(schema)) for schema in (writer_schema, kind.SCHEMA))
    if to_parsing_canonical_form(written) == to_parsing_canonical_form(ours):
        return kind.from_binary
    writer, reader = fastavro.parse_schema(written), fastavro.parse_schema(ours)

    def resolve(data: bytes, at: int) -> tuple[Record, int]:
        stream = BytesIO(data)
        stream.seek(at)
        found = fastavro.schemaless_reader(stream, writer, reader)
        return kind.from_avro(cast(dict[str, Any], found)), stream.tell()

    return resolve


@lru_cache(SCHEMAS_MAX)
def _kind(writer_schema: str) -> type[Record]:
    try:
        parsed = cast(dict[str, str], fastavro.parse_schema(json.loads(writer_schema)))
        return RECORDS[parsed["name"]]
    except Exception as error:
        raise Undecodable(f"no record of ours has this schema: {error!r}") from error


def _raw(schema: Any) -> Any:
    """Return a schema without logical types: records hold what they are made of."""
    if isinstance(schema, list):
        return [_raw(part) for part in cast(list[Any], schema)]
    if not isinstance(schema, dict):
        return schema
    kept = cast(dict[str, Any], schema).items()
    return {k: v if k == "default" else _raw(v) for k, v in kept if k != "logicalType"}
