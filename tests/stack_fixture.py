"""The native stack for tests: started once, ended with the tests, whatever ends them."""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from stack.postgres import rights
from stack.world import SERVICES

import stack as stack_package

UP_MAX_S = 240
"""A cold start takes 15 s on an idle machine; a busy one gets many times that."""

TENANTS = tuple(f"t{number:02d}" for number in range(1, 17))

SPOKEN_FOR = TENANTS[:12]
"""For these the sources may ask; the rest are strangers to them."""

WORLD = f"""
lanes = 6
tenants = {json.dumps([*TENANTS, "demo", "sba"])}
scenarios = ["scenario"]
cores = ["vault"]

[sources.upstream]
tenants = {json.dumps(SPOKEN_FOR)}
partitions = 6

[sources.narrow]
tenants = {json.dumps(SPOKEN_FOR)}
partitions = 3

[sources.wide]
tenants = {json.dumps(SPOKEN_FOR)}
partitions = 20

[sources.lending]
tenants = ["demo"]
partitions = 6

[instances]
case = 2
ledger = 2
"""

CORE = """
version = "tests"
mode = "OWN"
not_instructed = ["accrue"]

[[special]]
tenant = "t16"
mode = "CORE"
core = "vault"
"""
"""What a core banking system books too: all products of one tenant, for whom no source speaks."""

END = """
cat >/dev/null
"$0" -m stack wipe --yes --dir "$1/s" >"$1/end.log" 2>&1 || exit
test ! -e "$1/disk" || umount "$1/disk" || exit
rm -rf "$1"
"""
"""Wait until the tests are gone (their end of the pipe closes, also by SIGKILL), then clear up."""


class NotRunning(Exception):
    """The stack did not do what it was told; says what it told us."""


class Stack:
    """A stack in a directory of its own, used as a person uses it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def env(self) -> stack_package.Env:
        """Addresses, passwords, tokens."""
        return stack_package.running(self.directory)

    def must(self, *arguments: str, timeout_s: float = UP_MAX_S + 20) -> str:
        """Run `python -m stack …` and give what it says. Raises NotRunning."""
        command = [sys.executable, "-m", "stack", *arguments, "--dir", str(self.directory)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=timeout_s, check=False
            )
        except subprocess.TimeoutExpired as late:
            raise NotRunning(
                f"{arguments[0]}: no end after {timeout_s:.0f} s: {late.output}"
            ) from None
        if done.returncode != 0:
            raise NotRunning(f"{arguments[0]} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def up(self, *arguments: str) -> None:
        """Start what does not run yet and wait until it is ready."""
        self.must("up", "--wait", str(UP_MAX_S), *arguments)

    def kill(self, name: str) -> None:
        """SIGKILL a process; the supervisor starts it again."""
        self.must("kill", name)

    def freeze(self, name: str) -> None:
        """SIGSTOP a process."""
        self.must("freeze", name)

    def thaw(self, name: str) -> None:
        """SIGCONT a process."""
        self.must("thaw", name)

    def process(self, name: str) -> dict[str, Any]:
        """Give a process's row of the status: state, restarts, pid, …"""
        rows: list[dict[str, Any]] = json.loads(self.must("status", "--json"))["processes"]
        return next(row for row in rows if row["name"] == name)

    def until_ready(self, name: str, *, restarts: int = 0) -> None:
        """Wait until a process is ready after so many restarts."""

        def is_ready() -> bool:
            row = self.process(name)
            return row["state"] == "ready" and row["restarts"] >= restarts

        until(is_ready)

    def log(self, name: str) -> str:
        """Give what a process logged."""
        return (self.directory / "logs" / f"{name}.log").read_text()


