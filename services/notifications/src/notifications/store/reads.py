"""What the sender and the doors look up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mesh.service import Key, Reader

from notifications.domain.notices import Notice, Party
from notifications.store.rows import to_notice, to_party

DUE = """
SELECT n.*, p.is_erased, p.given_name, p.family_name, p.business_name, p.email, p.locale
FROM notice n JOIN party p ON p.tenant = n.tenant AND p.party_id = n.recipient
WHERE n.state = 'PENDING' AND n.lane = ANY($1::int[]) AND n.try_at <= $2
  AND ($3 OR n.channel = 'LETTER' OR p.email IS NULL)
  AND (n.notice_id, n.attempts) NOT IN (SELECT * FROM unnest($4::uuid[], $5::int[]))
ORDER BY n.try_at, n.notice_id
LIMIT $6
"""

LIST = """
SELECT * FROM notice
WHERE tenant = $1 AND ($2::uuid IS NULL OR case_id = $2) AND ($3::text IS NULL OR state = $3)
ORDER BY deadline, notice_id
LIMIT $4
"""

COUNT = "SELECT state, count(*) AS notices FROM notice WHERE tenant = $1 GROUP BY state"


@dataclass(frozen=True, slots=True)
class Due:
    """A notice whose time has come, and whom to send it to; none: he was erased."""

    key: Key
    lane: int
    notice: Notice
    party: Party | None


async def due(
    reader: Reader,
    *,
    lanes: Collection[int],
    now: datetime,
    with_mail: bool,
    told: Mapping[UUID, int],
    limit: int,
) -> list[Due]:
    """Give notices of these lanes to be sent now, to parties that were heard; oldest first.

    Not those whose attempt is `told` (notice → attempt): its outcome is on its way.
    """
    rows = await reader.fetch(
        DUE, list(lanes), now, with_mail, list(told), list(told.values()), limit
    )
    return [
        Due(Key(row["tenant"], row["loan_id"]), row["lane"], to_notice(row), to_party(row))
        for row in rows
    ]


async def notices_of(
    reader: Reader, tenant: str, *, case_id: UUID | None, state: str | None, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Give rows of notices, the nearest deadline first."""
    return await reader.fetch(LIST, tenant, case_id, state, limit)


async def count_by_state(reader: Reader, tenant: str) -> dict[str, int]:
    """Count a tenant's notices."""
    rows = await reader.fetch(COUNT, tenant)
    return {row["state"]: row["notices"] for row in rows}
