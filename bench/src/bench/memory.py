"""What processes keep: memory and open files, from /proc."""

import os
from collections.abc import Callable
from pathlib import Path

from bench.own_stack import OwnStack
from stack import processes

PROC = Path("/proc")
POSTGRES = "postgres"


def memory_mib(mesh: OwnStack) -> dict[str, float]:
    """Return VmRSS in MiB by process; of PostgreSQL what its processes have each for themselves.

    Its shared buffers are left out: they fill up to their size and stay so.
    """
    return _by_process(mesh, lambda pid: _mib(pid, "VmRSS"), lambda pid: _mib(pid, "RssAnon"))


def open_files(mesh: OwnStack) -> dict[str, float]:
    """Return the number of open file descriptors by process, PostgreSQL's all together."""
    return _by_process(mesh, _descriptors, _descriptors)


def mib_in(status: str, name: str) -> float:
    """Read a size from the text of /proc/PID/status, in MiB; 0 where it is not told."""
    lines = (line for line in status.splitlines() if line.startswith(f"{name}:"))
    return next((int(line.split()[1]) / 1024 for line in lines), 0.0)


def _by_process(
    mesh: OwnStack, one: Callable[[int], float], of_postgres: Callable[[int], float]
) -> dict[str, float]:
    running = mesh.running()
    found = {name: one(pid) for name, pid in running.items() if name != POSTGRES}
    if POSTGRES in running:
        family = processes.dwellers(mesh.places.postgres / "data")
        found[POSTGRES] = sum(of_postgres(pid) for pid in family)
    return found


def _mib(pid: int, name: str) -> float:
    try:
        return mib_in((PROC / str(pid) / "status").read_text(), name)
    except OSError:
        return 0.0  # it ended while we looked


def _descriptors(pid: int) -> float:
    try:
        return len(os.listdir(PROC / str(pid) / "fd"))
    except OSError:
        return 0.0
