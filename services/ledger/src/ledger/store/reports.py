"""What reports read: one snapshot of the store each, so that its counts, rows and sums agree.

A report has a connection of its own that only reads. Rows of a large one come by a cursor, so
neither side holds more than a batch. Balances are sums of lines: as of a value date, and as known
at a moment, which leaves out what was booked later. Names are ordered by their bytes, so that a
report is the same on any machine.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import asyncpg
from mesh.postgres_tx import CALL_S, told

from ledger.reports.report import Books, When

BATCH = 500
"""Rows fetched, shaped and sent at once: some ten milliseconds in which lanes wait."""

SESSION = {
    "application_name": "ledger reports",
    "default_transaction_read_only": "on",
    # Longer than a door keeps a report open; a reader who stands still gives the snapshot back.
    "transaction_timeout": "15min",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_user_timeout": "20s",
    "tcp_keepalives_idle": "5",
    "timezone": "UTC",
    # All rows are read: a plan that gives the first ones early would be the slower one.
    "cursor_tuple_fraction": "1.0",
    "work_mem": "32MB",
}
"""A report may take long, but not for ever, and not more memory than a few of the doors' reads."""

BOOKS = """
SELECT min(value_date) AS first_day, min(booked_at) AS first_moment, now() AS now
FROM journal WHERE tenant = $1 AND ($2::text IS NULL OR loan_id = $2)
"""

TRIAL_BALANCE = """
SELECT j.currency, n.book, n.code, n.holds,
       sum(n.debit_minor) AS debit_minor, sum(n.credit_minor) AS credit_minor
FROM journal j JOIN journal_line n USING (entry_id)
WHERE j.tenant = $1 AND j.value_date <= $2 AND j.booked_at <= $3
  AND ($4::text IS NULL OR j.currency = $4)
GROUP BY j.currency, n.book, n.code, n.holds
ORDER BY j.currency, n.book, n.code COLLATE "C", n.holds
"""

# Counted by what each entry says of itself, not by the lines: so a line that is lost is noticed.
JOURNAL_ROWS = """
SELECT coalesce(sum(greatest(line_count, 1)), 0) AS rows FROM journal
WHERE tenant = $1 AND value_date <= $2 AND booked_at <= $3 AND ($4::text IS NULL OR currency = $4)
  AND value_date >= $5
"""

JOURNAL = """
SELECT j.seq, j.entry_id, j.transaction_id, j.kind, j.command, j.reverses, j.loan_id, j.value_date,
       j.booked_at, j.currency, j.reason, j.case_id, j.grant_id, j.actor, j.policy_version,
       n.book, n.code, n.component, n.debit_minor, n.credit_minor
FROM journal j LEFT JOIN journal_line n USING (entry_id)
WHERE j.tenant = $1 AND j.value_date <= $2 AND j.booked_at <= $3
  AND ($4::text IS NULL OR j.currency = $4) AND j.value_date >= $5
ORDER BY j.currency, j.seq, n.place
"""

STATEMENT = """
SELECT j.seq, j.value_date, j.booked_at, j.kind, j.command, j.reason, j.case_id, j.transaction_id,
       n.book, n.code, n.component, n.holds, n.debit_minor, n.credit_minor
FROM journal j LEFT JOIN journal_line n USING (entry_id)
WHERE j.tenant = $1 AND j.value_date <= $2 AND j.booked_at <= $3 AND j.loan_id = $4
ORDER BY j.value_date, j.seq, n.place
"""

