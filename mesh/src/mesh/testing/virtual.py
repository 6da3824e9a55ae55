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


STILL_STEPS_MAX = 10_000
"""More steps than this without any time passing are a loop that never waits."""


class Stalled(Exception):
    """What is waited for can never come: nothing runs any more, or something runs for ever."""


class _Leap(selectors.SelectSelector):
    """Waits for no file: lets the time jump instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = STARTED_S
        self._still_steps = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stalled("nothing is ready and no timer runs")
        self._still_steps = 0 if timeout > 0 else self._still_steps + 1
        if self._still_steps > STILL_STEPS_MAX:
            self._still_steps = 0
            raise Stalled("something runs for ever and no time passes")
        self.now_s += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time. Threads and files do not work with it."""

    def __init__(self) -> None:
        """Begin at `STARTED_S`."""
        self._leap = _Leap()
        self._frozen: dict[str, list[Callable[[], object]]] = {}
        super().__init__(self._leap)

    def time(self) -> float:
        """Give the virtual time, in seconds."""
        return self._leap.now_s

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run a callback next; the step of a frozen process's task waits until it is thawed."""
        task = getattr(callback, "__self__", None) if self._frozen else None
        if isinstance(task, asyncio.Task) and (held := self._frozen.get(_process_of(task))):
            held.append(lambda: self.call_soon(callback, *args, context=context))
            return asyncio.Handle(callback, args, self, context)
        return super().call_soon(callback, *args, context=context)

    def freeze(self, process: str) -> None:
        """Let no task of a process go on. What it has sent arrives, what it waits for comes."""
        self._frozen.setdefault(process, [lambda: None])

    def thaw(self, process: str) -> None:
        """Let it go on, a moment that may be long later."""
        for go_on in self._frozen.pop(process, ()):
            go_on()


def _process_of(task: asyncio.Task[Any]) -> str:
    return task.get_context().get(_process, "")


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

    def freeze(self) -> None:
        """As SIGSTOP: no task of it goes on."""
        _loop().freeze(self.name)

    def thaw(self) -> None:
        """As SIGCONT; nothing where it was not frozen."""
        _loop().thaw(self.name)

    async def kill(self) -> None:
        """End every task of it at the point where it waits; nothing more is written or said."""
        mine = [task for task in asyncio.all_tasks() if _process_of(task) == self.name]
        # In the order in which they were made (Task-9, Task-10): a set has another one each time.
        tasks = sorted(mine, key=lambda task: (len(task.get_name()), task.get_name()))
        for task in tasks:
            task.cancel()
        self.thaw()
        await asyncio.gather(*tasks, return_exceptions=True)


def _loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop), "only virtual time stands still for one"
    return loop
