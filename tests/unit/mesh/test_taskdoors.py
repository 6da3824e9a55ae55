import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import asyncpg
import pytest
from mesh.doors import Doors, StoredAnswer, content_hash
from mesh.http import Health, build, serve
from mesh.migrations import migrate
from mesh.ports import DueRow
from mesh.service import Key
from mesh.tasks import Task
from mesh.taskstore import save_tasks
from mesh.tokens import Tokens
from prometheus_client import CollectorRegistry

from mesh import taskdoors, taskstore

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TASK = UUID(int=1)
FOREIGN = UUID(int=2)
CASE = UUID(int=7)
PEOPLE = {"amy": ["demo"], "oz": ["*"]}
AMY = {"Authorization": "Bearer amy"}
OZ = {"Authorization": "Bearer oz"}


def row(task_id: UUID, tenant: str) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "tenant": tenant,
        "key_id": "LN-1",
        "key_kind": "loan",
        "case_id": CASE,
        "task": "loan authorization",
        "queue": "AUTH-L1",
        "role": "authorizer",
        "level_min": 1,
        "barred": ["ana"],
        "opened_at": NOON,
        "due_at": NOON,
        "claimed_by": None,
        "closed_at": None,
        "closed_by": None,
        "result": None,
    }


@dataclass
class MemoryTasks:
    """Two tasks, and an owner of their lanes who answers at once as the test says."""

    tasks: list[dict[str, Any]]
    code: str | None = None
    told: dict[str, Any] = field(default_factory=dict)
    silent: bool = False
    asked: tuple[Any, ...] = ()
    heard: list[DueRow] = field(default_factory=list)
    known: dict[UUID, StoredAnswer] = field(default_factory=dict)

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        if query == taskstore.FIND_TASK:
            return [task for task in self.tasks if task["task_id"] == args[0]]
        self.asked = args
        return self.tasks

    async def put(self, rows: Sequence[DueRow]) -> None:
        self.heard += rows
        for due in rows:
            digest = content_hash(due.kind, json.loads(due.payload)["body"])
            answer = StoredAnswer(digest, CASE, self.code, self.told, done=not self.silent)
            self.known[due.due_id] = answer

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        return {one: self.known[one] for one in ids if one in self.known}


@pytest.fixture
def store() -> MemoryTasks:
    return MemoryTasks([row(TASK, "demo"), row(FOREIGN, "sba")])


@pytest.fixture
async def client(tmp_path: Path, store: MemoryTasks) -> AsyncIterator[aiohttp.ClientSession]:
    people = [
        {
            "name": name,
            "roles": ["authorizer"],
            "tenants": tenants,
            "token_sha256": hashlib.sha256(name.encode()).hexdigest(),
        }
        for name, tenants in PEOPLE.items()
    ]
    path = tmp_path / "people.json"
    path.write_text(json.dumps(people))
    ids = iter(UUID(int=n) for n in range(100, 200))
    doors = Doors(
        store, store, lanes=6, now=lambda: NOON, new_id=lambda: next(ids), on_put=lambda _: None
    )
    app = build(
        taskdoors.routes(doors),
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


async def ask(
    client: aiohttp.ClientSession, path: str, method: str = "GET", **more: Any
) -> tuple[int, Any]:
    async with client.request(method, path, **more) as response:
        return response.status, await response.json()


async def test_a_task_is_shown_with_who_may_not_work_on_it(
    client: aiohttp.ClientSession, store: MemoryTasks
) -> None:
    del store.tasks[1]

    status, told = await ask(client, "/v1/tasks", headers=AMY)

    assert status == 200
    [task] = told["tasks"]
    assert task["task_id"] == str(TASK)
    assert (task["tenant"], task["loan_id"], task["barred"]) == ("demo", "LN-1", ["ana"])
    assert datetime.fromisoformat(task["due_at"]) == NOON
    assert "key_id" not in task


@pytest.mark.parametrize(
    ("headers", "query", "asked"),
    [
        (AMY, "", (["demo"], "open", None, None, None, 100)),
        (OZ, "?state=all", (None, "all", None, None, None, 100)),
        (OZ | {"X-Tenant-ID": "sba"}, "", (["sba"], "open", None, None, None, 100)),
        (
            AMY,
            f"?state=closed&queue=AUTH-L1&case={CASE}&mine=true&limit=5",
            (["demo"], "closed", "AUTH-L1", CASE, "amy", 5),
        ),
    ],
)
async def test_only_tasks_of_the_persons_tenants_are_asked_for(
    client: aiohttp.ClientSession,
    store: MemoryTasks,
    headers: dict[str, str],
    query: str,
    asked: tuple[Any, ...],
) -> None:
    assert (await ask(client, f"/v1/tasks{query}", headers=headers))[0] == 200

    assert store.asked == asked


async def test_another_tenants_tasks_cannot_be_asked_for(client: aiohttp.ClientSession) -> None:
    assert (await ask(client, "/v1/tasks", headers=AMY | {"X-Tenant-ID": "sba"}))[0] == 403


async def test_every_wrong_value_is_named(client: aiohttp.ClientSession) -> None:
    query = "?state=new&queue=&case=x&limit=0&mine=yes&colour=red"

    status, told = await ask(client, f"/v1/tasks{query}", headers=AMY)

    assert status == 400
    fields = {wrong["field"] for wrong in told["error"]["fields"]}
    assert fields == {"state", "queue", "case", "limit", "mine", "colour"}


@pytest.mark.parametrize(
    ("verb", "kind"),
    [("claim", "ClaimTask"), ("release", "ReleaseTask"), ("complete", "CompleteTask")],
)
async def test_what_is_done_to_a_task_is_a_command_of_its_loan(
    client: aiohttp.ClientSession, store: MemoryTasks, verb: str, kind: str
) -> None:
    store.told = {"result": "APPROVED"}
    body = {"decision": "APPROVE", "task_id": "another"}

    answer = await ask(client, f"/v1/tasks/{TASK}/{verb}", "POST", headers=AMY, json=body)

    assert answer == (200, {"task_id": str(TASK), "result": "APPROVED"})
    [due] = store.heard
    assert (due.kind, due.key, due.case_id) == (kind, Key("demo", "LN-1"), CASE)
    heard = json.loads(due.payload)
    assert heard["body"] == {"decision": "APPROVE", "task_id": str(TASK)}
    assert heard["by"]["id"] == "amy"


async def test_claiming_needs_no_body(client: aiohttp.ClientSession) -> None:
    assert (await ask(client, f"/v1/tasks/{TASK}/claim", "POST", headers=AMY))[0] == 200


async def test_the_same_key_does_it_once_for_each_person(
    client: aiohttp.ClientSession, store: MemoryTasks
) -> None:
    for headers in (AMY, AMY, OZ):
        keyed = headers | {"Idempotency-Key": "k"}
        assert (await ask(client, f"/v1/tasks/{TASK}/claim", "POST", headers=keyed))[0] == 200

    assert [json.loads(due.payload)["request_id"] for due in store.heard] == ["amy:k", "oz:k"]


async def test_a_foreign_task_and_an_unknown_one_look_the_same(
    client: aiohttp.ClientSession, store: MemoryTasks
) -> None:
    answers = {
        str(await ask(client, f"/v1/tasks/{task_id}/claim", "POST", headers=AMY))
        for task_id in (FOREIGN, UUID(int=3), "x")
    }

    [answer] = answers
    assert answer.startswith("(404")
    assert not store.heard


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ROLE_NEEDED", 403),
        ("MAKER_IS_CHECKER", 403),
        ("TASK_CLAIMED", 409),
        ("TASK_CLOSED", 409),
        ("COMMENT_NEEDED", 409),
    ],
)
async def test_a_refusal_has_its_code_and_sentence(
    client: aiohttp.ClientSession, store: MemoryTasks, code: str, status: int
) -> None:
    store.code, store.told = code, {"message": "ben has it"}

    answer = await ask(client, f"/v1/tasks/{TASK}/claim", "POST", headers=AMY)

    assert answer == (status, {"error": {"code": code, "message": "ben has it"}})


