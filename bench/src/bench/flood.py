"""`python -m bench.flood`: what one tenant's flood does to the latency of another.

Two tenants, each with a source of its own. The neighbour asks for 20 cases a second, first alone,
then beside each flood: until it is worked off, but not for less time than alone. Poison cannot be
sent from outside: whatever decodes is answered, what does not is laid aside; so the third flood
names schemas that nobody knows, which is the dearest kind of garbage.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import flood_sheet, loans, measures, stores
from bench.arguments import number_from
from bench.load import Asking, Upstream
from bench.own_stack import OwnStack, Shape, own_stack, until
from bench.showing import bar, console, machine, plainly, save, show
from bench.topic import Tally, closings

FLOODER, NEIGHBOUR = "rush", "calm"
SHAPE = Shape(tenants={FLOODER: "rushing", NEIGHBOUR: "calmly"})

RECORDS, STRANGE = 20_000, 2_000
QUIET_S, LEAD_S, NEIGHBOUR_S_MAX = 30, 5, 120
HEARD_MAX_S = 600.0

GARBAGE = b"\xff" * 200
SCHEMA_FIRST = 1_000_000
"""No registry of a stack gets so far."""

FILE = "flood.json"

type Meanwhile = Callable[[Tally], None]
"""What happens while the neighbour asks; it ends when it is over."""


class Bench:
    """A stack with both tenants, and the loans that they ask about."""

    def __init__(self, mesh: OwnStack) -> None:
        """Connect the upstream that floods."""
        self.mesh = mesh
        self.rush = Upstream(mesh.env, source=SHAPE.tenants[FLOODER], tenant=FLOODER)
        self._first = 1

    def lend(self, count: int, *, tenant: str) -> list[str]:
        """Bring that many more loans of a tenant in, with their approvals."""
        named = loans.name_loans(count, first=self._first)
        self._first += count
        with bar(f"loans of {tenant}", count) as told:
            loans.prepare(self.mesh, named, told, tenant=tenant)
        return named

    def beside(self, seconds: float, meanwhile: Meanwhile | None = None) -> list[float]:
        """Have the neighbour ask for so many seconds, or until `meanwhile` ends if that is earlier.

        Return milliseconds from request to CaseClosed of each case that it asked for.
        """
        named = self.lend(round(seconds * measures.PACE_PER_S), tenant=NEIGHBOUR)
        calm = Upstream(self.mesh.env, source=SHAPE.tenants[NEIGHBOUR], tenant=NEIGHBOUR)
        with (
            closings(self.mesh.env) as closed,
            Asking(calm, named, per_s=measures.PACE_PER_S) as asking,
        ):
            tally = Tally(closed)
            if meanwhile is not None:
                meanwhile(tally)
                asking.stop()
            asking.until_asked()
            wait_s = measures.closed_max_s(len(calm.taken_ms))
            tally.until(NEIGHBOUR, len(calm.taken_ms), seconds=wait_s, told=lambda _: None)
        ended_ms = tally.at_ms[NEIGHBOUR]
        return [ended_ms[loan] - taken_ms for loan, taken_ms in calm.taken_ms.items()]

    def until_heard(self) -> None:
        """Wait until case has heard all that the flooder's topic holds. Raises Failed."""
        until(
            lambda: stores.heard(self.mesh.env, "case", self.rush.topic) == self.rush.ends,
            seconds=HEARD_MAX_S,
            what=f"{self.rush.topic} heard to its end",
        )


def main() -> None:
    """Measure, write the result and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.flood", description=__doc__)
    parser.add_argument("--records", type=number_from(100), default=RECORDS, help="of a flood")
    parser.add_argument("--strange", type=number_from(10), default=STRANGE, help="of no schema")
    parser.add_argument("--dir", default=".bench", help="where the stack and the result lie")
    arguments = parser.parse_args()
    folder = Path(arguments.dir).absolute()
    with plainly():
        with own_stack(folder, SHAPE) as mesh:
            found = measure(mesh, arguments.records, arguments.strange)
        save(folder / FILE, found)
        show(flood_sheet.sheet(found))


def measure(mesh: OwnStack, records: int, strange: int) -> dict[str, Any]:
    """Measure the quiet, then each flood."""
    bench = Bench(mesh)
    mesh.stop("mail")
    bench.beside(LEAD_S)
    quiet = flood_sheet.calm(bench.beside(QUIET_S))
    floods: dict[str, dict[str, Any]] = {}
    for name, flood, sent in (
        ("requests", _requests(bench, records), records),
        ("garbage", _garbage(bench, [GARBAGE] * records), records),
        ("schemas that nobody knows", _garbage(bench, _strange(strange)), strange),
    ):
        lasted = _Lasted(flood)
        took_ms = bench.beside(NEIGHBOUR_S_MAX, lasted)
        floods[name] = flood_sheet.flooded(took_ms, quiet, sent=sent, seconds=lasted.seconds)
    return {"quiet": quiet, "floods": floods, "machine": machine()}


class _Lasted:
    """A flood that remembers how long it took until it was worked off."""

    def __init__(self, flood: Meanwhile) -> None:
        self._flood = flood
        self.seconds = 0.0

    def __call__(self, tally: Tally) -> None:
        begun = time.monotonic()
        self._flood(tally)
        self.seconds = time.monotonic() - begun
        # What it leaves behind may come later; and few requests have no p99.
        while time.monotonic() < begun + QUIET_S:
            tally.look()


def _requests(bench: Bench, count: int) -> Meanwhile:
    """Ask for so many write-offs at once; it is worked off when the last case is closed."""
    named = bench.lend(count, tenant=FLOODER)

    def flood(tally: Tally) -> None:
        with bar("flood of requests", count) as told:
            bench.rush.ask(named)
            tally.until(FLOODER, count, seconds=measures.closed_max_s(count), told=told)

    return flood


def _garbage(bench: Bench, values: Sequence[bytes]) -> Meanwhile:
    """Throw bytes at the flooder's topic; it is worked off when all of it is heard."""

    def flood(_: Tally) -> None:
        with console.status(f"flood of {len(values):,} unreadable records"):
            bench.rush.throw(values)
            bench.until_heard()

    return flood


def _strange(count: int) -> list[bytes]:
    """Make records that each name another schema which was never registered."""
    schemas = range(SCHEMA_FIRST, SCHEMA_FIRST + count)
    return [b"\0" + schema.to_bytes(4) + GARBAGE for schema in schemas]


if __name__ == "__main__":
    main()
