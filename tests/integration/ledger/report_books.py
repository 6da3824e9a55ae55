"""The small lender of tests/golden/reports in a real database, and the doors of its reports."""

import hashlib
import json
import tomllib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
from ledger.api import reports
from ledger.domain.money import Rounding, to_minor
from ledger.domain.policy import Book, Method, Policy, Reason
from ledger.store.reports import Snapshots
from mesh.currency import DECIMALS
from mesh.http import Health, build, serve
from mesh.migrations import migrate
from mesh.tokens import Tokens
from prometheus_client import CollectorRegistry

GOLDEN = Path(__file__).parents[2] / "golden" / "reports"

PEOPLE = {"ada": "auditor", "oz": "operator"}

POLICY = Policy(
    version="2026-01",
    method=Method.ALLOWANCE,
    rounding=Rounding.HALF_UP,
    accounts={
        Book.BNK: {
            "CASH": "1000",
            "UNEARNED_INTEREST": "1190",
            "ALLOWANCE": "1900",
            "OVERPAYMENT": "2200",
            "CHARGE_OFF_INTEREST": "4001",
            "FRAUD": "6190",
        }
    },
    reasons={
        "AGED": Reason(),
        "UNCOLLECTIBLE": Reason(),
        "SETTLEMENT": Reason(charge_off="6120"),
        "FRAUD": Reason(charge_off="6191"),
    },
)

LOAN = (
    "tenant", "loan_id", "lane", "customer_id", "product", "segment", "currency", "opened",
    "accrued_to", "rate", "fraud", "row_hash", "status", "days_past_due", "oldest_unpaid_due",
    "instalment_minor", "earned_bnk", "earned_cust", "arrivals", "version",
)  # fmt: skip

HELD = (
    *(f"{b}_{c}" for b in ("bnk", "co", "cust", "recovered")
      for c in ("principal", "interest", "fees", "penalties", "tax")),
    "unearned_minor", "deferred_minor", "overpaid_minor", "memo_minor", "booked_bnk_minor",
    "booked_cust_minor",
)  # fmt: skip
"""Balances of today, in which no report looks."""

JOURNAL = (
    "seq", "entry_id", "lane", "tenant", "loan_id", "case_id", "transaction_id", "kind", "command",
    "reason", "value_date", "booked_at", "currency", "policy_version", "line_count", "reverses",
    "actor", "cause_id",
)  # fmt: skip

LINE = (
    "entry_id", "place", "book", "code", "component", "debit_minor", "credit_minor", "holds",
)  # fmt: skip

type Rows = Iterable[tuple[Any, ...]]


async def migrated(owner_dsn: str) -> None:
    """Bring the ledger's tables in."""
    await migrate(owner_dsn, folders=[("ledger", Path(str(files("ledger") / "migrations")))])


async def fill(owner_dsn: str, tenant: str = "books", *, after: int = 0) -> None:
    """Put the golden books in, as they stand in their file; their numbers come after `after`."""
    table = tomllib.loads((GOLDEN / "books.toml").read_text())
    for entry in table["entry"]:
        entry |= {name: entry[name] + after for name in ("seq", "reverses") if name in entry}
    loans = {loan["id"]: loan for loan in table["loan"]}
    first = {}
    for entry in table["entry"]:
        first.setdefault(entry["name"], entry["seq"])
    connection = await asyncpg.connect(owner_dsn)
    try:
        rows = [_loan(tenant, loan) for loan in table["loan"]]
        entries = [_entry(tenant, e, loans, first[e["name"]]) for e in table["entry"]]
        lines = [row for e in table["entry"] for row in _lines(e, loans)]
        async with connection.transaction():
            await copy(connection, "loan", (*LOAN, *HELD), rows)
            await copy(connection, "journal", JOURNAL, entries)
            await copy(connection, "journal_line", LINE, lines)
    finally:
        await connection.close()