async def test_who_does_not_wait_is_told_that_it_is_pending(
    client: aiohttp.ClientSession, store: MemoryTasks
) -> None:
    store.silent = True
    headers = AMY | {"Prefer": "respond-async"}

    answer = await ask(client, f"/v1/tasks/{TASK}/claim", "POST", headers=headers)

    assert answer == (202, {"task_id": str(TASK), "status": "PENDING"})
    assert len(store.heard) == 1


@pytest.mark.stack
async def test_the_statements_find_what_was_saved(owner_dsn: str) -> None:
    await migrate(owner_dsn, folders=[], tell=lambda _: None)
    tenant = f"t-{uuid4().hex[:12]}"
    key = Key(tenant, "LN-1")
    waiting, claimed, closed = (
        Task(
            task_id=uuid4(),
            case_id=case_id,
            task="loan authorization",
            queue=queue,
            role="authorizer",
            opened_at=NOON,
            due_at=NOON,
            claimed_by=by,
            closed_at=closed_at,
        )
        for case_id, queue, by, closed_at in (
            (uuid4(), "AUTH-L1", None, None),
            (uuid4(), "AUTH-L2", "amy", None),
            (None, "AUTH-L1", None, NOON),
        )
    )
    connection = await asyncpg.connect(owner_dsn)
    await save_tasks(Writer(connection), [(key, 0, task) for task in (closed, waiting, claimed)])

    async def ask(*asked: object) -> set[UUID]:
        rows = await connection.fetch(taskstore.LIST_TASKS, [tenant, "other"], *asked)
        return {row["task_id"] for row in rows}

    assert await ask("open", None, None, None, 10) == {waiting.task_id, claimed.task_id}
    assert await ask("closed", None, None, None, 10) == {closed.task_id}
    assert len(await ask("all", None, None, None, 2)) == 2
    assert closed.task_id not in await ask("all", None, None, None, 2)
    assert await ask("all", "AUTH-L1", None, None, 10) == {waiting.task_id, closed.task_id}
    assert await ask("all", None, claimed.case_id, None, 10) == {claimed.task_id}
    assert await ask("all", None, None, "amy", 10) == {claimed.task_id}
    found = await connection.fetchrow(taskstore.FIND_TASK, waiting.task_id)
    assert tuple(found.values()) == (tenant, "LN-1", "loan", waiting.case_id)
    await connection.execute("DELETE FROM mesh.task WHERE tenant = $1", tenant)
    await connection.close()


class Writer:
    """A transaction as `save_tasks` needs it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        return await self._connection.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await self._connection.execute(query, *args)

    async def copy(self, table: str, *, columns: Sequence[str], rows: Iterable[Any]) -> None:
        raise NotImplementedError
