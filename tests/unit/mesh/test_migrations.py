import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from mesh.migrations import ahead, behind, migrate, read_folders, version

from mesh import migrations


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "001_first.sql").write_text("SELECT 1;")
    (tmp_path / "002_second.sql").write_text("-- needs: 2\nSELECT 2;")
    return tmp_path


def test_the_mesh_comes_first_then_the_service_by_number(folder: Path) -> None:
    names = [file.name for file in read_folders([("case", folder)])]

    own = [name for name in names if name.startswith("mesh/")]
    assert names == [*own, "case/001_first.sql", "case/002_second.sql"]


@pytest.mark.parametrize("name", ["1_first.sql", "001-first.sql", "first.sql", "001_First.sql"])
def test_a_file_has_a_number_and_a_name(folder: Path, name: str) -> None:
    (folder / name).write_text("")

    with pytest.raises(SystemExit, match=name):
        read_folders([("case", folder)])


def test_two_files_with_one_number_are_refused(folder: Path) -> None:
    (folder / "002_other.sql").write_text("")

    with pytest.raises(SystemExit, match="same number"):
        read_folders([("case", folder)])


def test_a_build_waits_for_what_the_store_lacks(folder: Path) -> None:
    applied = dict.fromkeys(file.name for file in read_folders([("case", folder)]))
    assert behind(applied, [("case", folder)]) == []

    del applied["case/002_second.sql"]

    assert behind(applied, [("case", folder)]) == ["case/002_second.sql"]


def test_a_build_does_not_run_on_a_store_that_needs_a_newer_one(folder: Path) -> None:
    applied = {"case/001_first.sql": None, "case/002_second.sql": 2, "case/003_third.sql": None}
    assert ahead(applied, [("case", folder)]) == []

    applied["case/004_fourth.sql"] = 4

    assert ahead(applied, [("case", folder)]) == ["case/004_fourth.sql"]


class Lines(list[str]):
    def __call__(self, line: str) -> None:
        self.append(line)


class Rows:
    """A reader over one connection."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        return await self._connection.fetch(query, *args)


@pytest.fixture
async def connection(owner_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_dsn)
    yield connection
    await connection.close()


@pytest.fixture
async def name(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """A service's name of our own, and so is its table; nothing of it stays."""
    name = f"t{uuid4().hex}"
    yield name
    await connection.execute(f"DROP TABLE IF EXISTS {name}")
    await connection.execute("DELETE FROM mesh.migration WHERE starts_with(name, $1)", name)


@pytest.mark.stack
async def test_files_are_applied_in_order_and_once(
    owner_dsn: str, connection: asyncpg.Connection, name: str, tmp_path: Path
) -> None:
    (tmp_path / "001_make.sql").write_text(f"CREATE TABLE {name} (n int);")
    (tmp_path / "002_fill.sql").write_text(f"-- needs: 2\nINSERT INTO {name} VALUES (1), (2);")
    first, second = Lines(), Lines()

    await migrate(owner_dsn, folders=[(name, tmp_path)], tell=first)
    await migrate(owner_dsn, folders=[(name, tmp_path)], tell=second)

    assert await connection.fetchval(f"SELECT count(*) FROM {name}") == 2
    assert any("002_fill.sql" in line for line in first)
    assert second == [f"migrated: {len(read_folders([(name, tmp_path)]))} files, 0 of them now"]
    applied = await version(Rows(connection))
    assert applied[f"{name}/001_make.sql"] is None
    assert applied[f"{name}/002_fill.sql"] == 2
    assert behind(applied, [(name, tmp_path)]) == []


@pytest.mark.stack
async def test_several_instances_may_start_at_once(
    owner_dsn: str, connection: asyncpg.Connection, name: str, tmp_path: Path
) -> None:
    (tmp_path / "001_make.sql").write_text(
        f"CREATE TABLE {name} (n int); INSERT INTO {name} VALUES (1); SELECT pg_sleep(0.2);"
    )
    told = Lines()

    await asyncio.gather(
        *(migrate(owner_dsn, folders=[(name, tmp_path)], tell=told) for _ in range(5))
    )

    assert await connection.fetchval(f"SELECT count(*) FROM {name}") == 1
    assert told.count("another instance is migrating: waiting for it") == 4


@pytest.mark.stack
async def test_a_file_that_was_changed_stops_everything(
    owner_dsn: str, connection: asyncpg.Connection, name: str, tmp_path: Path
) -> None:
    (tmp_path / "001_make.sql").write_text(f"CREATE TABLE {name} (n int);")
    await migrate(owner_dsn, folders=[(name, tmp_path)], tell=Lines())
    (tmp_path / "001_make.sql").write_text(f"CREATE TABLE {name} (n bigint);")
    (tmp_path / "002_fill.sql").write_text(f"INSERT INTO {name} VALUES (1);")

    with pytest.raises(SystemExit, match=f"{name}/001_make.sql was changed"):
        await migrate(owner_dsn, folders=[(name, tmp_path)], tell=Lines())

    assert await connection.fetchval(f"SELECT count(*) FROM {name}") == 0


@pytest.mark.stack
async def test_a_file_that_fails_leaves_nothing_and_is_named_with_its_line(
    owner_dsn: str, connection: asyncpg.Connection, name: str, tmp_path: Path
) -> None:
    (tmp_path / "001_make.sql").write_text(f"CREATE TABLE {name} (n int);")
    (tmp_path / "002_fill.sql").write_text(f"INSERT INTO {name} VALUES (1);\nSELECT nothing_here;")

    with pytest.raises(SystemExit, match=f"{name}/002_fill.sql, line 2: .*nothing_here"):
        await migrate(owner_dsn, folders=[(name, tmp_path)], tell=Lines())

    assert await connection.fetchval(f"SELECT count(*) FROM {name}") == 0
    applied = await version(Rows(connection))
    assert f"{name}/001_make.sql" in applied
    assert f"{name}/002_fill.sql" not in applied


@pytest.mark.stack
async def test_a_file_below_an_applied_one_comes_too_late(
    owner_dsn: str, name: str, tmp_path: Path
) -> None:
    (tmp_path / "002_make.sql").write_text(f"CREATE TABLE {name} (n int);")
    await migrate(owner_dsn, folders=[(name, tmp_path)], tell=Lines())
    (tmp_path / "001_early.sql").write_text("SELECT 1;")

    with pytest.raises(SystemExit, match=f"{name}/001_early.sql comes too late"):
        await migrate(owner_dsn, folders=[(name, tmp_path)], tell=Lines())


@pytest.mark.stack
async def test_a_store_that_nobody_migrated_has_no_version(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        migrations, "IS_THERE", "SELECT to_regclass('mesh.nowhere') IS NOT NULL AS there"
    )

    assert await version(Rows(connection)) == {}
