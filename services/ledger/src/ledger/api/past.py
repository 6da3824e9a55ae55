"""What the books tell of a loan's past: balances as of a day, its transactions, its entries."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any

from aiohttp import web
from mesh.doors import Doors, Refusal, person_of, refused, require, respond, tenant_of
from mesh.service import Key
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ledger.api import views
from ledger.domain.money import to_text
from ledger.domain.policy import Book
from ledger.domain.row import EARLIEST, LATEST
from ledger.store import balances, reads

READERS = ("loan_agent", "document_agent", "authorizer", "back_office", "admin", "auditor")
"""Who may see loans and journals; there are no names in them."""

LIMIT, LIMIT_MAX = 100, 1_000
"""Rows of one page: a second of reading, and well under a megabyte."""


def _in_range(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise ValueError("not between 1900 and 2200")
    return day


class When(BaseModel):
    """As of which value date, as known at which moment; what is not said is now."""

    model_config = ConfigDict(extra="forbid")

    as_of: Annotated[date, AfterValidator(_in_range)] | None = None
    known_at: AwareDatetime | None = None


class Page(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid")

    after: int = Field(default=0, ge=0, lt=2**63)
    limit: int = Field(default=LIMIT, ge=1, le=LIMIT_MAX)


class Past:
    """The handlers."""

    def __init__(self, doors: Doors) -> None:
        """Read by the doors' reader."""
        self._doors = doors

    def routes(self) -> list[web.RouteDef]:
        """Give the routes of lists; balances are told by the loan's own."""
        return [
            web.get("/v1/loans/{loan_id}/transactions", self.transactions),
            web.get("/v1/loans/{loan_id}/entries", self.entries),
        ]

    async def balances(self, request: web.Request) -> web.Response:
        """Tell what a loan held on a day, as known at a moment."""
        key, now = _key(request), datetime.now(UTC)
        when = _query(request, When)
        as_of, known_at = when.as_of or now.date(), when.known_at or now
        if as_of > now.date() or known_at > now:
            return refused("FUTURE_DATE", "the day or the moment is in the future")
        reader = self._doors.reader
        came_in = await balances.came_in(reader, key.tenant, key.id)
        if came_in is None:
            return refused("UNKNOWN_LOAN", "no such loan", status=404)
        if as_of < came_in["value_date"]:
            return refused("DATE_BEFORE_OPENING", f"it was opened on {came_in['value_date']}")
        if known_at < came_in["booked_at"]:
            return refused("NOT_KNOWN_YET", f"it came into the books at {came_in['booked_at']}")
        held = await balances.held(reader, key.tenant, key.id, as_of=as_of, known_at=known_at)
        told = {"loan_id": key.id, "as_of": as_of, "known_at": known_at}
        return respond(told | _books(held, came_in["currency"]))

    async def transactions(self, request: web.Request) -> web.Response:
        """Tell a loan's transactions in the order of arrival, also those that do not stand."""
        key, page = _key(request), _query(request, Page)
        reader = self._doors.reader
        if await balances.came_in(reader, key.tenant, key.id) is None:
            return refused("UNKNOWN_LOAN", "no such loan", status=404)
        found = await balances.transactions(
            reader, key.tenant, key.id, after=page.after, limit=page.limit
        )
        last = found[-1]["seq"] if len(found) == page.limit else None
        return respond({"transactions": [_transaction(row) for row in found], "after": last})

    async def entries(self, request: web.Request) -> web.Response:
        """Tell a loan's entries in the order in which they were booked."""
        key, page = _key(request), _query(request, Page)
        found, lines = await reads.entries_of_loan(
            self._doors.reader, key.tenant, key.id, after=page.after, limit=page.limit
        )
        if not found and page.after == 0:
            return refused("UNKNOWN_LOAN", "no such loan", status=404)
        last = found[-1]["seq"] if len(found) == page.limit else None
        return respond({"entries": views.journals(found, lines), "after": last})


def _key(request: web.Request) -> Key:
    require(person_of(request), *READERS)
    return Key(tenant_of(request), request.match_info["loan_id"])


def _query[M: BaseModel](request: web.Request, model: type[M]) -> M:
    """Read the query of an address. Raises Refusal 400 naming every field that is wrong."""
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        fields = [
            {"field": ".".join(map(str, wrong["loc"])), "message": wrong["msg"]}
            for wrong in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise Refusal(400, "INVALID_FIELDS", "some fields are wrong", fields=fields)


def _books(held: reads.Rows, currency: str) -> dict[str, Any]:
    """Show balances, and the proof that CUST is BNK and CO together."""
    nothing = dict.fromkeys(views.COMPONENT_NAMES, 0)
    books = {book.value: dict(nothing) for book in Book}
    for row in held:
        books[row["book"]][row["component"]] = row["held_minor"]
    totals = {book: sum(parts.values()) for book, parts in books.items()}
    return {
        "currency": currency,
        "books": {
            book: {name: to_text(part, currency) for name, part in parts.items()}
            | {"total": to_text(totals[book], currency)}
            for book, parts in books.items()
        },
        "cust_less_bnk_and_co": to_text(totals["CUST"] - totals["BNK"] - totals["CO"], currency),
    }


def _transaction(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = (
        "transaction_id", "command", "value_date", "booked_at", "currency", "reason",
        "policy_version", "case_id", "grant_id", "actor",
    )  # fmt: skip
    away = {"by": row["taken_by"], "cause": row["cause"], "on": row["done_on"]}
    return {
        **{name: row[name] for name in shown},
        "amount": to_text(row["amount_minor"], row["currency"]),
        "asked": json.loads(row["asked"]),
        "stands": row["taken_by"] is None,
        "taken_away": away | {"actor": row["taken_away_by"]} if row["taken_by"] else None,
    }
