"""The store's real side: PostgreSQL by asyncpg.

Three kinds of connections: one for turns, so that they never wait for a free one; one for leases,
so that a slow turn costs no lane; a few for doors and looks. TCP only (lanes 2).
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from mesh.doors import StoredAnswer
from mesh.limits import ALIVE_S
from mesh.ports import (
    Beat,
    DueRow,
    Fenced,
    LaneRow,
    Misfit,
    Moved,
    OutboxRow,
    ParkedRow,
    Position,
    Recovered,
    Refused,
    RequestRow,
    SaidRow,
    Save,
    Spoken,
    TurnWrites,
    Unavailable,
    Unknown,
)
from mesh.rows import (
    due_columns,
    due_row,
    parked_row,
    request_row,
    stored_answer,
    turn_arguments,
)
from mesh.service import Reader
from mesh.wire import unpack_headers

SESSION = {
    "idle_in_transaction_session_timeout": "10s",
    "transaction_timeout": "30s",
    "tcp_user_timeout": "20s",
    "tcp_keepalives_idle": "5",
    "timezone": "UTC",
}
"""They see to it that a former owner's turn ends, whatever became of its process (lanes 2)."""

COMMIT_S = 30.0
"""After this long without an answer to COMMIT the connection is ended and the outcome unknown."""

CALL_S = 15.0
"""What is read or written outside of turns answers within this, or the store is unavailable."""

TURN = f"SELECT mesh.turn({', '.join(f'${place}' for place in range(1, 58))})"


