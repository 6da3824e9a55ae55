"""The routes of this service's door; those of tasks are the mesh's."""

from uuid import UUID

from aiohttp import web
from mesh.doors import Doors, Refusal, person_of, read_json, require, respond, tenant_of

from case.api import views
from case.api.models import CasesAsked, LoansAsked, Requests
from case.api.requests import submit
from case.domain.case import LoanFile
from case.service import CaseService
from case.store import reads

MAKERS = ("loan_agent", "back_office", "admin")
"""Who may open cases."""

READERS = (*MAKERS, "document_agent", "authorizer", "auditor")
"""Who may look at cases."""

LIMIT = 100
LIMIT_MAX = 1_000
"""What a person can look through; programs go on with `after`."""

FILTERS = ("state", "stage", "loan")


def routes(doors: Doors, service: CaseService) -> list[web.RouteDef]:
    """Give the routes, over this store."""
    door = _Door(doors, service)
    return [
        web.post("/v1/requests", door.submit),
        web.get("/v1/cases", door.list_cases),
        web.post("/v1/cases/wait", door.wait),
        web.get("/v1/cases/{case}", door.show_case),
        web.get("/v1/status/{case}", door.show_status),
        web.get("/v1/report", door.report),
        web.post("/v1/loans/held", door.held),
    ]


class _Door:
    def __init__(self, doors: Doors, service: CaseService) -> None:
        self.doors = doors
        self.service = service

    async def submit(self, request: web.Request) -> web.Response:
        """Open a case for each request, or check it."""
        tenant, by = tenant_of(request), person_of(request)
        require(by, *MAKERS)
        asked = await read_json(request, Requests)
        results = await submit(self.doors, self.service, asked, tenant=tenant, by=by)
        return respond({"results": results})

    async def list_cases(self, request: web.Request) -> web.Response:
        """Give cases in the order of their opening."""
        tenant = self._reading(request)
        query = dict(request.query)
        filters = [query.pop(name, None) for name in FILTERS]
        after, limit = query.pop("after", None), query.pop("limit", str(LIMIT))
        wrong = dict.fromkeys(query, "unknown")
        after_id = _to_uuid(after)
        if after is not None and after_id is None:
            wrong["after"] = "a case id"
        if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= LIMIT_MAX):
            wrong["limit"] = f"1 to {LIMIT_MAX}"
        if wrong:
            fields = [{"field": field, "message": message} for field, message in wrong.items()]
            raise Refusal(400, "INVALID_FIELDS", "some fields are wrong", fields=fields)
        rows = await reads.listed(
            self.doors.reader, tenant, filters=filters, after=after_id, limit=int(limit)
        )
        return respond({"cases": [views.listed(row) for row in rows]})

    async def show_case(self, request: web.Request) -> web.Response:
        """Give a case with terms, timeline, work notes and tasks."""
        file, case_id = await self._find(request)
        shown = views.detail(
            file,
            case_id,
            timeline=await reads.timeline(self.doors.reader, case_id),
            work_notes=await reads.work_notes(self.doors.reader, case_id),
        )
        return respond(shown)

    async def show_status(self, request: web.Request) -> web.Response:
        """Give a case as portals see it."""
        file, case_id = await self._find(request)
        return respond(views.status(file, file.cases[case_id], self.service.policy))

    async def report(self, request: web.Request) -> web.Response:
        """Give the tenant's cases, counted and summed."""
        tenant = self._reading(request)
        return respond(views.report(await reads.report(self.doors.reader, tenant)))

    async def wait(self, request: web.Request) -> web.Response:
        """Say how cases stand; those of nobody or of another tenant are left out."""
        tenant = self._reading(request)
        asked = await read_json(request, CasesAsked)
        rows = await reads.standing(self.doors.reader, tenant, asked.cases)
        shown = {
            str(row["case_id"]): {
                "state": row["state"],
                "waiting": row["waiting"],
                "code": row["code"],
            }
            for row in rows
        }
        return respond({"cases": shown})

    async def held(self, request: web.Request) -> web.Response:
        """Say which loans are not known here yet."""
        tenant = self._reading(request)
        asked = await read_json(request, LoansAsked)
        missing = await reads.missing_loans(self.doors.reader, tenant, asked.loans)
        return respond({"missing": missing})

    def _reading(self, request: web.Request) -> str:
        require(person_of(request), *READERS)
        return tenant_of(request)

    async def _find(self, request: web.Request) -> tuple[LoanFile, UUID]:
        """Find the case in the path. Raises Refusal 404, the same for another tenant's."""
        tenant = self._reading(request)
        found = await reads.find(self.doors.reader, tenant, request.match_info["case"])
        if found is None:
            raise Refusal(404, "CASE_UNKNOWN", "no such case")
        case_id, key = found
        files = await self.service.store.load(self.doors.reader, {key: ()})
        return files[key], case_id


def _to_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
