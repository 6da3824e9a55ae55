"""The HTTP door of authorization: references come in and are shown, cases and counts are shown.

What people do to tasks comes in by the mesh's own routes.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from aiohttp import web
from mesh.doors import (
    Command,
    Doors,
    Reply,
    idempotency_key,
    person_of,
    read_json,
    refused,
    require,
    respond,
    tenant_of,
)
from mesh.people import Person
from mesh.service import Key
from pydantic import BaseModel, ConfigDict, Field

from authorization.api.register import Line, read_line
from authorization.domain.events import CommandRefused
from authorization.domain.issuing import IMPORTER, REVOKERS
from authorization.domain.matrix import Matrix
from authorization.domain.references import Reference
from authorization.store import views
from authorization.wire.heard import from_reference

READERS = ("loan_agent", "document_agent", "authorizer", "back_office", "admin", "auditor")
"""Who may see cases and references."""

COUNTERS = (*READERS, "operator")
"""Counts tell of nobody."""

LINES_MAX = 500
"""Entries of one call: a turn's worth."""

REGISTER = "register"
"""The source of imported references: with it a number is one identity in its tenant, for good."""


type Result = dict[str, Any]


class Lines(BaseModel):
    """Entries of a register. `check`: read and report only."""

    model_config = ConfigDict(extra="forbid")

    references: list[Line] = Field(max_length=LINES_MAX)
    check: bool = False


def routes(doors: Doors, matrix: Matrix) -> list[web.RouteDef]:
    """Give the routes of this service."""

    async def issue(request: web.Request) -> web.Response:
        """Take in a register's entries; each is answered by itself."""
        person, tenant = person_of(request), tenant_of(request)
        require(person, IMPORTER)
        lines = await read_json(request, Lines)
        return respond({"results": await _issue(doors, matrix, person, tenant, lines)})

    async def revoke(request: web.Request) -> web.Response:
        """Take a reference out of use."""
        person, tenant = person_of(request), tenant_of(request)
        require(person, *REVOKERS)
        number = request.match_info["reference"]
        known = (await views.references_of(doors.reader, tenant, [number])).get(number)
        if known is None:
            return _unknown_reference()
        reply = await doors.command(
            Key(tenant, known.loan_id),
            "RevokeApprovalReference",
            {"reference": number},
            by=person,
            request_id=idempotency_key(request),
        )
        if reply.code is not None:
            return refused(reply.code, str(reply.body.get("message", "")), 409)
        if not reply.done:
            return respond({"reference": number, "result": "pending"}, status=202)
        return respond(dict(reply.body))

    async def show_reference(request: web.Request) -> web.Response:
        """Show a reference and where it stands."""
        require(person_of(request), *READERS)
        number = request.match_info["reference"]
        found = await views.references_of(doors.reader, tenant_of(request), [number])
        if number not in found:
            return _unknown_reference()
        return respond(_shown(found[number], today=_today()))

    async def show_case(request: web.Request) -> web.Response:
        """Show what was asked, approved and decided of a case."""
        require(person_of(request), *READERS)
        case_id = _to_uuid(request.match_info["case_id"])
        tenant = tenant_of(request)
        case = await views.case_of(doors.reader, tenant, case_id) if case_id else None
        return respond(case) if case else refused("UNKNOWN_CASE", "no such case", 404)

    async def report(request: web.Request) -> web.Response:
        """Count references, cases and decisions."""
        require(person_of(request), *COUNTERS)
        return respond(await views.report_of(doors.reader, tenant_of(request), _today()))

    return [
        web.post("/v1/references", issue),
        web.post("/v1/references/{reference}/revoke", revoke),
        web.get("/v1/references/{reference}", show_reference),
        web.get("/v1/cases/{case_id}", show_case),
        web.get("/v1/report", report),
    ]


async def _issue(
    doors: Doors, matrix: Matrix, person: Person, tenant: str, lines: Lines
) -> list[Result]:
    """Issue what can be, and tell of each entry what became of it.

    A bad entry gets no identity, so that it can be mended and come again under its number.
    """
    numbers = [line.reference for line in lines.references]
    known = await views.references_of(doors.reader, tenant, numbers)
    entries = [
        read_line(line, known.get(line.reference), by=person, matrix=matrix, today=_today())
        for line in lines.references
    ]
    fresh: dict[str, Reference] = {}
    for entry in entries:
        if isinstance(entry, Reference) and entry.reference not in known:
            fresh.setdefault(entry.reference, entry)
    replies: Mapping[str, Reply] = {}
    if fresh and not lines.check:
        wanted = [_to_command(reference, person, tenant) for reference in fresh.values()]
        replies = dict(zip(fresh, await doors.commands(wanted), strict=True))
    results: list[Result] = []
    for line, entry in zip(lines.references, entries, strict=True):
        result = _result(entry, known, fresh, replies)
        results.append({"line": line.line, "reference": line.reference, **result})
    return results


def _result(
    entry: Reference | CommandRefused,
    known: Mapping[str, Reference],
    fresh: Mapping[str, Reference],
    replies: Mapping[str, Reply],
) -> Result:
    """Tell what became of one entry: issued, unchanged, refused, pending, or only checked."""
    if isinstance(entry, CommandRefused):
        return _refused(entry.code, entry.message, entry.field)
    number = entry.reference
    if number in known and known[number].is_same_grant(entry):
        return {"result": "unchanged"}
    if number in known or not fresh[number].is_same_grant(entry):
        return _exists(number)
    match replies.get(number):
        case None:
            return {"result": "checked"}
        case Reply(code="ID_REUSED"):
            return _exists(number)
        case Reply(done=False):
            return {"result": "pending"}
        case Reply(code=str() as code, body=body):
            return _refused(code, body.get("message"), body.get("field"))
        case Reply(body=body):
            return {"result": body["result"]}


def _exists(number: str) -> Result:
    text = f"{number} was issued before, with other content"
    return _refused("REFERENCE_EXISTS", text, "reference")


def _refused(code: str, message: str | None, field: str | None) -> Result:
    return {"result": "refused", "code": code, "message": message, "field": field}


def _to_command(reference: Reference, person: Person, tenant: str) -> Command:
    return Command(
        key=Key(tenant, reference.loan_id),
        kind="IssueApprovalReference",
        body=from_reference(reference),
        by=person,
        request_id=reference.reference,
        source=REGISTER,
    )


def _shown(reference: Reference, *, today: date) -> dict[str, Any]:
    """Show a reference; one that nobody used in time is expired."""
    is_expired = reference.standing == "ISSUED" and reference.expires < today
    return from_reference(reference) | {
        "issued_by": reference.issued_by,
        "standing": "EXPIRED" if is_expired else reference.standing,
        "case_id": reference.case_id,
    }


def _unknown_reference() -> web.Response:
    """Answer for a reference that is not there, also another tenant's."""
    return refused("APPROVAL_UNKNOWN", "no such reference", 404)


def _today() -> date:
    return datetime.now(UTC).date()


def _to_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
