"""All verbs of the command line, and the options that every verb takes."""

from pathlib import Path
from typing import Annotated

import typer

from writeoff.demo.verb import demo
from writeoff.root import EVERYWHERE, Root
from writeoff.session import Session
from writeoff.verbs import (
    approvals,
    audit,
    cases,
    core,
    env,
    loans,
    mesh,
    month_end,
    policies,
    postings,
    report,
    reports,
    requests,
    tasks,
    trace,
)
from writeoff.verbs.reconcile import reconcile

HELP = """Write loans off, and see where each write-off stands.

[bold]First steps[/] (a stack runs after [cyan]make up[/]; [cyan]make run[/] fills it with a demo)

  [cyan]writeoff demo[/]                       2,000 made-up loans, 500 requests
  [cyan]writeoff cases list[/]                 what became of them
  [cyan]writeoff trace CASE[/]                 one case, from topic to topic
  [cyan]writeoff loans preview LOAN write_off full=true reason=AGED[/]
  [cyan]writeoff reports --help[/]             the books, as of any day
  [cyan]writeoff tasks list --as ana[/]        what waits for you
  [cyan]writeoff tasks claim ID --as ana[/]    take it
  [cyan]writeoff tasks complete ID key=value … --as ana[/]

[bold]Your own file[/] (a mapping says which column is what: examples/README.md)

  [cyan]F=examples/sba/sba_foia_sample.csv[/]
  [cyan]writeoff loans import $F --mapping examples/sba/loans.toml[/]
  [cyan]writeoff approvals issue $F --mapping examples/sba/requests.toml[/]
  [cyan]writeoff requests submit $F --mapping examples/sba/requests.toml --wait[/]
  [cyan]writeoff report[/]

[bold]Exit codes[/]

  0 done                       1 it differs, or failed
  2 usage                      3 some refused, or lines broken
  4 some wait for a person     5 time ran out
  6 the stack, or a service, does not answer
"""

app = typer.Typer(
    cls=Root,
    help=HELP,
    epilog=EVERYWHERE,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(loans.app, name="loans")
app.add_typer(postings.allowance, name="allowance")
app.add_typer(approvals.app, name="approvals")
app.add_typer(requests.app, name="requests")
app.add_typer(cases.app, name="cases")
app.add_typer(tasks.app, name="tasks")
app.command("report")(report.report)
app.add_typer(reports.app, name="reports")
app.command("trace")(trace.trace)
app.command("reconcile")(reconcile)
app.add_typer(core.app, name="core")
app.add_typer(month_end.app, name="month-end")
app.add_typer(audit.app, name="audit")
app.add_typer(policies.app, name="policies")
app.add_typer(mesh.app, name="mesh")
app.command("env")(env.env)
app.command("demo")(demo)


@app.callback()
def options(
    ctx: typer.Context,
    as_name: Annotated[
        str | None,
        typer.Option("--as", metavar="NAME", envvar="WRITEOFF_AS", help="who you are"),
    ] = None,
    tenant: Annotated[
        str | None, typer.Option(metavar="T", envvar="WRITEOFF_TENANT", help="for which tenant")
    ] = None,
    stack_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="the stack's folder: .stack, here or upwards"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="answer in JSON, for machines")] = False,
) -> None:
    """Keep the options for the verb."""
    ctx.obj = Session(as_name=as_name, tenant=tenant, stack_dir=stack_dir, json=json)
