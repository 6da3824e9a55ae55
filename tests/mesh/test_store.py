"""Both stores keep the contract."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from mesh.migrations import migrate
from mesh.ports import Misfit, Refused, Replaced, TurnWrites, Unavailable
from mesh.postgres import PostgresStore
from mesh.service import Change, Key, Transaction
from mesh.testing import Database, Fate, Faults, MemoryStates, MemoryStore

from ..stack_fixture import Database as StackDatabase  # noqa: TID252 - tests are no package
from ..stack_fixture import Stack  # noqa: TID252 - tests are no package
from .store_contract import StoreContract
from .store_rows import NOON, AnyStore, commit, take


class Cut(Faults):
    """The next COMMIT has no answer."""

    def __init__(self, *, applied: bool) -> None:
        self.fates = [Fate(applied=applied, answered=False)]

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        return self.fates.pop() if self.fates else Fate()


class MemoryHand:
    """A database in memory, from behind."""

    def __init__(self) -> None:
        self.database = Database()
        self.now = NOON

    def store(self, faults: Faults | None = None) -> MemoryStore:
        return MemoryStore(self.database, lambda: self.now, faults=faults or Faults())

    async def bad_data(self, tx: Transaction) -> None:
        raise ValueError("a month has no day 31")

    async def misfit(self, tx: Transaction) -> None:
        raise Misfit("no such table")

    async def breaks(self, tx: Transaction) -> None:
        raise Unavailable("the connection is gone")

    async def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def cut_at_commit(self, *, applied: bool) -> AnyStore:
        return self.store(Cut(applied=applied))

    async def replace_store(self) -> None:
        self.database.rows.store_id = "memory/2"


class TestMemoryStore(StoreContract):
    """In memory."""

    @pytest.fixture
    def hand(self) -> MemoryHand:
        return MemoryHand()

    @pytest.fixture
    def store(self, hand: MemoryHand) -> AnyStore:
        return hand.store()

    @pytest.fixture
    def other(self, hand: MemoryHand) -> AnyStore:
        return hand.store()


class TestMemoryStates:
    """A service's states, in the same database."""

    KEY = Key("demo", "L1")

    @pytest.fixture
    def hand(self) -> MemoryHand:
        return MemoryHand()

    async def test_what_is_saved_is_seen_when_it_is_committed(self, hand: MemoryHand) -> None:
        states = MemoryStates[list[str]](lambda _: [])
        store = hand.store()
        epoch = await take(store)
        [state] = (await states.load(store.reader, {self.KEY: []})).values()
        change = Change[list[str], Any](self.KEY, 0, state, [*state, "opened"], [])

        async def save(tx: Transaction) -> None:
            await states.save(tx, [change])
            assert await states.load(store.reader, {self.KEY: []}) == {self.KEY: []}

        await commit(store, TurnWrites({0: epoch}), save)

        assert await states.load(store.reader, {self.KEY: []}) == {self.KEY: ["opened"]}

    async def test_what_is_loaded_is_a_copy(self, hand: MemoryHand) -> None:
        states = MemoryStates[list[str]](lambda _: [])
        store = hand.store()
        store.database.rows.states[self.KEY] = ["opened"]

        (await states.load(store.reader, {self.KEY: []}))[self.KEY].append("changed")

        assert await states.load(store.reader, {self.KEY: []}) == {self.KEY: ["opened"]}


class PostgresHand:
    """A database of the stack, from behind."""

    def __init__(self, admin: asyncpg.Connection, dsn: str) -> None:
        self._admin = admin
        self._dsn = dsn
        self.opened: list[PostgresStore] = []
        self.proxies: list[Proxy] = []

    async def store(self, dsn: str | None = None) -> PostgresStore:
        store = PostgresStore(dsn or self._dsn)
        await store.open()
        self.opened.append(store)
        return store

    async def empty(self) -> None:
        rows = await self._admin.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'mesh'::regnamespace"
            " AND relkind IN ('r', 'p') AND relname <> 'migration'"
        )
        names = ", ".join(f"mesh.{row['relname']}" for row in rows)
        await self._admin.execute(f"TRUNCATE {names} RESTART IDENTITY")

    async def bad_data(self, tx: Transaction) -> None:
        await tx.execute("SELECT 1 / 0")

    async def misfit(self, tx: Transaction) -> None:
        await tx.execute("SELECT * FROM nothing_here")

    async def breaks(self, tx: Transaction) -> None:
        [row] = await tx.fetch("SELECT pg_backend_pid() AS pid")
        await self._end(f"pid = {row['pid']}")
        await tx.execute("SELECT 1")

    async def pass_time(self, seconds: float) -> None:
        by = f"make_interval(secs => {seconds})"
        await self._admin.execute(f"UPDATE mesh.lane SET until = until - {by}")
        await self._admin.execute(f"UPDATE mesh.instance SET seen_at = seen_at - {by}")

    async def cut_at_commit(self, *, applied: bool) -> AnyStore:
        proxy = Proxy(self._dsn, applied=applied)
        self.proxies.append(proxy)
        return await self.store(await proxy.open())

    async def replace_store(self) -> None:
        for store in self.opened:
            store._known_id = "another/1"
        await self._end("usename = current_database()")

    async def go_back(self, seconds: float) -> None:
        by = f"make_interval(secs => {seconds})"
        await self._admin.execute(f"UPDATE mesh.lane SET turned_at = turned_at - {by}")
        await self._end("usename = current_database()")

    async def _end(self, which: str) -> None:
        await self._admin.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
        )


