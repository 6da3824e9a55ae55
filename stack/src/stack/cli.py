"""`python -m stack`: up, down, status, wipe, env, and hands on single processes."""

import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stack import control, show
from stack.env import Env
from stack.places import Places, StackError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
console = Console()

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
def up(
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
    wait: Annotated[int, typer.Option(help="seconds until all must be ready")] = 300,
) -> None:
    """Start everything that does not run yet, and wait until it is ready."""
    from stack import raising  # noqa: PLC0415 (slow, and no other verb needs it)

    named = {
        "kafka": kafka_port,
        "registry": registry_port,
        "postgres": postgres_port,
        "smtp": smtp_port,
    }
    with _plainly():
        wishes = raising.wishes(
            only,
            without_services=without_services,
            world=world,
            topics=topics,
            ports={name: number for name, number in named.items() if number} | _ports(port or []),
        )
        raising.up(Places.at(directory), wishes, foreground=foreground, wait_s=wait)


@app.command()
def down(directory: Dir = HERE) -> None:
    """Stop everything in order; nothing to do is fine."""
    with _plainly():
        stopped = control.down(Places.at(directory))
        console.print("stopped" if stopped else "nothing was running")


@app.command()
def status(directory: Dir = HERE, *, as_json: AsJson = False) -> None:
    """Tell how each process is."""
    with _plainly():
        answer = control.ask(Places.at(directory), "status")
        if as_json:
            print(json.dumps(answer, indent=1))
        else:
            console.print(show.status(answer))


@app.command()
def env(directory: Dir = HERE, *, as_json: AsJson = False) -> None:
    """Tell what a client needs: addresses, and the files that passwords are in."""
    with _plainly():
        found = Env.load(directory)
        if as_json:
            print(json.dumps(asdict(found), indent=1))
        else:
            console.print(show.env(found))


@app.command()
def train() -> None:
    """Run Kafka and the registry once, so that all later starts take half as long."""
    from stack import raising  # noqa: PLC0415 (slow, and rarely needed)

    with _plainly():
        for path in raising.train():
            console.print(f"{path} ({path.stat().st_size / 1e6:.0f} MB)")


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
        control.down(places)
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
