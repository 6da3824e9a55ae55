"""The door to the policy: every version that was ever in force, as its file was."""

from aiohttp import web
from mesh.doors import Doors, person_of, refused, require, respond

from ledger.api.past import READERS
from ledger.store import policies as store


def routes(doors: Doors, *, in_force: str) -> list[web.RouteDef]:
    """Give the routes. `in_force`: the version that is posted under now."""

    async def versions(request: web.Request) -> web.Response:
        """Tell which versions there are, the first loaded first."""
        require(person_of(request), *READERS)
        found = await store.kept(doors.reader)
        told = [
            {
                "version": row["version"],
                "loaded_at": row["loaded_at"],
                "in_force": row["version"] == in_force,
            }
            for row in found
        ]
        return respond({"policies": told})

    async def version(request: web.Request) -> web.Response:
        """Tell one, with its text."""
        require(person_of(request), *READERS)
        found = await store.one(doors.reader, request.match_info["version"])
        if found is None:
            return refused("UNKNOWN_POLICY", "no policy of this version was loaded", status=404)
        return respond({**found, "in_force": found["version"] == in_force})

    return [
        web.get("/v1/policies", versions),
        web.get("/v1/policies/{version}", version),
    ]