# Net of what is unearned ($5), which is part of the interest of the bank and of the customer.
LOANS = """
WITH reaged AS (
    SELECT DISTINCT ON (loan_id) loan_id, reaged_on, oldest_unpaid FROM loan_reaging
    WHERE tenant = $1 AND reaged_on <= $2 AND told_at <= $3 ORDER BY loan_id, reaged_on DESC
), held AS (
    SELECT j.loan_id,
           coalesce(sum(n.debit_minor - n.credit_minor)
               FILTER (WHERE n.book = 'BNK' AND (n.holds OR n.code = ANY($5::text[]))), 0)
               AS bnk_minor,
           coalesce(sum(n.debit_minor - n.credit_minor)
               FILTER (WHERE n.book = 'CO' AND n.holds), 0) AS co_minor,
           coalesce(sum(n.debit_minor - n.credit_minor)
               FILTER (WHERE (n.book = 'CUST' AND n.holds)
                          OR (n.book = 'BNK' AND NOT n.holds AND n.code = ANY($5::text[]))), 0)
               AS cust_minor,
           coalesce(sum(n.credit_minor - n.debit_minor)
               FILTER (WHERE n.book = 'CUST' AND n.holds AND j.command = ANY($6::text[])
                         AND j.value_date > coalesce(r.reaged_on, '-infinity')), 0)
               AS paid_minor
    FROM journal j LEFT JOIN journal_line n USING (entry_id) LEFT JOIN reaged r USING (loan_id)
    WHERE j.tenant = $1 AND j.value_date <= $2 AND j.booked_at <= $3 AND j.loan_id IS NOT NULL
      AND ($4::text IS NULL OR j.currency = $4) AND ($7::text IS NULL OR j.loan_id = $7)
    GROUP BY j.loan_id
)
SELECT l.loan_id, l.product, l.segment, l.currency, l.opened, l.expiry, l.instalment_minor,
       CASE WHEN r.loan_id IS NULL THEN l.days_past_due ELSE 0 END AS days_past_due,
       CASE WHEN r.loan_id IS NULL THEN l.oldest_unpaid_due ELSE r.oldest_unpaid END
           AS oldest_unpaid_due,
       held.bnk_minor, held.co_minor, held.cust_minor, held.paid_minor, count(*) OVER () AS rows
FROM held JOIN loan l ON l.tenant = $1 AND l.loan_id = held.loan_id
LEFT JOIN reaged r ON r.loan_id = held.loan_id
WHERE ($8::text IS NULL OR l.product = $8) AND ($9::text IS NULL OR l.segment = $9)
  AND ($10::text IS NULL
       OR ($10 = 'owed' AND (held.bnk_minor <> 0 OR held.co_minor <> 0 OR held.cust_minor <> 0))
       OR ($10 = 'outstanding' AND held.bnk_minor > 0))
ORDER BY l.loan_id COLLATE "C"
"""

MOVEMENTS = """
SELECT j.currency, l.product, l.segment, j.command, n.code, n.component,
       sum(n.debit_minor) AS debit_minor, sum(n.credit_minor) AS credit_minor
FROM journal j
JOIN journal_line n USING (entry_id)
LEFT JOIN loan l ON l.tenant = j.tenant AND l.loan_id = j.loan_id
WHERE j.tenant = $1 AND j.value_date <= $2 AND j.booked_at <= $3
  AND ($4::text IS NULL OR j.currency = $4) AND j.value_date >= $5
  AND n.book = 'BNK' AND NOT n.holds
GROUP BY j.currency, l.product, l.segment, j.command, n.code, n.component
"""

ALLOWANCES = """
SELECT j.currency,
       coalesce(sum(n.credit_minor - n.debit_minor) FILTER (WHERE j.value_date < $5), 0)
           AS opening_minor,
       sum(n.credit_minor - n.debit_minor) AS closing_minor
FROM journal j JOIN journal_line n USING (entry_id)
WHERE j.tenant = $1 AND j.value_date <= $2 AND j.booked_at <= $3
  AND ($4::text IS NULL OR j.currency = $4)
  AND n.book = 'BNK' AND n.code = ANY($6::text[])
GROUP BY j.currency
"""

PAYMENTS = ["repay", "refund", "goodwill_credit", "pay_off", "recover"]
"""What is money for the customer's instalments."""

type Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose books a report is of, of when, and which part."""

    tenant: str
    when: When
    currency: str | None = None
    loan_id: str | None = None
    product: str | None = None
    segment: str | None = None

    @property
    def journal(self) -> tuple[object, ...]:
        """Give what every query of the journal is asked with first."""
        return (self.tenant, self.when.as_of, self.when.known_at, self.currency)


@dataclass(frozen=True, slots=True)
class Stream:
    """How many rows there are, and the rows, a batch at a time."""

    count: int
    batches: AsyncIterator[Rows]


class Snapshot:
    """The store as it was at one moment."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        """Read on a connection that has an open transaction of repeatable reads."""
        self._connection = connection

    async def books(self, tenant: str, loan_id: str | None = None) -> Books:
        """Say how far a tenant's books, or one loan's, reach."""
        [row] = await self._fetch(BOOKS, tenant, loan_id)
        return Books(**row)

    async def trial_balance(self, scope: Scope) -> Rows:
        """Give sums by currency, book, code and whether they hold what is owed."""
        return await self._fetch(TRIAL_BALANCE, *scope.journal)

    async def journal(self, scope: Scope) -> Stream:
        """Give every line, an entry without lines once, by currency in the order of booking."""
        args = (*scope.journal, scope.when.since or date.min)
        [counted] = await self._fetch(JOURNAL_ROWS, *args)
        return Stream(int(counted["rows"]), self._batches(JOURNAL, *args))

    async def statement(self, scope: Scope) -> Rows:
        """Give a loan's lines in the order of value date and booking."""
        return await self._fetch(STATEMENT, *scope.journal[:3], scope.loan_id)

    async def loan(self, scope: Scope, unearned: Iterable[str]) -> Mapping[str, Any]:
        """Give the one loan of the scope and what its books hold; the journal knows it."""
        [found] = await self._fetch(LOANS, *_loan_args(scope, unearned, None))
        return found

    async def loans(
        self, scope: Scope, unearned: Iterable[str], *, where: Literal["owed", "outstanding"]
    ) -> Stream:
        """Give the loans on which something is owed in any book, or outstanding to the bank.

        `unearned` are the codes that hold what is not earned yet.
        """
        batches = self._batches(LOANS, *_loan_args(scope, unearned, where))
        first = await anext(batches, [])
        return Stream(first[0]["rows"] if first else 0, _with_first(first, batches))

    async def movements(self, scope: Scope, first_day: date) -> Rows:
        """Give what moved in the bank's book beside what is owed, since a day."""
        return await self._fetch(MOVEMENTS, *scope.journal, first_day)

    async def allowances(self, scope: Scope, first_day: date, codes: Sequence[str]) -> Rows:
        """Give by currency what these codes hold in credit, before a day and at the report's."""
        return await self._fetch(ALLOWANCES, *scope.journal, first_day, list(codes))

    async def _fetch(self, query: str, *args: object) -> Rows:
        async with told():
            return await self._connection.fetch(query, *args)

    async def _batches(self, query: str, *args: object) -> AsyncGenerator[Rows]:
        async with told():
            cursor = await self._connection.cursor(query, *args)
        while True:
            async with told():
                batch = await cursor.fetch(BATCH)
            if not batch:
                return
            yield batch


class Snapshots:
    """Opens a snapshot for each report."""

    def __init__(self, dsn: str) -> None:
        """Read from `dsn`, as the runtime role."""
        self._dsn = dsn

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Snapshot]:
        """Hold a snapshot for as long as a report is read. Raises Unavailable."""
        async with told():
            connection = await asyncpg.connect(
                self._dsn, server_settings=SESSION, timeout=int(CALL_S)
            )
        try:
            async with told():
                await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield Snapshot(connection)
            await connection.close(timeout=CALL_S)
        finally:
            connection.terminate()


def _loan_args(scope: Scope, unearned: Iterable[str], where: str | None) -> tuple[object, ...]:
    chosen = (scope.loan_id, scope.product, scope.segment, where)
    return (*scope.journal, sorted(unearned), PAYMENTS, *chosen)


async def _with_first(first: Rows, rest: AsyncIterator[Rows]) -> AsyncGenerator[Rows]:
    if first:
        yield first
    async for batch in rest:
        yield batch
