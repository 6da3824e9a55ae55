"""The doors of notifications, on a real database."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from mesh.doors import Doors
from mesh.http import PERSON
from mesh.migrations import migrate
from mesh.people import Person
from notifications.api import routes

pytestmark = pytest.mark.stack

BEA = Person("bea", frozenset({"back_office"}), level=2, tenants=frozenset({"demo"}))
DEMO = {"X-Tenant-ID": "demo"}
CASE = UUID(int=2)

ADD = """
INSERT INTO notice (notice_id, lane, tenant, loan_id, posting_id, case_id, notice, recipient,
                    deadline, content, attempts, state, rule)
VALUES ($1, 0, $2, 'LN-1', $1, $3, 'WRITE_OFF_NOTICE', 'P-1', '2026-12-24', '{}', 0, 'SUPPRESSED',
        'DECEASED')
ON CONFLICT DO NOTHING
"""


class ReadOnly:
    """Doors of which only the reader is used."""

    def __init__(self, reader: asyncpg.Connection) -> None:
        self.reader = reader


type Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(owner_dsn: str, dsn: str) -> AsyncIterator[Client]:
    folder = Path(str(files("notifications") / "migrations"))
    await migrate(owner_dsn, folders=[("notifications", folder)], tell=lambda _: None)
    connection = await asyncpg.connect(dsn)
    await connection.execute(ADD, UUID(int=1), "demo", CASE)
    await connection.execute(ADD, UUID(int=3), "sba", UUID(int=4))

    @web.middleware
    async def know(request: web.Request, handler: Any) -> web.StreamResponse:
        request[PERSON] = BEA
        return await handler(request)

    app = web.Application(middlewares=[know])
    app.add_routes(routes(cast(Doors, ReadOnly(connection))))
    async with TestClient(TestServer(app)) as client:
        yield client
    await connection.close()


async def test_notices_are_listed_for_their_tenant(client: Client) -> None:
    answer = await client.get("/v1/notices", headers=DEMO)

    assert answer.status == 200
    [notice] = (await answer.json())["notices"]
    assert (notice["notice_id"], notice["case_id"]) == (str(UUID(int=1)), str(CASE))
    assert (notice["state"], notice["rule"]) == ("SUPPRESSED", "DECEASED")
    assert notice["deadline"] == "2026-12-24"


@pytest.mark.parametrize(
    ("query", "count"),
    [({"case_id": str(CASE)}, 1), ({"case_id": str(UUID(int=4))}, 0), ({"state": "SENT"}, 0)],
)
async def test_notices_are_found_by_case_and_state(
    client: Client, query: dict[str, str], count: int
) -> None:
    answer = await client.get("/v1/notices", headers=DEMO, params=query)

    assert len((await answer.json())["notices"]) == count


@pytest.mark.parametrize(
    "query", [{"case_id": "x"}, {"state": "LOST"}, {"limit": "0"}, {"by": "me"}]
)
async def test_a_query_of_another_form_is_refused(client: Client, query: dict[str, str]) -> None:
    answer = await client.get("/v1/notices", headers=DEMO, params=query)

    assert answer.status == 400
    [field] = (await answer.json())["error"]["fields"]
    assert field["field"] == next(iter(query))


async def test_the_report_counts_by_state(client: Client) -> None:
    answer = await client.get("/v1/report", headers=DEMO)

    assert await answer.json() == {"notices": {"SUPPRESSED": 1}}
