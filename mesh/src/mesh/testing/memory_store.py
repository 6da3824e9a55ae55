"""The store's other side: a database in memory, with the row locks and the fence of the real one.

A turn keeps its lanes' rows locked from the fence to its end; who takes a lane waits for that end.
Between the fence and COMMIT nothing is written; COMMIT writes all at once or nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from mesh.doors import StoredAnswer
from mesh.hearing import ANY_NUMBER, FORWARDED
from mesh.limits import ALIVE_S
from mesh.ports import (
    Beat,
    DueRow,
    Fenced,
    Misfit,
    Moved,
    ParkedRow,
    Recovered,
    Refused,
    Replaced,
    RequestRow,
    SaidRow,
    Save,
    TurnWrites,
    Unavailable,
    Unknown,
)
from mesh.rows import stored_answer
from mesh.service import Reader
from mesh.testing import faults
from mesh.testing.database import Database
from mesh.testing.faults import Fate, Faults
from mesh.testing.memory_rows import Rows

IDLE_S = 10.0
"""A transaction that nobody speaks in is ended after this long (lanes 2)."""


class MemoryStore:
    """One instance's side of a database."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        who: str = "",
        faults: Faults = faults.NONE,
    ) -> None:
        """`clock` is the database's; `who` is the instance, for `faults`."""
        self.database = database
        self.who = who
        self.faults = faults
        self._clock = clock
        self._known_id: str | None = None
        self.reader: Reader = MemoryReader(self)

    @property
    def _rows(self) -> Rows:
        return self.database.rows

    @asynccontextmanager
    async def _called(self, call: str) -> AsyncGenerator[None]:
        await self.faults.store(self.who, call)
        yield
        await self.faults.stored(self.who, call)

    async def open(self) -> None:
        """Connect."""
        async with self._called("open"):
            pass

    async def close(self) -> None:
        """Let go."""

    async def store_id(self) -> str:
        """Give the store's identity."""
        async with self._called("store_id"):
            return self._rows.store_id

    async def beat(
        self, instance: str, *, held: Mapping[int, int], lease_s: float, lanes: int
    ) -> Beat:
        """Say that we live, renew leases, read all lanes."""
        async with self._called("beat"):
            self._rows.see(instance, lanes=lanes, now=self._clock())
            ours = [n for n, epoch in held.items() if self._rows.lanes[n].is_held(instance, epoch)]
            async with self.database.locked(ours):
                now = self._clock()
                for number in ours:
                    lane = self._rows.lanes[number]
                    if lane.is_held(instance, held[number]):
                        lane.until = now + timedelta(seconds=lease_s)
            alive = now - timedelta(seconds=ALIVE_S)
            living = sum(at > alive for at in self._rows.instances.values())
            return Beat(now=now, living=living, lanes=self._rows.lane_rows(now))

    async def keep_id(self, lane: int, *, epoch: int, store_id: str) -> None:
        """Remember that the lane goes on from this store."""
        async with self._called("keep_id"), self.database.locked([lane]):
            if self._rows.lanes[lane].epoch == epoch:
                self._rows.lanes[lane].store_id = store_id

    async def try_place(self, lane: int, *, epoch: int, place: str) -> int:
        """Note what is about to be heard; gives how often it is tried now."""
        async with self._called("try_place"), self.database.locked([lane]):
            row = self._rows.lanes[lane]
            if row.epoch != epoch:
                return 0
            row.trying = place
            return 1 + (row.tries if row.suspect == place else 0)

    async def calm(self, lane: int, *, epoch: int) -> None:
        """Forget deaths and tries."""
        async with self._called("calm"), self.database.locked([lane]):
            row = self._rows.lanes[lane]
            if row.epoch == epoch:
                row.deaths, row.tries, row.trying, row.suspect = 0, 0, None, None

    async def tend(self) -> None:
        """Keep the outbox: it has no days here."""
        async with self._called("tend"):
            pass

    async def take(self, lane: int, *, instance: str, lease_s: float) -> int | None:
        """Raise the epoch, once every turn of the former owner has ended."""
        async with self._called("take"):
            row = self._rows.lanes.get(lane)
            if row is None or not (row.is_free(self._clock()) or row.owner == instance):
                return None
            async with self.database.locked([lane]):
                now = self._clock()
                row = self._rows.lanes[lane]
                if not (row.is_free(now) or row.owner == instance):
                    return None
                if row.owner not in (None, instance):
                    row.bury()
                row.epoch += 1
                row.owner, row.until = instance, now + timedelta(seconds=lease_s)
                return row.epoch

    async def give_back(self, held: Mapping[int, int], *, instance: str) -> None:
        """Let lanes go at once."""
        async with self._called("give_back"), self.database.locked(held):
            for number, epoch in held.items():
                lane = self._rows.lanes[number]
                if lane.is_held(instance, epoch):
                    lane.owner, lane.until = None, None

    async def leave(self, instance: str) -> None:
        """Stop being counted."""
        async with self._called("leave"):
            self._rows.instances.pop(instance, None)

    async def recover(self, lane: int) -> Recovered:
        """Read what a lane needs to start."""
        async with self._called("recover"):
            return self._rows.recovered(lane)

    async def due(
        self, lanes: Sequence[int], *, now: datetime, limit: int, full: Sequence[int] = ()
    ) -> tuple[list[DueRow], datetime | None]:
        """Give rows that are due, and when the next one will be."""
        async with self._called("due"):
            rows = [
                row
                for row in self._rows.due_of(lanes)
                if row.kind != FORWARDED or row.lane not in full
            ]
            later = [row.due_at for row in rows if row.due_at > now]
            return [row for row in rows if row.due_at <= now][:limit], min(later, default=None)

    async def requests(self, ids: Sequence[UUID]) -> dict[UUID, RequestRow]:
        """Give what is known of these identities."""
        async with self._called("requests"):
            return {one: self._rows.requests[one] for one in ids if one in self._rows.requests}

    async def said(self, topic: str, keys: Sequence[str]) -> dict[str, SaidRow]:
        """Give the last record said of these keys."""
        async with self._called("said"):
            known = self._rows.said
            return {key: known[topic, key] for key in keys if (topic, key) in known}

    async def said_of(self, lane: int, topic: str | None) -> list[SaidRow]:
        """Give the last record of every key that a lane says on table topics."""
        async with self._called("said_of"):
            rows = self._rows.said.values()
            return [row for row in rows if row.lane == lane and topic in (None, row.topic)]

    async def parked(self, lane: int, parked_id: UUID) -> list[ParkedRow]:
        """Give a parked message and its followers, in order."""
        async with self._called("parked"):
            rows = [row for row in self._rows.parked.values() if row.lane == lane]
            return [row for row in rows if parked_id in (row.parked_id, row.behind)]

    async def trace(self, *, who: str, verb: str, detail: str) -> None:
        """Keep that a person repaired something."""
        async with self._called("trace"):
            self._rows.repairs.append((who, verb, detail))

    async def begin(self, topic: str, partition: int, *, topic_id: str, offset: int) -> None:
        """Let a stopped lane go on at another offset: a person says so."""
        async with self._called("begin"):
            if known := self._rows.inputs.get((topic, partition)):
                known.topic_id, known.next_offset, known.last_seq = topic_id, offset, ANY_NUMBER

    async def put(self, rows: Sequence[DueRow]) -> None:
        """Put commands in; the owner of their lane takes them out."""
        async with self._called("put"):
            self._rows.put(rows)

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        """Give what was answered to these commands."""
        return {one: stored_answer(row) for one, row in (await self.requests(ids)).items()}

    async def commit(
        self, writes: TurnWrites, save: Save, *, instance: str, lease_s: float
    ) -> None:
        """Do a turn in one transaction, the fence first."""
        await self.faults.store(self.who, "commit")
        rows = self._connected()
        locks = await self.database.lock(writes.lanes)
        idle = asyncio.get_running_loop().call_later(IDLE_S, locks.release)
        try:
            rows.fence(writes.lanes, instance)
            rows.check(writes)
            tx = MemoryTransaction(self)
            await _saved(save, tx)
            fate = await self.faults.commit(self.who, writes)
            if locks.released or rows is not self.database.rows:
                raise Unavailable("25P03 the transaction was ended meanwhile")
            rows.check(writes)
        except BaseException:
            locks.release()
            raise
        finally:
            idle.cancel()

        def end() -> None:
            if fate.applied:
                rows.apply(writes, until=self._clock() + timedelta(seconds=lease_s))
                for staged in tx.staged:
                    staged(rows)
            locks.release()

        await _ended(fate, end)

    def _connected(self) -> Rows:
        """Give the rows. Raises Replaced where they are another store's than before."""
        rows = self.database.rows
        known, self._known_id = self._known_id, rows.store_id
        if known not in (None, rows.store_id):
            raise Replaced(f"the store was {known}, it is {rows.store_id}")
        return rows


