"""Where the trail is read from, each side only read: topic, files, keys, and the ledger's store."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import asyncpg
from ledger.audit import published as heads_file
from ledger.audit import wire
from ledger.audit.finding import Finding
from ledger.audit.head import Signed
from ledger.audit.proof import Proof
from ledger.audit.published import Unreadable
from ledger.audit.service import AUDIT
from ledger.audit.signing import Keys, KeyTrouble
from ledger.audit.verifying import Published
from mesh.service import Reader

from writeoff.decoding import Decoder
from writeoff.exits import Exit, Trouble
from writeoff.logs import Place, operator_consumer, partitions_of, read
from writeoff.stackenv import StackEnv

CONNECT_S = 10
QUERY_S = 60.0

FOLDER = "audit"
"""In the stack's folder: the public key, and a file of heads for each process of the ledger."""

READ_ONLY = {"default_transaction_read_only": "on", "timezone": "UTC"}


def trusted_keys(directory: Callable[[], Path], given: Path | None) -> Keys:
    """Read the public keys to trust: of a file, or of the stack's folder."""
    path = given or directory() / FOLDER / "ledger.pub"
    try:
        return Keys.read(path)
    except KeyTrouble as trouble:
        raise Trouble(
            str(trouble),
            next_step="give the ledger's public key with --key FILE",
            exit_code=Exit.USAGE,
        ) from None


def heads_files(env: StackEnv, given: Sequence[Path]) -> list[Path]:
    """Return the files of heads: those named, or those of the stack's ledger."""
    return list(given) or sorted((env.directory / FOLDER).glob("*.jsonl"))


def of_topic(env: StackEnv) -> Iterator[Signed | Unreadable]:
    """Yield every head that the topic holds, up to its end of now."""
    decoder = Decoder(env)
    with operator_consumer(env) as consumer:
        places = [Place(AUDIT, partition) for partition in partitions_of(consumer, AUDIT)]
        for raw in read(consumer, places):
            try:
                _, body = decoder.decode(raw.value or b"")
                yield wire.from_sealed(body)
            except (ValueError, KeyError, TypeError) as error:
                yield Unreadable(f"{AUDIT}[{raw.partition}]@{raw.offset}", str(error))


def of_file(path: Path) -> Iterator[Signed | Unreadable]:
    """Yield every head that a file holds."""
    try:
        yield from heads_file.read(path)
    except OSError as error:
        raise Trouble(
            f"{path} cannot be read: {error.strerror}",
            next_step="name files of heads with --heads, or leave it out",
            exit_code=Exit.USAGE,
        ) from None


def take(
    name: str, heads: Iterator[Signed | Unreadable], keys: Keys, findings: list[Finding]
) -> Published:
    """Take in what one place tells; what cannot be believed becomes findings."""
    place = Published(name)
    findings += place.take(heads, keys)
    return place


def proof(path: Path) -> Proof:
    """Read a proof from its file."""
    try:
        row = json.loads(path.read_text())
        return Proof.from_json(row if isinstance(row, dict) else {})
    except (OSError, ValueError) as error:
        raise Trouble(
            f"{path} is no proof: {error}",
            next_step="`writeoff audit prove ENTRY --to FILE` writes one",
            exit_code=Exit.USAGE,
        ) from None


def in_snapshot[T](env: StackEnv, work: Callable[[Reader], Awaitable[T]]) -> T:
    """Do this reading on one snapshot of the ledger's store, as the operator."""
    try:
        return asyncio.run(_in_snapshot(env.operator_dsn("ledger"), work))
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise Trouble(
            f"the ledger's store does not answer the operator: {error}",
            next_step="`make up` starts what is not running, and migrates",
            exit_code=Exit.UNREACHABLE,
        ) from None


async def _in_snapshot[T](dsn: str, work: Callable[[Reader], Awaitable[T]]) -> T:
    connection: Any = await asyncpg.connect(
        dsn, timeout=CONNECT_S, command_timeout=QUERY_S, server_settings=READ_ONLY
    )
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await work(connection)
    finally:
        await connection.close()
