"""What the five stores hold, read as the operator, who may change nothing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from writeoff.catalogue import SERVICES
from writeoff.exits import Exit, Trouble
from writeoff.reconcile.facts import (
    Case,
    Digest,
    Journal,
    Keeper,
    Notice,
    Output,
    Overdue,
    Refinance,
    Request,
    Telling,
)
from writeoff.stackenv import StackEnv

CONNECT_S = 10
QUERY_S = 60.0

KEEPERS = """
SELECT 'task' AS what, task AS name, case_id FROM mesh.task
WHERE closed_at IS NULL AND case_id IS NOT NULL
UNION ALL
SELECT 'timer', kind, case_id FROM mesh.due WHERE case_id IS NOT NULL
UNION ALL
SELECT 'parked', place || ': ' || reason, case_id FROM mesh.parked WHERE case_id IS NOT NULL
"""

INPUTS = "SELECT topic, partition, next_offset FROM mesh.input"

OVERDUE = """
SELECT lane, kind, count(*) AS count FROM mesh.due WHERE due_at <= clock_timestamp()
GROUP BY lane, kind
"""

OUTPUTS = "SELECT topic, lane, last_seq, acked_seq FROM mesh.output"

SAID = "SELECT topic, key, sha256(value) AS digest FROM mesh.said"

REQUESTS = "SELECT message_id, source, tenant, request_id, case_id FROM mesh.request"

CASES = "SELECT case_id, case_number, tenant, source, request_id, state FROM wcase"

# A case's journal is the posting that it asked for, or the reversal of what it took back: what is
# posted anew because of it, or on a new loan, is no other one.
JOURNALS = """
WITH book AS (
    SELECT entry_id, abs(sum(debit_minor - credit_minor)) AS apart_minor
    FROM journal_line GROUP BY entry_id, book
), entry AS (
    SELECT entry_id, sum(apart_minor)::bigint AS imbalance_minor FROM book GROUP BY entry_id
)
SELECT j.entry_id,
       CASE WHEN j.asked IS NOT NULL OR r.reversal_id IS NOT NULL THEN j.case_id END AS case_id,
       coalesce(e.imbalance_minor, 0) AS imbalance_minor
FROM journal j
LEFT JOIN entry e USING (entry_id)
LEFT JOIN reversal r ON j.kind = 'REVERSE' AND r.transaction_id = j.transaction_id
                    AND r.case_id = j.case_id
WHERE j.kind <> 'OPENING'
"""

REFINANCES = """
SELECT o.transaction_id, o.tenant, o.loan_id, o.amount_minor, n.amount_minor AS opened_minor
FROM journal o
LEFT JOIN journal n ON n.transaction_id = o.transaction_id AND n.kind = 'POST' AND n.asked IS NULL
WHERE o.command = 'refinance' AND o.asked IS NOT NULL
"""

GRANTED = "SELECT DISTINCT case_id FROM decision WHERE outcome = 'GRANTED'"

NOTICES = "SELECT notice_id, case_id, state, channel, tries, code, rule FROM notice"


@dataclass(slots=True)
class Store:
    """What one service's store holds for the mesh."""

    service: str
    inputs: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    outputs: list[Output] = field(default_factory=list[Output])
    overdue: list[Overdue] = field(default_factory=list[Overdue])
    keepers: list[Keeper] = field(default_factory=list[Keeper])
    said: dict[tuple[str, str], Digest | None] = field(
        default_factory=dict[tuple[str, str], Digest | None]
    )


@dataclass(slots=True)
class Stores:
    """What all of them hold."""

    by_service: dict[str, Store] = field(default_factory=dict[str, Store])
    requests: list[Request] = field(default_factory=list[Request])
    cases: list[Case] = field(default_factory=list[Case])
    journals: list[Journal] = field(default_factory=list[Journal])
    refinances: list[Refinance] = field(default_factory=list[Refinance])
    granted: frozenset[str] = frozenset()
    notices: list[Notice] = field(default_factory=list[Notice])


def read_stores(env: StackEnv) -> Stores:
    """Look into every store, one after the other."""
    try:
        return asyncio.run(_read(env))
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise Trouble(
            f"PostgreSQL does not answer the operator: {error}",
            next_step="`make up` starts what is not running",
            exit_code=Exit.UNREACHABLE,
        ) from None


async def _read(env: StackEnv) -> Stores:
    stores = Stores()
    for service in SERVICES:
        connection = await asyncpg.connect(
            env.operator_dsn(service), timeout=CONNECT_S, command_timeout=QUERY_S
        )
        try:
            # One snapshot a store: a turn is in it whole, or not at all.
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                stores.by_service[service] = await _read_mesh(connection, service)
                await _read_own(connection, service, stores)
        finally:
            await connection.close()
    return stores


async def _read_mesh(connection: Any, service: str) -> Store:
    store = Store(service)
    for row in await connection.fetch(INPUTS):
        store.inputs[row["topic"], row["partition"]] = row["next_offset"]
    store.outputs = [Output(service, *row) for row in await connection.fetch(OUTPUTS)]
    store.overdue = [Overdue(service, *row) for row in await connection.fetch(OVERDUE)]
    store.keepers = [
        Keeper(service, row["what"], row["name"], str(row["case_id"]))
        for row in await connection.fetch(KEEPERS)
    ]
    for row in await connection.fetch(SAID):
        store.said[row["topic"], row["key"]] = row["digest"]
    return store


async def _read_own(connection: Any, service: str, stores: Stores) -> None:
    match service:
        case "case":
            stores.requests = [
                Request(str(r["message_id"]), r["source"], r["tenant"], r["request_id"], _id(r))
                for r in await connection.fetch(REQUESTS)
            ]
            stores.cases = [
                Case(
                    str(r["case_id"]),
                    r["case_number"],
                    r["tenant"],
                    r["source"],
                    r["request_id"],
                    r["state"],
                )
                for r in await connection.fetch(CASES)
            ]
        case "authorization":
            rows = await connection.fetch(GRANTED)
            stores.granted = frozenset(str(row["case_id"]) for row in rows)
        case "ledger":
            stores.journals = [
                Journal(str(r["entry_id"]), _id(r), r["imbalance_minor"])
                for r in await connection.fetch(JOURNALS)
            ]
            stores.refinances = [
                Refinance(
                    str(r["transaction_id"]),
                    r["tenant"],
                    r["loan_id"],
                    r["amount_minor"],
                    r["opened_minor"],
                )
                for r in await connection.fetch(REFINANCES)
            ]
        case "notifications":
            stores.notices = _notices(await connection.fetch(NOTICES))
        case _:
            pass


def _notices(rows: Sequence[Any]) -> list[Notice]:
    return [Notice(str(r["notice_id"]), str(r["case_id"]), *_telling(r)) for r in rows]


def _telling(row: Any) -> tuple[Telling, str]:
    match row["state"]:
        case "SENT":
            return Telling.SENT, ""
        case "FAILED":
            return Telling.FAILED, ""
        case "SUPPRESSED":
            return Telling.SUPPRESSED, ""
        case "HELD":
            return Telling.NOT_YET_TRIED, f"held: {row['rule']}"
        case "PENDING":
            trouble = f", {row['tries']} tries: {row['code']}" if row["code"] else ""
            return Telling.NOT_YET_TRIED, f"waits for {row['channel']}{trouble}"
        case state:
            return Telling.UNKNOWN, f"nobody knows the state {state}"


def _id(row: Any) -> str | None:
    return str(row["case_id"]) if row["case_id"] else None
