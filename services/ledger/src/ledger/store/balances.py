"""What a loan held on a past day, as known at a past moment; and its transactions."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from mesh.service import Reader

# REVERSE and REPLAY have the value date of what they take back and post again: one sum tells it.
# Exact by book and code. By component where each has a code of its own: a change of the past that
# only shifts a posting between two components of one code is no other posting.
HELD = """
SELECT l.book, l.component, sum(l.debit_minor - l.credit_minor)::bigint AS held_minor
FROM journal j JOIN journal_line l USING (entry_id)
WHERE j.tenant = $1 AND j.loan_id = $2 AND j.value_date <= $3 AND j.booked_at <= $4 AND l.holds
GROUP BY l.book, l.component
"""

CAME_IN = """
SELECT j.value_date, j.booked_at, j.currency FROM journal j
WHERE j.tenant = $1 AND j.loan_id = $2 ORDER BY j.seq LIMIT 1
"""

TRANSACTIONS = """
SELECT j.seq, j.transaction_id, j.command, j.asked, j.value_date, j.booked_at, j.currency,
       j.reason, j.policy_version, j.case_id, j.grant_id, j.actor,
       coalesce((SELECT n.amount_minor FROM journal n
                 WHERE n.tenant = j.tenant AND n.loan_id = j.loan_id AND n.kind = 'REPLAY'
                   AND n.transaction_id = j.transaction_id
                 ORDER BY n.seq DESC LIMIT 1), j.amount_minor) AS amount_minor,
       r.command AS taken_by, r.cause, r.done_on, r.actor AS taken_away_by
FROM journal j LEFT JOIN reversal r USING (transaction_id)
WHERE j.tenant = $1 AND j.loan_id = $2 AND j.asked IS NOT NULL AND j.seq > $3
ORDER BY j.seq LIMIT $4
"""

type Row = Mapping[str, Any]


async def held(
    reader: Reader, tenant: str, loan_id: str, *, as_of: date, known_at: datetime
) -> Sequence[Row]:
    """Give what a loan held by book and component, in minor units; zeros are left out."""
    return await reader.fetch(HELD, tenant, loan_id, as_of, known_at)


async def came_in(reader: Reader, tenant: str, loan_id: str) -> Row | None:
    """Give when a loan came into the books: value date, moment, currency."""
    found = await reader.fetch(CAME_IN, tenant, loan_id)
    return found[0] if found else None


async def transactions(
    reader: Reader, tenant: str, loan_id: str, *, after: int, limit: int
) -> Sequence[Row]:
    """Give a loan's transactions in the order of arrival, from behind `after`."""
    return await reader.fetch(TRANSACTIONS, tenant, loan_id, after, limit)
