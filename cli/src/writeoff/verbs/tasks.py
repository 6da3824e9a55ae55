"""`writeoff tasks`: what waits for a person, in all services, and what he does to it."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from writeoff.door import Doors, Json
from writeoff.exits import Exit, Trouble
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import pairs, table

app = typer.Typer(help="Tasks: what waits for a person.", no_args_is_help=True)

SERVICES = ("case", "documents", "authorization", "ledger", "notifications")
"""Those that have tasks."""

LISTED_MAX = 1000

SHOWN_MAX = 50
"""More than a person looks through; --json has all."""

TaskId = Annotated[str, typer.Argument(metavar="ID", help="a task's id, or its beginning")]


@app.command("list")
def list_tasks(
    ctx: typer.Context,
    queue: Annotated[str | None, typer.Option(help="only this queue")] = None,
    case: Annotated[str | None, typer.Option(help="only of this case (its id)")] = None,
    state: Annotated[str, typer.Option(help="open, closed or all")] = "open",
) -> None:
    """List the tasks of all services. With --as, those that this person may work on."""
    session = session_of(ctx)
    tasks = gather(session, queue=queue, case=case, state=state)
    if session.as_name:
        tasks = [task for task in tasks if may_work_on(session, task)]

    def render(out: Console) -> None:
        columns = ("id", "task", "queue", "who", "loan", "due", "claimed by", "complete with")
        rows = [
            (
                task["task_id"],
                task["task"],
                task["queue"],
                f"{task['role']} L{task['level_min']}" if task["level_min"] else task["role"],
                task["loan_id"],
                str(task["due_at"])[:10],
                task["claimed_by"],
                HINTS.get(task["task"], ""),
            )
            for task in tasks[:SHOWN_MAX]
        ]
        more = f", the {SHOWN_MAX} that are due first" if len(tasks) > SHOWN_MAX else ""
        out.print(table(f"{len(tasks)} tasks{more}", columns, rows))

    session.show({"tasks": tasks}, render)


@app.command("claim")
def claim(ctx: typer.Context, task_id: TaskId) -> None:
    """Take a task, so that nobody else works on it."""
    _ask(session_of(ctx), task_id, "claim", {})


@app.command("release")
def release(ctx: typer.Context, task_id: TaskId) -> None:
    """Give a task back."""
    _ask(session_of(ctx), task_id, "release", {})


@app.command("complete")
def complete(
    ctx: typer.Context,
    task_id: TaskId,
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE…", help="what the task asks for; lists as JSON"),
    ] = None,
) -> None:
    """Say what was decided or done. `writeoff tasks list` tells what a task asks for."""
    _ask(session_of(ctx), task_id, "complete", read_fields(fields or []))


HINTS = {
    "case review and details": "reason=… note=… litigation=N",
    "inbound document verification": "all=true",
    "loan authorization": "decision=APPROVE|DECLINE comment=…",
    "loan update": "core_reference=… new_balance=…",
    "core posting": "core_reference=… new_balance=…",
    "failed or held notice": "decision=resend|release|undeliverable",
}
"""What completing a task takes, as it is typed."""


def gather(
    session: Session, *, queue: str | None = None, case: str | None = None, state: str = "open"
) -> list[Json]:
    """Return the tasks of all services, those due first."""
    found: list[Json] = []
    with session.doors("auditor", "admin") as doors:
        for service in SERVICES:
            answer = doors.get(
                service, "/v1/tasks", queue=queue, case=case, state=state, limit=LISTED_MAX
            )
            found += [{"service": service} | task for task in answer["tasks"]]
    return sorted(found, key=lambda task: (str(task["due_at"]), str(task["task_id"])))


def may_work_on(session: Session, task: Json) -> bool:
    """Say whether the person of --as may take a task."""
    (person,) = [p for p in session.env.people() if p.name == session.as_name] or [None]
    return (
        person is not None
        and task["role"] in person.roles
        and person.level >= task["level_min"]
        and person.name not in task["barred"]
        and task["claimed_by"] in (None, person.name)
    )


def read_fields(fields: list[str]) -> Json:
    """Read KEY=VALUE; lists, tables, true and false are JSON, all else is text, numbers too."""
    body: dict[str, Any] = {}
    for field in fields:
        key, sign, text = field.partition("=")
        if not sign or not key:
            raise _bad_field(field, "it is not KEY=VALUE")
        if text in ("true", "false") or text.startswith(("[", "{")):
            try:
                body[key] = json.loads(text)
            except json.JSONDecodeError as wrong:
                raise _bad_field(field, f"not JSON: {wrong}") from None
        else:
            body[key] = text
    return body


def find(doors: Doors, beginning: str) -> Json:
    """Return the task whose id begins so, with its service."""
    found = [
        {"service": service} | task
        for service in SERVICES
        for task in doors.get(service, "/v1/tasks", state="all", limit=LISTED_MAX)["tasks"]
        if str(task["task_id"]).startswith(beginning.lower())
    ]
    if len(found) == 1:
        return found[0]
    raise Trouble(
        f"{'several tasks begin' if found else 'no task begins'} with {beginning}",
        next_step="`writeoff tasks list` tells which there are; give the whole id",
        exit_code=Exit.USAGE if found else Exit.FAILED,
    )


def _ask(session: Session, task_id: str, what: str, body: Json) -> None:
    with session.doors() as doors:
        task = find(doors, task_id)
        answer = doors.post(task["service"], f"/v1/tasks/{task['task_id']}/{what}", body)
    told = {"task": task["task"], "case_id": task["case_id"]} | answer
    session.show(answer, lambda out: out.print(pairs(f"{what}: done", told)))


def _bad_field(field: str, why: str) -> Trouble:
    return Trouble(
        f"{field!r}: {why}",
        next_step='write fields as decision=APPROVE comment="as agreed"',
        exit_code=Exit.USAGE,
    )
