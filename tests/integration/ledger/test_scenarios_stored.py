"""Every scenario file holds through a real PostgreSQL, and leaves nothing there."""

from pathlib import Path

import asyncpg
import pytest
from ledger.scenario.desk import OwnDesk
from ledger.scenario.file import read
from ledger.scenario.running import run
from ledger.scenario.stored import stored_books

pytestmark = pytest.mark.stack

GOLDEN = Path(__file__).parents[2] / "golden"
FILES = sorted([*(GOLDEN / "spec").glob("*.toml"), *(GOLDEN / "own").glob("*.toml")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_a_scenario_holds_in_the_store(
    connection: asyncpg.Connection, dsn: str, path: Path
) -> None:
    scenario = read(path)

    async with stored_books(scenario, dsn) as books:
        desk = OwnDesk(scenario, books, namespace=books.namespace)
        lines = [line async for line in run(scenario, desk)]

    assert lines == []
    assert await connection.fetchval("SELECT count(*) FROM journal") == 0
    assert await connection.fetchval("SELECT count(*) FROM loan") == 0
