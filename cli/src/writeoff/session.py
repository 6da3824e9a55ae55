"""One call of the command: who calls, for whom, and how he wants to be answered."""

import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from writeoff.door import Doors
from writeoff.exits import Exit, Trouble
from writeoff.stackenv import StackEnv, find_directory

PIPE_WIDTH = 160
"""Columns of a table that nobody sees on a screen."""


@dataclass(slots=True, kw_only=True)
class Session:
    """What the global options say. Reads the stack's env file when it is first needed."""

    as_name: str | None = None
    tenant: str | None = None
    stack_dir: Path | None = None
    json: bool = False
    out: Console = field(default_factory=lambda: _console(sys.stdout))
    err: Console = field(default_factory=lambda: _console(sys.stderr))
    _env: StackEnv | None = None

    @property
    def directory(self) -> Path:
        """The stack's folder."""
        return find_directory(self.stack_dir, start=Path.cwd(), environ=os.environ)

    @property
    def env(self) -> StackEnv:
        """The running stack."""
        if self._env is None:
            self._env = StackEnv.read(self.directory)
        return self._env

    def person(self, *roles: str) -> str:
        """Return who acts: whom --as names, else the first who holds the first of these roles."""
        if self.as_name:
            return self.as_name
        people = self.env.people()
        for role in roles:
            for person in people:
                if role in person.roles:
                    return person.name
        if roles:
            raise Trouble(
                f"this stack has nobody who is {' or '.join(roles)}",
                next_step="give a person with --as NAME",
                exit_code=Exit.USAGE,
            )
        raise Trouble(
            "who are you? A task is worked on by a person",
            next_step="give --as NAME, or set WRITEOFF_AS; `writeoff env` lists the people",
            exit_code=Exit.USAGE,
        )

    def doors(self, *roles: str, tenant: str | None = None) -> Doors:
        """Open the doors as that person, for the tenant of the options, else the one named here."""
        chosen = self.tenant or tenant
        if chosen is not None:
            self.check_tenant(chosen)
        return Doors(self.env, self.person(*roles), chosen)

    def doors_of_tenant(self, what: str, *roles: str) -> Doors:
        """Open the doors for what is one tenant's, which the options must name. Raises Trouble."""
        if self.tenant is None:
            raise Trouble(
                f"{what} a tenant's",
                next_step="name it with --tenant T, or set WRITEOFF_TENANT",
                exit_code=Exit.USAGE,
            )
        return self.doors(*roles)

    def check_tenant(self, tenant: str) -> None:
        """Refuse a tenant that this stack was not made for."""
        if tenant not in self.env.tenants:
            raise Trouble(
                f"this stack has no tenant {tenant!r}",
                next_step=f"it has {', '.join(self.env.tenants)}; tenants stand in the world file",
                exit_code=Exit.USAGE,
            )

    def tenants(self) -> tuple[str, ...]:
        """Return the tenant of the options, or all."""
        if self.tenant is None:
            return self.env.tenants
        self.check_tenant(self.tenant)
        return (self.tenant,)

    def show(self, data: Any, render: Callable[[Console], None]) -> None:
        """Answer: JSON for machines, else what `render` draws."""
        if self.json:
            # Plain: neither colours nor wrapping may touch what a machine reads.
            self.out.file.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
            return
        render(self.out)

    def note(self, text: str) -> None:
        """Say something on the way; never on the output that a machine reads."""
        if not self.json:
            self.err.print(text, highlight=False)

    @contextmanager
    def progress(self, text: str, *, total: int | None = None) -> Generator[Callable[[int], None]]:
        """Show how far it is; gives the function that says how much is done."""
        bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.err,
            transient=True,
            disable=self.json or not self.err.is_terminal,
        )
        with bar:
            task = bar.add_task(text, total=total)
            yield lambda done: bar.update(task, completed=done)

    def show_trouble(self, trouble: Trouble) -> None:
        """Say what is wrong and what to do next."""
        if self.json:
            body = {"code": trouble.code, "message": trouble.message, "next": trouble.next_step}
            self.out.file.write(json.dumps({"error": body}, ensure_ascii=False) + "\n")
            return
        self.err.print(f"[red]error:[/] {_plain(trouble.message)}", highlight=False, soft_wrap=True)
        self.err.print(
            f"[dim]next:[/]  {_plain(trouble.next_step)}", highlight=False, soft_wrap=True
        )


def _console(file: TextIO) -> Console:
    """Draw as wide as the terminal; into a pipe as wide as tables like it."""
    console = Console(file=file)
    return console if console.is_terminal else Console(file=file, width=PIPE_WIDTH)


def _plain(text: str) -> str:
    """Keep square brackets of a message from being read as markup."""
    return text.replace("[", "\\[")
