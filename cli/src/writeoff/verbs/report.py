"""`writeoff report`: what was written off, refused, and waits."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import typer
from rich.console import Console

from writeoff.door import Json
from writeoff.money import decimals_of, grouped
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import pairs, table

COMPONENTS = ("principal", "interest", "fees", "penalties", "tax")


def report(ctx: typer.Context) -> None:
    """Tell what was written off, by currency; what was refused, by code; what waits; the books.

    Over all tenants, or that of --tenant. `written_off` counts distinct cases with a standing
    posting; `trial_balance` is debits less credits, and zero.
    """
    session = session_of(ctx)
    data = gather(session, session.tenants())
    session.show(data, lambda out: render(out, data))


def gather(session: Session, tenants: Sequence[str]) -> Json:
    """Ask the services about these tenants, and add up."""
    parts = [_of_tenant(session, tenant) for tenant in tenants]
    return {
        "written_off": _sum_written_off(part["written_off"] for part in parts),
        "refused": _sum_counts(part["refused"] for part in parts),
        "waiting": sum(part["waiting"] for part in parts),
        "trial_balance": _sum_money(part["trial_balance"] for part in parts),
        "declined": sum(part["declined"] for part in parts),
        "open": sum(part["open"] for part in parts),
        "cases": _sum_nested(part["cases"] for part in parts),
        "journals": sum(part["journals"] for part in parts),
        "notices": _sum_counts(part["notices"] for part in parts),
        "tenants": list(tenants),
    }


def render(out: Console, data: Json) -> None:
    """Draw a report."""
    columns = ("currency", ">cases", *(f">{name}" for name in COMPONENTS), ">total")
    rows: list[tuple[object, ...]] = []
    for currency, row in data["written_off"].items():
        amounts = [Decimal(row.get(name, "0")) for name in COMPONENTS]
        told = [grouped(_decimal(each, currency)) for each in (*amounts, sum(amounts, Decimal(0)))]
        rows.append((currency, row["cases"], *told))
    out.print(table("written off", columns, rows))
    if data["cases"]:
        out.print(table("cases", ("state", "stage", ">cases"), stages(data["cases"])))
    if data["refused"]:
        out.print(table("refused", ("code", ">cases"), data["refused"].items()))
    balance = {currency: grouped(v) for currency, v in data["trial_balance"].items()}
    out.print(table("trial balance", ("currency", ">debits less credits"), balance.items()))
    told_rest: dict[str, object] = {"waiting for a person": data["waiting"]}
    told_rest |= {"journals": data["journals"]}
    told_rest |= {f"notices {state}": count for state, count in data["notices"].items()}
    out.print(pairs("besides", told_rest))


def stages(cases: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str, int]]:
    """Return a line for each state and stage; in a terminal outcome both are the same word."""
    return [
        (state, "" if stage == state else stage, count)
        for state, by_stage in cases.items()
        for stage, count in by_stage.items()
    ]


def _of_tenant(session: Session, tenant: str) -> Json:
    with session.doors("auditor", "admin", tenant=tenant) as doors:
        ledger = doors.get("ledger", "/v1/report")
        case = doors.get("case", "/v1/report")
        notices = doors.get("notifications", "/v1/report")
    return {
        "written_off": ledger["written_off"],
        "trial_balance": ledger["trial_balance"],
        "journals": ledger["journals"],
        "refused": case["refused"],
        "waiting": case["waiting"],
        "declined": case["declined"],
        "open": case["open"],
        "cases": case["cases"],
        "notices": notices["notices"],
    }


def _sum_written_off(parts: Iterable[Mapping[str, Mapping[str, object]]]) -> Json:
    sums: dict[str, dict[str, Decimal]] = {}
    for part in parts:
        for currency, row in part.items():
            into = sums.setdefault(currency, {})
            for name, value in row.items():
                into[name] = into.get(name, Decimal(0)) + Decimal(str(value))
    return {
        currency: {
            name: int(value) if name == "cases" else _decimal(value, currency)
            for name, value in row.items()
        }
        for currency, row in sorted(sums.items())
    }


def _sum_money(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    sums: dict[str, Decimal] = {}
    for part in parts:
        for currency, value in part.items():
            sums[currency] = sums.get(currency, Decimal(0)) + Decimal(value)
    return {currency: _decimal(value, currency) for currency, value in sorted(sums.items())}


def _sum_counts(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for part in parts:
        sums.update(part)
    return dict(sorted(sums.items()))


def _sum_nested(parts: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, dict[str, int]]:
    sums: dict[str, Counter[str]] = {}
    for part in parts:
        for name, counts in part.items():
            sums.setdefault(name, Counter()).update(counts)
    return {name: dict(sorted(counts.items())) for name, counts in sorted(sums.items())}


def _decimal(value: Decimal, currency: str) -> str:
    return f"{value:.{decimals_of(currency)}f}"
