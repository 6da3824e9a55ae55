"""Sealed books on a database of the module's own."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from ledger.audit.verifying import Published
from mesh.migrations import migrate

from .trail_books import Books, columns_of, published, tampering


@pytest.fixture
async def migrated(owner_dsn: str) -> None:
    await migrate(owner_dsn, folders=[("ledger", Path(str(files("ledger") / "migrations")))])


@pytest.fixture
async def books(migrated: None, owner_dsn: str, dsn: str) -> AsyncIterator[Books]:
    """Empty books."""
    async with tampering(owner_dsn) as owner:
        await owner.execute("TRUNCATE journal, journal_line, audit_block")
    connection = await asyncpg.connect(dsn)
    tables = ("journal", "journal_line")
    yield Books(connection, {table: await columns_of(connection, table) for table in tables})
    await connection.close()


@pytest.fixture
async def trail(books: Books) -> tuple[list[UUID], Published]:
    """Twelve entries in blocks of five, five and two, all published."""
    ids = await books.post(12)
    blocks = [await books.seal(most=5) for _ in range(3)]
    told = published(*blocks)
    assert await books.told(told) == []
    return ids, told
