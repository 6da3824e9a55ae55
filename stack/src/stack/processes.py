"""Processes by pid and birth: a pid alone may be somebody else's by now."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stack.places import Places, StackError, write_private

PROC = Path("/proc")
ENDING_MAX_S = 20.0
"""A killed process that is still there after this waits for its disk; a person must look."""


def birth(pid: int) -> str | None:
    """Say when a living process was born, or None. A zombie does not live."""
    if sys.platform != "linux":
        return _birth_by_ps(pid)
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    return f"{_boot()}/{fields[19]}"


def memory_mib(pid: int) -> int | None:
    """Measure what a process and its children keep in memory, shared pages counted in parts."""
    family = [pid, *_children(pid)]
    sizes = [size for member in family if (size := _pss_kib(member)) is not None]
    return sum(sizes) // 1024 if sizes else None


def note(places: Places, running: dict[str, int]) -> None:
    """Write down what runs, for whoever comes after a crash."""
    rows = {
        name: {"pid": pid, "birth": born}
        for name, pid in running.items()
        if (born := birth(pid)) is not None
    }
    write_private(places.processes, json.dumps(rows, indent=1) + "\n")


def is_alive(row: Mapping[str, Any]) -> bool:
    """Say whether the process that was written down lives, and not another under its number."""
    born = birth(int(row["pid"]))
    return born is not None and born == row["birth"]


def end_leftovers(places: Places) -> list[str]:
    """Kill what a supervisor that died has left behind; name what was there."""
    if not places.processes.exists():
        return []
    rows: dict[str, dict[str, str]] = json.loads(places.processes.read_text())
    alive = {name: int(row["pid"]) for name, row in rows.items() if is_alive(row)}
    # PostgreSQL's SIGQUIT is as quick, and takes its children along.
    kill = {"postgres": signal.SIGQUIT}
    end({pid: kill.get(name, signal.SIGKILL) for name, pid in alive.items()})
    end(dict.fromkeys(dwellers(places.postgres / "data"), signal.SIGKILL))
    places.processes.unlink()
    return sorted(alive)


def signal_children(pid: int, number: signal.Signals) -> None:
    """Signal the processes that a process has started."""
    for child in _children(pid):
        _send(child, number)


def end(signals: dict[int, signal.Signals]) -> None:
    """Signal processes and wait until none lives; kill what does not listen."""
    births = {pid: birth(pid) for pid in signals}
    for pid, number in signals.items():
        _send(pid, number)
    deadline = time.monotonic() + ENDING_MAX_S
    while alive := [pid for pid, born in births.items() if born and birth(pid) == born]:
        if time.monotonic() > deadline:
            raise StackError(f"processes {alive} do not end")
        if time.monotonic() > deadline - ENDING_MAX_S / 2:
            for pid in alive:
                _send(pid, signal.SIGKILL)
        time.sleep(0.02)


def dwellers(folder: Path) -> list[int]:
    """List the living processes that work in a folder, as those of PostgreSQL do in their data."""
    if sys.platform != "linux":
        return []
    found: list[int] = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.readlink(entry / "cwd") == str(folder.resolve()) and birth(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _boot() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in (PROC / f"{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _pss_kib(pid: int) -> int | None:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), None)


def _birth_by_ps(pid: int) -> str | None:
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    words = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603
    return None if not words or words[0].startswith("Z") else " ".join(words[1:])
