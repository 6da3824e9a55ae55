"""The door of scenario tenants, which only a development stack has: steps in, books out.

Amounts are minor units: a scenario's currency is its own.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Literal
from uuid import UUID

from aiohttp import web
from mesh.doors import Command, Doors, Refusal, person_of, read_json, require, respond, tenant_of
from mesh.service import Key
from pydantic import BaseModel, ConfigDict, Field

from ledger.domain.events import LoanState
from ledger.scenario.view import View
from ledger.service import Ledger
from ledger.store import loading, reads

ALLOWANCE = "allowance"
"""Kind of the key of a tenant's allowance in a currency."""

PUTTERS = ("admin",)

STEPS_MAX = 1_000
"""Of one request: what a door may put in at once."""

WAIT_S = 25.0
"""A burst of so many on one loan takes some turns; a handler has 30 s."""


class Put(BaseModel):
    """One thing to be heard: of a loan, or of the allowance."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["OpenRehearsedLoan", "OpenRehearsedAllowance", "Rehearse"]
    loan: str | None
    """None: it is the allowance's."""
    body: dict[str, Any]


class Puts(BaseModel):
    """Things to be heard in their order, as `rehearsal.messages` has them."""

    model_config = ConfigDict(extra="forbid")

    currency: str
    puts: list[Put] = Field(max_length=STEPS_MAX)


def routes(
    doors: Doors, *, service: Ledger, is_scenario: Callable[[str], bool]
) -> list[web.RouteDef]:
    """Give the routes of scenario tenants."""
    stage = _Stage(doors, service, is_scenario)
    return [
        web.post("/v1/scenario", stage.put),
        web.get("/v1/scenario/loan", stage.loan),
        web.get("/v1/scenario/allowance", stage.allowance),
    ]


class _Stage:
    """The handlers."""

    def __init__(self, doors: Doors, service: Ledger, is_scenario: Callable[[str], bool]) -> None:
        self._doors = doors
        self._service = service
        self._is_scenario = is_scenario

    async def put(self, request: web.Request) -> web.Response:
        """Put things into their lanes and tell what came of each, in order."""
        tenant, person = self._tenant(request), person_of(request)
        asked = await read_json(request, Puts)
        items = [
            Command(_key(tenant, each.loan, asked.currency), each.kind, each.body, person)
            for each in asked.puts
        ]
        replies = await self._doors.commands(items, wait_s=WAIT_S)
        told = [{"done": r.done, "code": r.code, **r.body} for r in replies]
        return respond({"replies": told})

    async def loan(self, request: web.Request) -> web.Response:
        """Tell a loan as a scenario looks at it, with its entries; none where there is no loan."""
        tenant = self._tenant(request)
        key = Key(tenant, request.query.get("id", ""))
        reader = self._doors.reader
        state = (await self._service.load(reader, {key: ()}))[key]
        assert isinstance(state, LoanState)
        entries = await reads.journals_of_loan(reader, tenant, key.id)
        view = View.of(state.loan).to_json() if state.loan else None
        return respond({"view": view, "entries": _entries(*entries)})

    async def allowance(self, request: web.Request) -> web.Response:
        """Tell the balance of an allowance, and the provisions."""
        tenant, reader = self._tenant(request), self._doors.reader
        key = Key(tenant, request.query.get("currency", ""), ALLOWANCE)
        balances = await loading.allowances(reader, {key: request.query.get("code", "")})
        entries = await reads.journals_of_no_loan(reader, tenant)
        return respond({"balance_minor": balances.get(key, 0), "entries": _entries(*entries)})

    def _tenant(self, request: web.Request) -> str:
        require(person_of(request), *PUTTERS)
        tenant = tenant_of(request)
        if not self._is_scenario(tenant):
            raise Refusal(403, "TENANT_NOT_ALLOWED", f"{tenant} is no scenario")
        return tenant


def _key(tenant: str, loan: str | None, currency: str) -> Key:
    return Key(tenant, currency, ALLOWANCE) if loan is None else Key(tenant, loan)


def _entries(journals: reads.Rows, lines: reads.Rows) -> list[dict[str, Any]]:
    """Write entries in their order, openings left out: they are no postings."""
    of_entry: dict[UUID, list[tuple[str, str, int, int]]] = defaultdict(list)
    for line in lines:
        sides = (line["debit_minor"], line["credit_minor"])
        of_entry[line["entry_id"]].append((line["book"], line["code"], *sides))
    return [
        {
            "entry_id": row["entry_id"],
            "tx": row["tx"],
            "kind": row["kind"],
            "lines": of_entry[row["entry_id"]],
        }
        for row in journals
        if row["kind"] != "OPENING"
    ]
