"""The doors of documents, on a real database."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from documents.api import routes
from mesh.doors import Doors
from mesh.http import PERSON
from mesh.migrations import migrate
from mesh.people import Person

pytestmark = pytest.mark.stack

DORA = Person("dora", frozenset({"document_agent"}), tenants=frozenset({"demo"}))
OZ = Person("oz", frozenset({"operator"}))
CASE = UUID(int=1)
DEMO = {"X-Tenant-ID": "demo"}


class ReadOnly:
    """Doors of which only the reader is used."""

    def __init__(self, reader: asyncpg.Connection) -> None:
        self.reader = reader


type Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(owner_dsn: str, dsn: str) -> AsyncIterator[Client]:
    folder = Path(str(files("documents") / "migrations"))
    await migrate(owner_dsn, folders=[("documents", folder)], tell=lambda _: None)
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "INSERT INTO verification VALUES ($1, 'demo', 'LN-1', 'COMPLETED', NULL, NULL, NULL, NULL,"
        " NULL, $2, 'dora') ON CONFLICT DO NOTHING",
        CASE,
        '[{"document": "COLLECTION_LOG", "rule": "R2", "state": "MET", "basis": "VERIFIED",'
        ' "sha256": null}]',
    )
    await connection.execute(
        "INSERT INTO approval_reference VALUES ('demo', 'LN-1', 'APPR-2026-001', true,"
        " '2026-12-31')"
        " ON CONFLICT DO NOTHING"
    )

    @web.middleware
    async def know(request: web.Request, handler: Any) -> web.StreamResponse:
        request[PERSON] = OZ if request.headers.get("As") == "oz" else DORA
        return await handler(request)

    app = web.Application(middlewares=[know])
    app.add_routes(routes(cast(Doors, ReadOnly(connection))))
    async with TestClient(TestServer(app)) as client:
        yield client
    await connection.close()


async def test_a_case_tells_what_it_needs(client: Client) -> None:
    answer = await client.get(f"/v1/cases/{CASE}/requirements", headers=DEMO)

    assert answer.status == 200
    assert await answer.json() == {
        "case_id": str(CASE),
        "stage": "COMPLETED",
        "agent": "dora",
        "requirements": [
            {
                "document": "COLLECTION_LOG",
                "rule": "R2",
                "state": "MET",
                "basis": "VERIFIED",
                "sha256": None,
            }
        ],
    }


@pytest.mark.parametrize("case_id", [str(UUID(int=2)), "nonsense"])
async def test_an_unknown_case_is_not_found(client: Client, case_id: str) -> None:
    answer = await client.get(f"/v1/cases/{case_id}/requirements", headers=DEMO)

    assert answer.status == 404
    assert (await answer.json())["error"]["code"] == "UNKNOWN_CASE"


async def test_a_strangers_tenant_and_a_role_without_rights_are_refused(client: Client) -> None:
    path = f"/v1/cases/{CASE}/requirements"

    assert (await client.get(path, headers={"X-Tenant-ID": "sba"})).status == 403
    assert (await client.get(path, headers=DEMO | {"As": "oz"})).status == 403


async def test_references_that_were_not_heard_are_named(client: Client) -> None:
    asked = {"references": ["APPR-2026-001", "APPR-2026-002"]}
    answer = await client.post("/v1/references/held", headers=DEMO, json=asked)

    assert answer.status == 200
    assert await answer.json() == {"missing": ["APPR-2026-002"]}


@pytest.mark.parametrize("body", [{}, {"references": "APPR"}, {"references": [], "more": 1}])
async def test_a_body_of_another_form_is_refused(client: Client, body: dict[str, Any]) -> None:
    answer = await client.post("/v1/references/held", headers=DEMO, json=body)

    assert answer.status == 400
    assert (await answer.json())["error"]["code"] == "INVALID_FIELDS"
