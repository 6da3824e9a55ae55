"""`writeoff reports`: what the books held on any day, as known then or later."""

import codecs
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from writeoff.clock import today_utc
from writeoff.door import Json
from writeoff.exits import Exit, Refused, Trouble
from writeoff.reports.drawing import draw
from writeoff.reports.reading import (
    SHOWN_MAX,
    CsvReading,
    JsonReading,
    Reading,
    Sink,
    read,
    written,
)
from writeoff.root import session_of
from writeoff.session import Session

app = typer.Typer(
    help="Reports of the books: as of any day, as known at any moment, as table, CSV or JSON.",
    no_args_is_help=True,
)

READERS = ("auditor", "admin")

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DAY", help="of which value date: today")
]
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at",
        metavar="WHEN",
        help="as known at the end of a day, or at a moment as 2026-01-31T18:00:00Z: now",
    ),
]
Since = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="from which value date: all")
]
Currency = Annotated[str | None, typer.Option(metavar="CODE", help="of this currency only")]
AsCsv = Annotated[bool, typer.Option("--csv", help="write CSV, every row and column")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="write all of it to this .csv or .json file"),
]


class By(StrEnum):
    """What the lines of an ageing are."""

    DAYS = "days"
    MONTHS = "months"
    LOAN = "loan"


@app.command("journal")
def journal(
    ctx: typer.Context,
    *,
    since: Since = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    currency: Currency = None,
    csv: AsCsv = False,
    out: Out = None,
) -> None:
    """Tell the general-ledger journal: every line, in the order of booking."""
    asked = _asked(as_of, known_at, currency=currency) | {"from": since}
    _tell(ctx, "journal", asked, csv=csv, out=out)


@app.command("trial-balance")
def trial_balance(
    ctx: typer.Context,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    currency: Currency = None,
    csv: AsCsv = False,
    out: Out = None,
) -> None:
    """Tell what every code of every book holds; debits = credits, and CUST = BNK + CO."""
    _tell(ctx, "trial-balance", _asked(as_of, known_at, currency=currency), csv=csv, out=out)


@app.command("statement")
def statement(
    ctx: typer.Context,
    loan_id: Annotated[str, typer.Argument(metavar="LOAN")],
    *,
    since: Since = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    csv: AsCsv = False,
    out: Out = None,
) -> None:
    """Tell a loan's movements in its three books, its unpaid bills, and each balance type."""
    asked = _asked(as_of, known_at) | {"from": since, "loan": loan_id}
    _tell(ctx, "statement", asked, csv=csv, out=out)


@app.command("roll-forward")
def roll_forward(
    ctx: typer.Context,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    currency: Currency = None,
    csv: AsCsv = False,
    out: Out = None,
) -> None:
    """Tell charge-offs, recoveries and the allowance of the year to date (call report RI-B)."""
    _tell(ctx, "roll-forward", _asked(as_of, known_at, currency=currency), csv=csv, out=out)


@app.command("fasb")
def fasb(
    ctx: typer.Context,
    *,
    percent: Annotated[
        str | None, typer.Option(metavar="P", help="of what is outstanding: above 0, up to 100")
    ] = None,
    amount: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="of one loan: needs --loan")
    ] = None,
    loan: Annotated[str | None, typer.Option(metavar="ID", help="of this loan only")] = None,
    product: Annotated[str | None, typer.Option(help="of this product only")] = None,
    segment: Annotated[str | None, typer.Option(help="PERSONAL or BUSINESS only")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    currency: Currency = None,
    csv: AsCsv = False,
    out: Out = None,
) -> None:
    """Report losses by amount or percentage (FASB): a provision, or a line; no balance moves."""
    asked = _asked(as_of, known_at, currency=currency)
    asked |= {"percent": percent, "amount": amount, "loan": loan}
    asked |= {"product": product, "segment": segment}
    _tell(ctx, "fasb", asked, csv=csv, out=out)


@app.command("ageing")
def ageing(
    ctx: typer.Context,
    *,
    by: Annotated[
        By, typer.Option(help="days past due, months in arrears, or each loan")
    ] = By.DAYS,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    currency: Currency = None,
    csv: AsCsv = False,
    out: Out = None,
) -> None:
    """Tell what is owed by how late it is: by product and segment, or loan by loan."""
    asked = _asked(as_of, known_at, currency=currency) | {"by": by.value}
    _tell(ctx, "ageing", asked, csv=csv, out=out)


def _asked(as_of: str | None, known_at: str | None, *, currency: str | None = None) -> Json:
    """Say what every report is asked with; a day that is over was known until its end."""
    if known_at and DAY.fullmatch(known_at):
        known_at = None if known_at == str(today_utc()) else f"{known_at}T23:59:59.999999Z"
    return {"as_of": as_of, "known_at": known_at, "currency": currency}


def _tell(ctx: typer.Context, name: str, asked: Json, *, csv: bool, out: Path | None) -> None:
    """Read a report and show it: as a table, or all of it to the output or a file."""
    session = session_of(ctx)
    form = _form(csv=csv, json=session.json, out=out)
    reading: Reading = CsvReading() if form == ".csv" else JsonReading(SHOWN_MAX)
    if out is not None:
        with written(out) as file:
            rows = _read(session, name, asked, reading, file.write)
        told = {"report": name, "file": str(out), "rows": rows}
        session.show(told, lambda screen: screen.print(f"{rows} rows in {out}", highlight=False))
    elif form == ".csv" or session.json:
        _read(session, name, asked, reading, _onto(session))
    else:
        assert isinstance(reading, JsonReading), "a table is drawn from JSON"
        _read(session, name, asked, reading, len)
        draw(session.out, reading)


def _form(*, csv: bool, json: bool, out: Path | None) -> str:
    """Say in which form all of it is wanted: as the file is named, else as the options say."""
    if out is None:
        return ".csv" if csv else ".json"
    if out.suffix not in {".csv", ".json"} or (csv and out.suffix != ".csv"):
        raise Trouble(
            f"what shall {out} be?",
            next_step="name it FILE.csv or FILE.json",
            exit_code=Exit.USAGE,
        )
    return out.suffix


def _read(session: Session, name: str, asked: Json, reading: Reading, sink: Sink) -> int:
    """Read a report of the tenant that is meant; of a loan, of the one that has it."""
    if session.tenant is None and len(session.tenants()) > 1 and not asked.get("loan"):
        raise Trouble(
            "whose books? A report is of one tenant",
            next_step=f"give --tenant: {', '.join(session.tenants())}",
            exit_code=Exit.USAGE,
        )
    for tenant in session.tenants():
        with session.doors(*READERS, tenant=tenant) as doors:
            try:
                return read(session, doors, name, asked, reading=reading, sink=sink)
            except Refused as refused:
                if refused.exit_code is not Exit.FAILED:
                    raise
    raise Trouble(f"no loan {asked['loan']}", next_step="check the id: `writeoff loans show ID`")


def _onto(session: Session) -> Sink:
    """Write bytes to the output as they are."""
    decode = codecs.getincrementaldecoder("utf-8")().decode
    return lambda chunk: session.out.file.write(decode(chunk))
