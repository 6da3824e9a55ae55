"""Months' ends in the store: runs, what was done to each loan, closed periods, notices."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from mesh.saving import columns
from mesh.service import Change, Key, Reader, Told, Transaction

from ledger.monthend.closing import PAYMENTS, LoanClosed
from ledger.monthend.month import (
    MonthStarted,
    MonthState,
    PeriodClosed,
    Progress,
    Run,
    read_month,
)
from ledger.store.clocks import ClockRows

CLOSED = "SELECT tenant, through FROM closed_period WHERE tenant = ANY($1) AND through IS NOT NULL"

# The row is locked until the turn ends: a month is closed before it, or after it.
STILL_OPEN = """
WITH locked AS MATERIALIZED (
    SELECT tenant, through FROM closed_period WHERE tenant = ANY($1::text[]) ORDER BY tenant
    FOR SHARE
)
SELECT all_of(
    (SELECT count(*) FROM locked l
     JOIN unnest($1::text[], $2::date[]) AS k(tenant, earliest) USING (tenant)
     WHERE l.through >= k.earliest), 0, 'a period')
"""

RUNS = """
SELECT m.*, c.through AS closed_through,
       (SELECT min(o.through) FROM month_end o
        WHERE o.tenant = k.tenant AND o.closed_at IS NULL AND o.through <> k.through) AS earliest
FROM unnest($1::text[], $2::date[]) AS k(tenant, through)
LEFT JOIN month_end m ON m.tenant = k.tenant AND m.through = k.through
LEFT JOIN closed_period c ON c.tenant = k.tenant
"""

PROGRESS = """
SELECT count(*)::int AS loans,
       (count(*) FILTER (WHERE accrual_code IS NULL))::int AS accrued,
       (count(*) FILTER (WHERE accrual_code <> 'ALREADY_ACCRUED'))::int AS refused,
       (count(*) FILTER (WHERE is_proposed))::int AS proposed,
       (count(*) FILTER (WHERE loss_minor > 0 AND days_late > 0))::int AS breached,
       (SELECT count(*)::int FROM loan l
        WHERE l.tenant = $1 AND l.status = 'ACTIVE' AND l.opened <= $2
          AND NOT EXISTS (SELECT FROM month_end_loan d WHERE d.tenant = l.tenant
                          AND d.through = $2 AND d.loan_id = l.loan_id)) AS left
FROM month_end_loan WHERE tenant = $1 AND through = $2
"""

LEFT = """
SELECT l.loan_id FROM loan l
WHERE l.tenant = $1 AND l.status = 'ACTIVE' AND l.opened <= $2 AND l.loan_id > $3
  AND NOT EXISTS (SELECT FROM month_end_loan d
                  WHERE d.tenant = l.tenant AND d.through = $2 AND d.loan_id = l.loan_id)
ORDER BY l.loan_id
LIMIT $4
"""

DONE = """
SELECT d.tenant, d.loan_id, d.through FROM month_end_loan d
JOIN unnest($1::text[], $2::text[], $3::date[]) AS k(tenant, loan_id, through)
  USING (tenant, loan_id, through)
"""

PAID = """
SELECT k.tenant, k.loan_id, k.through,
       (SELECT coalesce(sum(n.credit_minor - n.debit_minor), 0)::bigint
        FROM journal j JOIN journal_line n USING (entry_id)
        WHERE j.tenant = k.tenant AND j.loan_id = k.loan_id AND j.value_date <= k.through
          AND j.value_date > coalesce(
              (SELECT max(r.reaged_on) FROM loan_reaging r
               WHERE r.tenant = k.tenant AND r.loan_id = k.loan_id AND r.reaged_on <= k.through),
              '-infinity')
          AND j.command = ANY($4::text[]) AND n.book = 'CUST' AND n.holds) AS paid_minor
FROM unnest($1::text[], $2::text[], $3::date[]) AS k(tenant, loan_id, through)
"""

PROPOSED = """
SELECT d.tenant, d.loan_id, d.due_by FROM month_end_loan d
JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id) USING (tenant, loan_id)
WHERE d.is_proposed
"""

ADD_RUNS = """
INSERT INTO month_end (tenant, through, lane, started_at, started_by)
SELECT * FROM unnest($1::text[], $2::date[], $3::int[], $4::timestamptz[], $5::text[])
"""

ADD_TENANTS = """
INSERT INTO closed_period (tenant, through) SELECT n, NULL FROM unnest($1::text[]) AS n
ON CONFLICT (tenant) DO NOTHING
"""

CLOSE_RUNS = """
UPDATE month_end AS m SET closed_at = n.closed_at, closed_by = n.closed_by, loans = n.loans,
    accrued = n.accrued, refused = n.refused, proposed = n.proposed, breached = n.breached
