"""What the ledger's doors read."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from mesh.service import Reader

LOANS = """
SELECT l.* FROM loan l WHERE l.tenant = $1 AND l.loan_id > $2 ORDER BY l.loan_id LIMIT $3
"""

JOURNALS_OF_LOAN = """
SELECT * FROM journal WHERE tenant = $1 AND loan_id = $2 ORDER BY seq
"""

ENTRIES_OF_LOAN = """
SELECT * FROM journal WHERE tenant = $1 AND loan_id = $2 AND seq > $3 ORDER BY seq LIMIT $4
"""

JOURNALS_OF_CASE = """
SELECT * FROM journal WHERE tenant = $1 AND case_id = $2 ORDER BY seq
"""

JOURNALS_OF_NO_LOAN = """
SELECT * FROM journal WHERE tenant = $1 AND loan_id IS NULL ORDER BY seq
"""

LINES = "SELECT * FROM lines_of($1) ORDER BY entry_id, place"

# A reclassified lot names the write-off that made it one, so a loss counts once.
WRITTEN_OFF = """
SELECT l.currency, t.component, sum(t.standing_minor)::bigint AS amount_minor
FROM lot t JOIN loan l USING (tenant, loan_id)
WHERE t.kind = 'WRITE_OFF' AND t.tenant = ANY($1::text[])
GROUP BY l.currency, t.component
"""

WRITTEN_OFF_CASES = """
SELECT j.currency, count(DISTINCT j.case_id) AS cases
FROM lot t JOIN journal j USING (entry_id)
WHERE t.kind = 'WRITE_OFF' AND t.standing_minor > 0
  AND t.tenant = ANY($1::text[])
GROUP BY j.currency
"""

TRIAL_BALANCE = """
SELECT currency, sum(abs(difference_minor))::bigint AS imbalance_minor, sum(lines)::bigint AS lines
FROM (
    SELECT j.currency, l.book, sum(l.debit_minor) - sum(l.credit_minor) AS difference_minor,
           count(*) AS lines
    FROM journal_line l JOIN journal j USING (entry_id)
    WHERE j.tenant = ANY($1::text[])
    GROUP BY j.currency, l.book
) AS books
GROUP BY currency
"""

JOURNALS = "SELECT count(*) AS journals FROM journal WHERE tenant = ANY($1::text[])"

type Rows = Sequence[Mapping[str, Any]]


async def loans(reader: Reader, tenant: str, *, after: str, limit: int) -> Rows:
    """Give a tenant's loans in the order of their ids, from behind `after`."""
    return await reader.fetch(LOANS, tenant, after, limit)


async def journals_of_loan(reader: Reader, tenant: str, loan_id: str) -> tuple[Rows, Rows]:
    """Give a loan's entries, oldest first, and their lines."""
    return await _with_lines(reader, await reader.fetch(JOURNALS_OF_LOAN, tenant, loan_id))


async def entries_of_loan(
    reader: Reader, tenant: str, loan_id: str, *, after: int, limit: int
) -> tuple[Rows, Rows]:
    """Give a page of a loan's entries in the order of commit, from behind `after`, with lines."""
    found = await reader.fetch(ENTRIES_OF_LOAN, tenant, loan_id, after, limit)
    return await _with_lines(reader, found)


async def journals_of_case(reader: Reader, tenant: str, case_id: UUID) -> tuple[Rows, Rows]:
    """Give a case's entries, oldest first, and their lines."""
    return await _with_lines(reader, await reader.fetch(JOURNALS_OF_CASE, tenant, case_id))


async def journals_of_no_loan(reader: Reader, tenant: str) -> tuple[Rows, Rows]:
    """Give the entries that no loan has, provisions, oldest first, and their lines."""
    return await _with_lines(reader, await reader.fetch(JOURNALS_OF_NO_LOAN, tenant))


async def _with_lines(reader: Reader, journals: Rows) -> tuple[Rows, Rows]:
    return journals, await reader.fetch(LINES, [row["entry_id"] for row in journals])


async def written_off(reader: Reader, tenants: list[str]) -> tuple[Rows, Rows]:
    """Give what stands written off: amounts by currency and component, cases by currency."""
    amounts = await reader.fetch(WRITTEN_OFF, tenants)
    return amounts, await reader.fetch(WRITTEN_OFF_CASES, tenants)


async def trial_balance(reader: Reader, tenants: list[str]) -> tuple[Rows, int]:
    """Give by currency how far the books are from balance, with lines; and how many journals."""
    balances = await reader.fetch(TRIAL_BALANCE, tenants)
    [counted] = await reader.fetch(JOURNALS, tenants)
    return balances, counted["journals"]