def until(seen: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait for something to come to pass."""
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)


@contextmanager
def running_stack(world: str = WORLD, *, disk_mib: int = 0) -> Iterator[Stack]:
    """Start a stack without services; end it and remove all of it, also when we are killed.

    `disk_mib`: PostgreSQL's files lie on a disk of that size in memory. Skips where root's right to
    mount one is not given.
    """
    room = Path(tempfile.mkdtemp(prefix="writeoff-tests-"))
    room.chmod(0o755)  # PostgreSQL may have to run as another user
    (room / "world.toml").write_text(world)
    if disk_mib:
        mount_disk(room, disk_mib)
    command = ["sh", "-c", END, sys.executable, str(room)]
    ending = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    assert ending.stdin is not None
    it = Stack(room / "s")
    try:
        it.up("--without-services", "--world", str(room / "world.toml"))
        if world == WORLD:
            (it.directory / "core.toml").write_text(CORE)
        yield it
    finally:
        ending.stdin.close()
        code = ending.wait(timeout=120)
        told = room / "end.log"
        if code != 0 and told.exists():
            said = told.read_text()
            shutil.rmtree(room, ignore_errors=True)
            raise NotRunning(f"the stack was not ended in good order:\n{said}")


def mount_disk(room: Path, size_mib: int) -> None:
    """Mount a small disk, and have the stack that is to come keep PostgreSQL's files there."""
    disk = room / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m,mode=755", "tmpfs", str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(room)
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    (room / "s").mkdir()
    (room / "s" / "postgres").symlink_to(disk)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """PostgreSQL, Kafka, the registry and a mail sink, once for all tests."""
    with _telling("the stack"), running_stack() as it:
        yield it


@pytest.fixture(scope="session")
def services(stack: Stack) -> Stack:
    """The stack with all services: two of case and of ledger, one of the others."""
    with _telling("the services"):
        stack.up()
    return stack


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Fail with what the stack says, not with how we came there."""
    try:
        yield
    except NotRunning as trouble:
        pytest.fail(f"{what} cannot be had: {trouble}", pytrace=False)


@pytest.fixture(scope="session")
def tenants() -> Iterator[str]:
    """The tenants, one after the other, for ever."""

    def each() -> Iterator[str]:
        while True:
            yield from SPOKEN_FOR

    return each()


@pytest.fixture
def tenant(tenants: Iterator[str]) -> str:
    """A tenant that no test had just before; the sources may ask for it."""
    return next(tenants)


@dataclass(frozen=True)
class Database:
    """An empty database like a service's, with an owner and a runtime role."""

    name: str
    owner_dsn: str
    dsn: str


@pytest.fixture(scope="module")
def database(stack: Stack) -> Iterator[Database]:
    """A database of the module's own; its runtime role may what any service's role may."""
    name, secret = f"t_{uuid4().hex[:12]}", uuid4().hex
    admin = stack.env.admin_dsn()
    wait_for(_make_database(admin, stack.env.admin_dsn(name), name, secret))
    address = f"{stack.env.database_host}:{stack.env.database_port}/{name}"
    yield Database(
        name,
        f"postgresql://{name}_owner:{secret}@{address}",
        f"postgresql://{name}:{secret}@{address}",
    )
    wait_for(
        _execute(
            admin,
            f"DROP DATABASE {name} WITH (FORCE)",
            f"DROP ROLE {name}",
            f"DROP ROLE {name}_owner",
        )
    )


@pytest.fixture(scope="module")
def owner_dsn(database: Database) -> str:
    """The role that may migrate."""
    return database.owner_dsn


@pytest.fixture(scope="module")
def dsn(database: Database) -> str:
    """The role that a service runs as, named as the database."""
    return database.dsn


async def _make_database(admin: str, inside: str, name: str, secret: str) -> None:
    await _execute(
        admin,
        f"CREATE ROLE {name}_owner LOGIN PASSWORD '{secret}'",
        f"CREATE ROLE {name} LOGIN PASSWORD '{secret}'",
        # What a service's migrations grant to its role by name, this role has too.
        f"GRANT {', '.join(f'"{service}"' for service in SERVICES)} TO {name}",
        f"CREATE DATABASE {name} OWNER {name}_owner",
        f"REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {name} TO {name}",
    )
    await _execute(inside, *rights(name))


async def _execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def wait_for[T](work: Coroutine[Any, Any, T]) -> T:
    """Run to the end what a fixture without a loop needs done; touches no loop of the tests."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, work).result()
