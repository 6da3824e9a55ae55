"""PostgreSQL: its cluster, its process, and who may do what in which database."""

import asyncio
import contextlib
import functools
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import asyncpg

from stack import credentials, processes
from stack.env import ADMIN_ROLE
from stack.keeper import Program, environment, launched
from stack.places import Places, StackError, write_private
from stack.world import SERVICES

NOBODY = 65_534
"""The user that PostgreSQL runs as where we are root and user namespaces are forbidden."""

CONF = """\
# Written anew at every start.
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 128MB
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = on
max_wal_size = 512MB
min_wal_size = 80MB
io_method = sync
shared_preload_libraries = 'pg_stat_statements'
log_min_duration_statement = 500
log_line_prefix = '%m [%p] %u@%d '
datestyle = 'iso, ymd'
timezone = 'UTC'
"""

HBA = f"""\
# Written anew at every start.
host all all 127.0.0.1/32 scram-sha-256
host replication {ADMIN_ROLE} 127.0.0.1/32 scram-sha-256
"""


@functools.cache
def way() -> str:
    """Find a way to run a program that refuses to run as root, or as a user without a name."""
    root = os.getuid() == 0
    if not root and _has_name(os.getuid()):
        return "plain"
    if sys.platform != "linux":
        raise StackError("PostgreSQL does not run as root here: start the stack as another user")
    fallback = f"drop:{NOBODY}" if root else "plain"
    chosen = os.environ.get("WRITEOFF_POSTGRES_WAY")
    if chosen in ("namespace", "drop"):
        return "namespace" if chosen == "namespace" else fallback
    script = "import os; os.unshare(os.CLONE_NEWUSER)"
    command = [sys.executable, "-I", "-S", "-c", script]
    tried = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    return "namespace" if tried.returncode == 0 else fallback


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def prepare(places: Places, binaries: Path, *, port: int) -> None:
    """Make the cluster if there is none, and write its settings."""
    data = places.postgres / "data"
    places.postgres.mkdir(exist_ok=True, mode=0o755)
    if way().startswith("drop:"):
        _let_in(binaries, places.postgres)
    if not (data / "PG_VERSION").exists():
        _make_cluster(places, binaries, data)
    for name, text in (("postgresql.conf", CONF.format(port=port)), ("pg_hba.conf", HBA)):
        write_private(data / name, text)
    give(data)


def program(places: Places, binaries: Path, *, port: int) -> Program:
    """Describe the server."""
    data = places.postgres / "data"

    async def before() -> None:
        """Let the last one's children end, so that a stale pid file can be taken away."""
        left = dict.fromkeys(processes.dwellers(data), signal.SIGKILL)
        await asyncio.to_thread(processes.end, left)
        (data / "postmaster.pid").unlink(missing_ok=True)

    async def ready() -> bool:
        async with admin(places, port=port) as connection:
            return await connection.fetchval("SELECT 1") == 1

    return Program(
        name="postgres",
        command=(str(binaries / "bin" / "postgres"), "-D", str(data)),
        environment=environment(),
        port=port,
        ready=ready,
        before=before,
        way=way(),
        stop_signal=signal.SIGINT,  # "fast": ends sessions, then writes everything down
        death_signal=signal.SIGQUIT,  # it ends its children, then itself
        grace_s=30.0,
    )


@contextlib.asynccontextmanager
async def admin(
    places: Places, *, port: int, database: str = "postgres"
) -> AsyncGenerator[asyncpg.Connection]:
    """Open a connection as the superuser."""
    try:
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=port,
            user=ADMIN_ROLE,
            password=credentials.password(places, "postgres", ADMIN_ROLE),
            database=database,
            timeout=5,
        )
    except asyncpg.PostgresError as refused:
        raise ConnectionError(str(refused)) from refused
    try:
        yield connection
    finally:
        await connection.close()


def roles() -> tuple[str, ...]:
    """List every role that has a password."""
    owners = (f"{name}_owner" for name in SERVICES)
    return (*SERVICES, *owners, "operator", "registry", ADMIN_ROLE)