async def _ended(fate: Fate, end: Callable[[], None]) -> None:
    """Let COMMIT end as it is fated to; that its asker is killed meanwhile changes nothing."""
    loop = asyncio.get_running_loop()
    if fate.takes_s:
        loop.call_later(fate.takes_s, end)
    else:
        end()
    if not fate.answered:
        raise Unknown("COMMIT had no answer")
    await asyncio.sleep(fate.takes_s)
    if not fate.applied:
        raise Unavailable("40001 COMMIT was answered with no")


async def _saved(save: Save, tx: "MemoryTransaction") -> None:
    """Let the service save. Raises Refused for whatever is wrong with its rows."""
    try:
        await save(tx)
    except (Fenced, Moved, Refused, Misfit, Unavailable):
        raise
    except Exception as error:
        raise Refused(f"{type(error).__name__}: {error}") from error


class MemoryReader:
    """Stands where a service reads by SQL; MemoryStates looks behind it."""

    def __init__(self, store: MemoryStore) -> None:
        """Read of a store."""
        self.store = store

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        """Refuse: a database in memory understands no SQL."""
        raise NotImplementedError(f"no SQL in memory: {query}")


class MemoryTransaction(MemoryReader):
    """A turn's transaction: what is staged in it is done at COMMIT."""

    def __init__(self, store: MemoryStore) -> None:
        """Stage nothing yet."""
        super().__init__(store)
        self.staged: list[Callable[[Rows], None]] = []

    async def execute(self, query: str, *args: object) -> str:
        """Refuse: a database in memory understands no SQL."""
        raise NotImplementedError(f"no SQL in memory: {query}")

    async def copy(
        self, table: str, *, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """Refuse: a database in memory has no tables of a service."""
        raise NotImplementedError(f"no tables in memory: {table}")
