"""`writeoff month-end`: accrue, age, classify, propose, close; and when each loss is due."""

import time
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from writeoff.door import Doors, Json
from writeoff.exits import Exit, Trouble
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import amount, pairs, table

app = typer.Typer(
    help="Month ends: accrue, age, classify, propose charge-offs that are due, close the period.",
    invoke_without_command=True,
)

CLOSERS = ("back_office", "admin")
READERS = ("auditor", "admin")

PAGE = 1_000
TENANTS = "a month's end is"
SHOWN_MAX = 200
"""More rows than a person reads; --json has all."""

STILL_S = 60.0
"""No loan gone through in this long: something is in the way, and looking on does not help."""

PAUSE_S = 0.5
"""Between two steps that brought nothing new: what was put in is still being heard."""

LOAN = (
    "loan_id", "product", ">outstanding", ">loss", ">days_past_due", "standard", "due_by", "cause",
    ">days_late",
)  # fmt: skip
LOAN_AND_CASE = (*LOAN, "case")
MONEY = (">outstanding", ">loss")

CASE_READERS = ("auditor", "admin", "loan_agent")
OPEN_STATES = ("New", "Open", "Rework", "On Hold")


@app.callback()
def month_end(
    ctx: typer.Context,
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="which month")
    ] = None,
    keep_open: Annotated[
        bool, typer.Option("--keep-open", help="go through all loans, and leave the period open")
    ] = False,
) -> None:
    """Bring a month to its end. Stopped at any point, the same command goes on where it was."""
    if ctx.invoked_subcommand is not None:
        return
    session = session_of(ctx)
    if month is None:
        raise Trouble("which month?", next_step="give --month as 2026-10", exit_code=Exit.USAGE)
    with session.doors_of_tenant(TENANTS, *CLOSERS) as doors:
        how = doors.post("ledger", "/v1/month-ends", {"month": month})
        if how["state"] != "CLOSED":
            how = _go_through(session, doors, month, how)
            if not keep_open:
                how = doors.post("ledger", f"/v1/month-ends/{month}/close", {})
    session.show(how, lambda out: out.print(pairs(f"month end {month}", how)))


@app.command("list")
def list_months(ctx: typer.Context) -> None:
    """List a tenant's month ends, the latest first."""
    session = session_of(ctx)
    with session.doors_of_tenant(TENANTS, *READERS) as doors:
        answer = doors.get("ledger", "/v1/month-ends")

    def render(out: Console) -> None:
        columns = (
            "month", "state", ">loans", ">accrued", ">refused", ">proposed", ">breached",
            "closed_at", "closed_by",
        )  # fmt: skip
        rows = [[row[name.lstrip(">")] for name in columns] for row in answer["months"]]
        out.print(table("month ends", columns, rows))

    session.show(answer, render)


@app.command("show")
def show(
    ctx: typer.Context,
    month: Annotated[str, typer.Argument(metavar="YYYY-MM")],
    only: Annotated[
        str,
        typer.Option(help="proposed, breached, refused, all, pass, substandard, loss or unknown"),
    ] = "proposed",
) -> None:
    """Show what a month's end did: its counts, and the loans that it proposes to charge off.

    A loan is proposed once for each day by which its loss is to be taken, and not while it has a
    case.
    """
    session = session_of(ctx)
    with session.doors_of_tenant(TENANTS, *READERS) as doors:
        how = doors.get("ledger", f"/v1/month-ends/{month}")
        found = list(
            doors.pages("ledger", f"/v1/month-ends/{month}/loans", "loans", limit=PAGE, only=only)
        )
    loans, in_hand = _with_cases(session, found), list[Json]()
    if only == "proposed":
        in_hand = [loan for loan in loans if loan["case"]]
        loans = [loan for loan in loans if not loan["case"]]

    def render(out: Console) -> None:
        out.print(pairs(f"month end {month}", how))
        out.print(table(f"{len(loans)} loans: {only}", LOAN_AND_CASE, _rows(loans, *LOAN_AND_CASE)))
        if in_hand:
            out.print(f"{len(in_hand)} more have a case already", highlight=False)

    session.show({**how, "of": only, "of_loans": loans, "have_a_case": in_hand}, render)


@app.command("due")
def due(
    ctx: typer.Context,
    breached: Annotated[
        bool, typer.Option("--breached", help="only those whose day is past")
    ] = False,
) -> None:
    """Show by when each loss must be taken, as of today, and its case; the most urgent first."""
    session = session_of(ctx)
    with session.doors_of_tenant(TENANTS, *READERS) as doors:
        found = [
            row
            for row in doors.pages("ledger", "/v1/due", "loans", limit=PAGE)
            if row["due_by"] and (row["is_breached"] or not breached)
        ]
    found = _with_cases(session, found)
    found.sort(key=lambda row: (row["due_by"], row["loan_id"]))

    def render(out: Console) -> None:
        columns = (*LOAN[:-1], ">days_left", "case", "stage")
        late = sum(row["is_breached"] for row in found)
        title = f"{len(found)} loans with a clock, {late} past their day"
        out.print(table(title, columns, _rows(found, *columns)))

    session.show({"loans": found}, render)


