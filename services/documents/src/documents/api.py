"""The HTTP door of documents: reads; what people do to tasks comes in by the mesh's own routes."""

from typing import Any
from uuid import UUID

from aiohttp import web
from mesh.doors import Doors, person_of, read_json, refused, require, respond, tenant_of
from pydantic import BaseModel, ConfigDict, Field

from documents import store

READERS = ("loan_agent", "document_agent", "authorizer", "back_office", "admin", "auditor")
"""Who may see what a case needs."""

REFERENCES_MAX = 5_000
"""One question of an import; a longer list is asked in parts."""


class Asked(BaseModel):
    """Which references are asked for."""

    model_config = ConfigDict(extra="forbid")

    references: list[str] = Field(max_length=REFERENCES_MAX)


def routes(doors: Doors) -> list[web.RouteDef]:
    """Give the routes of this service."""

    async def requirements(request: web.Request) -> web.Response:
        """Tell what a case needs, and what of it is met."""
        require(person_of(request), *READERS)
        tenant = tenant_of(request)
        try:
            case_id = UUID(request.match_info["case_id"])
        except ValueError:
            return _unknown_case()
        standing = await store.standing_of(doors.reader, tenant, case_id)
        if standing is None:
            return _unknown_case()
        return respond({"case_id": case_id, **_to_json(standing)})

    async def held(request: web.Request) -> web.Response:
        """Tell which of the references have not been heard yet."""
        require(person_of(request), *READERS)
        tenant = tenant_of(request)
        asked = await read_json(request, Asked)
        known = await store.references_held(doors.reader, tenant, asked.references)
        return respond({"missing": [r for r in asked.references if r not in known]})

    return [
        web.get("/v1/cases/{case_id}/requirements", requirements),
        web.post("/v1/references/held", held),
    ]


def _to_json(standing: store.Standing) -> dict[str, Any]:
    return {
        "stage": standing.stage,
        "agent": standing.agent,
        "requirements": [
            {
                "document": r.document,
                "rule": r.rule,
                "state": r.state,
                "basis": r.basis,
                "sha256": r.sha256,
            }
            for r in standing.requirements
        ],
    }


def _unknown_case() -> web.Response:
    """Answer for a case that was not reviewed, also one of another tenant."""
    return refused("UNKNOWN_CASE", "no such case has reached its documents", status=404)
