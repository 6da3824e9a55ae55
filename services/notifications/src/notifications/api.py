"""The HTTP door of notifications: reads; tasks come in by the mesh's own routes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from aiohttp import web
from mesh.doors import Doors, Refusal, person_of, require, respond, tenant_of
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notifications.store import reads

READERS = ("loan_agent", "document_agent", "authorizer", "back_office", "admin", "auditor")
"""Who may see whether people were told; names and addresses are not shown."""

LIST_MAX = 1_000
"""What one answer holds."""

SHOWN = (
    "notice_id",
    "case_id",
    "loan_id",
    "posting_id",
    "notice",
    "recipient",
    "deadline",
    "state",
    "channel",
    "tries",
    "try_at",
    "rule",
    "code",
    "provider_id",
    "template_version",
    "text_sha256",
    "address_sha256",
    "sent_at",
)


class Wanted(BaseModel):
    """Which notices are asked for."""

    model_config = ConfigDict(extra="forbid")

    case_id: UUID | None = None
    state: str | None = Field(None, pattern="^(PENDING|HELD|SUPPRESSED|SENT|FAILED)$")
    limit: int = Field(100, ge=1, le=LIST_MAX)


def routes(doors: Doors) -> list[web.RouteDef]:
    """Give the routes of this service."""

    async def notices(request: web.Request) -> web.Response:
        """List notices, the nearest deadline first."""
        require(person_of(request), *READERS)
        tenant = tenant_of(request)
        wanted = _read_query(request)
        rows = await reads.notices_of(
            doors.reader,
            tenant,
            case_id=wanted.case_id,
            state=wanted.state,
            limit=wanted.limit,
        )
        return respond({"notices": [_to_json(row) for row in rows]})

    async def report(request: web.Request) -> web.Response:
        """Count notices by state."""
        require(person_of(request), *READERS)
        tenant = tenant_of(request)
        return respond({"notices": await reads.count_by_state(doors.reader, tenant)})

    return [web.get("/v1/notices", notices), web.get("/v1/report", report)]


def _read_query(request: web.Request) -> Wanted:
    """Read the query. Raises Refusal 400 naming every value that is wrong."""
    try:
        return Wanted.model_validate(dict(request.query))
    except ValidationError as error:
        fields = [
            {"field": str(wrong["loc"][0]), "message": wrong["msg"]}
            for wrong in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise Refusal(400, "INVALID_FIELDS", "some fields are wrong", fields=fields)


def _to_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in SHOWN}