async def copy(
    connection: asyncpg.Connection, table: str, columns: Iterable[str], rows: Rows
) -> None:
    """Add rows to a table in one statement."""
    await connection.copy_records_to_table(table, records=rows, columns=list(columns))


def _loan(tenant: str, loan: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give a loan's row: reports read what it is, and its balances from the journal."""
    instalment = loan.get("instalment")
    told = {
        "tenant": tenant,
        "loan_id": loan["id"],
        "customer_id": "C-1",
        "accrued_to": loan["opened"],
        "rate": "0",
        "fraud": False,
        "row_hash": "",
        "status": "ACTIVE",
        "earned_bnk": "0",
        "earned_cust": "0",
        "instalment_minor": instalment and _minor(instalment, loan["currency"]),
    }
    nothing = dict.fromkeys((*HELD, "lane", "arrivals", "version"), 0)
    return tuple((nothing | loan | told).get(name) for name in (*LOAN, *HELD))


def _entry(
    tenant: str, entry: Mapping[str, Any], loans: Mapping[str, Any], first: int
) -> tuple[Any, ...]:
    """Give an entry's row; its ids tell its number, the transaction's that of its first entry."""
    told = {
        "tenant": tenant,
        "entry_id": _id(entry["seq"]),
        "lane": 0,
        "loan_id": entry.get("loan"),
        "case_id": _id(2000 + entry["seq"]) if entry.get("case") else None,
        "transaction_id": _id(1000 + first),
        "currency": _currency(entry, loans),
        "policy_version": POLICY.version,
        "line_count": len(entry["lines"]),
        "reverses": _id(entry["reverses"]) if "reverses" in entry else None,
        "actor": "back_office/bea",
        "cause_id": _id(3000 + entry["seq"]),
    }
    return tuple((dict(entry) | told).get(name) for name in JOURNAL)


def _lines(entry: Mapping[str, Any], loans: Mapping[str, Any]) -> Iterable[tuple[Any, ...]]:
    currency = _currency(entry, loans)
    for place, (book, code, component, debit, credit, holds) in enumerate(entry["lines"]):
        sides = (_minor(debit or "0", currency), _minor(credit or "0", currency))
        yield (_id(entry["seq"]), place, book, code, component or None, *sides, holds)


def _currency(entry: Mapping[str, Any], loans: Mapping[str, Any]) -> str:
    return entry.get("currency") or loans[entry["loan"]]["currency"]


def _minor(text: str, currency: str) -> int:
    minor = to_minor(text, decimals=DECIMALS[currency])
    assert minor is not None
    return minor


def _id(number: int) -> UUID:
    return UUID(f"{number:032d}")


@asynccontextmanager
async def doors(dsn: str, folder: Path, *tenants: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Open the doors of the reports; `as_` says who asks."""
    async with address(dsn, folder, *tenants) as url, aiohttp.ClientSession(url) as session:
        yield session


@asynccontextmanager
async def address(dsn: str, folder: Path, *tenants: str) -> AsyncIterator[str]:
    """Open the doors of the reports and give where they are."""
    people = [
        {
            "name": name,
            "roles": [role],
            "tenants": list(tenants),
            "token_sha256": hashlib.sha256(name.encode()).hexdigest(),
        }
        for name, role in PEOPLE.items()
    ]
    path = folder / "people.json"
    path.write_text(json.dumps(people))
    app = build(
        reports.routes(Snapshots(dsn), lambda _: POLICY),
        tokens=Tokens(path),
        health=Health(still_s=lambda: 0, reasons=list, lanes=list),
        registry=CollectorRegistry(),
        tenants=tenants,
    )
    runner = await serve(app, "127.0.0.1", 0)
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}"
    await runner.cleanup()


def as_(name: str = "ada", tenant: str = "books") -> dict[str, str]:
    """Give the headers of who asks."""
    return {"Authorization": f"Bearer {name}", "X-Tenant-ID": tenant}
