"""`writeoff loans`: take loans over from a file, and look at one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from writeoff.clock import today_utc
from writeoff.door import Doors, Json
from writeoff.exits import Exit, Refused, Trouble
from writeoff.mapping.mapping import LOANS, Mapped
from writeoff.money import grouped
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import pairs, table
from writeoff.verbs import sending
from writeoff.verbs.waiting import until_held

app = typer.Typer(
    help="Loans: import a file, show one, look at what a command would give, post.",
    no_args_is_help=True,
)

BALANCES = ("principal", "interest", "fees", "penalties", "tax")

LOT = ("kind", "component", "account", "standing", "made_on")
LINE = ("book", "code", "component", "debit", "credit")

HELD_S = 120.0

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV (UTF-8) or JSON Lines")]
MappingFile = Annotated[
    Path, typer.Option("--mapping", metavar="TOML", help="which column is what")
]
Check = Annotated[bool, typer.Option("--check", help="read, map and report; send nothing")]
TimeoutS = Annotated[float, typer.Option("--timeout", metavar="S", help="seconds to wait at most")]


@app.command("import")
def import_loans(
    ctx: typer.Context,
    file: File,
    mapping: MappingFile,
    check: Check = False,
    timeout_s: TimeoutS = HELD_S,
) -> None:
    """Import loans and their customers; ends when the case service holds every one of them.

    A known loan with the same row is unchanged, with another row its line is refused. A broken line
    is told with its number, and the others go on.
    """
    session = session_of(ctx)
    batch = sending.open_batch(file, mapping, LOANS, money=BALANCES)
    if check:
        tally = sending.run(session, batch, None, today=today_utc())
        sending.show(session, batch, tally, {"check": "nothing was sent"})
        raise typer.Exit(int(tally.exit_code))
    with sending.open_doors(session, batch, "admin") as doors:
        tally = sending.run(session, batch, lambda rows: send(doors, rows), today=today_utc())
        taken = [str(each["loan_id"]) for each in tally.answers if each["result"] != "refused"]
        missing = held(session, doors, taken, timeout_s=timeout_s)
    sending.show(session, batch, tally, {"held_by_case": len(set(taken)) - len(missing)})
    if missing:
        session.note(f"the case service does not hold {len(missing)} of them yet: look again later")
        raise typer.Exit(int(Exit.TIME_RAN_OUT))
    raise typer.Exit(int(tally.exit_code))


def send(doors: Doors, rows: list[Mapped]) -> list[Json]:
    """Send a chunk of loans to the ledger."""

    def ask(part: list[Json]) -> list[Json]:
        return doors.post("ledger", "/v1/loans/import", {"rows": part})["results"]

    return sending.until_answered(rows, ask)


def held(session: Session, doors: Doors, loans: Sequence[str], *, timeout_s: float) -> list[str]:
    """Wait until the case service holds these loans; gives those that it does not."""

    def missing(part: Sequence[str]) -> Sequence[str]:
        return doors.post("case", "/v1/loans/held", {"loans": list(part)})["missing"]

    return until_held(session, "waiting for the case service", loans, missing, timeout_s=timeout_s)


@app.command("show")
def show_loan(
    ctx: typer.Context,
    loan_id: Annotated[str, typer.Argument(metavar="ID")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DAY", help="what it held on that day")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            "--known-at", metavar="WHEN", help="as known at that moment: 2026-01-31T18:00:00Z"
        ),
    ] = None,
) -> None:
    """Show a loan as the ledger holds it: balances, status, postings; or held it in the past."""
    session = session_of(ctx)
    loan = find(session, loan_id, as_of=as_of, known_at=known_at)
    session.show(loan, lambda out: _render(out, loan))


def find(session: Session, loan_id: str, **when: str | None) -> Json:
    """Return a loan of whichever of the caller's tenants has it."""
    for tenant in session.tenants():
        with session.doors("auditor", "admin", tenant=tenant) as doors:
            try:
                return doors.get("ledger", f"/v1/loans/{loan_id}", **when)
            except Refused as refused:
                if refused.exit_code is not Exit.FAILED:
                    raise
    raise Trouble(f"no loan {loan_id}", next_step="check the id; `writeoff cases list` names some")


def _render(out: Console, loan: Json) -> None:
    plain = {k: v for k, v in loan.items() if not isinstance(v, list | dict)}
    out.print(pairs(f"loan {loan['loan_id']}", plain))
    out.print(render_books("books", loan["books"]))
    if loan.get("lots"):
        lots = [[lot[c] for c in LOT] for lot in loan["lots"]]
        out.print(table("lots", LOT, lots))
    for journal in loan.get("journals", ()):
        lines = [[line[c] for c in LINE] for line in journal["lines"]]
        title = f"{journal['command']} of {journal['value_date']}, case {journal['case_id']}"
        out.print(table(title, ("book", "account", "component", ">debit", ">credit"), lines))


def render_books(title: str, books: Json) -> Table:
    """Draw the three books beside each other, by component."""
    columns = ("", *(f">{book}" for book in books))
    rows = [
        (name, *(grouped(books[b][name]) for b in books)) for name in next(iter(books.values()))
    ]
    return table(title, columns, rows)
