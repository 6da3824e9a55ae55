"""The doors to a loan's past, over books in a real PostgreSQL."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from contracts.records import common
from ledger.api import routes
from ledger.domain.events import AskRefused
from ledger.store import reads
from ledger.wire.heard import PREVIEW
from mesh.doors import Doors
from mesh.http import Health, build, serve
from mesh.ports import DueRow
from mesh.service import Key
from mesh.tokens import Tokens
from prometheus_client import CollectorRegistry

from .bank import Bank
from .turning import NOW, Books

pytestmark = pytest.mark.stack

type Json = dict[str, Any]


class Closed:
    """A command store that takes nothing: these doors only read."""

    async def put(self, rows: list[DueRow]) -> None:
        raise AssertionError(rows)

    async def answers(self, ids: object) -> dict[Any, Any]:
        return {}


class Visitor:
    """An auditor at the doors."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str, **query: str) -> tuple[int, Json]:
        async with self._session.get(f"/v1/loans/LN-1{path}", params=query) as response:
            told = await response.json()
            return response.status, told.get("error", told)


@pytest.fixture
async def visitor(tmp_path: Path, books: Books) -> AsyncIterator[Visitor]:
    token = hashlib.sha256(b"otto").hexdigest()
    otto = {"name": "otto", "roles": ["auditor"], "tenants": ["*"], "token_sha256": token}
    path = tmp_path / "people.json"
    path.write_text(json.dumps([otto]))
    doors = Doors(
        Closed(),  # pyright: ignore[reportArgumentType]
        books,
        lanes=1,
        now=lambda: datetime.now(UTC),
        new_id=lambda: None,  # pyright: ignore[reportArgumentType]
        on_put=lambda _: None,
    )
    app = build(
        routes(doors, service=books.service, deciding=books.service, tenants=[books.tenant]),
        tokens=Tokens(path),
        health=Health(still_s=lambda: 0, reasons=list, lanes=list),
        registry=CollectorRegistry(),
        tenants=[books.tenant],
    )
    runner = await serve(app, "127.0.0.1", 0)
    host, port = runner.addresses[0][:2]
    headers = {"Authorization": "Bearer otto", "X-Tenant-ID": books.tenant}
    async with aiohttp.ClientSession(f"http://{host}:{port}", headers=headers) as session:
        yield Visitor(session)
    await runner.cleanup()


async def lived(books: Books) -> datetime:
    """Let LN-1 be paid late and told early; gives the moment between the two."""
    books.now = datetime.now(UTC) - timedelta(hours=2)
    await books.turn(books.loan("LN-1"))
    await books.turn(books.ask("LN-1", "Repay", "2026-11-10", amount="100.00"))
    books.now += timedelta(hours=1)
    await books.turn(books.ask("LN-1", "Repay", "2026-11-01", amount="50.00"))
    return books.now - timedelta(minutes=30)


async def test_what_a_loan_held_then_as_known_then_and_now(books: Books, visitor: Visitor) -> None:
    between = await lived(books)

    _, now = await visitor.get("", as_of="2026-11-05")
    _, then = await visitor.get("", as_of="2026-11-05", known_at=between.isoformat())
    _, today = await visitor.get("", known_at=between.isoformat())

    assert (now["books"]["BNK"]["total"], now["books"]["CUST"]["total"]) == ("950.00", "950.00")
    assert now["cust_less_bnk_and_co"] == "0.00"
    assert then["books"]["BNK"]["total"] == "1000.00"
    assert today["books"]["BNK"]["total"] == "900.00"
    assert (now["currency"], now["as_of"]) == ("USD", "2026-11-05")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"as_of": "2199-01-01"}, 422, "FUTURE_DATE"),
        ({"known_at": "2199-01-01T00:00:00Z"}, 422, "FUTURE_DATE"),
        ({"as_of": "2024-12-31"}, 422, "DATE_BEFORE_OPENING"),
        ({"known_at": "2020-01-01T00:00:00Z"}, 422, "NOT_KNOWN_YET"),
        ({"known_at": "2026-01-01"}, 400, "INVALID_FIELDS"),
        ({"as_of": "soon"}, 400, "INVALID_FIELDS"),
        ({"as_of": "0001-01-01"}, 400, "INVALID_FIELDS"),
        ({"colour": "red"}, 400, "INVALID_FIELDS"),
    ],
)
async def test_a_past_that_is_none_is_refused(
    books: Books, visitor: Visitor, query: dict[str, str], status: int, code: str
) -> None:
    await lived(books)

    told = await visitor.get("", **query)

    assert (told[0], told[1]["code"]) == (status, code)


