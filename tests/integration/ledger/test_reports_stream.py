"""A report of 100,000 loans: every row, in constant memory, or visibly none."""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from ledger.api.reports import REPORTS_MAX

from ...stack_fixture import Database, Stack, wait_for  # noqa: TID252 - tests are no package
from .report_books import HELD, as_, doors, migrated

pytestmark = pytest.mark.stack

LOANS = 100_000

PEAK_BYTES_MAX = 8 * 1024 * 1024
"""A few batches and the buffers of two sockets; the rows alone would be twenty times that."""

FILL = """
INSERT INTO loan (tenant, loan_id, lane, customer_id, product, segment, currency, opened,
    accrued_to, rate, days_past_due, fraud, row_hash, status, earned_bnk, earned_cust, arrivals,
    version, {held})
SELECT 'many', 'L-' || lpad(n::text, 6, '0'), 0, 'C-1', 'PERSONAL_LOAN', 'PERSONAL', 'USD',
    '2026-01-01', '2026-01-01', '0', n % 365, false, '', 'ACTIVE', '0', '0', 0, 1, {zeros}
FROM generate_series(1, {loans}) n;

INSERT INTO journal (entry_id, lane, tenant, loan_id, transaction_id, kind, command, value_date,
    booked_at, currency, policy_version, line_count, actor, cause_id)
SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 0, 'many',
    'L-' || lpad(n::text, 6, '0'), gen_random_uuid(), 'OPENING', 'import', '2026-01-01',
    '2026-01-02 08:00Z', 'USD', '2026-01', 4, 'admin/adele', gen_random_uuid()
FROM generate_series(1, {loans}) n;

INSERT INTO journal_line (entry_id, place, book, code, component, debit_minor, credit_minor, holds)
SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, l.*
FROM generate_series(1, {loans}) n, (VALUES
    (0, 'BNK', '1100', 'principal', 10000, 0, true), (1, 'BNK', '3900', NULL, 0, 10000, false),
    (2, 'CUST', '9200', 'principal', 10000, 0, true), (3, 'CUST', '9299', NULL, 0, 10000, false)
) l;

ANALYZE;
"""


@pytest.fixture(scope="module")
def filled_dsn(owner_dsn: str, dsn: str) -> str:
    async def make() -> None:
        await migrated(owner_dsn)
        connection = await asyncpg.connect(owner_dsn)
        zeros = ", ".join("0" for _ in HELD)
        await connection.execute(FILL.format(loans=LOANS, held=", ".join(HELD), zeros=zeros))
        await connection.close()

    wait_for(make())
    return dsn


@pytest.fixture
async def client(filled_dsn: str, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    async with doors(filled_dsn, tmp_path, "many") as session:
        yield session


async def test_a_hundred_thousand_loans_stream_in_constant_memory(
    client: aiohttp.ClientSession,
) -> None:
    lines = 0
    tracemalloc.start()
    try:
        async with ageing(client, format="csv") as it:
            tracemalloc.reset_peak()
            async for chunk in it.content.iter_any():
                lines += chunk.count(b"\n")
            held_max = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert lines - 1 == int(it.headers["Report-Rows"]) == LOANS
    assert held_max < PEAK_BYTES_MAX


async def test_the_loop_turns_while_a_report_is_read(client: aiohttp.ClientSession) -> None:
    still_s = 0.0

    async def beat() -> None:
        nonlocal still_s
        while True:
            started = time.monotonic()
            await asyncio.sleep(0.01)
            still_s = max(still_s, time.monotonic() - started)

    beating = asyncio.create_task(beat())
    async with ageing(client, format="json") as it:
        lines = sum([chunk.count(b"\n") async for chunk in it.content.iter_any()])
    beating.cancel()

    assert lines - 2 == LOANS
    assert still_s < 1.0, "lanes renew their leases every three seconds"


async def test_more_reports_at_once_wait_for_a_place(client: aiohttp.ClientSession) -> None:
    async with AsyncExitStack() as held:
        for _ in range(REPORTS_MAX):
            await held.enter_async_context(ageing(client))

        async with ageing(client) as refused:
            assert refused.status == 503
            assert (await refused.json())["error"]["code"] == "TOO_MANY_REPORTS"

    assert await comes(client, 200), "those who stopped reading gave their places back"


async def test_a_report_whose_store_ends_breaks_off_visibly(
    client: aiohttp.ClientSession, stack: Stack, database: Database
) -> None:
    async with ageing(client, format="csv") as it:
        await it.content.readany()
        await end_reports(stack.env.admin_dsn(database.name))

        with pytest.raises(aiohttp.ClientError):
            await it.content.read()


def ageing(client: aiohttp.ClientSession, **asked: str) -> AbstractAsyncContextManager[Any]:
    params = {"by": "loan"} | asked
    return client.get("/v1/reports/ageing", params=params, headers=as_(tenant="many"))


async def comes(client: aiohttp.ClientSession, status: int, *, seconds: float = 30) -> bool:
    """Wait for an answer of this status."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        headers = as_(tenant="many")
        async with client.get("/v1/reports/trial-balance", headers=headers) as response:
            if response.status == status:
                return True
        await asyncio.sleep(0.05)
    return False


async def end_reports(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        ended = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = 'ledger reports' AND datname = current_database()"
        )
        assert ended == 1
    finally:
        await connection.close()
