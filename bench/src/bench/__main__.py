"""`python -m bench [--cases N] [--dir FOLDER]`: start a stack, measure, stop it, tell."""

import argparse
import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import figures, kafka_floor, load, measures, postgres_floor
from bench.figures import Floors, Rest
from bench.own_stack import Failed, OwnStack, own_stack
from stack import StackError

CASES, CASES_MIN = 10_000, 100
WARM_CASES_MAX = 1_000
PACED_S = 30

console = Console()


def main() -> None:
    """Measure, write the result beside the stack and print it."""
    arguments = _arguments()
    folder = Path(arguments.dir).absolute()
    try:
        with own_stack(folder) as mesh:
            found = measure(mesh, arguments.cases)
    except (Failed, StackError) as trouble:
        console.print(f"[red]{trouble}[/red]", highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    path = folder / "latest.json"
    path.write_text(json.dumps(found, indent=1) + "\n")
    console.print(figures.table(found))
    console.print(f"written to {path}", highlight=False)


def measure(mesh: OwnStack, cases: int) -> dict[str, Any]:
    """Measure everything on a running stack that nobody else uses."""
    warm_cases = min(cases, WARM_CASES_MAX)
    paced_cases = measures.PACED_LEAD + PACED_S * measures.PACE_PER_S
    every = load.name_loans(warm_cases + cases + paced_cases)
    warm, full = every[:warm_cases], every[warm_cases : warm_cases + cases]
    paced = every[warm_cases + cases :]
    with _bar("loans and approvals", len(every)) as told:
        load.prepare(mesh, every, told)
    with _bar("warm-up", len(warm)) as told:
        measures.warm_up(mesh, warm, told)
    with console.status("at rest"):
        idle_percent = measures.rest(mesh)
    mesh.stop("mail")
    with _bar("full load", cases) as told:
        loaded = measures.full_load(mesh, full, told)
    with _bar("mails", cases) as told:
        mails_per_s = measures.mails(mesh, told)
    mesh.stop("mail")
    with console.status(f"{measures.PACE_PER_S} cases a second"):
        pace = measures.steady_pace(mesh, paced)
    with console.status("floors"):
        found = floors(mesh)
    rest = Rest(mails_per_s=mails_per_s, idle_percent=idle_percent)
    return figures.result(loaded, pace, found, rest)


def floors(mesh: OwnStack) -> Floors:
    """Measure what the same commits and hops cost alone, on the same broker and PostgreSQL."""
    uvloop.run(postgres_floor.make(mesh))
    return Floors(
        kafka_rtt_ms=kafka_floor.round_trip_ms(mesh),
        pg_commit_ms=uvloop.run(postgres_floor.commit_ms(mesh)),
        asyncpg_cases_per_s=uvloop.run(postgres_floor.cases_per_s(mesh)),
        asyncpg_p50_ms=uvloop.run(postgres_floor.p50_ms(mesh)),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="measure the mesh")
    parser.add_argument("--cases", type=_cases, default=CASES, help="waiting at full load")
    parser.add_argument("--dir", default=".bench", help="where the stack and the result lie")
    return parser.parse_args()


def _cases(text: str) -> int:
    if not text.isdecimal() or int(text) < CASES_MIN:
        raise argparse.ArgumentTypeError(f"a number from {CASES_MIN} on is meant, not {text!r}")
    return int(text)


@contextmanager
def _bar(what: str, total: int) -> Generator[Callable[[int], None]]:
    """Show how many are done; a line at the end where there is no terminal."""
    columns = TextColumn("{task.description:22}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


if __name__ == "__main__":
    main()
