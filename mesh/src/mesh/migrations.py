"""Brings a store to the shape that a build needs: SQL files, in order, each once.

Several instances may start at once: one applies, the others wait for its lock and find all done.
A file that was applied is never changed; what it did is changed by a later one. A first line
`-- needs: 7` says that from this file on only builds fit that know file 7 of the same folder.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import asyncpg

from mesh.service import Reader

LOCK = 0x6D657368
"""The advisory lock of who migrates a database: `mesh` in ASCII. Never change it."""

OWN: tuple[str, Path] = ("mesh", Path(__file__).parent / "migrations")
"""The mesh's own tables come first: a service's files may lean on them."""

NAME = re.compile(r"(\d{3})_[a-z0-9_]+\.sql")
NEEDS = re.compile(r"-- needs: (\d{1,3})\s*$", re.MULTILINE)

PREPARE = """
CREATE SCHEMA IF NOT EXISTS mesh;
CREATE TABLE IF NOT EXISTS mesh.migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    needs int
);
GRANT USAGE ON SCHEMA mesh TO PUBLIC;
GRANT SELECT ON mesh.migration TO PUBLIC;
"""

APPLIED = "SELECT name, checksum, needs FROM mesh.migration"

REMEMBER = "INSERT INTO mesh.migration (name, checksum, needs) VALUES ($1, $2, $3)"

IS_THERE = "SELECT to_regclass('mesh.migration') IS NOT NULL AS there"

type Folders = Sequence[tuple[str, Path]]
"""(service's name, where its files are), in the order to apply; the mesh's own not among them."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `name` is folder/file, as `ledger/001_books.sql`."""

    name: str
    number: int
    sql: str
    needs: int | None

    @property
    def folder(self) -> str:
        """Give whose file it is."""
        return self.name.partition("/")[0]

    @property
    def checksum(self) -> str:
        """Give the SHA-256 of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @classmethod
    def read(cls, folder: str, path: Path) -> Self:
        """Read a file. Raises SystemExit when its name has not the form 001_words.sql."""
        form = NAME.fullmatch(path.name)
        if form is None:
            raise SystemExit(f"{path}: a migration is named as 001_words.sql")
        sql = path.read_text()
        needs = NEEDS.match(sql)
        number = int(form[1])
        return cls(f"{folder}/{path.name}", number, sql, int(needs[1]) if needs else None)


def read_folders(folders: Folders) -> list[Migration]:
    """Give all files in the order to apply. Raises SystemExit where two have one number."""
    found: list[Migration] = []
    for folder, path in (OWN, *folders):
        files = [Migration.read(folder, file) for file in sorted(path.glob("*.sql"))]
        numbers = [file.number for file in files]
        if len(set(numbers)) < len(numbers):
            raise SystemExit(f"{path}: two migrations have the same number")
        found += files
    return found


async def migrate(owner_dsn: str, *, folders: Folders, tell: Callable[[str], None] = print) -> None:
    """Apply what is missing, each file in a transaction of its own.

    Raises SystemExit naming the file that was changed, comes too late or does not run.
    """
    files = read_folders(folders)
    connection = await asyncpg.connect(owner_dsn)
    try:
        await _lock(connection, tell)
        await connection.execute(PREPARE)
        rows = await connection.fetch(APPLIED)
        missing = _missing(files, {row["name"]: row["checksum"] for row in rows})
        for place, file in enumerate(missing, start=1):
            tell(f"migrating {place}/{len(missing)}: {file.name}")
            await _apply(connection, file)
        tell(f"migrated: {len(files)} files, {len(missing)} of them now")
    finally:
        await connection.close()


async def version(reader: Reader) -> dict[str, int | None]:
    """Give the names of what was applied, each with the number that it needs builds to know."""
    [row] = await reader.fetch(IS_THERE)
    if not row["there"]:
        return {}
    return {row["name"]: row["needs"] for row in await reader.fetch(APPLIED)}


def behind(applied: Mapping[str, int | None], folders: Folders) -> list[str]:
    """Give the files that this build needs and the store lacks: they are waited for."""
    return [file.name for file in read_folders(folders) if file.name not in applied]


def ahead(applied: Mapping[str, int | None], folders: Folders) -> list[str]:
    """Give the applied files that need a newer build than this one: it must not run."""
    known: dict[str, int] = {}
    for file in read_folders(folders):
        known[file.folder] = max(file.number, known.get(file.folder, 0))
    return [
        name
        for name, needs in sorted(applied.items())
        if needs is not None and needs > known.get(name.partition("/")[0], 0)
    ]


async def _lock(connection: asyncpg.Connection, tell: Callable[[str], None]) -> None:
    """Wait until nobody else migrates. Closing the connection gives the lock back."""
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
        tell("another instance is migrating: waiting for it")
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)


def _missing(files: Sequence[Migration], applied: Mapping[str, str]) -> list[Migration]:
    for file in files:
        if applied.get(file.name, file.checksum) != file.checksum:
            raise SystemExit(f"{file.name} was changed after it was applied: write a new one")
    missing = [file for file in files if file.name not in applied]
    for file in missing:
        later = [name for name in applied if name > file.name and _same_folder(name, file)]
        if later:
            raise SystemExit(f"{file.name} comes too late: {max(later)} was applied already")
    return missing


def _same_folder(name: str, file: Migration) -> bool:
    return name.startswith(f"{file.folder}/")


async def _apply(connection: asyncpg.Connection, file: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(file.sql)
            await connection.execute(REMEMBER, file.name, file.checksum, file.needs)
    except asyncpg.PostgresError as error:
        position = getattr(error, "position", None)
        line = file.sql.count("\n", 0, int(position) - 1) + 1 if position else None
        place = f"{file.name}, line {line}" if line else file.name
        raise SystemExit(f"{place}: {error}") from error
