"""One program, kept running: started, probed, restarted with growing pauses, stopped."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from stack import processes
from stack.places import Places

PAUSE_FIRST_S, PAUSE_MAX_S = 0.5, 30.0
"""Between a death and the next start: doubled each time, so that a broken program stays quiet."""

GOOD_LIFE_S = 60.0
"""Who lived so long is well: the next pause is short again."""

PROBE_EVERY_S, PROBE_MAX_S = 0.1, 2.0
LOG_BYTES_MAX = 8 << 20
"""A log is put aside at a start when it is larger; one old one is kept."""


class State(StrEnum):
    """Where a program stands."""

    STARTING = "starting"
    READY = "ready"
    UNREADY = "not ready"
    PAUSING = "pausing"
    FROZEN = "frozen"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"
    ABSENT = "not built yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is run, and how one knows that it is well."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int | None = None
    ready: Callable[[], Awaitable[bool]] | None = None
    before: Callable[[], Awaitable[None]] | None = None
    way: str = "plain"
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    grace_s: float = 15.0


@dataclass(slots=True)
class Keeper:
    """Keeps one program running until told otherwise."""

    program: Program
    places: Places
    changed: Callable[[], None]
    state: State = State.STOPPED
    remark: str = ""
    restarts: int = 0
    pid: int | None = None
    since: float = 0.0
    _wanted: bool = False
    _process: asyncio.subprocess.Process | None = None
    _task: asyncio.Task[None] | None = None
    _well: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Begin to keep the program, if nobody does yet."""
        if self._task is None or self._task.done():
            self._wanted = True
            self._task = asyncio.create_task(self._keep(), name=self.program.name)

    async def until_ready(self) -> None:
        """Wait until the program answers, in this life or a later one."""
        await self._well.wait()

    async def stop(self) -> None:
        """End the program as it likes to be ended, or by force after its grace."""
        self._wanted = False
        process, task = self._process, self._task
        if task is None:
            return
        if process is not None and process.returncode is None:
            self._become(State.STOPPING)
            self.signal(self.program.stop_signal)
            self.signal(signal.SIGCONT)
            try:
                await asyncio.wait_for(process.wait(), self.program.grace_s)
            except TimeoutError:
                self.remark = f"did not stop within {self.program.grace_s:.0f} s: killed"
                self.signal(self.program.death_signal)
                await process.wait()
        else:
            task.cancel()
        await asyncio.wait([task])
        self._become(State.STOPPED)

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal; say whether there was somebody to hear it."""
        if self._process is None or self._process.returncode is not None:
            return False
        self._process.send_signal(number)
        if number in (signal.SIGSTOP, signal.SIGCONT):
            # A server of many processes stands still only if all of them do.
            processes.signal_children(self._process.pid, number)
        if number == signal.SIGSTOP:
            self._become(State.FROZEN)
        elif number == signal.SIGCONT and self.state is State.FROZEN:
            self._become(State.READY if self._well.is_set() else State.STARTING)
        return True

    def hurry(self) -> None:
        """End the pause before the next start, if there is one."""
        self._hurry.set()

    async def row(self) -> dict[str, object]:
        """Describe the program as it is at this moment, asked by its own protocol."""
        state = self.state
        if state is State.READY and not await self._probe():
            state = State.UNREADY
        return {
            "name": self.program.name,
            "state": state.value,
            "pid": self.pid,
            "port": self.program.port,
            "restarts": self.restarts,
            "uptime_s": round(time.monotonic() - self.since, 1) if self.pid else None,
            "memory_mib": processes.memory_mib(self.pid) if self.pid else None,
            "remark": self.remark,
        }

    async def _keep(self) -> None:
        pause_s = PAUSE_FIRST_S
        while self._wanted:
            self.since = time.monotonic()
            self._well.clear()
            try:
                await self._live()
            except OSError as trouble:
                self.remark = f"cannot be started: {trouble}"
            if not self._wanted:
                break
            if time.monotonic() - self.since >= GOOD_LIFE_S:
                pause_s = PAUSE_FIRST_S
            self.restarts += 1
            self._become(State.PAUSING)
            self._hurry.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), pause_s)
            pause_s = min(pause_s * 2, PAUSE_MAX_S)

    async def _live(self) -> None:
        self._become(State.STARTING)
        if self.program.before is not None:
            await self.program.before()
        self._process = await spawn(self.program, self.places)
        self.pid = self._process.pid
        self.changed()
        watch = asyncio.create_task(self._watch())
        try:
            code = await self._process.wait()
        finally:
            watch.cancel()
            self.pid = None
            self.changed()
        if self._wanted:
            self.remark = f"ended with {code} ({time.strftime('%H:%M:%S')})"

    async def _watch(self) -> None:
        while not await self._probe():  # noqa: ASYNC110 (another process tells no event)
            await asyncio.sleep(PROBE_EVERY_S)
        if self.state is State.STARTING:
            self._become(State.READY)
        self._well.set()

    async def _probe(self) -> bool:
        if self.program.ready is None:
            return True
        try:
            async with asyncio.timeout(PROBE_MAX_S):
                return await self.program.ready()
        except (OSError, EOFError, TimeoutError):
            return False

    def _become(self, state: State) -> None:
        if state is not self.state:
            clock = time.strftime("%H:%M:%S")
            print(clock, self.program.name, state.value, self.remark, flush=True)
        self.state = state


async def spawn(program: Program, places: Places) -> asyncio.subprocess.Process:
    """Start a program that ends with us, in a session of its own, with its log in a file."""
    path = places.log(program.name)
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".1.log"))
    with path.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *launched(program.command, way=program.way, death_signal=program.death_signal),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(program.environment),
            start_new_session=True,
            cwd=places.root,
        )


def launched(
    command: Iterable[str],
    *,
    way: str = "plain",
    death_signal: signal.Signals = signal.SIGKILL,
) -> tuple[str, ...]:
    """Tie a command's life to this process; the thread that starts it must not end before it."""
    launcher = str(Path(__file__).with_name("launch.py"))
    ours = (sys.executable, "-I", "-S", launcher, str(os.getpid()), str(int(death_signal)))
    return (*ours, way, *command)


def environment(**more: str) -> dict[str, str]:
    """Give a program what every program needs, and what this one does."""
    common = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in common if name in os.environ} | more


def tail(path: Path, lines: int = 15) -> str:
    """Read the last lines of a log."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
