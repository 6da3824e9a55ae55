"""One stack for all tests of this folder."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stack.places import Places

import stack
from stack import control

UP_MAX_S = 240


class Running:
    """A stack in a directory of its own, used as a person uses it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def env(self) -> stack.Env:
        return stack.running(self.directory)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "stack", *arguments, "--dir", str(self.directory)]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=UP_MAX_S, check=False
        )

    def must(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self, *arguments: str) -> str:
        return self.must("up", "--without-services", *arguments)

    def status(self) -> dict[str, Any]:
        return control.ask(Places.at(self.directory), "status")

    def process(self, name: str) -> dict[str, Any]:
        return next(row for row in self.status()["processes"] if row["name"] == name)

    def until(self, seen: Callable[[], bool], *, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.05)

    def until_ready(self, name: str, *, restarts: int) -> None:
        def seen() -> bool:
            row = self.process(name)
            return row["state"] == "ready" and row["restarts"] >= restarts

        self.until(seen)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    it = Running(tmp_path_factory.mktemp("stack") / "s")
    try:
        it.up()
        yield it
    finally:
        it.must("wipe", "--yes")


@pytest.fixture
def env(running: Running) -> stack.Env:
    return running.env
