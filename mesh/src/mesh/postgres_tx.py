"""A transaction on PostgreSQL: how it ends, and what an error means for the turn."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from mesh.logs import brief
from mesh.ports import Fenced, Misfit, Moved, Refused, Unavailable, Unknown

COMMIT_S = 30.0
"""After this long without an answer to COMMIT the connection is ended and the outcome unknown."""

CALL_S = 15.0
"""What is read or written outside of turns answers within this, or the store is unavailable."""

BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""The connection's fault; asyncpg also finds itself in a wrong state where a backend just ended."""


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


async def roll_back(connection: asyncpg.Connection) -> None:
    """End the transaction; where that has no answer, end the connection: the server rolls back."""
    try:
        await connection.execute("ROLLBACK", timeout=CALL_S)
    except (asyncpg.PostgresError, *BROKEN):
        connection.terminate()


async def commit(connection: asyncpg.Connection) -> None:
    """COMMIT, never cancelled: only a clear no of the server is a no (lanes 12)."""
    committing = asyncio.ensure_future(connection.execute("COMMIT"))
    committing.add_done_callback(_look)
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
    except BROKEN as error:
        connection.terminate()
        raise Unknown(f"the connection broke at COMMIT: {error}") from error
    if status != "COMMIT":
        connection.terminate()
        raise Unknown(f"COMMIT was answered with {status}")


def _look(committing: asyncio.Future[str]) -> None:
    """See how a COMMIT ended: past its deadline nobody else does, and the loop would complain."""
    if not committing.cancelled():
        committing.exception()


def _sqlstate(error: asyncpg.PostgresError) -> str:
    """Give the five characters that say what happened."""
    return str(getattr(error, "sqlstate", None) or "")


def is_stale(error: BaseException) -> bool:
    """Say whether a migration made what this connection remembers stale: another one is needed."""
    return isinstance(error, asyncpg.PostgresError) and _sqlstate(error) == "0A000"


def meaning(error: BaseException) -> BaseException:
    """Say what an error before COMMIT means for the turn: in each case nothing was written."""
    if isinstance(error, asyncpg.PostgresError):
        state = _sqlstate(error)
        match state[:2]:
            case "MF":
                return Fenced(str(error)) if state == "MF001" else Moved(str(error))
            case "22" | "23":
                return Refused(brief(error))
            case "42":
                return Misfit(str(error))
            case _:
                return Unavailable(f"{state} {error}")
    if isinstance(error, asyncpg.DataError):
        return Refused(brief(error))
    if isinstance(error, BROKEN):
        return Unavailable(str(error) or type(error).__name__)
    if isinstance(error, Exception):
        return Refused(brief(error))
    return error


@asynccontextmanager
async def told() -> AsyncGenerator[None]:
    """Call what the store does not answer Unavailable."""
    try:
        yield
    except BROKEN as error:
        raise Unavailable(str(error) or type(error).__name__) from error
    except asyncpg.PostgresError as error:
        if _sqlstate(error)[:2] == "42":
            raise Misfit(str(error)) from error
        raise Unavailable(f"{_sqlstate(error)} {error}") from error
