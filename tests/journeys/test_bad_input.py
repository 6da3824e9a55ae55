"""Whatever an upstream writes: it gets an answer or is laid aside, and stops nobody else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from confluent_kafka import Message
from confluent_kafka.schema_registry import SchemaRegistryClient

import stack

from .bank import COMPLETE, REFUSED, Bank, Json, a_loan
from .outsiders import (
    Record,
    Upstream,
    a_request,
    day,
    everything,
    records_of,
)
from .waiting import eventually

pytestmark = pytest.mark.stack

STRANGER = "t13"
"""A tenant for which none of the sources may speak."""

CASES = "writeoff.case.v1"

LAID_ASIDE_S = 150.0
"""A schema that nobody knows is looked for during 60 s; the rest is for a busy machine."""

UNKNOWN_SCHEMA = b"\x00\x7f\xff\xff\xf0" + b"\x02" * 40

type Make = Callable[[Upstream, Record], bytes | None]

NOT_READABLE: dict[str, tuple[str, Make]] = {
    "garbage bytes": ("magic byte", lambda _, r: b"\xde\xad\xbe\xef" * 9),
    "no bytes": ("magic byte", lambda _, r: b""),
    "a null value": ("no value", lambda _, r: None),
    "a schema that nobody registered": ("does not know schema", lambda _, r: UNKNOWN_SCHEMA),
    "bytes that do not decode": ("", lambda up, r: up.encode(r)[:60]),
    "a key that contradicts the payload": ("contradicts", lambda up, r: up.encode(_other(r))),
    "a text of 900 KB": ("longer than", lambda up, r: up.encode(r | {"notes": "x" * 900_000})),
    "a date in the year 4707": ("not within", lambda up, r: up.encode(r | {"date": 1_000_000})),
    "a request id in two lines": ("request_id", lambda up, r: up.encode(r | {"request_id": "a\n"})),
}
"""What no request can be made of, and what the dead letter says of it."""

IMPOSSIBLE: dict[str, tuple[str, Record]] = {
    "an amount of zero": ("AMOUNT_NOT_POSITIVE", {"scope": "PARTIAL", "amount": 0}),
    "a negative amount": ("AMOUNT_NOT_POSITIVE", {"scope": "PARTIAL", "amount": -1}),
    "a cent above the balance": ("AMOUNT_EXCEEDS_OUTSTANDING", {"amount": 6_001}),
    "all the money of the world": ("AMOUNT_EXCEEDS_OUTSTANDING", {"amount": 2**63 - 1}),
    "a part without an amount": ("INVALID_FIELDS", {"scope": "PARTIAL"}),
    "a date in the future": ("FUTURE_DATE", {"date": day(2)}),
    "a date before the loan": ("DATE_BEFORE_OPENING", {"date": 0}),
    "an unknown currency": ("CURRENCY_MISMATCH", {"amount": 6_000, "currency": "ZZZ"}),
    "a refinance by no new loan": ("INVALID_FIELDS", {"kind": "REFINANCE"}),
    "a recovery before the loss": ("NOT_WRITTEN_OFF", {"kind": "RECOVERY", "amount": 1}),
    "a scope that nobody knows": ("INVALID_FIELDS", {"scope": "UNKNOWN"}),
    "a legal code that is none": ("INVALID_FIELDS", {"legal_code": "99"}),
    "no reason": ("INVALID_FIELDS", {"reason": ""}),
}
"""Records that are valid and say what cannot be, each with the code of its refusal."""


def _other(request: Record) -> Record:
    """Ask about a loan that the key does not name."""
    return request | {"meta": request["meta"] | {"loan_id": "L-other"}}


@dataclass
class Sent:
    """All that the upstreams sent, before anybody looked."""

    bank: Bank
    upstream: Upstream
    loans: dict[str, Json] = field(default_factory=dict[str, Json])
    places: dict[str, str] = field(default_factory=dict[str, str])
    requests: dict[str, Record] = field(default_factory=dict[str, Record])

    def ask(self, name: str, loan_id: str | None = None, **changes: Any) -> Record:
        """Make a request about the loan of this name, and remember it."""
        loan_id = loan_id or self.loans[name]["loan_id"]
        currency = changes.pop("currency", "USD")
        if "amount" in changes:
            changes["amount"] = {"amount_minor": changes["amount"], "currency": currency}
        self.requests[name] = a_request(self.bank.tenant, loan_id, **changes)
        return self.requests[name]

    def loan_id(self, name: str) -> str:
        """Name the loan."""
        return str(self.loans[name]["loan_id"])


def place_of(message: Message) -> str:
    """Say where the broker put a record."""
    return f"{message.topic()}[{message.partition()}]@{message.offset()}"


@pytest.fixture(scope="module")
def sent(
    env: stack.Env, registry: SchemaRegistryClient, client: httpx.Client, tenants: Any
) -> Sent:
    """Send everything at once, so that the waits for it overlap."""
    it = Sent(Bank(env, next(tenants), client), Upstream(env, registry, "upstream"))
    names = [*NOT_READABLE, *IMPOSSIBLE, "twice", "other amount", "wrong place"]
    it.loans = {name: a_loan() for name in names}
    it.loans["closed"] = a_loan(principal="0.00", status="CLOSED_OBLIGATIONS_MET")
    it.bank.lend(*it.loans.values())
    send_unreadable(it)
    for name, (_, changes) in IMPOSSIBLE.items():
        it.upstream.ask(it.ask(name, **changes))
    it.upstream.ask(it.ask("closed"))
    it.upstream.ask(it.ask("unknown", "L-nobodys"))
    it.upstream.ask(a_request(STRANGER, "L-strange", request_id="R-strange"))
    it.upstream.ask(it.ask("twice"))
    it.upstream.ask(it.requests["twice"])
    first = it.ask("other amount", scope="PARTIAL", amount=1_000)
    money = {"amount_minor": 2_000, "currency": "USD"}
    it.upstream.ask(first)
    it.upstream.ask(first | {"amount": money})
    it.upstream.flush()
    send_to_the_wrong_place(it)
    return it


def send_unreadable(it: Sent) -> None:
    """Write what is no request under a good loan's key, and a good request behind it."""
    for name, (_, make) in NOT_READABLE.items():
        request = it.ask(name)
        it.upstream.put(make(it.upstream, request), key=it.loan_id(name))
        [message] = it.upstream.flush()
        it.places[name] = place_of(message)
        it.upstream.ask(request, partition=int(message.partition() or 0))
        it.upstream.flush()


