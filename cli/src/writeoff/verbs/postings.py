"""`writeoff loans …`, `writeoff allowance`: what the ledger posts at its own doors, and would."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from writeoff.clock import today_utc
from writeoff.door import Json
from writeoff.exits import Exit, Trouble
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import amount, pairs, table
from writeoff.verbs.loans import LINE, find, render_books
from writeoff.verbs.loans import app as loans

allowance = typer.Typer(
    help="The allowance for losses: move it, by an amount or to a target.", no_args_is_help=True
)

POSTERS = ("back_office", "admin")
READERS = ("auditor", "admin")

PATHS = {
    "repay": "repay",
    "refund": "refund",
    "goodwill_credit": "goodwill-credit",
    "credit_balance_refund": "credit-balance-refund",
    "accrue": "accrue",
    "report_charge_off": "report-charge-off",
}
"""What may be posted without a grant, and where."""

TRANSACTIONS_SHOWN = 1_000

LoanId = Annotated[str, typer.Argument(metavar="LOAN", help="the loan's id")]
Fields = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE…",
        help='amount=100.00, date=2026-01-31 (today), portions=\'{"principal": "100.00"}\'',
    ),
]
RequestId = Annotated[
    str | None,
    typer.Option(metavar="ID", help="the same id again posts nothing and tells the same"),
]


@loans.command("post")
def post(
    ctx: typer.Context,
    loan_id: LoanId,
    command: Annotated[str, typer.Argument(metavar="COMMAND", help=", ".join(PATHS))],
    fields: Fields = None,
    request_id: RequestId = None,
) -> None:
    """Post what needs no grant: money that comes or goes back, interest; report a loss (FASB).

    writeoff loans post LN-1 repay amount=250.00
    """
    if command not in PATHS:
        raise Trouble(
            f"{command} is not posted here",
            next_step=f"one of {', '.join(PATHS)}; a loss needs a case: writeoff requests --help",
            exit_code=Exit.USAGE,
        )
    session = session_of(ctx)
    body = {"date": today_utc().isoformat()} | read_fields(fields or ())
    loan = find(session, loan_id)
    path = f"/v1/loans/{loan_id}/{PATHS[command]}"
    _post(session, path, body, tenant=loan["tenant"], request_id=request_id)


@allowance.command("provision")
def provision(
    ctx: typer.Context,
    currency: Annotated[str, typer.Argument(metavar="CURRENCY", help="as EUR")],
    fields: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE…", help="amount=…, or target=…; date=…")
    ],
    request_id: RequestId = None,
) -> None:
    """Raise the allowance by an amount, or bring it to a target.

    writeoff allowance provision EUR target=20000.00 --tenant demo
    """
    session = session_of(ctx)
    if session.tenant is None:
        raise Trouble("whose allowance?", next_step="give --tenant T", exit_code=Exit.USAGE)
    body = {"date": today_utc().isoformat()} | read_fields(fields)
    path = f"/v1/allowance/{currency}/provision"
    _post(session, path, body, tenant=session.tenant, request_id=request_id)


@loans.command("preview")
def preview(
    ctx: typer.Context,
    loan_id: LoanId,
    command: Annotated[
        str, typer.Argument(metavar="COMMAND", help="write_off, charge_off, reverse, repay, …")
    ],
    fields: Fields = None,
) -> None:
    """Tell what a command would give: journals, balances, bureau record, tax. Nothing is posted.

    writeoff loans preview LN-1 write_off full=true reason=AGED
    """
    session = session_of(ctx)
    body = {"date": today_utc().isoformat()} | read_fields(fields or ()) | {"command": command}
    loan = find(session, loan_id)
    with session.doors(*READERS, tenant=loan["tenant"]) as doors:
        told = doors.post("ledger", f"/v1/loans/{loan_id}/preview", body)
    session.show(told, lambda out: _render_preview(out, told))
    if told["result"] == "refused":
        raise typer.Exit(int(Exit.REFUSED))


@loans.command("transactions")
def transactions(ctx: typer.Context, loan_id: LoanId) -> None:
    """List a loan's transactions in the order of arrival, also those that were taken back."""
    session = session_of(ctx)
    loan = find(session, loan_id)
    path = f"/v1/loans/{loan_id}/transactions"
    with session.doors(*READERS, tenant=loan["tenant"]) as doors:
        found = list(doors.pages("ledger", path, "transactions", limit=TRANSACTIONS_SHOWN))
    session.show({"transactions": found}, lambda out: out.print(_transactions(loan_id, found)))


def read_fields(given: Sequence[str]) -> dict[str, Any]:
    """Read KEY=VALUE; `true` and JSON tables are read as such. Raises Trouble."""
    fields: dict[str, Any] = {}
    for each in given:
        key, sign, value = each.partition("=")
        if not sign or not key:
            raise Trouble(
                f"{each!r} is not KEY=VALUE", next_step="as amount=100.00", exit_code=Exit.USAGE
            )
        fields[key] = _value(key, value)
    return fields


def _value(key: str, text: str) -> Any:
    if text == "true":
        return True
    if not text.startswith("{"):
        return text
    try:
        return json.loads(text)
    except json.JSONDecodeError as wrong:
        raise Trouble(
            f"{key}: no JSON: {wrong}",
            next_step='as \'{"principal": "100.00"}\'',
            exit_code=Exit.USAGE,
        ) from None


def _post(
    session: Session, path: str, body: Mapping[str, Any], *, tenant: str, request_id: str | None
) -> None:
    with session.doors(*POSTERS, tenant=tenant) as doors:
        told = doors.post("ledger", path, body, request_id=request_id)
    session.show(told, lambda out: out.print(pairs(str(told["result"]), told)))
    if told["result"] == "pending":
        session.note("it is kept and will be heard: ask again with the same --request-id")
        raise typer.Exit(int(Exit.TIME_RAN_OUT))


def _render_preview(out: Console, told: Json) -> None:
    if told["result"] == "refused":
        out.print(pairs(f"{told['command']} would be refused", _only(told, "code", "message")))
        return
    for journal in told["journals"]:
        lines = [[line[c] for c in LINE] for line in journal["lines"]]
        title = f"{journal['kind']} {journal['command']} of {journal['value_date']}"
        columns = ("book", "account", "component", ">debit", ">credit")
        out.print(table(f"{title}, loan {journal['loan_id']}", columns, lines))
    before, after = told["before"], told["after"]
    for title, loan in (("before", before), ("after", after)):
        out.print(render_books(title, loan["books"]))
    out.print(pairs("afterwards", _only(after, "status", "charged_off", "outstanding", "overpaid")))
    out.print(pairs("credit bureau", told["bureau_record"]))
    out.print(pairs("tax form (1099-C)", told["tax_form"]))


def _only(told: Json, *names: str) -> Json:
    return {name: told[name] for name in names}


def _transactions(loan_id: str, found: Sequence[Json]) -> Any:
    columns = ("transaction", "command", "value date", "booked", ">amount", "case", "taken away")
    rows = [
        (
            each["transaction_id"],
            each["command"],
            each["value_date"],
            each["booked_at"],
            amount(each["amount"], each["currency"]),
            each["case_id"],
            "" if each["stands"] else "{by} on {on}, {cause}".format(**each["taken_away"]),
        )
        for each in found
    ]
    return table(f"{len(rows)} transactions of {loan_id}", columns, rows)
