"""The import door: line by line, checked by the same code, and nothing told of anybody."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from ledger.api import routes
from ledger.domain.decide import Event, LoanState, PartyState, State
from ledger.domain.policy import Policy
from ledger.service import Ledger
from ledger.settings import own_policy
from mesh.doors import Doors, StoredAnswer, content_hash
from mesh.http import Health, build, serve
from mesh.people import Person
from mesh.ports import DueRow
from mesh.service import Actor, Answer, Change, Key, Message, Reader, Told, Transaction
from mesh.tokens import Tokens
from prometheus_client import CollectorRegistry

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PEOPLE = {"bea": "back_office", "ana": "loan_agent", "oz": "operator"}
ROW: dict[str, Any] = {
    "line": 2,
    "loan_id": "LN-1",
    "customer_id": "C-1",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "product": "PERSONAL_LOAN",
    "segment": "PERSONAL",
    "currency": "USD",
    "principal": "900.00",
    "opened": "2025-01-01",
    "status": "ACTIVE",
}


class MemoryLedger:
    """States in memory, and the owner of all lanes, who hears a command as soon as it is put in."""

    def __init__(self) -> None:
        self.states: dict[Key, State] = {}
        self.known: dict[UUID, StoredAnswer] = {}
        self.heard: list[str] = []
        policy = Policy.parse(own_policy())
        self.service = Ledger(self, lambda _: policy)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        return {
            key: self.states.get(key, PartyState() if key.kind == "party" else LoanState())
            for key in wanted
        }

    async def save(self, tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
        raise NotImplementedError

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        return []

    async def put(self, rows: Sequence[DueRow]) -> None:
        for row in rows:
            self.heard.append(row.kind)
            await self._hear(row)

    async def _hear(self, row: DueRow) -> None:
        payload = json.loads(row.payload)
        heard = Message(
            kind=row.kind,
            body=payload["body"],
            message_id=row.due_id,
            tenant=row.key.tenant,
            source="door",
            actor=Actor("back_office", "bea"),
            correlation_id=row.due_id,
            by=Person.from_json(payload["by"]),
        )
        key = row.key
        state = (await self.load(self, {key: ()}))[key]
        [event] = self.service.decide(state, heard, now=NOON)
        after = self.service.evolve(state, event)
        change = Change(key, 0, state, after, [Told(event, uuid4(), NOON, heard)])
        [answer] = [said for said in self.service.say(change) if isinstance(said, Answer)]
        digest = content_hash(row.kind, payload["body"])
        self.states[key] = after
        self.known[row.due_id] = StoredAnswer(digest, None, answer.code, answer.body, done=True)

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        return {one: self.known[one] for one in ids if one in self.known}


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
async def client(tmp_path: Path, ledger: MemoryLedger) -> AsyncIterator[aiohttp.ClientSession]:
    people = [
        {
            "name": name,
            "roles": [role],
            "tenants": ["demo"],
            "token_sha256": hashlib.sha256(name.encode()).hexdigest(),
        }
        for name, role in PEOPLE.items()
    ]
    path = tmp_path / "people.json"
    path.write_text(json.dumps(people))
    doors = Doors(ledger, ledger, lanes=6, now=lambda: NOON, new_id=uuid4, on_put=lambda _: None)
    app = build(
        routes(doors, service=ledger.service),
        tokens=Tokens(path),
        health=Health(still_s=lambda: 0, reasons=list, lanes=list),
        registry=CollectorRegistry(),
        tenants=["demo", "sba"],
    )
    runner = await serve(app, "127.0.0.1", 0)
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        yield session
    await doors.close()
    await runner.cleanup()


def as_(name: str, tenant: str = "demo") -> dict[str, str]:
    return {"Authorization": f"Bearer {name}", "X-Tenant-ID": tenant}


async def take_in(client: aiohttp.ClientSession, *rows: dict[str, Any], **more: Any) -> list[Any]:
    body = {"rows": rows, **more}
    async with client.post("/v1/loans/import", json=body, headers=as_("bea")) as response:
        assert response.status == 200, await response.text()
        return (await response.json())["results"]


async def test_rows_are_taken_in_with_their_customers(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    results = await take_in(client, ROW, ROW | {"line": 3, "loan_id": "LN-2"})

    assert results == [
        {"line": 2, "loan_id": "LN-1", "result": "imported"},
        {"line": 3, "loan_id": "LN-2", "result": "imported"},
    ]
    assert ledger.states.keys() == {
        Key("demo", "LN-1"),
        Key("demo", "LN-2"),
        Key("demo", "C-1", "party"),
    }


async def test_the_same_rows_again_change_nothing(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW)
    before = dict(ledger.states)

    [result] = await take_in(client, ROW)

    assert result["result"] == "unchanged"
    assert ledger.states == before


async def test_a_bad_row_is_refused_by_line_and_the_others_are_taken_in(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    bad = ROW | {"line": 3, "loan_id": "LN-2", "family_name": "L" * 300}

    results = await take_in(client, bad, ROW)

    assert [(r["line"], r["result"], r.get("code"), r.get("field")) for r in results] == [
        (3, "refused", "INVALID_FIELDS", "family_name"),
        (2, "imported", None, None),
    ]
    assert Key("demo", "LN-2") not in ledger.states


async def test_another_row_of_a_known_loan_leaves_loan_and_customer_as_they_are(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW)
    before = dict(ledger.states)

    [result] = await take_in(client, ROW | {"principal": 901, "email": "new@example.org"})

    assert (result["result"], result["code"]) == ("refused", "LOAN_EXISTS")
    assert ledger.states == before


async def test_a_check_tells_what_would_be_and_puts_nothing_in(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW)
    ledger.heard.clear()
    before = dict(ledger.states)

    results = await take_in(
        client,
        ROW,
        ROW | {"principal": "1"},
        ROW | {"loan_id": "LN-2"},
        ROW | {"loan_id": "LN-2", "principal": "2"},
        ROW | {"loan_id": "LN-3", "currency": "XXX"},
        check=True,
    )

    assert [(r["result"], r.get("code")) for r in results] == [
        ("unchanged", None),
        ("refused", "LOAN_EXISTS"),
        ("ok", None),
        ("refused", "LOAN_EXISTS"),
        ("refused", "UNKNOWN_CURRENCY"),
    ]
    assert (ledger.heard, ledger.states) == ([], before)


async def test_only_those_who_may_take_loans_in(client: aiohttp.ClientSession) -> None:
    async with client.post("/v1/loans/import", json={"rows": []}, headers=as_("ana")) as response:
        assert response.status == 403


async def test_a_value_that_is_no_text_spoils_the_request_and_is_not_told(
    client: aiohttp.ClientSession,
) -> None:
    body = {"rows": [ROW | {"family_name": ["Lovelace"]}]}

    async with client.post("/v1/loans/import", json=body, headers=as_("bea")) as response:
        assert response.status == 400
        assert "Lovelace" not in await response.text()


async def test_a_foreign_or_unknown_loan_is_not_there(client: aiohttp.ClientSession) -> None:
    await take_in(client, ROW)

    async with client.get("/v1/loans/LN-9", headers=as_("ana")) as response:
        assert response.status == 404
        assert (await response.json())["error"]["code"] == "UNKNOWN_LOAN"
    async with client.get("/v1/loans/LN-1", headers=as_("ana", "sba")) as response:
        assert response.status == 403


async def test_a_loan_is_shown_in_three_books_without_a_name(
    client: aiohttp.ClientSession,
) -> None:
    await take_in(client, ROW | {"charged_off_principal": "100.00"})

    async with client.get("/v1/loans/LN-1", headers=as_("ana")) as response:
        told = await response.json()

    assert told["books"]["BNK"]["total"] == "900.00"
    assert told["books"]["CO"]["principal"] == "100.00"
    assert told["books"]["CUST"]["total"] == "1000.00"
    assert (told["charged_off"], told["totals"]["remaining"]) == ("PARTIAL", "100.00")
    assert told["lots"][0]["account"] == "6100"
    assert "Lovelace" not in json.dumps(told)


@pytest.mark.parametrize(
    "path", ["/v1/loans?limit=0", "/v1/loans?limit=x", "/v1/journals", "/v1/journals?case_id=1"]
)
async def test_a_question_that_is_none_is_told(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path, headers=as_("ana")) as response:
        assert response.status == 400


async def test_an_operator_sees_no_books(client: aiohttp.ClientSession) -> None:
    async with client.get("/v1/report", headers=as_("oz")) as response:
        assert response.status == 403
