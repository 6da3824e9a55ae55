"""The door to core banking: what loan systems were told and said, and balances to hold against."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from aiohttp import web
from mesh.doors import Doors, Refusal, person_of, refused, require, respond, tenant_of

from ledger.api import READERS
from ledger.core.instruction import Standing
from ledger.core.route import Mode, Routes
from ledger.domain.money import to_text
from ledger.store import core as store

LIMIT = 100
LIMIT_MAX = 1_000
"""What one answer holds: under a megabyte."""

STANDINGS = ("OPEN", "ALL", *(standing.value for standing in Standing))


def routes(doors: Doors, *, routed: Routes) -> list[web.RouteDef]:
    """Give the routes of core banking."""
    desk = Desk(doors, routed)
    return [
        web.get("/v1/core/instructions", desk.instructions),
        web.get("/v1/core/instructions/{instruction_id}", desk.instruction),
        web.get("/v1/core/strays", desk.strays),
        web.get("/v1/core/balances", desk.balances),
    ]


class Desk:
    """The handlers."""

    def __init__(self, doors: Doors, routed: Routes) -> None:
        self._doors = doors
        self._routed = routed

    async def instructions(self, request: web.Request) -> web.Response:
        """Tell a tenant's instructions, oldest first: those open, all, or of one standing."""
        tenant = _reader(request)
        query = Query(request, "standing", "loan", "after", "limit")
        standing = query.text("standing", "open").upper()
        if standing not in STANDINGS:
            raise _wrong("standing", f"one of {', '.join(each.lower() for each in STANDINGS)}")
        limit = query.limit()
        found = await store.page(
            self._doors.reader,
            tenant,
            standing=standing,
            loan_id=query.given("loan"),
            after=query.uuid("after"),
            limit=limit,
        )
        last = found[-1]["instruction_id"] if len(found) == limit else None
        return respond({"instructions": [_shown(row) for row in found], "after": last})

    async def instruction(self, request: web.Request) -> web.Response:
        """Tell one instruction with what it moves, by its id or its task's."""
        tenant = _reader(request)
        try:
            instruction_id = UUID(request.match_info["instruction_id"])
        except ValueError:
            return refused("UNKNOWN_INSTRUCTION", "no such instruction", status=404)
        row = await store.one(self._doors.reader, tenant, instruction_id)
        if row is None:
            return refused("UNKNOWN_INSTRUCTION", "no such instruction", status=404)
        currency = row["currency"]
        lines = [
            {
                "book": line.book,
                "code": line.code,
                "component": line.component,
                "debit": to_text(line.debit_minor, currency),
                "credit": to_text(line.credit_minor, currency),
            }
            for line in store.to_instruction(row).lines
        ]
        return respond({**_shown(row), "lines": lines})

    async def strays(self, request: web.Request) -> web.Response:
        """Tell what cores said that counted for nothing, oldest first."""
        tenant = _reader(request)
        query = Query(request, "after", "limit")
        limit = query.limit()
        found = await store.strays(
            self._doors.reader, tenant, after=query.uuid("after"), limit=limit
        )
        last = found[-1]["stray_id"] if len(found) == limit else None
        names = (
            "stray_id", "loan_id", "core", "instruction_id", "code", "message", "core_reference",
            "heard_at",
        )  # fmt: skip
        told = [{name: row[name] for name in names} for row in found]
        return respond({"strays": told, "after": last})

    async def balances(self, request: web.Request) -> web.Response:
        """Tell what the books hold of the loans that a core keeps, by loan id."""
        tenant = _reader(request)
        query = Query(request, "core", "after", "limit")
        limit, core = query.limit(), query.given("core")
        reader = self._doors.reader
        kept = [
            product
            for product in await store.products(reader, tenant)
            if self._is_kept(tenant, product, core)
        ]
        found = await store.balances(
            reader, tenant, of=kept, after=query.text("after", ""), limit=limit
        )
        last = found[-1]["loan_id"] if len(found) == limit else None
        return respond(
            {"products": sorted(kept), "balances": [_balance(row) for row in found], "after": last}
        )

    def _is_kept(self, tenant: str, product: str, core: str | None) -> bool:
        """Say whether a core keeps a product: this one, or any."""
        route = self._routed.of(tenant, product)
        return route.mode is Mode.CORE and core in (None, route.core)


class Query:
    """What stands behind the `?`. Raises Refusal 400 naming what is wrong."""

    def __init__(self, request: web.Request, *known: str) -> None:
        self._given = dict(request.query)
        if unknown := sorted(self._given.keys() - set(known)):
            raise _wrong(unknown[0], "unknown")

    def given(self, name: str) -> str | None:
        """Give a text, if there is one."""
        return self._given.get(name) or None

    def text(self, name: str, default: str) -> str:
        """Give a text."""
        return self._given.get(name, default)

    def uuid(self, name: str) -> UUID | None:
        """Give an id, if there is one."""
        text = self.given(name)
        try:
            return UUID(text) if text else None
        except ValueError:
            raise _wrong(name, "an id is needed") from None

    def limit(self) -> int:
        """Give how many are wanted."""
        text = self.text("limit", str(LIMIT))
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LIMIT_MAX):
            raise _wrong("limit", f"1 to {LIMIT_MAX}")
        return int(text)


def _reader(request: web.Request) -> str:
    require(person_of(request), *READERS)
    return tenant_of(request)


def _wrong(field: str, message: str) -> Refusal:
    fields: Sequence[Mapping[str, str]] = ({"field": field, "message": message},)
    return Refusal(400, "INVALID_FIELDS", f"{field}: {message}", fields=fields)


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    names = (
        "instruction_id", "loan_id", "transaction_id", "case_id", "core", "command", "product",
        "value_date", "currency", "standing", "instructed_at", "chased", "chased_at", "code",
        "message", "core_reference", "settled_at", "settled_by",
    )  # fmt: skip
    currency = row["currency"]
    return {
        **{name: row[name] for name in names},
        "amount": to_text(row["amount_minor"], currency),
        "balance_after": to_text(row["balance_after_minor"], currency),
    }


def _balance(row: Mapping[str, Any]) -> dict[str, Any]:
    currency = row["currency"]
    return {
        "loan_id": row["loan_id"],
        "product": row["product"],
        "status": row["status"],
        "currency": currency,
        "outstanding": to_text(row["outstanding_minor"], currency),
        "charged_off": to_text(row["off_minor"], currency),
        "unacknowledged": row["unacknowledged"],
    }
