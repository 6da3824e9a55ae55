"""CPU time by part, from /proc: what the services, Kafka and PostgreSQL have used so far."""

import os
from pathlib import Path

from bench.figures import PARTS
from bench.own_stack import OwnStack, until
from stack import processes

PROC = Path("/proc")
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")

STARTED_S = 10.0


class Meter:
    """Reads what each part has used so far."""

    def __init__(self, mesh: OwnStack) -> None:
        """Find the processes of each part; those that are just starting are waited for."""
        self._data = mesh.places.postgres / "data"
        self._pids: dict[str, list[int]] = {}
        until(lambda: self._find(mesh), seconds=STARTED_S, what="the processes of every part")

    def read(self) -> dict[str, float]:
        """Return milliseconds of CPU by part; quick, so that it may stand where a time begins."""
        found = {
            part: sum(_ticks(pid) for pid in pids) * TICK_MS for part, pids in self._pids.items()
        }
        for pid in processes.dwellers(self._data):
            if pid not in self._pids["postgres"]:
                found["postgres"] += _ticks(pid) * TICK_MS
        return found

    def since(self, before: dict[str, float]) -> dict[str, float]:
        """Return what was used since an earlier reading, by part."""
        return {part: used - before[part] for part, used in self.read().items()}

    def _find(self, mesh: OwnStack) -> bool:
        self._pids = {part: [] for part in PARTS}
        found = {name: pid for name, pid in mesh.pids().items() if _part(name) in PARTS}
        for name, pid in found.items():
            if pid is not None:
                self._pids[_part(name)].append(pid)
        return None not in found.values() and all(self._pids.values())


def machine_ms() -> float:
    """Return milliseconds of CPU that the whole machine has used so far, less our own."""
    user, nice, system, _, _, irq, softirq = map(int, _first_line(PROC / "stat").split()[1:8])
    return (user + nice + system + irq + softirq) * TICK_MS - sum(os.times()[:2]) * 1000


def _part(name: str) -> str:
    """Name the part that a process belongs to: case-2 is one of case."""
    return name.rpartition("-")[0] or name


def _first_line(path: Path) -> str:
    return path.read_text().partition("\n")[0]


def _ticks(pid: int) -> int:
    """Count its own time and that of children it has buried: a backend's goes to its server."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return 0
    return sum(int(field) for field in stat.rpartition(")")[2].split()[11:15])
