"""The store's real side: PostgreSQL by asyncpg.

Three kinds of connections: one for turns, so that they never wait for a free one; one for leases,
so that a slow turn costs no lane; a few for doors and looks. TCP only (lanes 2).
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from mesh import postgres_sql as sql
from mesh.doors import StoredAnswer
from mesh.limits import ALIVE_S, RESAY_DAYS
from mesh.ports import (
    Beat,
    DueRow,
    LaneRow,
    OutboxRow,
    ParkedRow,
    Position,
    Recovered,
    Replaced,
    RequestRow,
    SaidRow,
    Save,
    Spoken,
    TurnWrites,
    Unavailable,
)
from mesh.postgres_tx import CALL_S, PostgresTransaction, commit, is_stale, meaning, roll_back, told
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

BY_INDEX = {"enable_seqscan": "off"}
"""A turn touches rows by their keys. The plan of a statement is kept from when its tables were
empty: without this it would go on reading them whole until statistics come."""


class PostgresStore:
    """One service's own database."""

    def __init__(self, dsn: str) -> None:
        """Connect to `dsn` at open: as the runtime role, directly, by TCP."""
        self._dsn = dsn
        self._turns: asyncpg.Connection | None = None
        self._leases: asyncpg.Connection | None = None
        self._pool: asyncpg.Pool | None = None
        self._known_id: str | None = None
        self._last: tuple[list[int], datetime | None] | None = None
        self._one_turn = asyncio.Lock()
        self.reader: Reader = _PoolReader(self)

    async def open(self) -> None:
        """Connect. Raises Unavailable where the store does not answer."""
        async with told():
            self._pool = await asyncpg.create_pool(
                self._dsn,
                min_size=1,
                max_size=4,
                command_timeout=CALL_S,
                server_settings=SESSION,
                reset=_as_it_was,
            )

    async def check_direct(self) -> None:
        """Raises SystemExit where a pooler answers for the server: it would hand our session on."""
        async with told(), self.pool.acquire() as connection:
            if await connection.fetchval("SELECT pg_backend_pid()") != connection.get_server_pid():
                raise SystemExit("DATABASE_URL leads to a pooler: the mesh needs the server itself")

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
        settings = SESSION | BY_INDEX
        return await asyncpg.connect(self._dsn, server_settings=settings, timeout=int(CALL_S))

    async def _leasing(self) -> asyncpg.Connection:
        if self._leases is None or self._leases.is_closed():
            self._leases = await self._connect()
        return self._leases

    async def store_id(self) -> str:
        """Give system identifier and timeline."""
        [row] = await self.reader.fetch(sql.STORE_ID)
        return str(row["id"])

    async def beat(
        self, instance: str, *, held: Mapping[int, int], lease_s: float, lanes: int
    ) -> Beat:
        """Say that we live, renew leases, read all lanes."""
        async with told():
            connection = await self._leasing()
            async with connection.transaction():
                await connection.execute(sql.BEAT_INSTANCE, instance, lanes, timeout=CALL_S)
                if held:
                    await connection.execute(
                        sql.RENEW,
                        list(held),
                        list(held.values()),
                        instance,
                        lease_s,
                        timeout=CALL_S,
                    )
                rows = await connection.fetch(sql.LANES, timeout=CALL_S)
                seen = await connection.fetchrow(sql.LIVING, ALIVE_S, timeout=CALL_S)
        assert seen is not None, "an aggregate gives a row"
        return Beat(
            now=seen["now"],
            living=seen["living"],
            lanes=[LaneRow(r["lane"], r["epoch"], r["owner"], r["expired"]) for r in rows],
        )

    async def take(self, lane: int, *, instance: str, lease_s: float) -> int | None:
        """Raise the epoch, once every turn of the former owner has ended."""
        async with told():
            return await self.pool.fetchval(sql.TAKE, lane, instance, lease_s)

    async def keep_id(self, lane: int, *, epoch: int, store_id: str) -> None:
        """Remember that the lane goes on from this store."""
        async with told():
            await self.pool.execute(
                "UPDATE mesh.lane SET store_id = $3 WHERE lane = $1 AND epoch = $2",
                lane,
                epoch,
                store_id,
            )

    async def try_place(self, lane: int, *, epoch: int, place: str) -> int:
        """Note what is about to be heard, so that a process that dies of it leaves a trace."""
        async with told():
            return int(await self.pool.fetchval(sql.TRY_PLACE, lane, epoch, place) or 0)

    async def calm(self, lane: int, *, epoch: int) -> None:
        """Forget deaths and tries."""
        async with told():
            await self.pool.execute(sql.CALM, lane, epoch)

    async def tend(self) -> None:
        """Make the outbox's coming days, drop those that are over."""
        async with told():
            await self.pool.execute("SELECT mesh.turn_outbox_days($1)", RESAY_DAYS)

    async def give_back(self, held: Mapping[int, int], *, instance: str) -> None:
        """Let lanes go at once."""
        async with told():
            await self.pool.execute(sql.GIVE_BACK, list(held), list(held.values()), instance)

    async def leave(self, instance: str) -> None:
        """Stop being counted."""
        async with told():
            await self.pool.execute("DELETE FROM mesh.instance WHERE name = $1", instance)

    async def recover(self, lane: int) -> Recovered:
        """Read inputs, outputs, the outbox above acked_seq, and what is parked."""
        async with told(), self.pool.acquire() as connection, connection.transaction():
            positions = await connection.fetch("SELECT * FROM mesh.input")
            spoken = await connection.fetch("SELECT * FROM mesh.output WHERE lane = $1", lane)
            outbox = await connection.fetch(sql.UNACKNOWLEDGED, lane)
            parked = await connection.fetch(sql.PARKED_UNITS, lane)
            row = await connection.fetchrow(
                "SELECT turned_at, deaths, store_id FROM mesh.lane WHERE lane = $1", lane
            )
        assert row is not None, "a lane that was taken has a row"
        return Recovered(
            turned_at=row["turned_at"],
            deaths=row["deaths"],
            store_id=row["store_id"],
            positions=[Position(**dict(row)) for row in positions],
            spoken=[Spoken(**dict(row)) for row in spoken],
            outbox=[_outbox_row(row) for row in outbox],
            parked={row["unit"]: row["parked_id"] for row in parked},
        )

    async def due(
        self, lanes: Sequence[int], *, now: datetime, limit: int, full: Sequence[int] = ()
    ) -> tuple[list[DueRow], datetime | None]:
        """Give rows that are due, and when the next one will be."""
        async with told():
            rows = await self.pool.fetch(sql.DUE, list(lanes), now, limit, list(full))
            upcoming = await self.pool.fetchval(sql.NEXT_DUE, list(lanes), now)
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
        async with told():
            await self.pool.execute(
                "INSERT INTO mesh.repair (who, verb, detail) VALUES ($1, $2, $3)", who, verb, detail
            )

    async def begin(self, topic: str, partition: int, *, topic_id: str, offset: int) -> None:
        """Let a stopped lane go on at another offset: a person says so."""
        async with told():
            await self.pool.execute(
                sql.BEGIN_AT,
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
        async with told():
            await self.pool.execute(sql.PUT, *due_columns(rows))

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        """Give what was answered to these commands."""
        known = await self.requests(ids)
        return {message_id: stored_answer(row) for message_id, row in known.items()}

    async def _turning(self) -> asyncpg.Connection:
        """Give the connection for turns; a new one is to the same store, or all is forgotten."""
        if self._turns is not None and not self._turns.is_closed():
            return self._turns
        async with told():
            fresh = await self._connect()
            found = str(await fresh.fetchval(sql.STORE_ID))
            last, self._last = self._last, None
            forgot = last is not None and await fresh.fetchval(sql.FORGOTTEN, *last)
        known, self._known_id = self._known_id, found
        self._turns = fresh
        if known not in (None, found):
            raise Replaced(f"the store was {known}, it is {found}")
        if forgot:
            # An older copy in its place, as a snapshot of a disk is, has the same identity.
            raise Replaced(f"the store does not know our last turn: {last}")
        return fresh

    async def commit(
        self, writes: TurnWrites, save: Save, *, instance: str, lease_s: float
    ) -> None:
        """Do a turn in one transaction, the fence first."""
        arguments = turn_arguments(writes, instance=instance, lease_s=lease_s)
        async with self._one_turn:  # a lane that is made anew commits beside the loop of turns
            connection = await self._turning()
            try:
                await connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
                await connection.execute(sql.TURN, *arguments)
                await save(PostgresTransaction(connection))
            except asyncio.CancelledError:
                await roll_back(connection)
                raise
            except Exception as error:
                await roll_back(connection)
                if is_stale(error):
                    connection.terminate()
                raise meaning(error) from error
            await commit(connection)
            self._last = (list(writes.lanes), writes.at)


async def _as_it_was(connection: asyncpg.Connection) -> None:
    """Hand a connection back: nobody here changes its session, so nothing is to be undone."""
    assert not connection.is_in_transaction(), "a reader leaves no transaction open"


class _PoolReader:
    """Reads outside of turns."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        async with told():
            return await self._store.pool.fetch(query, *args)


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
