"""A database in memory: the mesh's rows, and the row locks of its lanes."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

from mesh.testing.memory_rows import Rows


class Database:
    """One service's database, for all its instances."""

    def __init__(self) -> None:
        """Begin empty. Other rows may be put in its place: the store went back."""
        self.rows = Rows()
        self._locks: dict[int, asyncio.Lock] = {}

    async def lock(self, lanes: Iterable[int]) -> "Locks":
        """Lock lanes' rows, in their order; waits for whoever has them."""
        held = Locks()
        try:
            for number in sorted(lanes):
                lock = self._locks.setdefault(number, asyncio.Lock())
                await lock.acquire()
                held.locks.append(lock)
        except BaseException:
            held.release()
            raise
        return held

    @asynccontextmanager
    async def locked(self, lanes: Iterable[int]) -> AsyncGenerator[None]:
        """Lock lanes' rows for a moment."""
        held = await self.lock(lanes)
        try:
            yield
        finally:
            held.release()


class Locks:
    """Row locks of one transaction."""

    def __init__(self) -> None:
        """Hold none yet."""
        self.locks: list[asyncio.Lock] = []
        self.released = False

    def release(self) -> None:
        """End the transaction; again is nothing."""
        self.released = True
        while self.locks:
            self.locks.pop().release()
