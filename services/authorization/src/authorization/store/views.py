"""What the door shows."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from mesh.service import Reader

from authorization.domain.references import Reference
from authorization.store import rows

REFERENCES = "SELECT * FROM approval_reference WHERE tenant = $1 AND reference = ANY($2::text[])"

CASE = """
SELECT case_id, loan_id, stage, terms, row_name, level, people
FROM authorization_case WHERE tenant = $1 AND case_id = $2
"""

APPROVALS = "SELECT approver, level, at FROM approval WHERE case_id = $1 ORDER BY place"

DECISION = """
SELECT outcome, at, code, approval_reference, declined_by, comment, grant_id, row_name, level,
       approvers, amount_max_minor, expires_at, matrix_version
FROM decision WHERE tenant = $1 AND case_id = $2 ORDER BY at
"""

COUNT_REFERENCES = """
SELECT CASE WHEN standing = 'ISSUED' AND expires < $2::date THEN 'EXPIRED'
            ELSE standing END AS name, count(*) AS number
FROM approval_reference WHERE tenant = $1 GROUP BY 1 ORDER BY 1
"""

COUNT_DECISIONS = """
SELECT outcome, coalesce(code, row_name, '') AS name, count(*) AS number
FROM decision WHERE tenant = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""

COUNT_STAGES = """
SELECT stage AS name, count(*) AS number
FROM authorization_case WHERE tenant = $1 GROUP BY 1 ORDER BY 1
"""


async def references_of(
    reader: Reader, tenant: str, numbers: Sequence[str]
) -> dict[str, Reference]:
    """Give those of the references that are there."""
    found = (
        rows.to_reference(row) for row in await reader.fetch(REFERENCES, tenant, list(numbers))
    )
    return {reference.reference: reference for reference in found}


async def case_of(reader: Reader, tenant: str, case_id: UUID) -> dict[str, Any] | None:
    """Give a case with its approvals and decision; none: no such case was heard of."""
    found = await reader.fetch(CASE, tenant, case_id)
    if not found:
        return None
    approvals = await reader.fetch(APPROVALS, case_id)
    decisions = await reader.fetch(DECISION, tenant, case_id)
    case = dict(found[0])
    return case | {
        "terms": json.loads(case["terms"]) if case["terms"] else None,
        "approvals": [dict(row) for row in approvals],
        "decisions": [
            dict(row) | {"approvers": json.loads(row["approvers"] or "[]")} for row in decisions
        ],
    }


async def report_of(reader: Reader, tenant: str, today: date) -> dict[str, Any]:
    """Count references by where they stand, cases by stage, and decisions by what came out."""
    references = await reader.fetch(COUNT_REFERENCES, tenant, today)
    stages = await reader.fetch(COUNT_STAGES, tenant)
    decisions = await reader.fetch(COUNT_DECISIONS, tenant)
    outcomes: dict[str, dict[str, int]] = {"GRANTED": {}, "DECLINED": {}, "REFUSED": {}}
    for row in decisions:
        outcomes[row["outcome"]][row["name"]] = row["number"]
    return {
        "references": {row["name"]: row["number"] for row in references},
        "stages": {row["name"]: row["number"] for row in stages},
        "granted": sum(outcomes["GRANTED"].values()),
        "granted_by_row": outcomes["GRANTED"],
        "declined": sum(outcomes["DECLINED"].values()),
        "refused": outcomes["REFUSED"],
    }
