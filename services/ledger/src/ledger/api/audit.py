"""The door to the trail: how much of the journal is not sealed yet, and since when."""

from datetime import UTC, datetime

from aiohttp import web
from mesh.doors import Doors, person_of, require, respond

from ledger.api.past import READERS
from ledger.audit.sealing import Unsealed
from ledger.audit.verifying import UNSEALED_MAX
from ledger.store.audit import Chains


def routes(doors: Doors, *, lanes: int) -> list[web.RouteDef]:
    """Give the route."""
    chains = Chains()

    async def unsealed(request: web.Request) -> web.Response:
        """Tell it for all lanes; `is_late`: longer than sealing ever takes."""
        require(person_of(request), *READERS, "operator")
        found = await chains.unsealed(doors.reader, range(lanes))
        now = datetime.now(UTC)
        oldest_s = max((each.age_s(now) for each in found), default=0.0)
        return respond(
            {
                "entries": sum(each.entries for each in found),
                "oldest_s": round(oldest_s, 3),
                "is_late": oldest_s > UNSEALED_MAX.total_seconds(),
                "lanes": [_lane(each, now) for each in found if each.entries],
            }
        )

    return [web.get("/v1/audit/unsealed", unsealed)]


def _lane(of: Unsealed, now: datetime) -> dict[str, object]:
    return {"lane": of.lane, "entries": of.entries, "oldest_s": round(of.age_s(now), 3)}
