"""Whether what is derived of the journal agrees with it: loans, lots, allowances, openings."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesh.service import Reader

MOST = 100
"""Of one kind that are named: more is a rewrite, and who looks knows by then."""

LOANS = """
WITH held AS (
    SELECT l.tenant, l.loan_id, v.book, v.component, v.minor
    FROM loan l
    CROSS JOIN LATERAL (VALUES
        ('BNK', 'principal', l.bnk_principal), ('BNK', 'interest', l.bnk_interest),
        ('BNK', 'fees', l.bnk_fees), ('BNK', 'penalties', l.bnk_penalties),
        ('BNK', 'tax', l.bnk_tax),
        ('CO', 'principal', l.co_principal), ('CO', 'interest', l.co_interest),
        ('CO', 'fees', l.co_fees), ('CO', 'penalties', l.co_penalties), ('CO', 'tax', l.co_tax),
        ('CUST', 'principal', l.cust_principal), ('CUST', 'interest', l.cust_interest),
        ('CUST', 'fees', l.cust_fees), ('CUST', 'penalties', l.cust_penalties),
        ('CUST', 'tax', l.cust_tax)
    ) AS v(book, component, minor)
    WHERE v.minor <> 0
), posted AS (
    SELECT j.tenant, j.loan_id, n.book, n.component, sum(n.debit_minor - n.credit_minor) AS minor
    FROM journal j JOIN journal_line n USING (entry_id)
    WHERE n.holds
    GROUP BY j.tenant, j.loan_id, n.book, n.component
    HAVING sum(n.debit_minor - n.credit_minor) <> 0
)
SELECT DISTINCT tenant, loan_id
FROM held FULL JOIN posted USING (tenant, loan_id, book, component)
WHERE held.minor IS DISTINCT FROM posted.minor
UNION
SELECT o.tenant, o.loan_id FROM opening o JOIN journal j USING (entry_id)
WHERE NOT EXISTS (SELECT FROM loan l WHERE l.tenant = o.tenant AND l.loan_id = o.loan_id)
ORDER BY tenant, loan_id LIMIT $1
"""

# What left the bank's book and did not come back is what CO holds, but for interest that was never
# in the bank's book.
LOTS = """
WITH stands AS (
    SELECT t.tenant, t.loan_id, t.component, sum(t.standing_minor) AS minor
    FROM lot t GROUP BY t.tenant, t.loan_id, t.component HAVING sum(t.standing_minor) <> 0
), told AS (
    SELECT l.tenant, l.loan_id, v.component, v.minor
    FROM loan l
    CROSS JOIN LATERAL (VALUES
        ('principal', l.co_principal + l.recovered_principal),
        ('interest', l.co_interest + l.recovered_interest - l.memo_minor),
        ('fees', l.co_fees + l.recovered_fees),
        ('penalties', l.co_penalties + l.recovered_penalties),
        ('tax', l.co_tax + l.recovered_tax)
    ) AS v(component, minor)
    WHERE v.minor <> 0
)
SELECT DISTINCT tenant, loan_id FROM stands FULL JOIN told USING (tenant, loan_id, component)
WHERE stands.minor IS DISTINCT FROM told.minor
ORDER BY tenant, loan_id LIMIT $1
"""

ALLOWANCES = """
SELECT a.tenant, a.currency || ' ' || a.code AS loan_id
FROM (
    SELECT tenant, currency, code, sum(amount_minor) AS minor
    FROM allowance GROUP BY tenant, currency, code
) a
LEFT JOIN (
    SELECT j.tenant, j.currency, n.code, sum(n.credit_minor - n.debit_minor) AS minor
    FROM journal j JOIN journal_line n USING (entry_id)
    WHERE n.book = 'BNK' AND n.code IN (SELECT code FROM allowance)
    GROUP BY j.tenant, j.currency, n.code
) p USING (tenant, currency, code)
WHERE a.minor <> coalesce(p.minor, 0)
ORDER BY a.tenant, a.currency, a.code LIMIT $1
"""

# A refinance claims its new loan's id before the new loan's lane opens it.
STRAY_OPENINGS = """
SELECT o.tenant, o.loan_id FROM opening o
WHERE NOT EXISTS (SELECT FROM journal j WHERE j.entry_id = o.entry_id)
  AND NOT EXISTS (SELECT FROM journal j
                  WHERE j.transaction_id = o.transaction_id AND j.asked IS NOT NULL)
ORDER BY o.tenant, o.loan_id LIMIT $1
"""

STRAY_REVERSALS = """
SELECT r.tenant, r.loan_id FROM reversal r
WHERE NOT EXISTS (
    SELECT FROM journal j
    WHERE j.tenant = r.tenant AND j.loan_id = r.loan_id AND j.kind = 'REVERSE'
      AND j.transaction_id = r.transaction_id AND j.cause_id = r.cause_id)
ORDER BY r.tenant, r.loan_id LIMIT $1
"""

type Rows = Sequence[Mapping[str, Any]]


async def differing_loans(reader: Reader) -> Rows:
    """Name loans that do not hold what their entries add up to: 100 at most."""
    return await reader.fetch(LOANS, MOST)


async def differing_lots(reader: Reader) -> Rows:
    """Name loans whose lots are not what they say stands off."""
    return await reader.fetch(LOTS, MOST)


async def differing_allowances(reader: Reader) -> Rows:
    """Name allowances, by currency and code, that are not what moved on their account."""
    return await reader.fetch(ALLOWANCES, MOST)


async def stray_openings(reader: Reader) -> Rows:
    """Name loans that came in by no entry."""
    return await reader.fetch(STRAY_OPENINGS, MOST)


async def stray_reversals(reader: Reader) -> Rows:
    """Name loans of which something was taken back by no entry."""
    return await reader.fetch(STRAY_REVERSALS, MOST)