async def test_an_unknown_loan_has_no_past(visitor: Visitor) -> None:
    for path, query in (("", {"as_of": "2026-01-01"}), ("/transactions", {}), ("/entries", {})):
        status, told = await visitor.get(path, **query)
        assert (status, told["code"]) == (404, "UNKNOWN_LOAN")


async def test_transactions_are_told_page_by_page_with_what_became_of_them(
    books: Books, visitor: Visitor
) -> None:
    await lived(books)
    await books.turn(books.grant("LN-1", kind="CHARGE_OFF", amount_minor=200_00))
    entries, _ = await reads.journals_of_loan(books, books.tenant, "LN-1")
    gone = entries[-1]["transaction_id"]
    of_kind = common.KindTerms(transaction_id=str(gone), cause="ERROR")
    await books.turn(books.grant("LN-1", 2, kind="REVERSAL", amount_minor=200_00, of_kind=of_kind))

    _, first = await visitor.get("/transactions", limit="2")
    _, rest = await visitor.get("/transactions", limit="2", after=str(first["after"]))

    assert [each["value_date"] for each in first["transactions"]] == ["2026-11-10", "2026-11-01"]
    assert first["transactions"][0]["asked"] == {"amount_minor": 100_00}
    assert first["transactions"][0]["actor"] == "back_office/bea"
    [taken] = rest["transactions"]
    assert (rest["after"], taken["command"], taken["stands"]) == (None, "charge_off", False)
    assert (taken["taken_away"]["by"], taken["taken_away"]["cause"]) == ("reverse", "ERROR")


async def test_entries_are_told_in_the_order_of_booking(books: Books, visitor: Visitor) -> None:
    await lived(books)

    _, first = await visitor.get("/entries", limit="1")
    _, rest = await visitor.get("/entries", after=str(first["after"]))
    _, beyond = await visitor.get("/entries", after="999999999")

    assert [each["kind"] for each in first["entries"]] == ["OPENING"]
    # The early payment took the interest, so the late one is told anew.
    assert [each["kind"] for each in rest["entries"]] == ["POST", "REVERSE", "POST", "REPLAY"]
    assert rest["entries"][1]["reverses"] == rest["entries"][0]["entry_id"]
    assert rest["entries"][0]["lines"][0]["debit"] == "100.00"
    assert beyond == {"entries": [], "after": None}


async def test_a_preview_knows_what_is_closed(connection: asyncpg.Connection) -> None:
    bank = Bank(connection)
    await bank.turn(bank.loan("LN-1"), bank.month("StartMonthEnd", "2026-10"))
    await bank.turn(bank.close_loan("LN-1", "2026-10"))
    await bank.turn(bank.month("CloseMonth", "2026-10"))
    fields = {"full": True, "reason": "AGED"}
    body = {"command": "write_off", "date": "2026-10-31", "currency": None, "fields": fields}
    key, message = bank.message(PREVIEW, body, Key(bank.tenant, "LN-1"))

    state = (await bank.load((key, message)))[key]
    [event] = bank.service.decide(state, message, now=NOW)

    assert isinstance(event, AskRefused)
    assert event.refusal.code == "PERIOD_CLOSED"