class PostgresStore:
    """One service's own database."""

    def __init__(self, dsn: str) -> None:
        """Connect to `dsn` at open: as the runtime role, directly, by TCP."""
        self._dsn = dsn
        self._turns: asyncpg.Connection | None = None
        self._leases: asyncpg.Connection | None = None
        self._pool: asyncpg.Pool | None = None
        self.reader: Reader = _PoolReader(self)

    async def open(self) -> None:
        """Connect. Raises Unavailable where the store does not answer."""
        async with _told():
            self._pool = await asyncpg.create_pool(
                self._dsn, min_size=1, max_size=4, command_timeout=CALL_S, server_settings=SESSION
            )

    async def close(self) -> None:
        """Let all connections go."""
        for connection in (self._turns, self._leases):
            if connection is not None:
                connection.terminate()
        if self._pool is not None:
            self._pool.terminate()

    @property
    def pool(self) -> asyncpg.Pool:
        """Give the pool. Raises Unavailable before open."""
        if self._pool is None:
            raise Unavailable("not connected yet")
        return self._pool

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._dsn, server_settings=SESSION, timeout=int(CALL_S))

    async def _leasing(self) -> asyncpg.Connection:
        if self._leases is None or self._leases.is_closed():
            self._leases = await self._connect()
        return self._leases

    async def store_id(self) -> str:
        """Give system identifier and timeline."""
        rows = await self.reader.fetch(
            "SELECT system_identifier::text || '/' ||"
            " substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS id FROM pg_control_system()"
        )
        return str(rows[0]["id"])

    async def beat(
        self, instance: str, *, held: Mapping[int, int], lease_s: float, lanes: int
    ) -> Beat:
        """Say that we live, renew leases, read all lanes."""
        async with _told():
            connection = await self._leasing()
            async with connection.transaction():
                await connection.execute(BEAT_INSTANCE, instance, lanes, timeout=CALL_S)
                if held:
                    await connection.execute(
                        RENEW, list(held), list(held.values()), instance, lease_s, timeout=CALL_S
                    )
                rows = await connection.fetch(LANES, timeout=CALL_S)
                seen = await connection.fetchrow(LIVING, ALIVE_S, timeout=CALL_S)
        assert seen is not None, "an aggregate gives a row"
        return Beat(
            now=seen["now"],
            living=seen["living"],
            lanes=[LaneRow(r["lane"], r["epoch"], r["owner"], r["expired"]) for r in rows],
        )

    async def take(self, lane: int, *, instance: str, lease_s: float) -> int | None:
        """Raise the epoch, once every turn of the former owner has ended."""
        async with _told():
            return await self.pool.fetchval(TAKE, lane, instance, lease_s)

    async def give_back(self, held: Mapping[int, int], *, instance: str) -> None:
        """Let lanes go at once."""
        async with _told():
            await self.pool.execute(GIVE_BACK, list(held), list(held.values()), instance)

    async def leave(self, instance: str) -> None:
        """Stop being counted."""
        async with _told():
            await self.pool.execute("DELETE FROM mesh.instance WHERE name = $1", instance)

    async def recover(self, lane: int) -> Recovered:
        """Read inputs, outputs, the outbox above acked_seq, and what is parked."""
        async with _told(), self.pool.acquire() as connection, connection.transaction():
            positions = await connection.fetch("SELECT * FROM mesh.input")
            spoken = await connection.fetch("SELECT * FROM mesh.output WHERE lane = $1", lane)
            outbox = await connection.fetch(UNACKNOWLEDGED, lane)
            parked = await connection.fetch(PARKED_UNITS, lane)
            turned_at = await connection.fetchval(
                "SELECT turned_at FROM mesh.lane WHERE lane = $1", lane
            )
        return Recovered(
            turned_at=turned_at,
            positions=[Position(**dict(row)) for row in positions],
            spoken=[Spoken(**dict(row)) for row in spoken],
            outbox=[_outbox_row(row) for row in outbox],
            parked={row["unit"]: row["parked_id"] for row in parked},
        )

    async def due(
        self, lanes: Sequence[int], *, now: datetime, limit: int
    ) -> tuple[list[DueRow], datetime | None]:
        """Give rows that are due, and when the next one will be."""
        async with _told():
            rows = await self.pool.fetch(DUE, list(lanes), now, limit)
            upcoming = await self.pool.fetchval(NEXT_DUE, list(lanes), now)
        return [due_row(row) for row in rows], upcoming

    async def requests(self, ids: Sequence[UUID]) -> dict[UUID, RequestRow]:
        """Give what is known of these identities."""
        rows = await self.reader.fetch(
            "SELECT * FROM mesh.request WHERE message_id = ANY($1)", list(ids)
        )
        return {row["message_id"]: request_row(row) for row in rows}

    async def said(self, topic: str, keys: Sequence[str]) -> dict[str, SaidRow]:
        """Give the last record said of these keys."""
        rows = await self.reader.fetch(
            "SELECT * FROM mesh.said WHERE topic = $1 AND key = ANY($2)", topic, list(keys)
        )
        return {row["key"]: SaidRow(**dict(row)) for row in rows}

    async def parked(self, lane: int, parked_id: UUID) -> list[ParkedRow]:
        """Give a parked message and its followers, in order."""
        rows = await self.reader.fetch(
            "SELECT * FROM mesh.parked WHERE lane = $1 AND (parked_id = $2 OR behind = $2)"
            " ORDER BY put",
            lane,
            parked_id,
        )
        return [parked_row(row) for row in rows]

    async def trace(self, *, who: str, verb: str, detail: str) -> None:
        """Keep that a person repaired something."""
        async with _told():
            await self.pool.execute(
                "INSERT INTO mesh.repair (who, verb, detail) VALUES ($1, $2, $3)", who, verb, detail
            )

    async def begin(self, topic: str, partition: int, *, topic_id: str, offset: int) -> None:
        """Let a stopped lane go on at another offset: a person says so."""
        async with _told():
            await self.pool.execute(
                "UPDATE mesh.input SET topic_id = $3, next_offset = $4"
                " WHERE topic = $1 AND partition = $2",
                topic,
                partition,
                topic_id,
                offset,
            )

    async def said_of(self, lane: int, topic: str | None) -> list[SaidRow]:
        """Give the last record of every key that a lane says on table topics."""
        rows = await self.reader.fetch(
            "SELECT * FROM mesh.said WHERE lane = $1 AND ($2::text IS NULL OR topic = $2)",
            lane,
            topic,
        )
        return [SaidRow(**dict(row)) for row in rows]

    async def put(self, rows: Sequence[DueRow]) -> None:
        """Put commands in; the owner of their lane takes them out."""
        async with _told():
            await self.pool.execute(PUT, *due_columns(rows))

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        """Give what was answered to these commands."""
        known = await self.requests(ids)
        return {message_id: stored_answer(row) for message_id, row in known.items()}

    async def commit(
        self, writes: TurnWrites, save: Save, *, instance: str, lease_s: float
    ) -> None:
        """Do a turn in one transaction, the fence first."""
        async with _told():
            if self._turns is None or self._turns.is_closed():
                self._turns = await self._connect()
        connection = self._turns
        assert connection is not None
        arguments = turn_arguments(writes, instance=instance, lease_s=lease_s)
        try:
            await connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            await connection.execute(TURN, *arguments)
            await save(PostgresTransaction(connection))
        except (Exception, asyncio.CancelledError) as error:
            await _roll_back(connection)
            raise _meaning(error) from error
        await _commit(connection)


