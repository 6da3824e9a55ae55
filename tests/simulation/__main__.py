"""make simulate: play many seeds, or take out every rule.

make simulate [SEEDS=N] [FROM=K]
make simulate MUTANTS=1 [SEEDS=N]
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import count
from pathlib import Path

from .kept import KEPT, keep, kept
from .players import Played, in_one_order, miss_all, play_all
from .rules import HEAD, KEPT_MOST, RULES, SEEDS, line

TELL_S = 5.0
"""How often progress is told."""
SEEDS_LONG = 1000
"""So many seeds where nobody says how many: ten minutes on two cores."""
ROOT = Path(__file__).parents[2]


def seeds(first: int, many: int) -> bool:
    """Play seeds; tells what is red, and keeps it; says whether all are green."""
    began = told_at = time.monotonic()
    red = 0
    for done, each in zip(count(1), play_all(range(first, first + many)), strict=False):
        if not each.is_green:
            red += 1
            keep(each.seed)
            print(f"{each.told}\nkept in {KEPT.relative_to(ROOT)}", flush=True)
        now = time.monotonic()
        if now - told_at >= TELL_S or done == many:
            told_at, rate = now, done / (now - began)
            left_s = (many - done) / rate
            told = f"{done} of {many} seeds, {red} red, {rate:.2f} a second, {left_s:.0f} s left"
            print(told, flush=True)
    return red == 0


def rules(most: int) -> bool:
    """Tell for each rule how many seeds it takes until one is red; says whether each is shown."""
    print(f"seeds  {HEAD}", flush=True)
    well = True
    for name, shown in miss_all(kept=False, most=most):
        print(f"{shown.tried if shown else '-':>5}  {line(name, shown)}", flush=True)
        well &= shown is not None and shown.is_harm_of(RULES[name])
    return well


def for_tests(told: Iterable[Played]) -> None:
    """Tell seeds to a program, a line each."""
    for each in told:
        _print({"seed": each.seed, "is_green": each.is_green, "told": each.told})


def rules_for_tests() -> None:
    """Tell a program what becomes of each rule's kept seed without the rule, a line each."""
    for name, shown in miss_all(kept=True, most=KEPT_MOST):
        _print({"rule": name, "line": line(name, shown), "shown": shown and asdict(shown)})


def _print(row: Mapping[str, object]) -> None:
    print(json.dumps(row), flush=True)


def main() -> None:
    """Do what the command line says; the exit code tells whether all is well."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=None, help="how many; of each rule at most")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument("--rules", action="store_true", help="take out every rule")
    parser.add_argument("--kept", action="store_true", help="also the seeds that were red once")
    parser.add_argument("--json", action="store_true", help="for tests: a line of JSON each")
    asked = parser.parse_args()
    many = asked.seeds or (SEEDS if asked.rules else SEEDS_LONG)
    in_one_order()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # else the players would stay
    match asked.json, asked.rules:
        case True, True:
            rules_for_tests()
        case True, False:
            wanted = {*range(asked.first, asked.first + many)}
            for_tests(play_all(sorted(wanted | {*(kept() if asked.kept else ())})))
        case False, True:
            sys.exit(not rules(many))
        case _:
            sys.exit(not seeds(asked.first, many))


if __name__ == "__main__":
    main()
