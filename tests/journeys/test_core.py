"""A core banking system books what the ledger posts, with Confluent's client and a password."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.schema_registry import (
    SchemaRegistryClient,
    topic_record_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

import stack

from .bank import COMPLETE, Bank, a_line, a_loan
from .cli import writeoff
from .waiting import eventually

pytestmark = pytest.mark.stack

TENANT = "t16"
"""Its products are kept by a core banking system too."""

INSTRUCTIONS, ANSWERS = "writeoff.instructions.v1.vault", "writeoff.core.v1.vault"

type Record = dict[str, Any]


class Vault:
    """The core banking system: hears instructions, answers as it likes."""

    def __init__(self, env: stack.Env, registry: SchemaRegistryClient) -> None:
        conf = env.kafka_conf("core-vault")
        self._producer = Producer(conf | {"log_level": 0})
        self._consumer = Consumer(
            conf | {"group.id": "core-vault", "enable.auto.commit": False, "log_level": 0}
        )
        self._read = AvroDeserializer(registry)
        self._registry = registry
        places = self._consumer.list_topics(INSTRUCTIONS, timeout=10).topics[INSTRUCTIONS]
        self._consumer.assign([TopicPartition(INSTRUCTIONS, p, 0) for p in places.partitions])
        self.heard: list[Record] = []

    def close(self) -> None:
        """Leave."""
        self._consumer.close()

    def instruction(self, loan_id: str) -> Record:
        """Wait for what is to be booked on a loan."""

        def look() -> Record | None:
            for message in self._consumer.consume(100, timeout=0.2):
                value = message.value()
                assert value is not None
                context = SerializationContext(INSTRUCTIONS, MessageField.VALUE)
                self.heard.append(self._read(value, context))  # pyright: ignore[reportArgumentType]
            mine = (each for each in self.heard if each["meta"]["loan_id"] == loan_id)
            return next(mine, None)

        found = eventually(look)
        assert found is not None
        return found

    def say(self, record: str, told: Record, **body: Any) -> None:
        """Answer an instruction."""
        event_id = str(uuid4())
        loan_id = told["meta"]["loan_id"]
        value = {
            "meta": {
                "event_id": event_id,
                "tenant": TENANT,
                "loan_id": loan_id,
                "occurred_at": datetime.now().astimezone(),
                "correlation_id": event_id,
                "causation_id": event_id,
                "actor": {"role": "core", "id": "vault"},
            },
            "request_id": f"V-{uuid4().hex}",
            "instruction_id": told["instruction_id"],
        } | body
        schema = self._registry.get_latest_version(f"{ANSWERS}-writeoff.core.{record}").schema
        serialize = AvroSerializer(
            self._registry,
            schema,
            conf={
                "auto.register.schemas": False,
                "subject.name.strategy": topic_record_subject_name_strategy,
            },
        )
        data = serialize(value, SerializationContext(ANSWERS, MessageField.VALUE))
        self._producer.produce(ANSWERS, data, loan_id)
        assert self._producer.flush(30) == 0


@pytest.fixture
def bank(env: stack.Env, client: httpx.Client) -> Bank:
    """The tenant of the core banking system."""
    return Bank(env, TENANT, client)


@pytest.fixture
def vault(env: stack.Env, registry: SchemaRegistryClient) -> Iterator[Vault]:
    """The core banking system."""
    made = Vault(env, registry)
    yield made
    made.close()


def written_off(bank: Bank) -> str:
    """Write a loan off without a person."""
    loan = a_loan()
    bank.lend(loan)
    bank.submit(a_line(loan), channel="FILE", who="adele")
    return loan["loan_id"]


def standing(bank: Bank, loan_id: str) -> list[Record]:
    """How a loan's instructions stand."""
    path = "/v1/core/instructions"
    return bank.get("ledger", path, standing="all", loan=loan_id)["instructions"]


def until(bank: Bank, loan_id: str, wanted: str) -> Record:
    """Wait until a loan's one instruction stands so."""

    def look() -> Record | None:
        found = standing(bank, loan_id)
        return found[0] if found and found[0]["standing"] == wanted else None

    found = eventually(look)
    assert found is not None
    return found


def strays_are(bank: Bank, loan_id: str, codes: set[str]) -> bool:
    """Say whether these answers counted for nothing."""
    found = bank.get("ledger", "/v1/core/strays", limit=1_000)["strays"]
    return {row["code"] for row in found if row["loan_id"] == loan_id} == codes


