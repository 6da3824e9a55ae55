"""`writeoff policies`: which accounting policies the ledger ever ran under, and what they say."""

from typing import Annotated

import typer
from rich.console import Console

from writeoff.root import session_of
from writeoff.show import table

app = typer.Typer(
    help="Accounting policies: every version that a journal can name.", no_args_is_help=True
)

READERS = ("auditor", "admin")


@app.command("list")
def list_policies(ctx: typer.Context) -> None:
    """List the versions, the first loaded first."""
    session = session_of(ctx)
    with session.doors(*READERS, tenant=session.tenants()[0]) as doors:
        told = doors.get("ledger", "/v1/policies")

    def render(out: Console) -> None:
        rows = [
            (row["version"], row["loaded_at"], "yes" if row["in_force"] else "")
            for row in told["policies"]
        ]
        out.print(table("policies", ("version", "first loaded", "in force"), rows))

    session.show(told, render)


@app.command("show")
def show_policy(
    ctx: typer.Context,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="as a journal names it")],
) -> None:
    """Show a version as its file was when it was loaded."""
    session = session_of(ctx)
    with session.doors(*READERS, tenant=session.tenants()[0]) as doors:
        told = doors.get("ledger", f"/v1/policies/{version}")
    session.show(told, lambda out: out.print(told["text"], markup=False, highlight=False))