async def settle(places: Places, *, port: int) -> None:
    """Make roles, databases and rights what they must be. Again is the same."""
    async with admin(places, port=port) as connection:
        for role in roles():
            await _make_role(connection, role, credentials.password(places, "postgres", role))
        await connection.execute('GRANT pg_read_all_data TO "operator"')
        for database in ("postgres", "template1"):
            await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        await _make_database(connection, "registry", owner="registry")
        for name in SERVICES:
            await _make_database(connection, name, owner=f"{name}_owner")
            await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{name}", "operator"')
    await asyncio.gather(*(_grant(places, name, port=port) for name in SERVICES))


async def _make_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if known else "CREATE"
    # Passwords are made of letters that need no quoting; both words are ours.
    await connection.execute(f"{verb} ROLE \"{role}\" LOGIN PASSWORD '{password}'")


async def _make_database(connection: asyncpg.Connection, name: str, *, owner: str) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await connection.execute(f'CREATE DATABASE "{name}" OWNER "{owner}"')
    await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')


def rights(name: str) -> Iterator[str]:
    """Say what the runtime role may do: the mesh's tables, and else what migrations grant it."""
    owner, mine = f'"{name}_owner"', f'"{name}"'
    defaults = f"ALTER DEFAULT PRIVILEGES FOR ROLE {owner}"
    yield f"ALTER SCHEMA public OWNER TO {owner}"
    yield "REVOKE ALL ON SCHEMA public FROM PUBLIC"
    yield f"CREATE SCHEMA IF NOT EXISTS mesh AUTHORIZATION {owner}"
    yield f"GRANT USAGE ON SCHEMA public, mesh TO {mine}, operator"
    yield f"{defaults} GRANT USAGE ON SCHEMAS TO {mine}, operator"
    yield f"{defaults} IN SCHEMA mesh GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {mine}"
    yield f"{defaults} IN SCHEMA mesh GRANT USAGE ON SEQUENCES TO {mine}"
    # lanes 5: the identity of a store
    yield f"GRANT EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint() TO {mine}"


async def _grant(places: Places, name: str, *, port: int) -> None:
    async with admin(places, port=port, database=name) as connection:
        await connection.execute(";\n".join(rights(name)))


def _make_cluster(places: Places, binaries: Path, data: Path) -> None:
    """Run initdb beside, and move the cluster in when it is whole."""
    fresh = places.postgres / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    secret = places.postgres / "password"
    write_private(secret, credentials.password(places, "postgres", ADMIN_ROLE))
    give(fresh, secret)
    command = [
        *(str(binaries / "bin" / "initdb"), "-D", str(fresh), "-U", ADMIN_ROLE),
        *("--auth-host=scram-sha-256", "--auth-local=scram-sha-256", f"--pwfile={secret}"),
        *("-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
    ]
    log = places.log("initdb")
    with log.open("wb") as file:
        done = subprocess.run(  # noqa: S603
            launched(command, way=way()),
            stdout=file,
            stderr=file,
            env=environment(),
            check=False,
            cwd=fresh,
        )
    secret.unlink()
    if done.returncode != 0:
        raise StackError(f"initdb failed:\n{log.read_text()[-2000:]}")
    fresh.rename(data)


def _let_in(*folders: Path) -> None:
    """See that another user can reach these folders."""
    for folder in folders:
        for parent in (folder, *folder.parents):
            if not parent.stat().st_mode & 0o001:
                raise StackError(
                    f"PostgreSQL cannot run as root, and another user may not enter {parent}:"
                    " choose another place (--dir, WRITEOFF_CACHE), or start as another user"
                )


def give(*paths: Path) -> None:
    """Hand files to the user that PostgreSQL runs as, where that is another one."""
    if not way().startswith("drop:"):
        return
    for path in paths:
        for entry in (path, *(path.rglob("*") if path.is_dir() else ())):
            os.chown(entry, NOBODY, NOBODY)
