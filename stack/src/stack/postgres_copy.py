"""Copies of PostgreSQL's files: taken while it runs, put in its place, or made to follow it.

A copy is taken between `pg_backup_start` and `pg_backup_stop`, with the write-ahead log that it
needs: it starts by itself, as the store of the moment when it was finished.
"""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from stack.credentials import choose_ports, password
from stack.env import ADMIN_ROLE
from stack.keeper import environment, launched, tail
from stack.places import Places, StackError, write_private
from stack.plan import Plan
from stack.postgres import admin, give, way
from stack.probes import HOST

FOLLOWS_MAX_S = 60.0
"""A standby replays what was written during its copy before it follows: seconds."""


def copy_to(places: Places, to: Path) -> None:
    """Copy the files of the running PostgreSQL. To be put in its place they lie on its disk."""
    asyncio.run(_copy_to(places, to))


async def _copy_to(places: Places, to: Path) -> None:
    data = places.postgres / "data"
    without_pid = shutil.ignore_patterns("postmaster.pid", "postmaster.opts")
    async with admin(places, port=Plan.load(places).ports["postgres"]) as connection:
        await connection.execute("SELECT pg_backup_start('copy', fast => true)")
        shutil.copytree(data, to, ignore=without_pid, copy_function=_copy_file)
        stopped = "SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)"
        label = await connection.fetchval(stopped)
    # Again, for what was written meanwhile; what was removed is there from the first time.
    shutil.copytree(data / "pg_wal", to / "pg_wal", copy_function=_copy_file, dirs_exist_ok=True)
    write_private(to / "backup_label", str(label))
    give(to)


def _copy_file(source: str, to: str) -> None:
    """Copy a file that may go away at any moment: then recovery knows that it did."""
    with suppress(FileNotFoundError):
        shutil.copy2(source, to)


def put_back(places: Places, copied: Path) -> None:
    """Put a copy in the place of PostgreSQL's files. It must not run."""
    data = places.postgres / "data"
    if (data / "postmaster.pid").exists():
        raise StackError("PostgreSQL runs: `stop postgres` first")
    shutil.rmtree(data)
    copied.rename(data)


@dataclass(frozen=True, slots=True)
class Standby:
    """A running copy that takes in what PostgreSQL writes, until it is let go and promoted."""

    places: Places
    data: Path
    port: int

    def let_go(self) -> None:
        """Take in nothing more, as if the line to the primary were cut."""
        _write_source(self.data, "")
        self._ask("SELECT pg_reload_conf()")
        self._until("SELECT count(*) FROM pg_stat_wal_receiver", 0)

    def promote(self) -> None:
        """Make it a primary of its own: its line of time goes apart from the other's."""
        self._control("promote", "-w")

    def stop(self) -> None:
        """Stop it in good order; its files can then be put in the primary's place."""
        self._control("stop", "-m", "fast", "-w")

    def until_it_follows(self) -> None:
        """Wait until it takes in what is written at that moment."""
        self._until("SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming'", 1)

    def _ask(self, question: str) -> object:
        async def ask() -> object:
            async with admin(self.places, port=self.port) as connection:
                return await connection.fetchval(question)

        return asyncio.run(ask())

    def _until(self, question: str, answer: object) -> None:
        deadline = time.monotonic() + FOLLOWS_MAX_S
        while True:
            with suppress(OSError):  # it does not take connections yet
                if self._ask(question) == answer:
                    return
            if time.monotonic() > deadline:
                said = tail(self.places.log("standby"))
                raise StackError(f"the standby does not say {answer} to {question}:\n{said}")
            time.sleep(0.1)

    def _control(self, *words: str) -> None:
        home = Path(Plan.load(self.places).postgres_home)
        command = [str(home / "bin" / "pg_ctl"), "-D", str(self.data), *words]
        done = subprocess.run(  # noqa: S603
            launched(command, way=way()), capture_output=True, text=True, check=False, cwd=self.data
        )
        if done.returncode != 0:
            raise StackError(f"pg_ctl {words[0]} failed: {done.stdout}{done.stderr}")


@contextmanager
def standby(places: Places, copied: Path) -> Generator[Standby]:
    """Run a copy as a standby that follows; ends it if it still runs."""
    ports = choose_ports(places, ["standby"], given={})
    login = f"user={ADMIN_ROLE} password={password(places, 'postgres', ADMIN_ROLE)}"
    source = f"host={HOST} port={ports['postgres']} {login}"
    _write_source(copied, source)
    (copied / "standby.signal").touch()
    give(copied)
    it = Standby(places, copied, ports["standby"])
    home = Path(Plan.load(places).postgres_home)
    command = [str(home / "bin" / "postgres"), "-D", str(copied), "-c", f"port={it.port}"]
    with places.log("standby").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603
            launched(command, way=way()), stdout=log, stderr=log, env=environment(), cwd=copied
        )
    try:
        it.until_it_follows()
        yield it
    finally:
        if process.poll() is None:
            it.stop()
        process.wait()


def _write_source(data: Path, source: str) -> None:
    write_private(data / "postgresql.auto.conf", f"primary_conninfo = '{source}'\n")
    give(data / "postgresql.auto.conf")