@app.command("notice")
def notice(
    ctx: typer.Context,
    loan_id: Annotated[str, typer.Argument(metavar="LOAN")],
    kind: Annotated[str, typer.Option(help="BANKRUPTCY, FRAUD or DEATH")],
    received: Annotated[
        str, typer.Option(metavar="DAY", help="when the bank received or discovered it")
    ],
) -> None:
    """Note that the bank was told of a bankruptcy, a fraud or a death: the first day counts."""
    _tell(session_of(ctx), f"/v1/loans/{loan_id}/notices", {"kind": kind, "received": received})


@app.command("valuation")
def valuation(
    ctx: typer.Context,
    loan_id: Annotated[str, typer.Argument(metavar="LOAN")],
    *,
    value: Annotated[str, typer.Option(metavar="AMOUNT", help="what the collateral is worth")],
    valued_on: Annotated[str, typer.Option("--on", metavar="DAY", help="when it was valued")],
    cost: Annotated[str, typer.Option(metavar="AMOUNT", help="of selling it")] = "0",
    assured: Annotated[
        bool, typer.Option("--assured", help="it is being taken back, whatever the product")
    ] = False,
) -> None:
    """Note what collateral is worth: of a mortgage only what it does not cover is a loss."""
    body = {"value": value, "cost": cost, "valued_on": valued_on, "is_assured": assured}
    _tell(session_of(ctx), f"/v1/loans/{loan_id}/valuations", body)


@app.command("re-age")
def re_age(
    ctx: typer.Context,
    loan_id: Annotated[str, typer.Argument(metavar="LOAN")],
    reaged_on: Annotated[str, typer.Option("--on", metavar="DAY", help="when it was re-aged")],
    oldest_unpaid: Annotated[
        str | None, typer.Option(metavar="DAY", help="the oldest unpaid due date from then on")
    ] = None,
) -> None:
    """Begin the clock of an open-end loan anew, as its loan system did."""
    body = {"reaged_on": reaged_on, "oldest_unpaid": oldest_unpaid}
    _tell(session_of(ctx), f"/v1/loans/{loan_id}/re-age", body)


def _tell(session: Session, path: str, body: Json) -> None:
    with session.doors_of_tenant(TENANTS, *CLOSERS) as doors:
        told = doors.post("ledger", path, body)
    session.show(told, lambda out: out.print(pairs(str(told["result"]), told)))


def _with_cases(session: Session, loans: list[Json]) -> list[Json]:
    """Add to each loan the case that is open on it, and where that stands; none: no case."""
    cases: dict[str, Json] = {}
    with session.doors_of_tenant(TENANTS, *CASE_READERS) as doors:
        for state in OPEN_STATES if loans else ():
            for case in _cases(doors, state):
                cases.setdefault(case["loan_id"], case)
    return [
        {
            **loan,
            "case": cases.get(loan["loan_id"], {}).get("case_number"),
            "stage": cases.get(loan["loan_id"], {}).get("stage"),
        }
        for loan in loans
    ]


def _cases(doors: Doors, state: str) -> Iterator[Json]:
    after: str | None = None
    while True:
        found = doors.get("case", "/v1/cases", state=state, after=after, limit=PAGE)["cases"]
        yield from found
        if len(found) < PAGE:
            return
        after = found[-1]["case_id"]


def _go_through(session: Session, doors: Doors, month: str, how: Json) -> Json:
    """Take step after step until no loan is left. Raises Trouble where it does not go on."""
    total, done, since = how["loans"] + how["left"], how["loans"], time.monotonic()
    with session.progress(f"month end {month}", total=total) as tell:
        while how["left"]:
            tell(how["loans"])
            how = doors.post("ledger", f"/v1/month-ends/{month}/step", {})
            if how["loans"] > done:
                done, since = how["loans"], time.monotonic()
                continue
            if time.monotonic() - since > STILL_S:
                raise Trouble(
                    f"{how['left']} loans are not gone through: {', '.join(how['waiting'])}, …",
                    next_step="`writeoff mesh why` tells what waits; then the same command again",
                    exit_code=Exit.TIME_RAN_OUT,
                )
            time.sleep(PAUSE_S)
    return how


def _rows(loans: list[Json], *columns: str) -> list[list[object]]:
    return [
        [
            amount(row[name.lstrip(">")], row["currency"])
            if name in MONEY
            else row[name.lstrip(">")]
            for name in columns
        ]
        for row in loans[:SHOWN_MAX]
    ]
