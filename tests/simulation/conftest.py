"""Seeds and rules are played once a test run, in processes of their own.

PYTHONHASHSEED must stand before an interpreter starts, so this one cannot play them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SEEDS = 50

type Row = dict[str, Any]
type Simulate = Callable[..., list[Row]]
type PlayedAt = Callable[[int], Row]


@pytest.fixture(scope="session")
def simulate() -> Simulate:
    """Run `python -m tests.simulation --json` and read what it tells."""

    def run(*arguments: str) -> list[Row]:
        told = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--json", *arguments],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": "0"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        return [json.loads(line) for line in told.splitlines()]

    return run


@pytest.fixture(scope="session")
def played(simulate: Simulate) -> dict[int, Row]:
    """What became of the first seeds, and of those that were red once."""
    return {row["seed"]: row for row in simulate("--seeds", str(SEEDS), "--kept")}


@pytest.fixture(scope="session")
def played_at(played: dict[int, Row], simulate: Simulate) -> PlayedAt:
    """What became of a seed; it is played if it was not yet."""

    def find(seed: int) -> Row:
        if seed not in played:
            [played[seed]] = simulate("--from", str(seed), "--seeds", "1")
        return played[seed]

    return find


@pytest.fixture(scope="session")
def missed(simulate: Simulate) -> dict[str, Row]:
    """What became of the kept seed of each rule without the rule."""
    return {row["rule"]: row for row in simulate("--rules")}
