"""`writeoff cases`: where write-offs stand."""

from typing import Annotated, Any

import typer
from rich.console import Console

from writeoff.door import Json
from writeoff.exits import Exit, Refused, Trouble
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import amount, pairs, table

app = typer.Typer(help="Cases: list them, show one.", no_args_is_help=True)

READERS = ("auditor", "admin", "loan_agent")

Case = Annotated[str, typer.Argument(metavar="CASE", help="its number or its id")]


@app.command("list")
def list_cases(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="as Open, or 'Closed Complete'")] = None,
    stage: Annotated[str | None, typer.Option(help="as 'Case Review', or Authorization")] = None,
    loan: Annotated[str | None, typer.Option(help="of this loan")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="how many at most")] = 100,
) -> None:
    """List cases, in the order of their opening."""
    session = session_of(ctx)
    cases: list[Json] = []
    for tenant in session.tenants():
        with session.doors(*READERS, tenant=tenant) as doors:
            found = doors.get(
                "case", "/v1/cases", state=state, stage=stage, loan=loan, limit=limit
            )["cases"]
        cases += [{"tenant": tenant} | case for case in found]
    cases = sorted(cases, key=lambda case: str(case["opened_at"]))[:limit]
    more = f", the first {limit}" if len(cases) == limit else ""

    def render(out: Console) -> None:
        columns = ("case", "tenant", "loan", ">amount", "state", "stage", "code")
        out.print(table(f"{len(cases)} cases{more}", columns, [_line(case) for case in cases]))

    session.show({"cases": cases}, render)


@app.command("show")
def show_case(ctx: typer.Context, case: Case) -> None:
    """Show a case: its terms, where it stands, its timeline and notes."""
    session = session_of(ctx)
    found = find(session, case)

    session.show(found, lambda out: _render(out, found))


def find(session: Session, case: str) -> Json:
    """Return a case by its number or id, in whatever tenant of the caller's it is."""
    for tenant in session.tenants():
        with session.doors(*READERS, tenant=tenant) as doors:
            try:
                return {"tenant": tenant} | doors.get("case", f"/v1/cases/{case}")
            except Refused as refused:
                if refused.exit_code is not Exit.FAILED:
                    raise
    raise Trouble(
        f"no case {case}",
        next_step="`writeoff cases list` tells which there are",
        exit_code=Exit.FAILED,
    )


def _line(case: Json) -> tuple[Any, ...]:
    money = amount(case.get("amount"), case.get("currency"))
    return (
        case.get("case_number"),
        case.get("tenant"),
        case.get("loan_id"),
        money,
        case.get("state"),
        "" if case["stage"] == case["state"] else case["stage"],
        case.get("code"),
    )


def _render(out: Console, case: Json) -> None:
    plain = {k: v for k, v in case.items() if not isinstance(v, dict | list)}
    out.print(pairs(f"case {case['case_number']}", plain))
    for name in ("request", "terms", "posting"):
        if case[name]:
            # Amounts stand there as decimals too.
            told = {k: v for k, v in case[name].items() if not k.endswith("_minor")}
            of_kind = told.pop("of_kind", None) or {}
            told |= {k: v for k, v in of_kind.items() if v is not None}
            out.print(pairs(name, told))
    columns = ("at", "what", "detail", "who", "state", "stage")
    rows = [
        (
            entry["at"],
            entry["what"],
            entry["detail"],
            f"{entry['actor_role']} {entry['actor_id']}",
            entry["state_after"],
            entry["stage_after"],
        )
        for entry in case["timeline"]
    ]
    out.print(table("timeline", columns, rows))
    for note in case["work_notes"]:
        out.print(pairs("work note", {"at": note["at"], "by": note["by"], "": note["text"]}))
    if case["tasks"]:
        columns = ("task_id", "task", "queue", "claimed_by", "result")
        rows = [[task[column] for column in columns] for task in case["tasks"]]
        out.print(table("tasks of the case service", columns, rows))