class Proxy:
    """Stands between a store and its database; at the first COMMIT it cuts the line."""

    def __init__(self, dsn: str, *, applied: bool) -> None:
        self._to = urlsplit(dsn)
        self._applied = applied
        self._cut = False
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    async def open(self) -> str:
        """Give the address to connect to instead."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        login = f"{self._to.username}:{self._to.password}"
        return f"postgresql://{login}@127.0.0.1:{port}{self._to.path}?sslmode=disable"

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        server, there = await asyncio.open_connection(self._to.hostname, self._to.port)
        answers = asyncio.ensure_future(self._pass(server, back))
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._ask(client, there, answers)
        finally:
            answers.cancel()
            for writer in (there, back):
                writer.transport.abort()

    async def _ask(
        self, client: asyncio.StreamReader, there: asyncio.StreamWriter, answers: asyncio.Task[None]
    ) -> None:
        """Pass on what the client says; the first COMMIT, if at all, without its answer."""
        while said := await client.read(65_536):
            cut = not self._cut and b"COMMIT\x00" in said
            if cut:
                self._cut = True
                answers.cancel()
            if not cut or self._applied:
                there.write(said)
                await there.drain()
            if cut:
                await asyncio.sleep(0.2)  # the server does what it was told
                return

    async def _pass(self, server: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while told := await server.read(65_536):
            back.write(told)
            await back.drain()


@pytest.mark.stack
class TestPostgresStore(StoreContract):
    """Against the database."""

    @pytest.fixture
    async def hand(self, stack: Stack, database: StackDatabase) -> AsyncIterator[PostgresHand]:
        await migrate(database.owner_dsn, folders=[], tell=lambda _: None)
        admin = await asyncpg.connect(stack.env.admin_dsn(database.name))
        hand = PostgresHand(admin, database.dsn)
        await hand.empty()
        yield hand
        for store in hand.opened:
            await store.close()
        for proxy in hand.proxies:
            await proxy.close()
        await admin.close()

    @pytest.fixture
    async def store(self, hand: PostgresHand) -> AnyStore:
        return await hand.store()

    @pytest.fixture
    async def other(self, hand: PostgresHand) -> AnyStore:
        return await hand.store()

    async def test_an_older_copy_of_the_same_store_is_noticed_before_anything_is_written(
        self, store: AnyStore, hand: PostgresHand
    ) -> None:
        epoch = await take(store)
        await commit(store, TurnWrites({0: epoch}))
        await hand.go_back(1)

        async def go_on() -> None:
            with suppress(Unavailable):  # the old connection is found broken first
                await commit(store, TurnWrites({0: epoch}))
            await commit(store, TurnWrites({0: epoch}))

        with pytest.raises(Replaced):
            await go_on()
        await commit(store, TurnWrites({0: epoch}))

    async def test_a_store_that_was_only_away_goes_on(
        self, store: AnyStore, hand: PostgresHand
    ) -> None:
        epoch = await take(store)
        await commit(store, TurnWrites({0: epoch}))
        await hand.go_back(0)

        with suppress(Unavailable):
            await commit(store, TurnWrites({0: epoch}))
        await commit(store, TurnWrites({0: epoch}))

    @pytest.mark.parametrize(
        ("statement", "value"), [("SELECT $1::int", 2**40), ("SELECT $1::text", "a\0b")]
    )
    async def test_a_value_that_no_column_can_hold_is_refused_as_data(
        self, store: AnyStore, statement: str, value: object
    ) -> None:
        async def save(tx: Transaction) -> None:
            await tx.execute(statement, value)

        epoch = await take(store)

        with pytest.raises(Refused):
            await commit(store, TurnWrites({0: epoch}), save)
