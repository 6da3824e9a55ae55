"""`python -m bench [--cases N] [--dir FOLDER]`: start a stack, measure, stop it, tell."""

import argparse
from pathlib import Path
from typing import Any

import uvloop

from bench import (
    figures,
    kafka_floor,
    loans,
    measures,
    postgres_floor,
    posting_floor,
    posting_lane,
)
from bench.arguments import number_from
from bench.figures import Books, Floors, Rest
from bench.own_stack import OwnStack, own_stack
from bench.showing import bar, console, machine, plainly, save, show

CASES, CASES_MIN = 10_000, 100
WARM_CASES_MAX = 1_000
JOURNALS, JOURNALS_MIN = 10_000, 100
PACED_S = 30


def main() -> None:
    """Measure, write the result beside the stack and print it."""
    arguments = _arguments()
    folder = Path(arguments.dir).absolute()
    with plainly():
        with own_stack(folder) as mesh:
            found = measure(mesh, arguments.cases, arguments.journals)
        show(figures.sheet(found))
        save(folder / "latest.json", found)


def measure(mesh: OwnStack, cases: int, journals: int) -> dict[str, Any]:
    """Measure everything on a running stack that nobody else uses."""
    warm_cases = min(cases, WARM_CASES_MAX)
    paced_cases = measures.PACED_LEAD + PACED_S * measures.PACE_PER_S
    every = loans.name_loans(warm_cases + cases + paced_cases)
    warm, full = every[:warm_cases], every[warm_cases : warm_cases + cases]
    paced = every[warm_cases + cases :]
    with bar("loans and approvals", len(every)) as told:
        loans.prepare(mesh, every, told)
    with bar("warm-up", len(warm)) as told:
        measures.warm_up(mesh, warm, told)
    with console.status("at rest"):
        idle_percent = measures.rest(mesh)
    mesh.stop("mail")
    with bar("full load", cases) as told:
        loaded = measures.full_load(mesh, full, told)
    with bar("mails", cases) as told:
        mails_per_s = measures.mails(mesh, told)
    mesh.stop("mail")
    with console.status(f"{measures.PACE_PER_S} cases a second"):
        pace = measures.steady_pace(mesh, paced)
    with console.status("floors"):
        found = floors(mesh)
    rest = Rest(mails_per_s=mails_per_s, idle_percent=idle_percent)
    posted = books(mesh, loans.name_loans(journals, first=len(every) + 1))
    return {**figures.result(loaded, pace, found, rest, posted), "machine": machine()}


def floors(mesh: OwnStack) -> Floors:
    """Measure what the same commits and hops cost alone, on the same broker and PostgreSQL."""
    uvloop.run(postgres_floor.make(mesh))
    return Floors(
        kafka_rtt_ms=kafka_floor.round_trip_ms(mesh),
        pg_commit_ms=uvloop.run(postgres_floor.commit_ms(mesh)),
        asyncpg_cases_per_s=uvloop.run(postgres_floor.cases_per_s(mesh)),
        asyncpg_p50_ms=uvloop.run(postgres_floor.p50_ms(mesh)),
    )


def books(mesh: OwnStack, names: list[str]) -> Books:
    """Measure how fast the ledger posts; afterwards only the ledger of the stack still runs."""
    with bar("the ledger's lane", len(names)) as told:
        lane_per_s = posting_lane.posted_per_s(mesh, names, told)
    with bar("the ledger's saving", len(names)) as told:
        floor = uvloop.run(posting_floor.measure(mesh.env, len(names), told))
    return Books(
        lane_per_s=lane_per_s,
        saved_per_s=floor.saved_per_s,
        copied_per_s=floor.copied_per_s,
        lines=floor.lines,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="measure the mesh")
    cases, journals = number_from(CASES_MIN), number_from(JOURNALS_MIN)
    parser.add_argument("--cases", type=cases, default=CASES, help="waiting at full load")
    parser.add_argument("--journals", type=journals, default=JOURNALS, help="of the ledger alone")
    parser.add_argument("--dir", default=".bench", help="where the stack and the result lie")
    return parser.parse_args()


if __name__ == "__main__":
    main()
