"""Books on a database of the module's own."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path

import asyncpg
import pytest
from mesh.migrations import migrate

from .turning import ALLOWANCE, Books


@pytest.fixture
async def connection(owner_dsn: str, dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the runtime role."""
    folder = Path(str(files("ledger") / "migrations"))
    await migrate(owner_dsn, folders=[("ledger", folder)], tell=lambda _: None)
    made = await asyncpg.connect(dsn)
    yield made
    await made.close()


@pytest.fixture
def books(connection: asyncpg.Connection) -> Books:
    """A tenant's books under the policy that comes with the ledger."""
    return Books(connection)


@pytest.fixture
def allowing(connection: asyncpg.Connection) -> Books:
    """A tenant's books under the allowance method."""
    return Books(connection, policy=ALLOWANCE)
