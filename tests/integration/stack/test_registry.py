"""Schemas: one may register, all may read, ids are for ever."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError

import stack

from .conftest import Running

pytestmark = pytest.mark.stack


@contextmanager
def registry(env: stack.Env, user: str) -> Iterator[SchemaRegistryClient]:
    with SchemaRegistryClient(env.registry_conf(user)) as client:
        yield client


def record(*fields: tuple[str, str]) -> Schema:
    rows = [{"name": name, "type": kind} for name, kind in fields]
    return Schema(
        json.dumps({"type": "record", "name": "Fact", "namespace": "stack", "fields": rows}), "AVRO"
    )


def text(client: SchemaRegistryClient, known: int) -> Any:
    return json.loads(str(client.get_schema(known).schema_str))


def test_an_id_survives_a_crash_of_the_registry(running: Running) -> None:
    schema = record(("id", "string"))
    with registry(running.env, "sr") as client:
        known = client.register_schema("survives", schema)

    before = running.process("registry")["restarts"]
    running.must("kill", "registry")
    running.until_ready("registry", restarts=before + 1)

    with registry(running.env, "sr") as client:
        assert client.register_schema("survives", schema) == known
        assert text(client, known) == json.loads(str(schema.schema_str))


def test_a_reader_reads_and_does_not_register(env: stack.Env) -> None:
    schema = record(("n", "long"))
    with registry(env, "sr") as writer:
        known = writer.register_schema("read-only", schema)

    with registry(env, "reader") as reader:
        assert text(reader, known) == json.loads(str(schema.schema_str))
        with pytest.raises(SchemaRegistryError) as refused:
            reader.register_schema("read-only-2", record(("n", "int")))

    assert refused.value.http_status_code == 403


def test_a_change_that_a_reader_could_not_live_with_is_refused(env: stack.Env) -> None:
    with registry(env, "sr") as client:
        client.register_schema("fixed", record(("n", "long")))

        with pytest.raises(SchemaRegistryError) as refused:
            client.register_schema("fixed", record(("n", "long"), ("needed", "string")))

    assert refused.value.http_status_code == 409


def test_nobody_asks_the_registry_without_a_password(env: stack.Env) -> None:
    host, _, port = env.registry_url.removeprefix("http://").partition("/")[0].partition(":")
    connection = HTTPConnection(host, int(port), timeout=20)
    try:
        connection.request("GET", "/apis/ccompat/v7/subjects")
        assert connection.getresponse().status == 401
    finally:
        connection.close()
