"""A loop whose time jumps to the next timer when nothing is ready: hours pass in milliseconds.

Deterministic: one thread, no I/O, jitter from the seed. (Sets of texts are iterated in an order
that the interpreter draws at its start: PYTHONHASHSEED=0 makes two processes agree on that, too.)
"""

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from datetime import UTC, datetime, timedelta
from typing import Any

STARTED_S = 1000.0
"""The loop's time at the beginning: zero would look like `never`."""

BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""The wall clock's time at the beginning: a Monday morning."""

_process: ContextVar[str] = ContextVar("process", default="")


class Stalled(Exception):
    """Nothing is ready and no timer runs: what is waited for can never come."""


class _Leap(selectors.SelectSelector):
    """Waits for no file: lets the time jump instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = STARTED_S

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stalled("nothing is ready and no timer runs")
        self.now_s += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time. Threads and files do not work with it."""

    def __init__(self) -> None:
        """Begin at `STARTED_S`."""
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        """Give the virtual time, in seconds."""
        return self._leap.now_s


def now() -> datetime:
    """Give the wall clock's virtual time."""
    return BEGAN + timedelta(seconds=asyncio.get_running_loop().time() - STARTED_S)


def run[T](story: Coroutine[Any, Any, T], *, seed: int = 0) -> T:
    """Run a story to its end; the same seed, the same story."""
    before = random.getstate()
    random.seed(seed)
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(story)
    finally:
        random.setstate(before)


async def until(
    seen: Callable[[], bool],
    *,
    within_s: float = 60.0,
    why: Callable[[], str] = lambda: "it did not come to pass",
) -> None:
    """Wait for something to come to pass. Raises AssertionError, saying why, when it does not."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while not seen():
        assert loop.time() < deadline, why()
        await asyncio.sleep(0.01)


class Process:
    """Tasks that live and die together: what a process is to a simulation."""

    def __init__(self, name: str) -> None:
        """Name it; nothing runs yet."""
        self.name = name
        self.context: Context = copy_context()
        self.context.run(_process.set, name)
        self.main: asyncio.Task[Any] | None = None

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something in this process; all tasks that it makes are the process's own."""
        self.main = asyncio.get_running_loop().create_task(work, context=self.context)
        return self.main

    async def kill(self) -> None:
        """End every task of it at the point where it waits; nothing more is written or said."""
        tasks = [
            task for task in asyncio.all_tasks() if task.get_context().get(_process) == self.name
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
