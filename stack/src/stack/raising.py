"""`up`: makes everything ready, starts the supervisor, waits until all answer."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from rich import progress as bars
from rich.console import Console

from stack import control, java, processes, show, supervisor
from stack.env import Env
from stack.fetch import Programs, fetch
from stack.keeper import tail
from stack.places import Places, StackError, cache
from stack.plan import PARTS, Wishes, make, parts_of

UP_AT_WORK_MAX_S = 300
"""Another `up` of the same stack is waited for as long as one may take."""

DEATHS_MAX = 3
"""Who died so often before being ready will not be ready."""

console = Console()


def wishes(
    only: str,
    *,
    without_services: bool,
    world: Path | None,
    topics: Path | None,
    ports: Mapping[str, int],
) -> Wishes:
    """Put together what was asked for."""
    parts = parts_of(only) if only else PARTS
    if without_services:
        parts = tuple(part for part in parts if part != "services")
    return Wishes(parts=parts, world=world, topics=topics, ports=ports)


def up(places: Places, wished: Wishes, *, foreground: bool, wait_s: int) -> None:
    """Start what does not run yet."""
    places.make()
    alone = control.take_lock(places.root / "up.lock", wait_s=UP_AT_WORK_MAX_S)
    if alone is None:
        raise StackError("another `up` is at work here")
    programs = _fetch()
    lock = control.take_lock(places.lock)
    if lock is None:
        make(places, wished, programs=programs, running=True)
        if foreground:
            raise StackError("it runs already: `down` first")
        control.ask(places, "apply")
    else:
        if left := processes.end_leftovers(places):
            console.print(f"ended what a crash had left: {', '.join(left)}")
        make(places, wished, programs=programs, running=False)
        if foreground:
            os.close(alone)
            supervisor.run(places, ready=lambda: console.print(show.env(Env.load(places.root))))
            return
        _start_daemon(places, lock)
    try:
        _await_ready(places, wait_s)
    except KeyboardInterrupt:
        if lock is not None:
            console.print("stopping what was started")
            control.down(places)
        raise typer.Exit(130) from None
    os.close(alone)


def train() -> list[Path]:
    """Start a stack of its own in training and stop it; give the files that were made."""
    with tempfile.TemporaryDirectory(prefix="stack-training-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may have to run as another user
        command = [sys.executable, "-P", "-m", "stack"]
        words = ("up", "--only", "kafka,registry"), ("down",)
        for word in words:
            subprocess.run(  # noqa: S603
                [*command, *word, "--dir", f"{folder}/stack"],
                env=dict(os.environ) | {java.TRAINING: "yes"},
                stdout=subprocess.DEVNULL,
                check=False,
            )
    made = sorted(cache().glob("*.aot.part"))
    return [path.rename(path.with_suffix("")) for path in made]  # whole, or not at all


def _fetch() -> Programs:
    """Fetch the programs with a bar for each file that comes from afar."""
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
    )
    with bars.Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, bars.TaskID] = {}

        def tell(name: str, count: int, size: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=size)
                if not console.is_terminal:
                    console.print(f"fetching {name} ({size / 1e6:.1f} MB)", highlight=False)
            progress.update(tasks[name], advance=count)

        return fetch(tell)


def _start_daemon(places: Places, lock: int) -> None:
    """Start the supervisor; the lock is its from the first moment on."""
    path = places.log("supervisor")
    if path.exists():
        path.replace(path.with_suffix(".1.log"))
    places.socket().unlink(missing_ok=True)  # of one that died
    with path.open("wb") as log:
        daemon = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", "stack.supervisor", str(places.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[lock],
            cwd=places.root,
        )
    os.close(lock)
    while not places.socket().exists():
        if daemon.poll() is not None:
            raise StackError(f"the supervisor did not start:\n{tail(path)}")
        time.sleep(0.02)


def _await_ready(places: Places, wait_s: int) -> None:
    deadline = time.monotonic() + wait_s
    with show.Progress(console) as progress:
        while True:
            answer = control.ask(places, "status")
            progress.update(answer)
            if answer["phase"] == "ready":
                break
            if answer["phase"] == "failed":
                raise StackError(f"{answer['trouble']}\nWhat runs keeps running: `status`, `down`.")
            late = time.monotonic() > deadline
            for row in answer["processes"]:
                if row["state"] != "ready" and (late or row["restarts"] >= DEATHS_MAX):
                    raise StackError(_not_ready(places, row))
            if late:
                raise StackError(f"not ready after {wait_s} s")
            time.sleep(0.1)
    console.print(show.status(answer))
    console.print(show.env(Env.load(places.root)))


def _not_ready(places: Places, row: dict[str, Any]) -> str:
    log = places.log(row["name"])
    return (
        f"{row['name']} is not ready: {row['state']}, {row['restarts']} restarts, {row['remark']}\n"
        f"{log}:\n{tail(log)}\nWhat runs keeps running: `status`, `down`."
    )
