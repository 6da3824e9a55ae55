"""`python -m stack`: up, down, status, wipe, env, and hands on single processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from stack import control, processes
from stack.env import Env
from stack.keeper import tail
from stack.places import Places, StackError

if TYPE_CHECKING:  # imported where it is needed: a word to the supervisor should be quick
    from stack.plan import Wishes

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
console = Console()

UP_MAX_S = 300
"""A cold start takes 15 s on an idle laptop; a busy machine gets twenty times that."""

DOWN_MAX_S = 90.0
"""Longer than the graces of all parts together; then the supervisor is killed, and all with it."""

DEATHS_MAX = 3
"""Who died so often before being ready will not be ready."""

Dir = Annotated[
    Path, typer.Option("--dir", envvar="WRITEOFF_STACK_DIR", help="where the stack keeps its files")
]
AsJson = Annotated[bool, typer.Option("--json", help="for machines")]
HERE = Path(".stack")


@contextmanager
def _plainly() -> Generator[None]:
    """Say what went wrong without a traceback."""
    try:
        yield
    except StackError as trouble:
        Console(stderr=True).print(f"[red]{trouble}[/red]", highlight=False, markup=True)
        raise typer.Exit(1) from None


@app.command()
def up(  # noqa: PLR0913 (one parameter an option)
    directory: Dir = HERE,
    *,
    world: Annotated[Path | None, typer.Option(help="a world.toml")] = None,
    topics: Annotated[Path | None, typer.Option(help="another catalogue of topics")] = None,
    foreground: Annotated[bool, typer.Option("--foreground", help="Ctrl-C stops it")] = False,
    without_services: Annotated[bool, typer.Option("--without-services")] = False,
    only: Annotated[str, typer.Option(help="parts: kafka,registry,postgres,mail,services")] = "",
    kafka_port: Annotated[int | None, typer.Option()] = None,
    registry_port: Annotated[int | None, typer.Option()] = None,
    postgres_port: Annotated[int | None, typer.Option()] = None,
    smtp_port: Annotated[int | None, typer.Option()] = None,
    port: Annotated[list[str] | None, typer.Option(help="NAME=PORT, such as case-1=8001")] = None,
    wait: Annotated[int, typer.Option(help="seconds until all must be ready")] = UP_MAX_S,
) -> None:
    """Start everything that does not run yet, and wait until it is ready."""
    from stack.plan import PARTS, Wishes, parts_of

    named = {
        "kafka": kafka_port,
        "registry": registry_port,
        "postgres": postgres_port,
        "smtp": smtp_port,
    }
    with _plainly():
        parts = parts_of(only) if only else PARTS
        if without_services:
            parts = tuple(part for part in parts if part != "services")
        ports = {name: number for name, number in named.items() if number} | _ports(port or [])
        wishes = Wishes(parts=parts, world=world, topics=topics, ports=ports)
        _up(Places.at(directory), wishes, foreground=foreground, wait_s=wait)


@app.command()
def down(directory: Dir = HERE) -> None:
    """Stop everything in order; nothing to do is fine."""
    with _plainly():
        stopped = _down(Places.at(directory))
        console.print("stopped" if stopped else "nothing was running")


@app.command()
def status(directory: Dir = HERE, *, as_json: AsJson = False) -> None:
    """Tell how each process is."""
    from stack import show

    with _plainly():
        answer = control.ask(Places.at(directory), "status")
        if as_json:
            print(json.dumps(answer, indent=1))
        else:
            console.print(show.status(answer))


@app.command()
def env(directory: Dir = HERE, *, as_json: AsJson = False) -> None:
    """Tell what a client needs: addresses, and the files that passwords are in."""
    from stack import show

    with _plainly():
        found = Env.load(directory)
        if as_json:
            print(json.dumps(asdict(found), indent=1))
        else:
            console.print(show.env(found))


@app.command()
def wipe(
    directory: Dir = HERE, *, yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False
) -> None:
    """Stop everything and remove its data, ports and passwords."""
    places = Places.at(directory)
    with _plainly():
        if not places.root.exists():
            console.print("nothing is there")
            return
        if not (places.root / "plan.json").exists() and not places.world.exists():
            raise StackError(f"{places.root} is no stack: not touched")
        if not yes and not typer.confirm(f"Remove all data in {places.root}?"):
            raise typer.Exit(1)
        _down(places)
        shutil.rmtree(places.root)
        console.print("removed")


def _hand(verb: str, what: str) -> None:
    def act(name: str, directory: Dir = HERE) -> None:
        with _plainly():
            control.ask(Places.at(directory), verb, name=name)

    act.__doc__ = what
    app.command(verb)(act)


for _verb, _what in {
    "kill": "Kill one process (SIGKILL); the supervisor starts it again.",
    "freeze": "Freeze one process (SIGSTOP).",
    "thaw": "Let a frozen process go on (SIGCONT).",
    "stop": "Stop one process in good order, and leave it stopped.",
    "start": "Start a process that was stopped.",
    "restart": "Stop one process in good order and start it again.",
}.items():
    _hand(_verb, _what)


def _ports(words: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        name, _, number = word.partition("=")
        if not number.isdigit():
            raise StackError(f"--port {word}: NAME=PORT is meant")
        found[name] = int(number)
    return found


def _up(places: Places, wishes: "Wishes", *, foreground: bool, wait_s: int) -> None:
    from stack import show, supervisor
    from stack.plan import make

    places.make()
    alone = control.take_lock(places.root / "up.lock", wait_s=UP_MAX_S)
    if alone is None:
        raise StackError("another `up` is at work here")
    programs = show.fetch(console)
    lock = control.take_lock(places.lock)
    if lock is None:
        make(places, wishes, programs=programs, running=True)
        if foreground:
            raise StackError("it runs already: `down` first")
        control.ask(places, "apply")
    else:
        if left := processes.end_leftovers(places):
            console.print(f"ended what a crash had left: {', '.join(left)}")
        make(places, wishes, programs=programs, running=False)
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
            _down(places)
        raise typer.Exit(130) from None
    os.close(alone)


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
    (places.root / "supervisor.json").write_text(
        json.dumps({"pid": daemon.pid, "birth": processes.birth(daemon.pid)})
    )
    while not places.socket().exists():
        if daemon.poll() is not None:
            raise StackError(f"the supervisor did not start:\n{tail(path)}")
        time.sleep(0.02)


def _await_ready(places: Places, wait_s: int) -> None:
    from stack import show

    deadline = time.monotonic() + wait_s
    with show.Progress(console) as progress:
        while True:
            answer = control.ask(places, "status")
            progress.update(answer)
            if answer["phase"] == "ready":
                break
            if answer["phase"] == "failed":
                raise StackError(answer["trouble"])
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
        f"{log}:\n{tail(log)}\nThe rest keeps running: `status`, `down`."
    )


def _down(places: Places) -> bool:
    """Stop the supervisor and wait for its lock; say whether there was one."""
    if not places.root.exists():
        return False
    lock = control.take_lock(places.lock)
    running = lock is None
    if running:
        try:
            control.ask(places, "down")
        except StackError:
            _kill_daemon(places)
        lock = control.take_lock(places.lock, wait_s=DOWN_MAX_S)
        if lock is None:
            _kill_daemon(places)
            lock = control.take_lock(places.lock, wait_s=DOWN_MAX_S)
    if lock is None:
        raise StackError("the supervisor does not end")
    left = processes.end_leftovers(places)
    os.close(lock)
    return running or bool(left)


def _kill_daemon(places: Places) -> None:
    row = json.loads((places.root / "supervisor.json").read_text())
    if processes.is_alive(row):
        processes.end({int(row["pid"]): signal.SIGKILL})
