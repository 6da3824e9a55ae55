"""The door of authorization, over its store."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from authorization.api.routes import routes
from authorization.policy import shipped_matrix
from mesh.doors import Doors
from mesh.http import Health, build, serve
from mesh.tokens import Tokens
from prometheus_client import CollectorRegistry

pytestmark = pytest.mark.stack

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PEOPLE = {"adele": "admin", "ana": "loan_agent", "l5-eve": "authorizer", "oz": "operator"}

ENTRY = {
    "line": 2,
    "reference": "APPR-2026-001",
    "loan_id": "LN-1",
    "kind": "WRITE_OFF",
    "amount": "2000.00",
    "currency": "USD",
    "approvers": [{"id": "l5-eve", "level": 5}, {"id": "l4-deb", "level": 4}],
    "attests_documents": True,
}


class Client:
    """Who asks at the door."""

    def __init__(self, session: aiohttp.ClientSession, address: str, tenant: str) -> None:
        self.session, self.address, self.tenant = session, address, tenant

    async def ask(
        self, method: str, path: str, *, by: str = "adele", body: Any = None
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {by}", "X-Tenant-ID": self.tenant}
        url = f"{self.address}{path}"
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def issue(self, *entries: Any, check: bool = False) -> list[Any]:
        body = {"references": entries, "check": check}
        status, told = await self.ask("POST", "/v1/references", body=body)
        assert status == 200, told
        return told["results"]


@pytest.fixture
async def client(turns: Any, tmp_path: Path) -> AsyncIterator[Client]:
    entries = [
        {
            "name": name,
            "roles": [role],
            "tenants": ["*"],
            "token_sha256": hashlib.sha256(name.encode()).hexdigest(),
        }
        for name, role in PEOPLE.items()
    ]
    file = tmp_path / "people.json"
    file.write_text(json.dumps(entries))
    doors = Doors(turns, turns, lanes=6, now=lambda: NOON, new_id=uuid4, on_put=lambda _: None)
    app = build(
        routes(doors, shipped_matrix()),
        tokens=Tokens(file),
        health=Health(still_s=lambda: 0.0, reasons=list, lanes=dict),
        registry=CollectorRegistry(),
        tenants=[turns.tenant, "elsewhere"],
    )
    runner = await serve(app, "127.0.0.1", 0)
    host, port = runner.addresses[0]
    async with aiohttp.ClientSession() as session:
        yield Client(session, f"http://{host}:{port}", turns.tenant)
    await runner.cleanup()
    await doors.close()


async def test_entries_are_issued_each_by_itself(client: Client) -> None:
    bad = ENTRY | {"line": 3, "reference": "APPR-2026-002", "amount": "0"}

    results = await client.issue(ENTRY, bad)

    assert results == [
        {"line": 2, "reference": "APPR-2026-001", "result": "issued"},
        {
            "line": 3,
            "reference": "APPR-2026-002",
            "result": "refused",
            "code": "AMOUNT_NOT_POSITIVE",
            "message": "an amount above zero is needed",
            "field": "amount",
        },
    ]


async def test_a_mended_entry_is_issued_under_its_number(client: Client) -> None:
    await client.issue(ENTRY | {"amount": "0"})

    [result] = await client.issue(ENTRY)

    assert result["result"] == "issued"


async def test_the_same_entries_again_change_nothing(client: Client) -> None:
    await client.issue(ENTRY)

    [same] = await client.issue(ENTRY)
    [other] = await client.issue(ENTRY | {"amount": "1.00"})
    [moved] = await client.issue(ENTRY | {"loan_id": "LN-2"})

    assert same["result"] == "unchanged"
    assert (other["result"], other["code"]) == ("refused", "REFERENCE_EXISTS")
    assert (moved["result"], moved["code"]) == ("refused", "REFERENCE_EXISTS")


async def test_of_two_entries_with_one_number_the_first_counts(client: Client) -> None:
    other = ENTRY | {"line": 3, "loan_id": "LN-2"}

    results = await client.issue(ENTRY, other, ENTRY | {"line": 4})

    assert [each["result"] for each in results] == ["issued", "refused", "issued"]
    _, shown = await client.ask("GET", "/v1/references/APPR-2026-001")
    assert shown["loan_id"] == "LN-1"


async def test_a_check_issues_nothing(client: Client) -> None:
    [result] = await client.issue(ENTRY, check=True)

    status, _ = await client.ask("GET", "/v1/references/APPR-2026-001")
    assert result["result"] == "checked"
    assert status == 404


async def test_a_reference_is_shown_and_revoked(client: Client) -> None:
    await client.issue(ENTRY)

    _, shown = await client.ask("GET", "/v1/references/APPR-2026-001", by="ana")
    revoked = await client.ask("POST", "/v1/references/APPR-2026-001/revoke")
    again = await client.ask("POST", "/v1/references/APPR-2026-001/revoke", by="l5-eve")
    _, after = await client.ask("GET", "/v1/references/APPR-2026-001")

    assert (shown["standing"], shown["amount_max_minor"]) == ("ISSUED", 200_000)
    assert revoked == (200, {"reference": "APPR-2026-001", "result": "revoked"})
    assert again == (200, {"reference": "APPR-2026-001", "result": "unchanged"})
    assert after["standing"] == "REVOKED"


async def test_a_foreign_reference_answers_like_an_unknown_one(client: Client) -> None:
    await client.issue(ENTRY)
    client.tenant = "elsewhere"

    known = await client.ask("GET", "/v1/references/APPR-2026-001")
    unknown = await client.ask("GET", "/v1/references/APPR-2026-404")
    revoked = await client.ask("POST", "/v1/references/APPR-2026-001/revoke")

    assert known == unknown == revoked
    assert known[0] == 404


async def test_a_case_is_shown_with_its_decision(turns: Any, client: Client) -> None:
    await client.issue(ENTRY)
    terms = turns.terms(approval_reference="APPR-2026-001", collection_ceases=False)
    await turns.turn(turns.reviewed(terms), turns.verified(terms))
    case_id = turns.name("case", "LN-1/1")

    status, case = await client.ask("GET", f"/v1/cases/{case_id}", by="ana")
    nowhere, _ = await client.ask("GET", f"/v1/cases/{uuid4()}", by="ana")
    nonsense, _ = await client.ask("GET", "/v1/cases/none", by="ana")

    assert (status, case["stage"], case["terms"]["maker"]) == (200, "GRANTED", "u-17")
    [decision] = case["decisions"]
    assert (decision["outcome"], decision["row_name"]) == ("GRANTED", "REFERENCE")
    assert [each["level"] for each in decision["approvers"]] == [4, 5]
    assert (nowhere, nonsense) == (404, 404)


async def test_the_report_counts(turns: Any, client: Client) -> None:
    old = ENTRY | {"reference": "APPR-2020-001", "issued": "2020-01-01", "expires": "2020-03-01"}
    await client.issue(ENTRY, old)
    terms = turns.terms(approval_reference="APPR-2026-001", collection_ceases=False)
    await turns.turn(turns.reviewed(terms), turns.verified(terms))
    lost = turns.terms(approval_reference="APPR-2026-404")
    await turns.turn(turns.reviewed(lost, number=2), turns.verified(lost, number=2))

    status, report = await client.ask("GET", "/v1/report", by="oz")

    assert status == 200
    assert report == {
        "references": {"EXPIRED": 1, "RESERVED": 1},
        "stages": {"GRANTED": 1, "REFUSED": 1},
        "granted": 1,
        "granted_by_row": {"REFERENCE": 1},
        "declined": 0,
        "refused": {"APPROVAL_UNKNOWN": 1},
    }


@pytest.mark.parametrize(
    ("method", "path", "by"),
    [
        ("POST", "/v1/references", "l5-eve"),
        ("POST", "/v1/references", "ana"),
        ("POST", "/v1/references/APPR-2026-001/revoke", "ana"),
        ("GET", "/v1/references/APPR-2026-001", "oz"),
        ("GET", "/v1/cases/none", "oz"),
    ],
)
async def test_who_has_not_the_role_is_turned_away(
    client: Client, method: str, path: str, by: str
) -> None:
    status, told = await client.ask(method, path, by=by, body={"references": []})

    assert (status, told["error"]["code"]) == (403, "ROLE_NEEDED")


async def test_an_entry_of_the_wrong_form_is_told_by_its_fields(client: Client) -> None:
    body = {"references": [ENTRY | {"approvers": [{"id": "l5-eve", "level": 9}]}]}

    status, told = await client.ask("POST", "/v1/references", body=body)

    assert (status, told["error"]["code"]) == (400, "INVALID_FIELDS")
    assert told["error"]["fields"][0]["field"] == "references.0.approvers.0.level"
