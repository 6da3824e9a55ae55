"""What the door reads, one tenant at a time."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from mesh.service import Key, Reader

LISTED = """
SELECT case_id, case_number, loan_id, channel, source, request_id, state, stage, waiting, currency,
       amount_minor, code, opened_at, updated_at, closed_at
FROM wcase c
WHERE tenant = $1
  AND ($2::text IS NULL OR state = $2)
  AND ($3::text IS NULL OR stage = $3)
  AND ($4::text IS NULL OR loan_id = $4)
  AND ($5::uuid IS NULL OR (opened_at, case_id) > (
        SELECT a.opened_at, a.case_id FROM wcase a WHERE a.case_id = $5 AND a.tenant = $1))
ORDER BY opened_at, case_id
LIMIT $6
"""

FIND = """
SELECT case_id, loan_id FROM wcase
WHERE tenant = $1 AND (case_id = $2 OR case_number = $3)
ORDER BY opened_at LIMIT 1
"""

TIMELINE = """
SELECT seq, at, what, detail, actor_role, actor_id, causation_id, state_before, stage_before,
       state_after, stage_after
FROM timeline WHERE case_id = $1 ORDER BY seq
"""

WORK_NOTES = "SELECT seq, at, by, text FROM work_note WHERE case_id = $1 ORDER BY seq"

BY_REQUEST = """
SELECT request_id, case_id, case_number, state, stage, code FROM wcase
WHERE tenant = $1 AND source = $2 AND request_id = ANY($3::text[])
"""

STANDING = """
SELECT case_id, state, waiting, code FROM wcase
WHERE tenant = $1 AND case_id = ANY($2::uuid[])
"""

HELD = "SELECT loan_id FROM loan WHERE tenant = $1 AND loan_id = ANY($2::text[])"

REPORT = """
SELECT state, stage, code, currency, waiting, closed_at IS NULL AS open, count(*) AS cases,
       sum(amount_minor)::text AS amount_minor
FROM wcase WHERE tenant = $1
GROUP BY state, stage, code, currency, waiting, closed_at IS NULL
"""

type Rows = Sequence[Mapping[str, Any]]


async def listed(
    reader: Reader,
    tenant: str,
    *,
    filters: Sequence[str | None],
    after: UUID | None,
    limit: int,
) -> Rows:
    """Give cases in the order of their opening; `filters` are state, stage and loan."""
    return await reader.fetch(LISTED, tenant, *filters, after, limit)


async def find(reader: Reader, tenant: str, name: str) -> tuple[UUID, Key] | None:
    """Find a case of the tenant by its id or its number."""
    rows = await reader.fetch(FIND, tenant, _to_uuid(name), name)
    return (rows[0]["case_id"], Key(tenant, rows[0]["loan_id"])) if rows else None


async def timeline(reader: Reader, case_id: UUID) -> Rows:
    """Give all that happened to a case."""
    return await reader.fetch(TIMELINE, case_id)


async def work_notes(reader: Reader, case_id: UUID) -> Rows:
    """Give the remarks on a case."""
    return await reader.fetch(WORK_NOTES, case_id)


async def by_request(reader: Reader, tenant: str, source: str, ids: Sequence[str]) -> Rows:
    """Give the cases that requests of a source became."""
    return await reader.fetch(BY_REQUEST, tenant, source, list(ids))


async def standing(reader: Reader, tenant: str, cases: Sequence[UUID]) -> Rows:
    """Say how cases stand."""
    return await reader.fetch(STANDING, tenant, list(cases))


async def missing_loans(reader: Reader, tenant: str, loans: Sequence[str]) -> list[str]:
    """Give which of these loans nobody told of yet, in their order."""
    rows = await reader.fetch(HELD, tenant, list(loans))
    held = {row["loan_id"] for row in rows}
    return [loan for loan in loans if loan not in held]


async def report(reader: Reader, tenant: str) -> Rows:
    """Count the tenant's cases, and sum their amounts."""
    return await reader.fetch(REPORT, tenant)


def _to_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
