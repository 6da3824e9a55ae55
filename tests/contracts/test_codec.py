"""Records to bytes and back: our straight-line code and fastavro say the same."""

import json
from datetime import UTC, date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from contracts import dialect
from contracts.codec import HEADER_BYTES, Undecodable, decode, decode_body, encode, schema_id_of
from contracts.records import RECORDS, case, common, ledger
from contracts.types import Record, from_date, from_datetime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TYPES = dialect.read(Path(__file__).parents[2] / "schemas")
MODULES = {"writeoff.common": common} | {
    name.rpartition(".")[0]: __import__(kind.__module__, fromlist=["_"])
    for name, kind in RECORDS.items()
}
RAW: dict[str, st.SearchStrategy[Any]] = {
    "str": st.text(max_size=100),
    "int": st.integers(-(2**31), 2**31 - 1),
    "bool": st.booleans(),
    "Uuid": st.uuids().map(str),
    "Days": st.dates().map(from_date),
    "Micros": st.datetimes(timezones=st.just(UTC)).map(from_datetime),
}
LONG = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-300, 300))
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
FEW = settings(max_examples=10, deadline=None, suppress_health_check=SLOW_IS_FINE)
MANY = settings(max_examples=150, deadline=None, suppress_health_check=SLOW_IS_FINE)

ALL = pytest.mark.parametrize("name", sorted(RECORDS))
ANY = st.sampled_from(sorted(RECORDS))


@cache
def records(name: str) -> st.SearchStrategy[Any]:
    """Make records from what the .avsc files say, not from the generated code."""
    owner, _, short = name.rpartition(".")
    fields = {field.name: values(field.type) for field in TYPES[name].fields}
    return st.builds(getattr(MODULES[owner], short), **fields)


def values(kind: dialect.Type) -> st.SearchStrategy[Any]:
    one = one_value(kind)
    if kind.many:
        return st.lists(one, max_size=3)
    return st.none() | one if kind.nullable else one


def one_value(kind: dialect.Type) -> st.SearchStrategy[Any]:
    if kind.named:
        symbols = TYPES[kind.name].symbols
        return st.sampled_from(symbols) if symbols else records(kind.name)
    return LONG if (kind.name, kind.python) == ("long", "int") else RAW[kind.python]


def avro_bytes(schema: Any, value: Any) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return out.getvalue()


@ALL
@FEW
@given(data=st.data())
def test_every_record_comes_back_as_it_was_said(name: str, data: st.DataObject) -> None:
    record = data.draw(records(name))

    message = encode(record, 7)

    assert schema_id_of(message) == 7
    assert decode(message, writer_schema=record.SCHEMA) == record
    assert decode_body(type(record), message[HEADER_BYTES:]) == record


@ALL
@FEW
@given(data=st.data())
def test_any_avro_library_reads_and_writes_the_same_bytes(name: str, data: st.DataObject) -> None:
    record = data.draw(records(name))
    schema: Any = fastavro.parse_schema(json.loads(record.SCHEMA))

    body = record.to_binary()
    read = fastavro.schemaless_reader(BytesIO(body), schema, None)

    assert avro_bytes(json.loads(record.SCHEMA), record.to_avro()) == body
    assert avro_bytes(json.loads(record.SCHEMA), read) == body


@MANY
@given(name=ANY, data=st.data())
def test_what_another_version_wrote_is_resolved_to_ours(name: str, data: st.DataObject) -> None:
    record = data.draw(records(name))
    newer = json.loads(record.SCHEMA)
    newer["fields"].append({"name": "of_tomorrow", "type": ["null", "string"], "default": None})

    body = avro_bytes(newer, record.to_avro() | {"of_tomorrow": "unheard"})

    assert decode_body(type(record), body, writer_schema=json.dumps(newer)) == record


@MANY
@given(name=ANY, data=st.data())
def test_a_byte_too_few_or_too_many_is_undecodable(name: str, data: st.DataObject) -> None:
    record = data.draw(records(name))
    body = record.to_binary()
    end = data.draw(st.integers(0, len(body) - 1))

    with pytest.raises(Undecodable):
        decode_body(type(record), body[:end])
    with pytest.raises(Undecodable, match="but it ends at"):
        decode_body(type(record), body + b"\x00")


@settings(MANY, max_examples=400)
@given(name=ANY, body=st.binary(max_size=400))
def test_hostile_bytes_are_undecodable_or_a_record_but_never_a_crash(
    name: str, body: bytes
) -> None:
    try:
        record = decode_body(RECORDS[name], body)
    except Undecodable:
        return
    assert isinstance(record, RECORDS[name])


@MANY
@given(name=ANY, data=st.data())
def test_a_flipped_byte_is_undecodable_or_reads_as_fastavro_reads_it(
    name: str, data: st.DataObject
) -> None:
    record = data.draw(records(name))
    body = bytearray(record.to_binary())
    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    try:
        read = decode_body(type(record), bytes(body))
    except Undecodable:
        return
    assert read.to_avro() == raw_reading(record, bytes(body))


def raw_reading(record: Record, body: bytes) -> Any:
    def without(schema: Any) -> Any:
        if isinstance(schema, list):
            return [without(part) for part in schema]
        if isinstance(schema, dict):
            return {k: without(v) for k, v in schema.items() if k != "logicalType"}
        return schema

    schema: Any = fastavro.parse_schema(without(json.loads(record.SCHEMA)))
    return fastavro.schemaless_reader(BytesIO(body), schema, None)


