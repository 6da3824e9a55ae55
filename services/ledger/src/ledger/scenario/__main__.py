"""`python -m ledger.scenario [--store | --lane] FILE…`: exit 0 when all holds, 1 when not, 2 on a
bad file.

By the domain alone; with `--store` through a real PostgreSQL (DATABASE_URL, a migrated store of the
ledger, else that of the running stack; nothing stays there); with `--lane` through a running mesh,
each file as a scenario tenant of its own.
"""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from ledger.scenario.desk import Desk, OwnDesk
from ledger.scenario.expected import FileWrong
from ledger.scenario.file import Scenario, read
from ledger.scenario.lane import lane_desk
from ledger.scenario.memory import MemoryBooks
from ledger.scenario.place import NoPlace, Place
from ledger.scenario.running import run
from ledger.scenario.stored import stored_books

STORE, LANE = "--store", "--lane"
FLAGS = (STORE, LANE)

USAGE = "usage: python -m ledger.scenario [--store | --lane] FILE…"


@asynccontextmanager
async def open_desk(scenario: Scenario, flag: str | None) -> AsyncGenerator[Desk]:
    """Open a desk at which a scenario can be run. Raises NoPlace."""
    if flag == STORE:
        dsn = os.environ.get("DATABASE_URL") or _place().dsn
        async with stored_books(scenario, dsn) as books:
            yield OwnDesk(scenario, books, namespace=books.namespace)
    elif flag == LANE:
        async with lane_desk(scenario, _place()) as desk:
            yield desk
    else:
        yield OwnDesk(scenario, MemoryBooks(scenario))


def _place() -> Place:
    return Place.find(os.environ, start=Path.cwd())


async def run_file(name: str, flag: str | None = None) -> int:
    """Run one file; gives its exit code."""
    code = 0
    try:
        scenario = read(Path(name))
        async with open_desk(scenario, flag) as desk:
            async for line in run(scenario, desk):
                print(name, " ".join(line.split()))
                code = 1
    except FileWrong as wrong:
        print(name, " ".join(str(wrong).split()), file=sys.stderr)
        return 2
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as refused:
        print(name, f"the store refuses it: {refused}")
        return 1
    return code


def main(arguments: list[str]) -> int:
    """Run all files, whatever came of each; gives the worst exit code."""
    flag = arguments[0] if arguments[:1] and arguments[0] in FLAGS else None
    names = arguments[1:] if flag else arguments
    if not names or any(name.startswith("-") for name in names):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        return max(asyncio.run(run_file(name, flag)) for name in names)
    except NoPlace as nowhere:
        print(nowhere, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