def waits_for_core(bank: Bank, loan_id: str) -> Record:
    """Wait until a case has all it needs but the core's word."""

    def look() -> Record | None:
        case = bank.case(bank.cases_of(loan_id)[0]["case_id"])
        heard = {line["what"] for line in case["timeline"]}
        return case if {"WriteOffPosted", "NoticesRecorded"} <= heard else None

    found = eventually(look)
    assert found is not None
    assert (found["stage"], found["waits_for_core"]) == ("Loan Update", True)
    assert found["tasks"] == [], "nobody has to key it in"
    return found


def test_a_core_books_refuses_and_says_nonsense(
    env: stack.Env, bank: Bank, vault: Vault, tmp_path: Path
) -> None:
    good, refused = written_off(bank), written_off(bank)
    told, other = vault.instruction(good), vault.instruction(refused)
    assert told["amount"] == {"amount_minor": 6_000, "currency": "USD"}
    assert sum(n["debit_minor"] - n["credit_minor"] for n in told["lines"]) == 0

    waits_for_core(bank, good)
    waiting = waits_for_core(bank, refused)
    assert not waiting["waiting"]
    _, compared = writeoff(env, "reconcile")
    assert not [d for d in compared["differences"] if waiting["case_id"] in d["what"]]

    nobody = {**told, "instruction_id": str(uuid4())}
    amount = told["amount"]
    vault.say("PostingBooked", nobody, amount=amount, core_reference="V-0")
    vault.say("PostingBooked", told, amount=amount, core_reference="V-1")
    vault.say("PostingBooked", told, amount=amount, core_reference="V-2")
    vault.say("PostingRejected", other, code="NO_LOAN", message="no such loan here")

    assert until(bank, good, "ACKNOWLEDGED")["core_reference"] == "V-1"
    assert until(bank, refused, "REFUSED")["code"] == "NO_LOAN"
    assert bank.closed(good)["state"] == COMPLETE
    case_id = bank.cases_of(refused)[0]["case_id"]
    eventually(lambda: bank.case(case_id)["waiting"])
    eventually(lambda: strays_are(bank, good, {"UNKNOWN_INSTRUCTION", "ALREADY_ACKNOWLEDGED"}))
    a_person_keys_it_in(env, bank, refused)
    the_balances_are_compared(env, tmp_path, good)


def a_person_keys_it_in(env: stack.Env, bank: Bank, loan_id: str) -> None:
    [instruction] = standing(bank, loan_id)
    task_id = str(instruction["instruction_id"])
    fields = ("core_reference=BY-HAND-1", "new_balance=0.00", "--as", "ben")
    assert writeoff(env, "tasks", "complete", task_id, *fields, tenant=TENANT)[0] == 0
    assert until(bank, loan_id, "ACKNOWLEDGED")["settled_by"] == "ben"
    assert bank.closed(loan_id)["state"] == COMPLETE
    timeline = bank.case(bank.cases_of(loan_id)[0]["case_id"])["timeline"]
    confirmed = [line["detail"] for line in timeline if line["what"] == "LoanUpdateConfirmed"]
    assert confirmed == ["BY-HAND-1"]
    code, shown = writeoff(env, "core", "show", task_id, tenant=TENANT)
    assert (code, shown["standing"]) == (0, "ACKNOWLEDGED")


def the_balances_are_compared(env: stack.Env, folder: Path, loan_id: str) -> None:
    file, head = folder / "balances.csv", "loan_id,currency,outstanding\n"

    file.write_text(f"{head}{loan_id},USD,0.00\n")
    _, told = writeoff(env, "core", "reconcile", str(file), tenant=TENANT)
    others = [row["loan_id"] for row in told["differences"]]
    assert all(row["what"] == "missing" for row in told["differences"])
    file.write_text(head + "".join(f"{each},USD,0.00\n" for each in (loan_id, *others)))
    equal, same = writeoff(env, "core", "reconcile", str(file), tenant=TENANT)
    file.write_text(head + f"{loan_id},USD,0.01\n")
    differs, listed = writeoff(env, "core", "reconcile", str(file), tenant=TENANT)
    file.write_text(head + f"{loan_id},USD,0.00\n{loan_id},USD,0.00\nL-404,USD,x\n")
    bad, named = writeoff(env, "core", "reconcile", str(file), tenant=TENANT)
    nothing, why = writeoff(env, "core", "reconcile", str(folder / "none.csv"), tenant=TENANT)

    assert (equal, same["bad_lines"], same["differences"]) == (0, [], [])
    assert differs == 1
    assert listed["differences"][0] == {
        "loan_id": loan_id, "line": 2, "what": "outstanding", "core": "0.01", "books": "0.00",
        "unacknowledged": 0,
    }  # fmt: skip
    assert (bad, [row["line"] for row in named["bad_lines"]]) == (2, [3, 4])
    assert (nothing, why["error"]["code"]) == (2, "USAGE")
