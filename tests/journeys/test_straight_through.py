"""A request goes through all five services, and each outsider sees the part that is his."""

import json
import mailbox
from decimal import Decimal
from email.message import Message as Mail
from typing import Any

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

import stack

from .bank import COMPLETE, Bank, Json, a_loan
from .outsiders import (
    Portal,
    Upstream,
    a_request,
    everything,
    records_of,
)
from .waiting import eventually

pytestmark = pytest.mark.stack

PARTIES = "writeoff.parties.v1"

CLOUD_EVENTS = {"ce_id", "ce_source", "ce_type", "ce_specversion", "ce_time", "content-type"}


def mails_to(env: stack.Env, address: str) -> list[Mail]:
    """Give the mails that the catcher took for an address."""
    box = mailbox.Maildir(env.mail_dir, create=False)
    try:
        return [mail for mail in box if address in str(mail["To"])]
    finally:
        box.close()


def test_an_approved_request_is_written_off_booked_told_and_shown(
    env: stack.Env, registry: SchemaRegistryClient, bank: Bank, upstream: Upstream
) -> None:
    loan = a_loan(principal="1200.00", interest="34.56")
    bank.lend(loan)
    [reference] = bank.approve(loan, amount="1234.56")
    asked = a_request(
        bank.tenant, loan["loan_id"], reason="UNCOLLECTIBLE", approval_reference=reference
    )

    upstream.ask(asked)
    upstream.flush()

    case = bank.closed(loan["loan_id"])
    assert (case["state"], case["code"]) == (COMPLETE, None)
    assert (case["amount"], case["currency"]) == ("1234.56", "USD")
    assert case["request_id"] == asked["request_id"]
    it_is_booked(bank, case, loan)
    it_is_told(env, bank, case, loan)
    it_is_shown(env, registry, bank, case)
    no_one_else_learns_who_it_was(env, loan)


def it_is_booked(bank: Bank, case: Json, loan: Json) -> None:
    [journal] = bank.journals(case["case_id"])
    for book in {line["book"] for line in journal["lines"]}:
        lines = [line for line in journal["lines"] if line["book"] == book]
        debits = sum(Decimal(line["debit"]) for line in lines)
        assert debits == sum(Decimal(line["credit"]) for line in lines)
    held = bank.get("ledger", f"/v1/loans/{loan['loan_id']}")
    assert (held["status"], held["outstanding"]) == ("CLOSED_WRITTEN_OFF", "0.00")
    assert held["totals"]["written_off"] == "1234.56"
    assert bank.get("ledger", "/v1/report")["trial_balance"]["USD"] == "0.00"


def it_is_told(env: stack.Env, bank: Bank, case: Json, loan: Json) -> None:
    [notice] = eventually(
        lambda: [n for n in bank.notices(case["case_id"]) if n["state"] == "SENT"]
    )
    [mail] = mails_to(env, loan["email"])
    assert mail["Message-ID"] == notice["provider_id"]
    assert loan["loan_id"][-4:] in mail["Subject"]
    text = mail.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert f"Dear Ada {loan['family_name']}" in text
    assert "USD 1,234.56" in text
    assert "USD 34.56" in text
    assert case["case_number"] in text
    assert loan["loan_id"] not in text


def it_is_shown(env: stack.Env, registry: SchemaRegistryClient, bank: Bank, case: Json) -> None:
    with Portal(env, registry, bank.tenant) as portal:

        def look() -> dict[str, Any] | None:
            status = portal.read().get(case["case_id"])
            return status if status and status["state"] == COMPLETE else None

        status = eventually(look)
    assert status["case_number"] == case["case_number"]
    assert status["portal_text"] == "Completed"
    assert status["amount"] == {"amount_minor": 123_456, "currency": "USD"}
    assert status["documents_wanted"] == []


def no_one_else_learns_who_it_was(env: stack.Env, loan: Json) -> None:
    secrets = [loan["family_name"].encode(), loan["email"].encode()]
    told_on: set[str] = set()
    for message in everything(env):
        said = [message.key() or b"", message.value() or b""]
        said += [value or b"" for _, value in message.headers() or []]
        if any(secret in part for secret in secrets for part in said):
            told_on.add(str(message.topic()))
    assert told_on == {PARTIES}


def test_every_record_of_ours_is_a_cloud_event_of_a_registered_type(
    env: stack.Env, registry: SchemaRegistryClient
) -> None:
    subjects = set(registry.get_subjects())
    schemas: dict[int, str] = {}
    seen: set[str] = set()
    for message in everything(env):
        topic = str(message.topic())
        if topic.startswith(("writeoff.requests.", "writeoff.core.")):  # said by others
            continue
        headers = dict(message.headers() or [])
        place = f"{topic}[{message.partition()}]@{message.offset()}"
        assert headers.keys() >= CLOUD_EVENTS, place
        assert headers["ce_specversion"] == b"1.0", place
        assert headers["content-type"] == b"application/avro", place
        value = message.value()
        if topic.startswith("writeoff.deadletters.") or value is None:
            continue
        schema_id = int.from_bytes(value[1:5])
        assert value[0] == 0, place
        if schema_id not in schemas:
            schemas[schema_id] = _name_of(registry, schema_id)
        assert headers["ce_type"] == schemas[schema_id].encode(), place
        subject = f"{topic}-{schemas[schema_id]}"
        assert subject in subjects, place
        seen.add(subject)
    # What a case says when all goes well is there in any case.
    assert {s.rpartition(".")[2] for s in seen} >= {
        "CaseOpened",
        "CaseReviewed",
        "RequirementsDetermined",
        "VerificationCompleted",
        "AuthorizationGranted",
        "WriteOffPosted",
        "LoanSnapshot",
        "NoticesRecorded",
        "NoticeSent",
        "CaseClosed",
        "CaseStatus",
    }


def _name_of(registry: SchemaRegistryClient, schema_id: int) -> str:
    schema = json.loads(registry.get_schema(schema_id).schema_str or "")
    return f"{schema['namespace']}.{schema['name']}"


def test_a_key_that_is_said_again_is_the_same_kind_of_event(
    env: stack.Env, registry: SchemaRegistryClient, bank: Bank
) -> None:
    loan = a_loan()
    bank.lend(loan)

    for instance in range(2):
        told = {"topic": "writeoff.loans.v1"}
        bank.post("ledger", "/v1/mesh/resay", told, who="oz", instance=instance)

    def look() -> list[Json]:
        said = [
            (dict(message.headers() or [])["ce_type"], record)
            for message, record in records_of(env, registry, "writeoff.loans.v1")
            if record["meta"]["loan_id"] == loan["loan_id"]
        ]
        assert len(said) >= 2
        assert {kind for kind, _ in said} == {b"writeoff.ledger.LoanSnapshot"}
        return [record for _, record in said]

    first, *again = eventually(look)
    assert again == [first] * len(again)