FROM unnest($1::text[], $2::date[], $3::timestamptz[], $4::text[], $5::int[], $6::int[], $7::int[],
            $8::int[], $9::int[])
  AS n(tenant, through, closed_at, closed_by, loans, accrued, refused, proposed, breached)
WHERE m.tenant = n.tenant AND m.through = n.through AND m.closed_at IS NULL
"""

CLOSE_PERIODS = """
UPDATE closed_period AS c SET through = greatest(c.through, n.through)
FROM unnest($1::text[], $2::date[]) AS n(tenant, through)
WHERE c.tenant = n.tenant
"""

LIST_RUNS = "SELECT m.* FROM month_end m WHERE m.tenant = $1 ORDER BY m.through DESC LIMIT $2"

PAGE = """
SELECT d.* FROM month_end_loan d
WHERE d.tenant = $1 AND d.through = $2 AND d.loan_id > $3
  AND ($4 = 'all' OR ($4 = 'proposed' AND d.is_proposed)
       OR ($4 = 'breached' AND d.loss_minor > 0 AND d.days_late > 0)
       OR ($4 = 'refused' AND d.accrual_code <> 'ALREADY_ACCRUED')
       OR lower(d.standard) = $4)
ORDER BY d.loan_id
LIMIT $5
"""

LIVE = """
SELECT l.loan_id FROM loan l
WHERE l.tenant = $1 AND l.loan_id > $2 AND l.status = 'ACTIVE'
ORDER BY l.loan_id
LIMIT $3
"""

LOAN = (
    "tenant", "through", "loan_id", "lane", "closed_at", "product", "segment", "currency",
    "accrued_minor", "accrual_code", "outstanding_minor", "loss_minor", "oldest_unpaid",
    "days_past_due", "standard", "due_by", "cause", "days_late", "is_proposed", "clocks_version",
)  # fmt: skip

type Rows = Sequence[Mapping[str, Any]]
type Of = Mapping[Key, Collection[date]]
type Changes = Sequence[Change[Any, Any]]


class Months(ClockRows):
    """Where months are kept, as the lanes read and write them."""

    async def closed(self, reader: Reader, tenants: Collection[str]) -> dict[str, date]:
        """Give tenants' last closed days."""
        found = await reader.fetch(CLOSED, list(tenants))
        return {row["tenant"]: row["through"] for row in found}

    async def months(self, reader: Reader, keys: Sequence[Key]) -> dict[Key, MonthState]:
        """Give months with their progress."""
        states: dict[Key, MonthState] = {}
        for key in keys:
            through = read_month(key.id)
            assert through is not None, "the door reads months"
            [row] = await reader.fetch(RUNS, [key.tenant], [through])
            states[key] = MonthState(
                run=_run(row) if row["through"] else None,
                closed_through=row["closed_through"],
                earliest_open=row["earliest"],
                progress=await progress(reader, key.tenant, through),
            )
        return states

    async def gone_through(self, reader: Reader, of: Of) -> dict[Key, set[date]]:
        """Say in which of these months each loan was gone through."""
        found: dict[Key, set[date]] = defaultdict(set)
        for row in await reader.fetch(DONE, *_places(of)):
            found[Key(row["tenant"], row["loan_id"])].add(row["through"])
        return found

    async def paid(self, reader: Reader, of: Of) -> dict[Key, dict[date, int]]:
        """Give what was paid on each loan up to these days."""
        found: dict[Key, dict[date, int]] = defaultdict(dict)
        for row in await reader.fetch(PAID, *_places(of), sorted(PAYMENTS)):
            found[Key(row["tenant"], row["loan_id"])][row["through"]] = row["paid_minor"]
        return found

    async def proposed(self, reader: Reader, keys: Sequence[Key]) -> dict[Key, frozenset[date]]:
        """Give by which days each loan's loss was to be taken that was proposed."""
        places = [key.tenant for key in keys], [key.id for key in keys]
        found: dict[Key, frozenset[date]] = defaultdict(frozenset)
        for row in await reader.fetch(PROPOSED, *places):
            found[Key(row["tenant"], row["loan_id"])] |= {row["due_by"]}
        return found

    async def still_open(self, tx: Transaction, earliest: Mapping[str, date]) -> None:
        """Have the turn taken again if a period from these days on was closed meanwhile."""
        await tx.fetch(STILL_OPEN, list(earliest), list(earliest.values()))

    async def add_loans(self, tx: Transaction, changes: Changes) -> None:
        """Keep that loans were gone through."""
        rows = [
            _of_loan(change, told, told.event)
            for change in changes
            for told in change.told
            if isinstance(told.event, LoanClosed)
        ]
        await tx.copy("month_end_loan", columns=LOAN, rows=rows)

    async def save_months(self, tx: Transaction, changes: Changes) -> None:
        """Keep what became of months."""
        begun: list[tuple[Any, ...]] = []
        over: list[tuple[Any, ...]] = []
        for change in changes:
            for told in change.told:
                tenant = change.key.tenant
                match told.event:
                    case MonthStarted(run):
                        begun.append(
                            (tenant, run.through, change.lane, run.started_at, run.started_by)
                        )
                    case PeriodClosed(through=through, by=by, at=at, progress=how):
                        sums = (how.loans, how.accrued, how.refused, how.proposed, how.breached)
                        over.append((tenant, through, at, by, *sums))
                    case _:
                        pass
        if begun:
            await tx.execute(ADD_TENANTS, sorted({row[0] for row in begun}))
            await tx.execute(ADD_RUNS, *columns(begun))
        if over:
            status = await tx.execute(CLOSE_RUNS, *columns(over))
            assert status == f"UPDATE {len(over)}", "a month is closed once"
            await tx.execute(CLOSE_PERIODS, *columns([row[:2] for row in over]))


