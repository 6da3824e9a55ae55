"""An auditor at the ledger: what was posted is sealed, told to the world, and proved by anybody."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from confluent_kafka import Consumer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from ledger.audit.head import Signed
from ledger.audit.published import read

import stack

from ..stack_fixture import Stack  # noqa: TID252 - tests are no package
from .bank import Bank, Json, a_loan
from .cli import writeoff
from .waiting import eventually

pytestmark = pytest.mark.stack

LOANS = 40
AUDIT = "writeoff.audit.v1"

SEALED_S = 120.0
"""A look comes every ten seconds; a lane whose owner was killed is taken first."""


def entries_of(bank: Bank, loans: list[Json]) -> list[str]:
    """Give the ids of the entries of these loans."""
    return [
        journal["entry_id"]
        for loan in loans
        for journal in bank.get("ledger", f"/v1/loans/{loan['loan_id']}")["journals"]
    ]


def verified(env: stack.Env) -> Json:
    """Wait until every entry is sealed and published, and give what `audit verify` told of it."""

    def look() -> Json:
        code, told = writeoff(env, "audit", "verify")
        assert (code, told["findings"]) == (0, [])
        assert told["unsealed"] == 0
        assert {each["heads"] for each in told["published"]} == {told["blocks"]}, told
        return told

    return eventually(look, seconds=SEALED_S)


@contextmanager
def tampered(env: stack.Env, table: str, change: str, back: str, entry_id: str) -> Iterator[None]:
    """Change a row as who owns the tables can, and put it back."""

    async def run(statement: str) -> None:
        owner = await asyncpg.connect(env.owner_dsn("ledger"))
        try:
            async with owner.transaction():
                await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                status = await owner.execute(statement, entry_id)
                await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
                await owner.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER only_added_to")
            assert status == "UPDATE 1"
        finally:
            await owner.close()

    asyncio.run(run(change))
    try:
        yield
    finally:
        asyncio.run(run(back))


@pytest.fixture(scope="module")
def entry_id(env: stack.Env, client: httpx.Client, tenants: Iterator[str]) -> str:
    """Give an entry that is sealed and published."""
    bank, loan = Bank(env, next(tenants), client), a_loan()
    bank.lend(loan)
    verified(env)
    [entry_id] = entries_of(bank, [loan])
    return entry_id


def test_every_posting_is_sealed_though_the_ledger_is_killed(
    services: Stack, env: stack.Env, bank: Bank
) -> None:
    loans = [a_loan() for _ in range(LOANS)]
    bank.lend(*loans[: LOANS // 2])
    restarts = {name: services.process(name)["restarts"] for name in ("ledger-1", "ledger-2")}
    for name in restarts:
        os.kill(services.process(name)["pid"], signal.SIGKILL)
    for name, before in restarts.items():
        services.until_ready(name, restarts=before + 1)
    eventually(lambda: bank.lend(*loans[LOANS // 2 :]) is None, seconds=SEALED_S)

    told = verified(env)

    assert told["ok"]
    assert told["entries"] >= len(entries_of(bank, loans))
    assert {Path(each["place"]).name for each in told["published"]} == {
        "ledger-1.jsonl",
        "ledger-2.jsonl",
        AUDIT,
    }


def test_an_entry_is_proved_to_somebody_without_the_books(
    env: stack.Env, entry_id: str, tmp_path: Path
) -> None:
    proof, key = tmp_path / "proof.json", Path(env.directory) / "audit" / "ledger.pub"
    nowhere = tmp_path / "nowhere"
    there = ("audit", "check", str(proof), "--key", str(key), "--stack-dir", str(nowhere))

    code, _ = writeoff(env, "audit", "prove", entry_id, "--to", str(proof))
    assert code == 0
    code, told = writeoff(env, *there)
    assert (code, told["ok"], told["entry"]["entry_id"]) == (0, True, entry_id)

    row = json.loads(proof.read_text())
    row["entry"] = row["entry"].replace("6000", "6001")
    proof.write_text(json.dumps(row))
    code, told = writeoff(env, *there)
    assert code == 1
    assert "does not lead to the root" in told["error"]["message"]


def test_a_row_that_its_owner_changes_is_found(env: stack.Env, entry_id: str) -> None:
    where = "WHERE entry_id = $1::uuid"

    with tampered(
        env,
        "journal",
        f"UPDATE journal SET value_date = value_date + 1 {where}",
        f"UPDATE journal SET value_date = value_date - 1 {where}",
        entry_id,
    ):
        code, told = writeoff(env, "audit", "verify")

    assert code == 1
    assert [(each["code"], each["entry_id"]) for each in told["findings"]] == [
        ("CHANGED", entry_id)
    ]
    code, told = writeoff(env, "audit", "verify")
    assert (code, told["ok"]) == (0, True)


def test_an_auditor_keeps_heads_that_nobody_can_take_back(
    env: stack.Env, entry_id: str, tmp_path: Path
) -> None:
    copy = tmp_path / "heads.jsonl"

    code, first = writeoff(env, "audit", "heads", "--to", str(copy))
    again, second = writeoff(env, "audit", "heads", "--to", str(copy))

    assert (code, again) == (0, 0)
    assert first["appended"] > 0
    assert [head["lane"] for head in second["heads"]] == [head["lane"] for head in first["heads"]]
    code, held = writeoff(env, "audit", "verify", "--heads", str(copy), "--no-topic")
    assert (code, held["ok"]) == (0, True)
    assert [each["place"] for each in held["published"]] == [str(copy)]


def test_a_head_that_nobody_signed_is_found_among_published_ones(
    env: stack.Env, entry_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "heads.jsonl"
    line = next(iter(Path(env.directory).glob("audit/*.jsonl"))).read_text().splitlines()[0]
    forged = json.loads(line) | {"number": 10_000}
    file.write_text(f"{line}\n{json.dumps(forged)}\nno head\n")

    code, told = writeoff(env, "audit", "verify", "--heads", str(file), "--no-topic")

    assert code == 1
    assert [each["code"] for each in told["findings"]] == ["FORGED", "UNREADABLE"]


def test_anyone_entitled_reads_heads_with_tools_of_his_own(
    env: stack.Env, entry_id: str, registry: SchemaRegistryClient
) -> None:
    conf: dict[str, Any] = {**env.kafka_conf("auditor"), "group.id": "auditor"}
    consumer = Consumer(conf | {"auto.offset.reset": "earliest"})
    deserialize = AvroDeserializer(registry)
    files = {
        (signed.head.lane, signed.head.number): signed
        for path in Path(env.directory).glob("audit/*.jsonl")
        for signed in read(path)
        if isinstance(signed, Signed)
    }

    consumer.subscribe([AUDIT])
    try:
        message = eventually(lambda: consumer.poll(1.0))
    finally:
        consumer.close()

    assert message is not None
    assert message.error() is None
    told = deserialize(message.value(), SerializationContext(AUDIT, MessageField.VALUE))
    assert isinstance(told, dict)
    signed = files[told["lane"], told["number"]]
    assert (told["root"], told["signature"]) == (signed.head.root.hex(), signed.signature.hex())
    assert message.key() == f"{told['lane']}/{told['number']}".encode()
    assert message.partition() == told["lane"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("audit", "prove", "00000000-0000-0000-0000-000000000000"), 2, "no such entry"),
        (("audit", "check", "/nowhere/proof.json"), 2, "is no proof"),
        (("audit", "verify", "--key", "/nowhere/key"), 2, "no public key can be read"),
        (("audit", "verify", "--heads", "/nowhere/heads"), 2, "cannot be read"),
        (("audit", "heads", "--to", "/proc/heads"), 2, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_told(
    env: stack.Env, words: tuple[str, ...], code: int, says: str
) -> None:
    found, told = writeoff(env, *words)

    assert found == code
    assert says in told["error"]["message"]
    assert told["error"]["next"]
