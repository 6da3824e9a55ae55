"""The HTTP door of the ledger: imports, and what the books hold."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from aiohttp import web
from mesh.doors import Doors, person_of, read_json, refused, require, respond, tenant_of
from mesh.service import Key, Service

from ledger.api import postings, previews, views
from ledger.api.imports import ImportRequest, check_rows, import_rows, read_rows
from ledger.api.past import LIMIT, LIMIT_MAX, READERS, Past
from ledger.domain.decide import LoanState
from ledger.preview.bureaus import Bureaus
from ledger.preview.settings import own_bureaus
from ledger.service import Ledger
from ledger.store import reads

IMPORTERS = ("admin", "back_office")


def routes(
    doors: Doors,
    *,
    service: Ledger,
    deciding: Service[Any, Any],
    tenants: Sequence[str],
    bureaus: Bureaus | None = None,
) -> list[web.RouteDef]:
    """Give the routes of this service.

    `deciding`: who decides in the lanes, so that a preview knows all that they do. `tenants`: whose
    books are summed up, scenarios are not. `bureaus`: none, those that come with the ledger.
    """
    past = Past(doors)
    books = Books(doors, service, past, tenants)
    return [
        web.post("/v1/loans/import", books.import_loans),
        web.get("/v1/loans", books.loans),
        web.get("/v1/loans/{loan_id}", books.loan),
        web.get("/v1/journals", books.journals),
        web.get("/v1/report", books.report),
        *past.routes(),
        *postings.routes(doors),
        *previews.routes(doors, service=deciding, bureaus=bureaus or Bureaus.parse(own_bureaus())),
    ]


class Books:
    """The handlers."""

    def __init__(self, doors: Doors, service: Ledger, past: Past, tenants: Sequence[str]) -> None:
        self._doors = doors
        self._service = service
        self._past = past
        self._tenants = list(tenants)

    async def import_loans(self, request: web.Request) -> web.Response:
        """Take loans and their customers in, line by line; with `check` only tell what would be."""
        person = person_of(request)
        require(person, *IMPORTERS)
        tenant = tenant_of(request)
        asked = await read_json(request, ImportRequest)
        rows, results = read_rows(asked.rows)
        if asked.check:
            told = await check_rows(rows, self._doors.reader, self._service, tenant=tenant)
        else:
            told = await import_rows(rows, self._doors, tenant=tenant, by=person)
        results |= told
        return respond({"results": [results[place] for place in sorted(results)]})

    async def loans(self, request: web.Request) -> web.Response:
        """Tell a tenant's loans, a page at a time."""
        require(person_of(request), *READERS)
        tenant = tenant_of(request)
        limit = request.query.get("limit", str(LIMIT))
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= LIMIT_MAX):
            return refused("INVALID_FIELDS", f"limit: 1 to {LIMIT_MAX}", status=400)
        after = request.query.get("after", "")
        found = await reads.loans(self._doors.reader, tenant, after=after, limit=int(limit))
        last = found[-1]["loan_id"] if len(found) == int(limit) else None
        return respond({"loans": [views.summary(row) for row in found], "after": last})

    async def loan(self, request: web.Request) -> web.Response:
        """Tell a loan: its three books, its lots, its journals; or what it held in the past."""
        require(person_of(request), *READERS)
        if request.query:
            return await self._past.balances(request)
        key = Key(tenant_of(request), request.match_info["loan_id"])
        reader = self._doors.reader
        state = (await self._service.load(reader, {key: ()}))[key]
        if not isinstance(state, LoanState) or state.loan is None:
            return refused("UNKNOWN_LOAN", "no such loan", status=404)
        journals = await reads.journals_of_loan(reader, key.tenant, key.id)
        return respond({**views.loan(key, state.loan), "journals": views.journals(*journals)})

    async def journals(self, request: web.Request) -> web.Response:
        """Tell the journals of a case."""
        require(person_of(request), *READERS)
        tenant = tenant_of(request)
        try:
            case_id = UUID(request.query.get("case_id", ""))
        except ValueError:
            return refused("INVALID_FIELDS", "case_id: a case's id is needed", status=400)
        found = await reads.journals_of_case(self._doors.reader, tenant, case_id)
        return respond({"journals": views.journals(*found)})

    async def report(self, request: web.Request) -> web.Response:
        """Tell what stands written off and whether the books balance: a tenant's, or all of his."""
        person = person_of(request)
        require(person, *READERS)
        if request.query.get("tenant") == "*":
            tenants = self._tenants if "*" in person.tenants else sorted(person.tenants)
        else:
            tenants = [tenant_of(request)]
        amounts, cases = await reads.written_off(self._doors.reader, tenants)
        balances, journals = await reads.trial_balance(self._doors.reader, tenants)
        return respond(views.report(amounts, cases, balances, journals=journals))
