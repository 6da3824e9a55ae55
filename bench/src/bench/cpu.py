"""CPU time by part, from /proc: what the services, Kafka and PostgreSQL have used so far."""

import os
from pathlib import Path

from stack.places import Places

from bench.figures import PARTS
from stack import control, processes

PROC = Path("/proc")
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def used_ms(places: Places) -> dict[str, float]:
    """Return milliseconds of CPU by part, of all its processes and of children that ended."""
    pids: dict[str, set[int]] = {part: set() for part in PARTS}
    for row in control.ask(places, "status")["processes"]:
        part = row["name"].rpartition("-")[0] or row["name"]
        if part in pids and row["pid"]:
            pids[part].add(row["pid"])
    pids["postgres"].update(processes.dwellers(places.postgres / "data"))
    return {part: sum(_ticks(pid) for pid in those) * TICK_MS for part, those in pids.items()}


def difference(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Return what was used in between, by part."""
    return {part: after[part] - before[part] for part in after}


def _ticks(pid: int) -> int:
    """Count its own time and that of children it has buried: a backend's goes to its server."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    return sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])
