"""How the command line talks to the supervisor: a line of JSON there, a line back."""

import asyncio
import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from stack import processes
from stack.places import Places, StackError

ANSWER_MAX_S = 30.0
"""A supervisor that is silent for so long is not well."""

DOWN_ANSWER_MAX_S = 8.0
"""To hear that it is to stop takes a supervisor no time."""

DOWN_MAX_S = 240.0
"""Longer than the graces of all parts together; then the supervisor is killed, and all with it."""

type Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def ask(
    places: Places, verb: str, *, patience_s: float = ANSWER_MAX_S, **more: Any
) -> dict[str, Any]:
    """Ask the supervisor; its refusals are raised here."""
    path = places.socket()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience_s)
        try:
            connection.connect(str(path))
            connection.sendall(json.dumps({"verb": verb, **more}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                line = lines.readline()
        except OSError as trouble:
            raise StackError(f"no supervisor answers in {places.root} ({trouble})") from trouble
    if not line:
        raise StackError("the supervisor went away")
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise StackError(answer["error"])
    return answer


async def listen(places: Places, answer: Answer) -> asyncio.Server:
    """Open the supervisor's socket, for its owner alone."""
    path = places.socket()
    if path.parent != places.root:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if path.parent.stat().st_uid != os.getuid():
            raise StackError(f"{path.parent} belongs to somebody else")
    path.unlink(missing_ok=True)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            reply = await answer(json.loads(await reader.readline()))
        except StackError as refused:
            reply = {"error": str(refused)}
        except ValueError:
            reply = {"error": "that was no question"}
        writer.write(json.dumps(reply).encode() + b"\n")
        await writer.drain()
        writer.close()

    mask = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(serve, str(path))
    finally:
        os.umask(mask)


def take_lock(path: Path, *, wait_s: float = 0.0) -> int | None:
    """Take a lock file for as long as its descriptor is open anywhere; None if somebody has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return number
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(number)
                return None
            time.sleep(0.05)


def down(places: Places) -> bool:
    """Stop the supervisor and wait for its lock; say whether there was one."""
    if not places.root.exists():
        return False
    lock = take_lock(places.lock)
    running = lock is None
    if running:
        try:
            ask(places, "down", patience_s=DOWN_ANSWER_MAX_S)
        except StackError:
            _kill_daemon(places)
        lock = take_lock(places.lock, wait_s=DOWN_MAX_S)
        if lock is None:
            _kill_daemon(places)
            lock = take_lock(places.lock, wait_s=DOWN_MAX_S)
    if lock is None:
        raise StackError("the supervisor does not end")
    left = processes.end_leftovers(places)
    os.close(lock)
    return running or bool(left)


def _kill_daemon(places: Places) -> None:
    if not places.supervisor.exists():
        return
    row = json.loads(places.supervisor.read_text())
    if processes.is_alive(row):
        processes.end({int(row["pid"]): signal.SIGKILL})