async def progress(reader: Reader, tenant: str, through: date) -> Progress:
    """Say how far a month's end is."""
    [row] = await reader.fetch(PROGRESS, tenant, through)
    return Progress(**row)


async def run(reader: Reader, tenant: str, through: date) -> Mapping[str, Any] | None:
    """Give a month's run; none where it was not begun."""
    [row] = await reader.fetch(RUNS, [tenant], [through])
    return row if row["through"] else None


async def runs(reader: Reader, tenant: str, limit: int) -> Rows:
    """Give a tenant's months, the latest first."""
    return await reader.fetch(LIST_RUNS, tenant, limit)


async def left(reader: Reader, tenant: str, through: date, *, after: str, limit: int) -> list[str]:
    """Name loans that were not gone through yet, in their order, from behind `after`."""
    found = await reader.fetch(LEFT, tenant, through, after, limit)
    return [row["loan_id"] for row in found]


async def loans(
    reader: Reader, tenant: str, through: date, *, only: str, after: str, limit: int
) -> Rows:
    """Give what was done to loans, in their order, from behind `after`."""
    return await reader.fetch(PAGE, tenant, through, after, only, limit)


async def active(reader: Reader, tenant: str, *, after: str, limit: int) -> list[str]:
    """Name active loans in their order, from behind `after`."""
    return [row["loan_id"] for row in await reader.fetch(LIVE, tenant, after, limit)]


def _run(row: Mapping[str, Any]) -> Run:
    return Run(
        through=row["through"],
        started_at=row["started_at"],
        started_by=row["started_by"],
        closed_at=row["closed_at"],
    )


def _of_loan(change: Change[Any, Any], told: Told[Any], event: LoanClosed) -> tuple[Any, ...]:
    """Flatten what was done to a loan, in the order of LOAN."""
    classified = event.classified
    return (
        change.key.tenant,
        event.through,
        change.key.id,
        change.lane,
        told.at,
        event.product,
        event.segment,
        event.currency,
        event.accrued_minor,
        event.accrual_code,
        event.outstanding_minor,
        event.loss_minor,
        event.oldest_unpaid,
        event.days_past_due,
        classified.standard.value,
        classified.due.due_by if classified.due else None,
        classified.due.trigger if classified.due else None,
        classified.days_late,
        event.is_proposed,
        event.clocks_version,
    )


def _places(of: Of) -> tuple[list[str], list[str], list[date]]:
    wanted = [(key, day) for key, days in of.items() for day in sorted(days)]
    return (
        [key.tenant for key, _ in wanted],
        [key.id for key, _ in wanted],
        [day for _, day in wanted],
    )
