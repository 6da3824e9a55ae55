"""What the services' databases tell of themselves: how far they have heard, sizes, plans."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import uvloop

from bench.figures import SERVICES
from stack import Env

CONNECT_S, QUERY_S = 10, 60.0

HEARD = "SELECT partition, next_offset FROM mesh.input WHERE topic = $1"

NUMBERS = """
SELECT partition, incarnation, last_seq FROM mesh.input WHERE topic = $1 AND incarnation > 0
"""

TABLES = """
SELECT s.schemaname AS schema,
       -- A day's partition of the outbox counts as the outbox.
       regexp_replace(s.relname, '_[0-9]{8}$', '') AS name,
       sum(pg_total_relation_size(s.relid))::bigint AS bytes,
       -- Counted, while n_live_tup is a guess.
       sum(s.n_tup_ins - s.n_tup_del)::bigint AS rows,
       sum(s.n_dead_tup)::bigint AS dead, sum(s.autovacuum_count)::bigint AS autovacuums
FROM pg_stat_user_tables s
GROUP BY 1, 2
"""

WATCH_PLANS = (
    "CREATE EXTENSION IF NOT EXISTS pg_stat_statements",
    "ALTER SYSTEM SET pg_stat_statements.track_planning = on",
    "SELECT pg_reload_conf()",
)

PLANS = """
SELECT d.datname AS service, sum(s.plans)::float8 AS plans, sum(s.total_plan_time) AS plan_ms,
       sum(s.calls)::float8 AS calls, sum(s.total_exec_time) AS run_ms
FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
WHERE d.datname = ANY($1)
GROUP BY 1
"""

type Row = Mapping[str, Any]


def heard(env: Env, service: str, topic: str) -> dict[int, int]:
    """Return by partition how far a service has heard a topic: the offset that comes next."""
    rows = uvloop.run(_fetch(env.operator_dsn(service), HEARD, topic))
    return {row["partition"]: row["next_offset"] for row in rows}


def numbers(env: Env, service: str, topic: str) -> dict[int, tuple[int, int]]:
    """Return by partition the number of the last record that a service heard of a topic of ours."""
    rows = uvloop.run(_fetch(env.operator_dsn(service), NUMBERS, topic))
    return {row["partition"]: (row["incarnation"], row["last_seq"]) for row in rows}


def watch_plans(env: Env) -> None:
    """Have the server measure how long it plans, from now on."""
    uvloop.run(_execute(env.admin_dsn(), WATCH_PLANS))


def plans(env: Env) -> dict[str, Row]:
    """Return by service statements planned and run so far, and the milliseconds of both."""
    rows = uvloop.run(_fetch(env.admin_dsn(), PLANS, list(SERVICES)))
    return {row["service"]: row for row in rows}


def tables(env: Env) -> dict[str, Row]:
    """Return size, rows, dead rows and autovacuums of every table, as `case.mesh.lane`."""
    return uvloop.run(_tables(env))


async def _tables(env: Env) -> dict[str, Row]:
    found = await asyncio.gather(*(_fetch(env.admin_dsn(name), TABLES) for name in SERVICES))
    return {
        f"{service}.{row['schema']}.{row['name']}": row
        for service, rows in zip(SERVICES, found, strict=True)
        for row in rows
    }


async def _fetch(dsn: str, query: str, *values: object) -> Sequence[Row]:
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S, command_timeout=QUERY_S)
    try:
        return await connection.fetch(query, *values)
    finally:
        await connection.close()


async def _execute(dsn: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(dsn, timeout=CONNECT_S, command_timeout=QUERY_S)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
