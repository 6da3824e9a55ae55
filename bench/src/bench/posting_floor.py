"""What the ledger's save statements cost, and what a bare COPY of the same rows does.

Both in turns of the same size, each a transaction that lasts: the store's own `save`, with every
constraint, trigger and index, and COPY into tables that have none.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from ledger.domain.decide import Event, Posted, State
from ledger.domain.policyfile import Policies
from ledger.service import Ledger
from ledger.settings import own_policy
from ledger.store.states import Store
from ledger.wire.heard import to_wants
from mesh.lanes import lane_of
from mesh.limits import TURN_MESSAGES_MAX
from mesh.postgres_tx import PostgresTransaction
from mesh.service import NAMESPACE, Actor, Change, Key, Message, Told, derive

from bench.grants import case_of, grant, ledger_database
from bench.loans import OWED_MINOR, chunks, loan_row
from bench.own_stack import LANES, TENANT, Failed
from stack import Env

ROWS = {
    "journal": """
        SELECT * FROM journal
        WHERE tenant = $1 AND loan_id = ANY($2) AND kind = 'POST' ORDER BY seq
    """,
    "journal_line": """
        SELECT l.* FROM journal_line l JOIN journal j USING (entry_id)
        WHERE j.tenant = $1 AND j.loan_id = ANY($2) AND j.kind = 'POST' ORDER BY j.seq, l.place
    """,
    "loan": "SELECT * FROM loan WHERE tenant = $1 AND loan_id = ANY($2)",
    "lot": "SELECT * FROM lot WHERE tenant = $1 AND loan_id = ANY($2) ORDER BY loan_id, place",
}
"""What saving write-offs of these loans writes, by table."""

type Turn = list[Change[State, Event]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Journals a second both ways."""

    saved_per_s: float
    copied_per_s: float
    lines: float
    """Of a journal."""


async def measure(env: Env, journals: int, told: Callable[[int], None]) -> Floor:
    """Save and copy so many write-offs, each of a loan of its own, turn by turn."""
    async with ledger_database(env) as dsn:
        connection = await asyncpg.connect(dsn)
        try:
            desk = _Desk(connection)
            turns = list(chunks([f"L-{number}" for number in range(journals)], TURN_MESSAGES_MAX))
            for turn in turns:
                await desk.save(await desk.decide([_import(name) for name in turn]))
            # As autovacuum would have done it by the time that so many loans are there.
            await connection.execute("ANALYZE")
            for table in ROWS:
                await connection.execute(f"CREATE TABLE bare_{table} AS TABLE {table} WITH NO DATA")
            saved_s, copied_s, lines, done = 0.0, 0.0, 0, 0
            for turn in turns:
                saved_s += await desk.save(await desk.decide([_grant(name) for name in turn]))
                rows = await _saved(connection, turn)
                copied_s += await _copy(connection, rows)
                lines += len(rows["journal_line"])
                done += len(turn)
                told(done)
        finally:
            await connection.close()
    return Floor(
        saved_per_s=journals / saved_s, copied_per_s=journals / copied_s, lines=lines / journals
    )


class _Desk:
    """The ledger's own code on one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        policies = Policies.parse(own_policy())
        self._connection = connection
        self._tx = PostgresTransaction(connection)
        self._store = Store(lambda message: policies.of(message.tenant), to_wants)
        self._service = Ledger(self._store, lambda message: policies.of(message.tenant))

    async def decide(self, messages: Sequence[tuple[Key, Message]]) -> Turn:
        """Load and decide as a turn does, each message on a loan of its own."""
        states = await self._service.load(self._tx, {key: (each,) for key, each in messages})
        now = datetime.now(UTC)
        return [self._change(states[key], key, message, now) for key, message in messages]

    async def save(self, changes: Turn) -> float:
        """Save a turn in one transaction; return the seconds that it took."""
        begun = time.perf_counter()
        async with self._connection.transaction():
            await self._store.save(self._tx, changes)
        return time.perf_counter() - begun

    def _change(
        self, before: State, key: Key, message: Message, now: datetime
    ) -> Change[State, Event]:
        events = self._service.decide(before, message, now=now)
        if message.kind != "ImportLoan" and not all(isinstance(each, Posted) for each in events):
            raise Failed(f"the ledger does not post a grant: {events}")
        told = [
            Told(event, derive(message.message_id, type(event).__name__, place), now, message)
            for place, event in enumerate(events)
        ]
        after = reduce(self._service.evolve, events, before)
        return Change(key, lane_of(key.text, lanes=LANES), before, after, told)


async def _saved(
    connection: asyncpg.Connection, loans: Sequence[str]
) -> dict[str, list[tuple[Any, ...]]]:
    """Read back what was saved, by table."""
    return {
        table: [tuple(row.values()) for row in await connection.fetch(query, TENANT, loans)]
        for table, query in ROWS.items()
    }


async def _copy(
    connection: asyncpg.Connection, rows: Mapping[str, Sequence[tuple[Any, ...]]]
) -> float:
    """Copy a turn's rows into bare tables in one transaction; return the seconds that it took."""
    begun = time.perf_counter()
    async with connection.transaction():
        for table, each in rows.items():
            await connection.copy_records_to_table(f"bare_{table}", records=each)
    return time.perf_counter() - begun


def _import(loan_id: str) -> tuple[Key, Message]:
    message_id = uuid5(NAMESPACE, f"bench/import/{loan_id}")
    return _message("ImportLoan", loan_row(loan_id), loan_id, message_id)


def _grant(loan_id: str) -> tuple[Key, Message]:
    today = datetime.now(UTC).date()
    record = grant(TENANT, loan_id, amount_minor=OWED_MINOR, asked=today)
    return _message("AuthorizationGranted", record, loan_id, UUID(record.meta.event_id))


def _message(kind: str, body: Any, loan_id: str, message_id: UUID) -> tuple[Key, Message]:
    return Key(TENANT, loan_id), Message(
        kind=kind,
        body=body,
        message_id=message_id,
        tenant=TENANT,
        source="bench",
        actor=Actor("authorizer", "l4-deb"),
        correlation_id=message_id,
        case_id=case_of(TENANT, loan_id),
    )
