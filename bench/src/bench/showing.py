"""What a person sees of a run: bars, tables, where the result lies, and what went wrong."""

import json
import os
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.own_stack import Failed
from bench.sheets import Sheet, markdown, shown
from stack import StackError

console = Console()


@contextmanager
def plainly() -> Generator[None]:
    """Say what did not come to pass without a traceback, and end with 1; with 130 at Ctrl-C."""
    try:
        yield
    except (Failed, StackError) as trouble:
        console.print(f"[red]{trouble}[/red]", highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


@contextmanager
def bar(what: str, total: int) -> Generator[Callable[[int], None]]:
    """Show how many are done; a line at the end where there is no terminal."""
    columns = TextColumn("{task.description:22}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def show(sheet: Sheet) -> None:
    """Print a table: laid out for a terminal, and as Markdown to be taken along."""
    if console.is_terminal:
        console.print(shown(sheet))
    print(f"\n{markdown(sheet)}")


def machine() -> dict[str, Any]:
    """Tell where and when something was measured."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    now = datetime.now(UTC).isoformat(timespec="minutes")
    return {"at": now, "cores": os.cpu_count(), "memory_gib": round(memory / (1 << 30), 1)}


def save(path: Path, found: Mapping[str, Any]) -> None:
    """Write a result down, whole or not at all."""
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(found, indent=1) + "\n")
    fresh.replace(path)
    console.print(f"written to {path}", highlight=False)


def load(path: Path) -> dict[str, Any] | None:
    """Read a result; none if there is none. Raises Failed."""
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError as broken:
        raise Failed(f"{path} is no JSON ({broken}): remove it and measure again") from None
    return found
