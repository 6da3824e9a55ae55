"""`python -m bench.growth`: how cost grows with cases that wait, instances, lanes and loans.

Each variant runs on a fresh stack. A part that is named runs alone (`--waiting 5000,20000`); rows
of other parts stay in the result as they were measured last.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import growth_sheet, loans, measures
from bench.arguments import number_from, numbers_from
from bench.figures import per_case
from bench.growth_sheet import Variant
from bench.memory import memory_mib
from bench.own_stack import OwnStack, own_stack
from bench.showing import bar, console, load, machine, plainly, save, show

CASES, CASES_MIN = 10_000, 100
WARM_CASES_MAX = 1_000
FILE = "growth.json"


def main() -> None:
    """Measure variant by variant; each result is kept as soon as it is there."""
    arguments = _arguments()
    folder = Path(arguments.dir).absolute()
    path = folder / FILE
    with plainly():
        for variant in growth_sheet.variants(_wished(arguments), cases=arguments.cases):
            console.rule(variant.name)
            with own_stack(folder, variant.shape) as mesh:
                row = measure(mesh, variant)
            rows = growth_sheet.merged(_known(path), [row])
            save(path, {"rows": rows, "machine": machine()})
            show(growth_sheet.sheet(rows))


def measure(mesh: OwnStack, variant: Variant) -> dict[str, Any]:
    """Measure one variant on its stack."""
    others = loans.name_loans(variant.loans)
    imported = _import(mesh, others) if others else {}
    warm_cases = min(variant.cases, WARM_CASES_MAX)
    every = loans.name_loans(warm_cases + variant.cases, first=len(others) + 1)
    with bar("loans and approvals", len(every)) as told:
        loans.prepare(mesh, every, told)
    with bar("warm-up", warm_cases) as told:
        measures.warm_up(mesh, every[:warm_cases], told)
    mesh.stop("mail")
    with bar("full load", variant.cases) as told:
        memory = _Tenths(mesh, variant.cases, told)
        loaded = measures.full_load(mesh, every[warm_cases:], memory.told)
    cpu = per_case(loaded.cpu_ms, loaded.cases)
    return {
        "part": variant.part,
        "value": variant.value,
        "cases": variant.cases,
        "cases_per_s": round(loaded.cases / loaded.seconds, 1),
        "steady_cases_per_s": round(loaded.steady_per_s, 1),
        "cpu_ms_per_case": {part: round(used_ms, 3) for part, used_ms in cpu.items()},
        "memory_mib": memory.found(),
        "others_cores": round(loaded.others_cores, 2),
        **imported,
    }


def _import(mesh: OwnStack, names: list[str]) -> dict[str, Any]:
    """Fill the ledger by its import door; tell how fast that was, until case held the last."""
    with bar("other loans", len(names)) as told:
        begun = time.monotonic()
        loans.lend(mesh, names, told)
        lent_s = time.monotonic() - begun
        loans.until_lent(mesh, names)
    console.print(f"{len(names) / lent_s:,.0f} loans a second by the import door", highlight=False)
    return {"imported_per_s": round(len(names) / lent_s, 1)}


def _known(path: Path) -> list[dict[str, Any]]:
    """Read the rows of earlier runs."""
    found = load(path)
    return found["rows"] if found else []


class _Tenths:
    """Looks at memory when the first tenth of the cases is closed, and the last one begins."""

    def __init__(self, mesh: OwnStack, cases: int, told: Callable[[int], None]) -> None:
        self._mesh, self._told = mesh, told
        self._marks = [cases // 10, cases * 9 // 10]
        self._readings: list[dict[str, float]] = []

    def told(self, done: int) -> None:
        """Hear how many are closed."""
        self._told(done)
        while len(self._readings) < 2 and done >= self._marks[len(self._readings)]:
            self._readings.append(memory_mib(self._mesh))

    def found(self) -> dict[str, list[float]]:
        """Give MiB at both marks, by process."""
        first, last = self._readings
        return {
            name: [round(first[name], 1), round(last[name], 1)] for name in first if name in last
        }


def _wished(arguments: argparse.Namespace) -> dict[str, tuple[int, ...]]:
    """Give the values of each part that is wished for; of all, if none is named."""
    named = {part: getattr(arguments, part) for part in growth_sheet.PARTS}
    if any(named.values()):
        return {part: values for part, values in named.items() if values}
    return {
        "waiting": growth_sheet.WAITING,
        "instances": growth_sheet.INSTANCES,
        "lanes": growth_sheet.MANY_LANES,
        "loans": growth_sheet.LOANS,
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    cases, some = numbers_from(CASES_MIN), numbers_from(1)
    parser.add_argument("--waiting", type=cases, help="cases that wait: 5000,20000,100000")
    parser.add_argument("--instances", type=some, help="of each service: 1,2,4")
    parser.add_argument("--lanes", type=some, help="lanes: 12,48")
    parser.add_argument("--loans", type=some, help="other loans in the ledger: 1000000")
    parser.add_argument(
        "--cases", type=number_from(CASES_MIN), default=CASES, help="where not --waiting"
    )
    parser.add_argument("--dir", default=".bench", help="where the stack and the result lie")
    return parser.parse_args()


if __name__ == "__main__":
    main()