def opened(**changes: Any) -> case.CaseOpened:
    said: dict[str, Any] = {
        "meta": common.Meta(
            event_id="5c7bbd2e-6d3c-5f5b-8f0e-0d4d1e1c6a11",
            tenant="acme",
            occurred_at=1_709_287_200_000_000,
            correlation_id="5c7bbd2e-6d3c-5f5b-8f0e-0d4d1e1c6a12",
            causation_id="5c7bbd2e-6d3c-5f5b-8f0e-0d4d1e1c6a13",
            actor=common.Actor(role="service", id="case"),
        ),
        "case_number": "WO-1",
        "request_id": "r-1",
        "channel": "API",
        "source": "core",
    }
    return case.CaseOpened(**said | changes)


def test_the_plain_deserializer_of_the_ecosystem_reads_what_we_write(registry: Any) -> None:
    record = opened()
    _, answer = registry.add("any", record.SCHEMA)
    with SchemaRegistryClient({"url": registry.url}) as client:
        read: Any = AvroDeserializer(client)(
            encode(record, answer["id"]), SerializationContext("any", MessageField.VALUE)
        )

    assert read["case_number"] == "WO-1"
    assert read["meta"]["occurred_at"] == datetime.fromisoformat("2024-03-01T10:00:00Z")
    assert str(read["meta"]["event_id"]) == record.meta.event_id


def test_a_text_longer_than_one_byte_can_count_survives() -> None:
    record = opened(case_number="ж" * 100_000)

    assert decode(encode(record, 1), writer_schema=record.SCHEMA) == record


def test_a_symbol_of_tomorrow_is_heard_as_unknown() -> None:
    newer = opened().SCHEMA.replace('"AGENT","API"', '"AGENT","PIGEON","API"')
    body = avro_bytes(json.loads(newer), opened().to_avro() | {"channel": "PIGEON"})

    heard = decode_body(case.CaseOpened, body, writer_schema=newer)

    assert heard.channel == "UNKNOWN"


def test_what_yesterday_did_not_know_has_its_default() -> None:
    older = json.loads(opened().SCHEMA)
    older["fields"] = [field for field in older["fields"] if field["name"] != "terms"]
    body = avro_bytes(older, opened().to_avro())

    assert decode_body(case.CaseOpened, body, writer_schema=json.dumps(older)) == opened()


def test_a_schema_that_only_looks_different_is_read_by_the_fast_way() -> None:
    schema = json.loads(opened().SCHEMA)
    schema["doc"] = "said otherwise"
    message = encode(opened(), 3)

    assert decode(message, writer_schema=json.dumps(schema, indent=2)) == opened()


def test_lists_in_blocks_with_their_size_as_other_languages_write_them() -> None:
    document = common.SuppliedDocument(document="D", sha256="0", dated=1, source="s").to_binary()
    reviewed = json.loads(case.CaseReviewed.SCHEMA)
    terms = {
        field["name"]: {"string": "x", "boolean": True, "long": 1}.get(str(field["type"]))
        for field in reviewed["fields"][1]["type"]["fields"]
    }
    terms |= {"segment": "PERSONAL", "kind": "REMOVAL", "scope": "FULL", "date": 1}
    terms |= {"channel": "API", "litigation": "N", "amount": {"amount_minor": 1, "currency": "USD"}}
    record = case.CaseReviewed(meta=opened().meta, terms=common.Terms.from_avro(terms))
    body = record.to_binary()
    blocks = b"\x03" + bytes([2 * 2 * len(document)]) + 2 * document + b"\x02" + document + b"\x00"

    heard = decode_body(case.CaseReviewed, body[:-2] + blocks + b"\x00")

    assert [each.document for each in heard.documents] == ["D", "D", "D"]


@pytest.mark.parametrize(
    "message", [b"", b"\x00\x00\x00\x01", b"\x01\x00\x00\x00\x01x", b'{"json": 1}']
)
def test_what_is_not_in_the_wire_format_is_undecodable(message: bytes) -> None:
    with pytest.raises(Undecodable, match="wire format"):
        decode(message, writer_schema=case.CaseOpened.SCHEMA)


@pytest.mark.parametrize(
    "schema",
    [
        "not json",
        "[]",
        '"string"',
        '{"type": "record", "name": "writeoff.case.CaseVanished", "fields": []}',
        '{"type": "record", "name": "Broken"}',
    ],
)
def test_a_schema_that_is_none_of_ours_is_undecodable(schema: str) -> None:
    with pytest.raises(Undecodable):
        decode(encode(opened(), 1), writer_schema=schema)


def test_a_schema_of_our_name_that_cannot_be_resolved_is_undecodable() -> None:
    alien = '{"type":"record","name":"writeoff.case.CaseOpened","fields":[]}'

    with pytest.raises(Undecodable):
        decode(b"\x00\x00\x00\x00\x01", writer_schema=alien)


@pytest.mark.parametrize("amount_minor", [2**63, -(2**63) - 1])
def test_an_amount_that_does_not_fit_is_not_said(amount_minor: int) -> None:
    with pytest.raises(ValueError, match="does not fit a long"):
        common.Money(amount_minor=amount_minor, currency="USD").to_binary()


def test_a_level_that_does_not_fit_is_not_said() -> None:
    with pytest.raises(ValueError, match="does not fit an int"):
        common.Approver(id="a", level=2**31).to_binary()


def test_a_symbol_that_does_not_exist_is_not_said() -> None:
    with pytest.raises(KeyError):
        opened(channel="PIGEON").to_binary()


def test_a_personal_record_is_named_by_nobody_but_parties() -> None:
    told = [name for name, kind in RECORDS.items() if "family_name" in kind.SCHEMA]

    assert told == [ledger.Party.FULL_NAME]


def test_a_date_is_days() -> None:
    assert from_date(date(2024, 3, 1)) == 19_783
