"""A stack of the bench's own: made anew for a run, stopped after it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from stack.places import Places

import stack
from bench.figures import SERVICES
from stack import control

SOURCE, TENANT = "lending", "demo"
LANES = 6

READY_MAX_S = 60.0
HTTP_S = 60.0


class Failed(Exception):
    """What was to be measured did not come to pass; said without a traceback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What kind of stack is measured."""

    lanes: int = LANES
    instances: int = 1
    """Of each service."""
    tenants: Mapping[str, str] = field(default_factory=lambda: {TENANT: SOURCE})
    """Tenant → the upstream that speaks for it."""

    def world(self) -> str:
        """Write it down as a stack's world; a request's partition is its lane."""
        tenants = ", ".join(f'"{tenant}"' for tenant in self.tenants)
        lines = [f"lanes = {self.lanes}", f"tenants = [{tenants}]"]
        for tenant, source in self.tenants.items():
            lines += [f"[sources.{source}]", f'tenants = ["{tenant}"]']
            lines += [f"partitions = {self.lanes}"]
        lines += ["[instances]", *(f"{name} = {self.instances}" for name in SERVICES)]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class OwnStack:
    """A running stack: its places, its addresses, and hands on single processes."""

    places: Places
    env: stack.Env
    client: httpx.Client
    calls: Iterator[int] = field(default_factory=count)

    def stop(self, name: str) -> None:
        """Stop a process in good order."""
        control.ask(self.places, "stop", name=name)

    def start(self, name: str) -> None:
        """Start a process; it is not ready yet."""
        control.ask(self.places, "start", name=name)

    def instances(self, service: str) -> list[str]:
        """Name every process of a service."""
        return [f"{service}-{number}" for number, _ in enumerate(self.env.services[service], 1)]

    def until_ready(self, name: str) -> None:
        """Wait for a process, and return as soon as it is ready. Raises Failed."""
        service, _, number = name.rpartition("-")
        if service:
            url = f"{self.env.services[service][int(number) - 1]}/ready"
            until(lambda: _is_ready(url), seconds=READY_MAX_S, what=f"{name} ready", every_s=0.01)
        else:
            until(lambda: self._state(name) == "ready", seconds=READY_MAX_S, what=f"{name} ready")

    def call(
        self,
        service: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        person: str = "adele",
        tenant: str = TENANT,
    ) -> dict[str, Any]:
        """Ask a service's door: POST with a body, GET without; its instances take turns.

        Raises Failed.
        """
        urls = self.env.services[service]
        response = self.client.request(
            "GET" if body is None else "POST",
            urls[next(self.calls) % len(urls)] + path,
            json=body,
            headers={"Authorization": f"Bearer {self.env.token(person)}", "X-Tenant-ID": tenant},
        )
        if not response.is_success:
            raise Failed(f"{service}{path}: {response.status_code} {response.text[:300]}")
        return response.json()

    def pids(self) -> dict[str, int | None]:
        """Return the process id of everything that is kept running; none: it is not running."""
        return {row["name"]: row["pid"] for row in self._rows()}

    def running(self) -> dict[str, int]:
        """Return the ids of what runs, as the supervisor wrote them down: nobody is asked."""
        rows: dict[str, dict[str, Any]] = json.loads(self.places.processes.read_text())
        return {name: int(row["pid"]) for name, row in rows.items()}

    def _state(self, name: str) -> str:
        return next(row["state"] for row in self._rows() if row["name"] == name)

    def _rows(self) -> list[dict[str, Any]]:
        return control.ask(self.places, "status")["processes"]


@contextmanager
def own_stack(folder: Path, shape: Shape | None = None) -> Generator[OwnStack]:
    """Start a fresh stack in this folder, and stop it whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    world, root = folder / "world.toml", folder / "stack"
    world.write_text((shape or Shape()).world())
    _stack("wipe", "--yes", root=root)
    try:
        _stack("up", "--world", str(world), root=root)
        with httpx.Client(timeout=HTTP_S, trust_env=False) as client:
            yield OwnStack(Places.at(root), stack.running(root), client)
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
