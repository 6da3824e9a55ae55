"""The doors of human tasks, the same for every service: see them, claim, release, complete."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from mesh.doors import (
    WAIT_S,
    Doors,
    Refusal,
    Reply,
    idempotency_key,
    person_of,
    prefers_async,
    read_object,
    refused,
    respond,
    tenant_of,
)
from mesh.people import Person
from mesh.service import Key
from mesh.taskstore import FIND_TASK, LIST_TASKS

LIMIT = 100
LIMIT_MAX = 1_000
"""What a person can look through; programs ask by case or queue."""

TEXT_MAX = 64
"""No queue has a longer name."""

STATES = ("open", "closed", "all")

FORBIDDEN = frozenset({"ROLE_NEEDED", "MAKER_IS_CHECKER"})
"""Codes that concern the person, whatever becomes of the task."""


def routes(doors: Doors) -> list[web.RouteDef]:
    """Give the routes of tasks."""

    async def list_tasks(request: web.Request) -> web.Response:
        rows = await doors.reader.fetch(LIST_TASKS, *_read_query(request))
        return respond({"tasks": [_to_json(row) for row in rows]})

    def asking(kind: str) -> Any:
        async def ask(request: web.Request) -> web.Response:
            person = person_of(request)
            task_id, key, case_id = await _find(doors, request, person)
            body = await read_object(request) | {"task_id": str(task_id)}
            reply = await doors.command(
                key,
                kind,
                body,
                by=person,
                request_id=idempotency_key(request),
                case_id=case_id,
                wait_s=0 if prefers_async(request) else WAIT_S,
            )
            return _answer(task_id, reply)

        return ask

    return [
        web.get("/v1/tasks", list_tasks),
        web.post("/v1/tasks/{task_id}/claim", asking("ClaimTask")),
        web.post("/v1/tasks/{task_id}/release", asking("ReleaseTask")),
        web.post("/v1/tasks/{task_id}/complete", asking("CompleteTask")),
    ]


def _read_query(request: web.Request) -> tuple[Any, ...]:
    """Give the arguments of LIST. Raises Refusal 400 naming every value that is wrong."""
    person = person_of(request)
    query = dict(request.query)
    wrong: dict[str, str] = {}
    state, queue = query.pop("state", "open"), query.pop("queue", None)
    case, limit = query.pop("case", None), query.pop("limit", str(LIMIT))
    mine = query.pop("mine", "false")
    if state not in STATES:
        wrong["state"] = f"one of {', '.join(STATES)}"
    if queue is not None and not (queue.isprintable() and 0 < len(queue) <= TEXT_MAX):
        wrong["queue"] = f"1-{TEXT_MAX} characters"
    case_id = _to_uuid(case)
    if case is not None and case_id is None:
        wrong["case"] = "a case id"
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= LIMIT_MAX):
        wrong["limit"] = f"1 to {LIMIT_MAX}"
    if mine not in ("true", "false"):
        wrong["mine"] = "true or false"
    wrong |= dict.fromkeys(query, "unknown")
    if wrong:
        fields = [{"field": field, "message": message} for field, message in wrong.items()]
        raise Refusal(400, "INVALID_FIELDS", "some fields are wrong", fields=fields)
    if "X-Tenant-ID" in request.headers:
        tenants = [tenant_of(request)]
    else:
        tenants = None if "*" in person.tenants else sorted(person.tenants)
    return tenants, state, queue, case_id, person.id if mine == "true" else None, int(limit)


async def _find(
    doors: Doors, request: web.Request, person: Person
) -> tuple[UUID, Key, UUID | None]:
    """Give the task's id, its key and its case. Raises Refusal 404, the same for a foreign one."""
    task_id = _to_uuid(request.match_info["task_id"])
    rows = await doors.reader.fetch(FIND_TASK, task_id) if task_id else ()
    for row in rows:
        if task_id and person.may_act_for(row["tenant"]):
            return task_id, Key(row["tenant"], row["key_id"], row["key_kind"]), row["case_id"]
    raise Refusal(404, "TASK_UNKNOWN", "no such task")


def _to_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _to_json(row: Mapping[str, Any]) -> dict[str, Any]:
    key_id, is_loan = row["key_id"], row["key_kind"] == "loan"
    shown = {name: value for name, value in row.items() if name not in ("key_id", "key_kind")}
    return shown | {"loan_id": key_id if is_loan else None, "barred": sorted(row["barred"])}


def _answer(task_id: UUID, reply: Reply) -> web.Response:
    if not reply.done:
        return respond({"task_id": task_id, "status": "PENDING"}, status=202)
    if reply.code is None:
        return respond({"task_id": task_id, **reply.body})
    message = str(reply.body.get("message", "the task was not changed"))
    status = 403 if reply.code in FORBIDDEN else 409
    return refused(reply.code, message, status=status)