class PostgresTransaction:
    """The turn's own transaction, as a service's store sees it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        """Speak on a connection that has an open transaction."""
        self._connection = connection

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        """Run one SELECT."""
        return await self._connection.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        """Run one statement; gives its status."""
        return await self._connection.execute(query, *args)

    async def copy(
        self, table: str, *, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """COPY rows in."""
        await self._connection.copy_records_to_table(table, records=rows, columns=list(columns))


class _PoolReader:
    """Reads outside of turns."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        async with _told():
            return await self._store.pool.fetch(query, *args)


async def _roll_back(connection: asyncpg.Connection) -> None:
    """End the transaction; where that has no answer, end the connection: the server rolls back."""
    try:
        await connection.execute("ROLLBACK", timeout=CALL_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        connection.terminate()


async def _commit(connection: asyncpg.Connection) -> None:
    """COMMIT, never cancelled: only a clear no of the server is a no (lanes 12)."""
    committing = asyncio.ensure_future(connection.execute("COMMIT"))
    try:
        done, _ = await asyncio.wait([committing], timeout=COMMIT_S)
    except asyncio.CancelledError:
        await asyncio.wait([committing], timeout=COMMIT_S)
        raise
    if not done:
        connection.terminate()
        raise Unknown(f"COMMIT had no answer for {COMMIT_S:.0f} s")
    try:
        status = committing.result()
    except asyncpg.PostgresError as error:
        state = _sqlstate(error)
        if state in ("40001", "40P01"):
            raise Unavailable(str(error)) from error
        if state.startswith("23"):
            raise Refused(str(error)) from error
        connection.terminate()
        raise Unknown(f"COMMIT was answered with {state}") from error
    except (asyncpg.InterfaceError, OSError) as error:
        connection.terminate()
        raise Unknown(f"the connection broke at COMMIT: {error}") from error
    if status != "COMMIT":
        connection.terminate()
        raise Unknown(f"COMMIT was answered with {status}")


def _sqlstate(error: asyncpg.PostgresError) -> str:
    """Give the five characters that say what happened."""
    return str(getattr(error, "sqlstate", None) or "")


def _meaning(error: BaseException) -> BaseException:
    """Say what an error before COMMIT means for the turn: in each case nothing was written."""
    if isinstance(error, asyncpg.PostgresError):
        state = _sqlstate(error)
        match state[:2]:
            case "MF":
                return Fenced(str(error)) if state == "MF001" else Moved(str(error))
            case "22" | "23":
                return Refused(f"{state} {error.args[0] if error.args else ''}")
            case "42":
                return Misfit(str(error))
            case _:
                return Unavailable(f"{state} {error}")
    if isinstance(error, asyncpg.DataError):
        return Refused(str(error))
    if isinstance(error, asyncpg.InterfaceError | OSError | TimeoutError):
        return Unavailable(str(error) or type(error).__name__)
    if isinstance(error, Exception):
        return Refused(f"{type(error).__name__}: {error}")
    return error


@asynccontextmanager
async def _told() -> AsyncGenerator[None]:
    """Call what the store does not answer Unavailable."""
    try:
        yield
    except (asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise Unavailable(str(error) or type(error).__name__) from error
    except asyncpg.PostgresError as error:
        if _sqlstate(error)[:2] == "42":
            raise Misfit(str(error)) from error
        raise Unavailable(f"{_sqlstate(error)} {error}") from error


def _outbox_row(row: Mapping[str, Any]) -> OutboxRow:
    return OutboxRow(
        topic=row["topic"],
        lane=row["lane"],
        incarnation=row["incarnation"],
        seq=row["seq"],
        key=row["key"],
        headers=unpack_headers(row["headers"]),
        value=row["value"],
    )


BEAT_INSTANCE = """
WITH me AS (
    INSERT INTO mesh.instance AS i (name, seen_at) VALUES ($1, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at
), gone AS (
    DELETE FROM mesh.instance WHERE seen_at < clock_timestamp() - interval '1 hour'
)
INSERT INTO mesh.lane (lane) SELECT n FROM generate_series(0, $2::int - 1) n
WHERE NOT EXISTS (SELECT FROM mesh.lane WHERE lane = $2 - 1)
ON CONFLICT (lane) DO NOTHING
"""

RENEW = """
UPDATE mesh.lane l SET until = clock_timestamp() + make_interval(secs => $4)
FROM (SELECT x.lane FROM mesh.lane x JOIN unnest($1::int[], $2::bigint[]) AS h(lane, epoch)
      USING (lane, epoch) WHERE x.owner = $3 ORDER BY x.lane FOR NO KEY UPDATE OF x) mine
WHERE l.lane = mine.lane
"""

LANES = """
SELECT lane, epoch, owner, until < clock_timestamp() AS expired FROM mesh.lane ORDER BY lane
"""

LIVING = """
SELECT clock_timestamp() AS now, count(*)::int AS living FROM mesh.instance
WHERE seen_at > clock_timestamp() - make_interval(secs => $1)
"""

TAKE = """
UPDATE mesh.lane SET epoch = epoch + 1, owner = $2,
       until = clock_timestamp() + make_interval(secs => $3)
WHERE lane = $1 AND (owner IS NULL OR owner = $2 OR until < clock_timestamp())
RETURNING epoch
"""

GIVE_BACK = """
UPDATE mesh.lane l SET owner = NULL, until = '-infinity'
FROM unnest($1::int[], $2::bigint[]) AS h(lane, epoch)
WHERE l.lane = h.lane AND l.epoch = h.epoch AND l.owner = $3
"""

UNACKNOWLEDGED = """
SELECT b.* FROM mesh.outbox b JOIN mesh.output o USING (topic, lane, incarnation)
WHERE b.lane = $1 AND b.seq > o.acked_seq ORDER BY b.topic, b.seq
"""

PARKED_UNITS = """
SELECT DISTINCT ON (unit) unit, coalesce(behind, parked_id) AS parked_id FROM mesh.parked
WHERE lane = $1 AND unit NOT LIKE 'unreadable/%' ORDER BY unit, put
"""

DUE = """
SELECT * FROM mesh.due WHERE lane = ANY($1) AND due_at <= $2 ORDER BY due_at, put LIMIT $3
"""

NEXT_DUE = "SELECT min(due_at) FROM mesh.due WHERE lane = ANY($1) AND due_at > $2"

PUT = """
INSERT INTO mesh.due (lane, due_at, due_id, case_id, kind, tenant, key_id, key_kind, payload)
SELECT * FROM unnest($1::int[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                     $7::text[], $8::text[], $9::bytea[])
ON CONFLICT (due_id) DO NOTHING
"""
