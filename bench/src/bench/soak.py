"""`python -m bench.soak`: half of what the mesh can, for a long time; ends with 1 if it drifts.

Every minute latency, memory, open files, tables and plans are read. All loans are there before it
begins; the mail server is up.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from bench import loans, measures, soak_sheet, stores
from bench.arguments import number_from
from bench.figures import percentile
from bench.load import Asking, Upstream
from bench.memory import memory_mib, open_files
from bench.own_stack import TENANT, Failed, OwnStack, own_stack
from bench.sheets import figure
from bench.showing import bar, console, load, machine, plainly, save, show
from bench.topic import Tally, closings

MINUTES = 30
MINUTE_S = 60.0

HALF = 0.5
MAIL_SHARE = 0.8
"""Of the mails a second that can be sent: above that notices pile up, and tables with them."""

FILE, LATEST = "soak.json", "latest.json"


@dataclass(frozen=True, slots=True)
class Pace:
    """How many cases a second, and why so many."""

    per_s: float
    why: str


def main() -> None:
    """Soak, write the result, print it, and end with 1 when something drifts."""
    arguments = _arguments()
    folder = Path(arguments.dir).absolute()
    with plainly():
        pace = _pace(folder, arguments.per_s)
        with own_stack(folder) as mesh:
            found = soak(mesh, pace, arguments.minutes)
        save(folder / FILE, found)
        for sheet in (soak_sheet.minutes_sheet(found), soak_sheet.trends_sheet(found)):
            show(sheet)
        drifts = soak_sheet.drifting(found)
    if drifts:
        console.print(f"[red]drifts: {', '.join(drifts)}[/red]", highlight=False)
        sys.exit(1)


def pace_of(latest: dict[str, Any]) -> Pace:
    """Take half of the throughput, and no more than mails can follow."""
    half = latest["throughput"]["cases_per_s"] * HALF
    mails = latest["mail"]["per_s"] * MAIL_SHARE
    if mails < half:
        return Pace(mails, f"{MAIL_SHARE:.0%} of the mails a second: less than half the throughput")
    return Pace(half, "half of the throughput")


def soak(mesh: OwnStack, pace: Pace, minutes: int) -> dict[str, Any]:
    """Ask at a steady pace and look every minute."""
    named = loans.name_loans(ceil(minutes * MINUTE_S * pace.per_s))
    with bar("loans and approvals", len(named)) as told:
        loans.prepare(mesh, named, told)
    stores.watch_plans(mesh.env)
    upstream = Upstream(mesh.env)
    with closings(mesh.env) as closed, Asking(upstream, named, per_s=pace.per_s) as asking:
        watch = _Watch(mesh, upstream, Tally(closed))
        rows: list[dict[str, Any]] = []
        for number in range(1, minutes + 1):
            rows.append(watch.minute(number))
            asking.check()
        asking.until_asked()
        watch.until_closed(len(named))
    run = {"per_s": round(pace.per_s, 1), "why": pace.why, "minutes": minutes}
    return {"run": run, "minutes": rows, "machine": machine()}


class _Watch:
    """Looks at everything once a minute."""

    def __init__(self, mesh: OwnStack, upstream: Upstream, tally: Tally) -> None:
        self._mesh, self._upstream, self._tally = mesh, upstream, tally
        self._next = time.monotonic()
        self._plans = stores.plans(mesh.env)
        self._closed = 0

    def minute(self, number: int) -> dict[str, Any]:
        """Let a minute pass and tell what it was like."""
        self._next += MINUTE_S
        while time.monotonic() < self._next:
            self._tally.look()
        took_ms = self._took_ms()
        if not took_ms:
            raise Failed(f"no case closed in minute {number}: see {self._mesh.places.logs}")
        p50_ms, p99_ms = percentile(took_ms, 50), percentile(took_ms, 99)
        console.print(
            f"minute {number:3}: {len(took_ms):,} closed,"
            f" p50 {figure(p50_ms)} ms, p99 {figure(p99_ms)} ms",
            highlight=False,
        )
        return {
            "minute": number,
            "closed": len(took_ms),
            "p50_ms": p50_ms,
            "p99_ms": p99_ms,
            "memory_mib": memory_mib(self._mesh),
            "open_files": open_files(self._mesh),
            "plan_ms": self._plan_ms(),
            "tables": {
                name: {what: row[what] for what in ("bytes", "rows", "dead", "autovacuums")}
                for name, row in stores.tables(self._mesh.env).items()
            },
        }

    def until_closed(self, count: int) -> None:
        """Wait for the cases that are still open. Raises Failed."""
        left = count - self._closed
        self._tally.until(TENANT, left, seconds=measures.closed_max_s(left), told=lambda _: None)

    def _took_ms(self) -> list[float]:
        """Give latencies of the cases that closed and were not told yet."""
        closed, taken_ms = self._tally.at_ms.get(TENANT, {}), self._upstream.taken_ms
        # Of the newest the broker's answer to the request may still be on its way.
        known = [loan for loan in closed if loan in taken_ms]
        self._closed += len(known)
        return [closed.pop(loan) - taken_ms.pop(loan) for loan in known]

    def _plan_ms(self) -> dict[str, float]:
        """Give the mean time of a plan by service in this minute; nothing where none was made."""
        before, self._plans = self._plans, stores.plans(self._mesh.env)
        found: dict[str, float] = {}
        for service, now in self._plans.items():
            old = before.get(service) or {"plans": 0, "plan_ms": 0}
            if (plans := now["plans"] - old["plans"]) > 0:
                found[service] = round((now["plan_ms"] - old["plan_ms"]) / plans, 4)
        return found


def _pace(folder: Path, wished: int | None) -> Pace:
    if wished is not None:
        return Pace(wished, "as wished")
    latest = load(folder / LATEST)
    if latest is None:
        raise Failed(
            f"{folder / LATEST} is not there: run `make bench` first, or say how many cases a"
            " second with --per-s"
        )
    return pace_of(latest)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=number_from(1), default=MINUTES)
    parser.add_argument("--per-s", type=number_from(1), help="cases a second, else half of all")
    parser.add_argument("--dir", default=".bench", help="where the stack and the result lie")
    return parser.parse_args()


if __name__ == "__main__":
    main()
