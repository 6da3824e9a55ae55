"""A stack of the bench's own: made anew for a run, stopped after it."""

import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from stack.places import Places

import stack
from stack import control

SOURCE, TENANT = "lending", "demo"
LANES = 6

WORLD = f"""\
lanes = {LANES}
tenants = ["{TENANT}"]

[sources.{SOURCE}]
tenants = ["{TENANT}"]
partitions = {LANES}
"""

READY_MAX_S = 60.0
HTTP_S = 60.0


class Failed(Exception):
    """What was to be measured did not come to pass; said without a traceback."""


@dataclass(frozen=True, slots=True)
class OwnStack:
    """A running stack: its places, its addresses, and hands on single processes."""

    places: Places
    env: stack.Env

    def stop(self, name: str) -> None:
        """Stop a process in good order."""
        control.ask(self.places, "stop", name=name)

    def start(self, name: str) -> None:
        """Start a process; it is not ready yet."""
        control.ask(self.places, "start", name=name)

    def until_ready(self, name: str) -> None:
        """Wait for a process, and return as soon as it is ready. Raises Failed."""
        service = name.rpartition("-")[0]
        if service:
            url = f"{self.env.services[service][0]}/ready"
            until(lambda: _is_ready(url), seconds=READY_MAX_S, what=f"{name} ready", every_s=0.01)
        else:
            until(lambda: self._state(name) == "ready", seconds=READY_MAX_S, what=f"{name} ready")

    def call(
        self, service: str, path: str, body: dict[str, Any] | None = None, *, person: str = "adele"
    ) -> dict[str, Any]:
        """Ask a service's door: POST with a body, GET without. Raises Failed."""
        response = httpx.request(
            "GET" if body is None else "POST",
            self.env.services[service][0] + path,
            json=body,
            headers={"Authorization": f"Bearer {self.env.token(person)}", "X-Tenant-ID": TENANT},
            timeout=HTTP_S,
            trust_env=False,
        )
        if not response.is_success:
            raise Failed(f"{service}{path}: {response.status_code} {response.text[:300]}")
        return response.json()

    def pids(self) -> dict[str, int | None]:
        """Return the process id of everything that is kept running; none: it is not running."""
        return {row["name"]: row["pid"] for row in self._rows()}

    def _state(self, name: str) -> str:
        return next(row["state"] for row in self._rows() if row["name"] == name)

    def _rows(self) -> list[dict[str, Any]]:
        return control.ask(self.places, "status")["processes"]


@contextmanager
def own_stack(folder: Path) -> Generator[OwnStack]:
    """Start a fresh stack in this folder, and stop it whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    world, root = folder / "world.toml", folder / "stack"
    world.write_text(WORLD)
    _stack("wipe", "--yes", root=root)
    try:
        _stack("up", "--world", str(world), root=root)
        yield OwnStack(Places.at(root), stack.running(root))
    finally:
        _stack("down", root=root)


def until(seen: Callable[[], bool], *, seconds: float, what: str, every_s: float = 0.2) -> None:
    """Wait for something to come to pass. Raises Failed."""
    deadline = time.monotonic() + seconds
    while not seen():
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds:.0f} s")
        time.sleep(every_s)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _stack(verb: str, *arguments: str, root: Path) -> None:
    command = [sys.executable, "-P", "-m", "stack", verb, *arguments, "--dir", str(root)]
    done = subprocess.run(command, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Failed(f"`stack {verb}` failed in {root}")
