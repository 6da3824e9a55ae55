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

    def render(out: Console) -> None:
        parts = {k: v for k, v in found.items() if isinstance(v, dict | list) and v}
        plain = {k: v for k, v in found.items() if k not in parts}
        out.print(pairs(f"case {found.get('case_number', case)}", plain))
        for name, part in parts.items():
            _render_part(out, name.replace("_", " "), part)

    session.show(found, render)


def find(session: Session, case: str) -> Json:
    """Return a case by its number or id, in whatever tenant of the caller's it is."""
    for tenant in session.tenants():
        with session.doors(*READERS, tenant=tenant) as doors:
            try:
                return {"tenant": tenant} | doors.get("case", f"/v1/cases/{case}")
            except Refused:
                continue
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


def _render_part(out: Console, name: str, part: Any) -> None:
    if isinstance(part, dict):
        out.print(pairs(name, part))
    elif isinstance(part[0], dict):
        columns = list(dict.fromkeys(key for row in part for key in row))
        out.print(table(name, columns, [[row.get(c) for c in columns] for row in part]))
    else:
        out.print(pairs(name, {"": ", ".join(str(each) for each in part)}))