def send_to_the_wrong_place(it: Sent) -> None:
    """Send a request to a partition of another lane, then again to its own."""
    it.upstream.put(None, key=it.loan_id("wrong place"))
    [message] = it.upstream.flush()
    right = int(message.partition() or 0)
    request = it.ask("wrong place")
    it.upstream.ask(request, partition=(right + 1) % 6)
    it.upstream.flush()
    it.upstream.ask(request, partition=right)
    it.upstream.flush()


def refused_with(sent: Sent, loan_id: str, code: str) -> None:
    """See that the one case of a loan was refused, and how."""
    case = sent.bank.closed(loan_id, seconds=120)
    assert (case["state"], case["code"]) == (REFUSED, code)


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_request_of_the_impossible_is_refused_with_its_code(sent: Sent, name: str) -> None:
    refused_with(sent, sent.loan_id(name), IMPOSSIBLE[name][0])
    assert sent.bank.get("ledger", f"/v1/loans/{sent.loan_id(name)}")["outstanding"] == "60.00"


def test_a_closed_loan_is_not_written_off(sent: Sent) -> None:
    refused_with(sent, sent.loan_id("closed"), "LOAN_NOT_ACTIVE")


def test_an_unknown_loan_is_waited_for_and_then_refused(sent: Sent) -> None:
    refused_with(sent, "L-nobodys", "UNKNOWN_LOAN")


def test_the_same_record_twice_is_one_case(sent: Sent) -> None:
    assert sent.bank.closed(sent.loan_id("twice"))["state"] == COMPLETE


def test_the_same_request_in_two_partitions_is_one_case(sent: Sent) -> None:
    assert sent.bank.closed(sent.loan_id("wrong place"))["state"] == COMPLETE


def said_no(sent: Sent, registry: SchemaRegistryClient, tenant: str) -> list[Record]:
    """Give what was said of requests of a tenant that made no case."""
    return [
        record
        for message, record in records_of(sent.bank.env, registry, CASES)
        if dict(message.headers() or [])["ce_type"] == b"writeoff.case.RequestRefused"
        and record["meta"]["tenant"] == tenant
    ]


def test_a_request_id_that_comes_with_other_content_makes_no_second_case(
    sent: Sent, registry: SchemaRegistryClient
) -> None:
    request_id = sent.requests["other amount"]["request_id"]
    case = sent.bank.closed(sent.loan_id("other amount"))
    assert (case["state"], case["amount"]) == (COMPLETE, "10.00")

    refusals = eventually(
        lambda: [
            said
            for said in said_no(sent, registry, sent.bank.tenant)
            if said["request_id"] == request_id
        ]
    )

    assert [(said["code"], said["source"]) for said in refusals] == [("ID_REUSED", "upstream")]


def test_a_source_cannot_speak_for_a_tenant_that_is_not_its_own(
    sent: Sent, registry: SchemaRegistryClient
) -> None:
    refusals = eventually(lambda: said_no(sent, registry, STRANGER))

    assert {(said["code"], said["request_id"]) for said in refusals} == {
        ("SOURCE_NOT_ALLOWED", "R-strange")
    }
    stranger = Bank(sent.bank.env, STRANGER, sent.bank.client)
    assert stranger.cases_of("L-strange") == []


def parked_at(bank: Bank, place: str) -> list[Json]:
    """Give what lies aside of a record."""
    parked = bank.get("case", "/v1/mesh/parked", who="oz")["parked"]
    return [row for row in parked if row["place"] == place]


@pytest.mark.parametrize("name", NOT_READABLE)
def test_what_is_no_request_is_laid_aside_and_stops_no_good_one(sent: Sent, name: str) -> None:
    # The loan's own request came behind it, in the same partition.
    assert sent.bank.closed(sent.loan_id(name))["state"] == COMPLETE

    [row] = eventually(lambda: parked_at(sent.bank, sent.places[name]), seconds=LAID_ASIDE_S)

    assert NOT_READABLE[name][0] in row["reason"]


def test_what_is_laid_aside_is_copied_to_the_dead_letters_as_it_came(sent: Sent) -> None:
    letters = {
        (dict(message.headers() or []).get("dead-place") or b"").decode(): message.value()
        for message in everything(sent.bank.env)
        if message.topic() == "writeoff.deadletters.v1.case"
    }

    for name, (_, make) in NOT_READABLE.items():
        came = make(sent.upstream, sent.requests[name])
        assert letters[sent.places[name]] == came, name
