"""`writeoff core`: what loan systems were told and said, and whether their balances are ours."""

from pathlib import Path
from typing import Annotated

import typer
from ledger.core.balances import (
    FileUnreadable,
    Held,
    Reconciled,
    read,
    reconcile,
)
from ledger.domain.money import to_minor
from mesh.currency import DECIMALS
from rich.console import Console

from writeoff.door import Json
from writeoff.exits import Exit, Trouble
from writeoff.root import session_of
from writeoff.show import amount, pairs, table

app = typer.Typer(
    help="Core banking: instructions to loan systems, their answers, their balances.",
    no_args_is_help=True,
)

READERS = ("auditor", "admin")

PAGE = 1_000
TENANTS = "instructions are"
SHOWN_MAX = 200
"""More rows than a person reads; --json has all."""


@app.command("list")
def list_instructions(
    ctx: typer.Context,
    standing: Annotated[
        str, typer.Option(help="open, all, waiting, by_hand, refused or acknowledged")
    ] = "open",
    loan: Annotated[str | None, typer.Option(metavar="ID", help="of this loan only")] = None,
) -> None:
    """List postings that a loan system has to book too: by default those it does not show yet."""
    session = session_of(ctx)
    with session.doors_of_tenant(TENANTS, *READERS) as doors:
        found = list(
            doors.pages(
                "ledger",
                "/v1/core/instructions",
                "instructions",
                limit=PAGE,
                standing=standing,
                loan=loan,
            )
        )

    def render(out: Console) -> None:
        columns = (
            "id", "loan", "core", "command", ">amount", "standing", "instructed", ">chased", "why",
        )  # fmt: skip
        rows = [
            (
                row["instruction_id"],
                row["loan_id"],
                row["core"] or "by hand",
                row["command"],
                amount(row["amount"], row["currency"]),
                row["standing"],
                row["instructed_at"],
                row["chased"],
                row["code"],
            )
            for row in found[:SHOWN_MAX]
        ]
        out.print(table(f"{len(found)} instructions", columns, rows))

    session.show({"instructions": found}, render)


@app.command("show")
def show(
    ctx: typer.Context,
    instruction_id: Annotated[str, typer.Argument(metavar="ID", help="its id, or its task's")],
) -> None:
    """Show one instruction: what it moves, and what was said of it."""
    session = session_of(ctx)
    with session.doors_of_tenant(TENANTS, *READERS) as doors:
        found = doors.get("ledger", f"/v1/core/instructions/{instruction_id}")

    def render(out: Console) -> None:
        lines = found["lines"]
        out.print(pairs("instruction", {k: v for k, v in found.items() if k != "lines"}))
        columns = ("book", "code", "component", ">debit", ">credit")
        rows = [[line[name.lstrip(">")] for name in columns] for line in lines]
        out.print(table("moves", columns, rows))

    session.show(found, render)


@app.command("strays")
def strays(ctx: typer.Context) -> None:
    """List what cores said that counted for nothing: unknown, another's, or too late."""
    session = session_of(ctx)
    with session.doors_of_tenant(TENANTS, *READERS) as doors:
        found = list(doors.pages("ledger", "/v1/core/strays", "strays", limit=PAGE))

    def render(out: Console) -> None:
        columns = ("heard_at", "core", "loan_id", "instruction_id", "code", "message")
        rows = [[row[name] for name in columns] for row in found[:SHOWN_MAX]]
        out.print(table(f"{len(found)} answers that counted for nothing", columns, rows))

    session.show({"strays": found}, render)


@app.command("reconcile")
def reconcile_file(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV of a core's balances")],
    core: Annotated[
        str | None, typer.Option(metavar="NAME", help="loans of this core only: all that have one")
    ] = None,
) -> None:
    """Hold a core's balance file against the books.

    Columns: loan_id, currency, outstanding and, if the core has it, charged_off. Exit 0: equal. 1:
    it differs. 2: lines, or the file, could not be held against the books; they are named.
    """
    session = session_of(ctx)
    with session.doors_of_tenant(TENANTS, *READERS) as doors:
        held = {
            row["loan_id"]: _held(row)
            for row in doors.pages("ledger", "/v1/core/balances", "balances", limit=PAGE, core=core)
        }
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            result = reconcile(read(lines), held)
    except (OSError, UnicodeDecodeError, FileUnreadable) as error:
        raise Trouble(
            f"{file}: {error}",
            next_step="it is CSV in UTF-8 with columns loan_id, currency, outstanding",
            exit_code=Exit.USAGE,
        ) from None
    data: Json = {
        "loans": len(held),
        "equal": result.equal,
        "bad_lines": [line._asdict() for line in result.bad],
        "differences": [each._asdict() for each in result.differences],
    }
    session.show(data, lambda out: _render(out, data, result))
    if result.bad:
        raise typer.Exit(int(Exit.USAGE))
    if result.differences:
        raise typer.Exit(int(Exit.FAILED))


def _render(out: Console, data: Json, result: Reconciled) -> None:
    out.print(f"{data['loans']} loans in the books, {data['equal']} equal", highlight=False)
    if result.bad:
        columns = (">line", "loan_id", "code", "message")
        rows = [[row[name.lstrip(">")] for name in columns] for row in data["bad_lines"]]
        out.print(table(f"{len(rows)} lines that cannot be compared", columns, rows[:SHOWN_MAX]))
    if result.differences:
        columns = ("loan_id", ">line", "what", ">core", ">books", ">unacknowledged")
        rows = [[row[name.lstrip(">")] for name in columns] for row in data["differences"]]
        out.print(table(f"{len(rows)} differences", columns, rows[:SHOWN_MAX]))


def _held(row: Json) -> Held:
    decimals = DECIMALS[row["currency"]]
    outstanding, off = (
        to_minor(row[name], decimals=decimals) for name in ("outstanding", "charged_off")
    )
    assert outstanding is not None, "a door writes amounts"
    assert off is not None, "a door writes amounts"
    return Held(row["currency"], outstanding, off, row["unacknowledged"])
