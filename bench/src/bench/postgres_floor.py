"""The floor of the stores: five commits a case in five databases, by asyncpg and nothing else."""

import asyncio
import time
from collections.abc import Sequence
from itertools import count

import asyncpg

from bench.figures import percentile
from bench.own_stack import OwnStack

STAGES = tuple(f"bench_{stage}" for stage in range(1, 6))

ITEMS = 10_000
IN_FLIGHT = 10
BODY = bytes(400)

WARM_S, MEASURED_S = 2.0, 10.0
PACE_PER_S, PACED = 20, 300
COMMITS = 500

TABLES = """
CREATE TABLE item (key text PRIMARY KEY, state bigint NOT NULL) WITH (fillfactor = 80);
CREATE TABLE said (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL);
"""

type Connection = asyncpg.Connection


async def make(mesh: OwnStack) -> None:
    """Make the five databases, each with its items."""
    admin = await asyncpg.connect(mesh.env.admin_dsn())
    try:
        for stage in STAGES:
            await admin.execute(f"CREATE DATABASE {stage}")
    finally:
        await admin.close()
    for (connection,) in [await _connections(mesh, [stage]) for stage in STAGES]:
        await connection.execute(TABLES)
        rows = [(_key(n), 0) for n in range(ITEMS)]
        await connection.copy_records_to_table("item", records=rows)
        await connection.execute("ANALYZE item")
        await connection.close()


async def cases_per_s(mesh: OwnStack) -> float:
    """Return cases a second with ten in flight, each on connections of its own."""
    numbers, done = count(), 0
    start = time.perf_counter() + WARM_S

    async def work(stages: Sequence[Connection]) -> None:
        nonlocal done
        while (now := time.perf_counter()) < start + MEASURED_S:
            await _case(stages, next(numbers))
            done += now >= start and time.perf_counter() < start + MEASURED_S

    workers = [await _connections(mesh, STAGES) for _ in range(IN_FLIGHT)]
    await asyncio.gather(*(work(stages) for stages in workers))
    await _close(workers)
    return done / MEASURED_S


async def p50_ms(mesh: OwnStack) -> float:
    """Return the p50 of a case when twenty a second begin, whatever the others do."""
    workers = [await _connections(mesh, STAGES) for _ in range(IN_FLIGHT)]
    free: asyncio.Queue[Sequence[Connection]] = asyncio.Queue()
    for stages in workers:
        free.put_nowait(stages)
    took: list[float] = []

    async def run(number: int) -> None:
        begun = time.perf_counter()
        stages = await free.get()
        await _case(stages, number)
        free.put_nowait(stages)
        took.append((time.perf_counter() - begun) * 1000)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(PACED):
            await asyncio.sleep(start + number / PACE_PER_S - time.perf_counter())
            group.create_task(run(number))
    await _close(workers)
    return percentile(took[PACED // 10 :], 50)


async def commit_ms(mesh: OwnStack) -> float:
    """Return the p50 of the smallest commit that lasts: one inserted row, one after the other."""
    connections = await _connections(mesh, STAGES[:1])
    took: list[float] = []
    for _ in range(COMMITS):
        start = time.perf_counter()
        await connections[0].execute("INSERT INTO said (body) VALUES ($1)", BODY)
        took.append((time.perf_counter() - start) * 1000)
    await _close([connections])
    return percentile(took[COMMITS // 10 :], 50)


async def _case(stages: Sequence[Connection], number: int) -> None:
    key = _key(number % ITEMS)
    for connection in stages:
        async with connection.transaction():
            await connection.fetchval("SELECT state FROM item WHERE key = $1 FOR UPDATE", key)
            await connection.execute("UPDATE item SET state = state + 1 WHERE key = $1", key)
            await connection.execute("INSERT INTO said (body) VALUES ($1)", BODY)


def _key(number: int) -> str:
    return f"demo/item-{number:06d}"


async def _connections(mesh: OwnStack, stages: Sequence[str]) -> list[Connection]:
    return [await asyncpg.connect(mesh.env.admin_dsn(stage)) for stage in stages]


async def _close(workers: Sequence[Sequence[Connection]]) -> None:
    for stages in workers:
        for connection in stages:
            await connection.close()
