"""MUTANTS=1: each rule of the lanes is taken out once, and some seed turns red; with it, green."""

import os
import subprocess
import sys

import pytest

from .mutants import MUTANTS
from .test_seeds import ROOT

SEEDS = int(os.environ.get("SEEDS") or 60)

pytestmark = pytest.mark.skipif(not os.environ.get("MUTANTS"), reason="asked for by MUTANTS=1")


@pytest.mark.timeout(SEEDS * 15)
@pytest.mark.parametrize("rule", MUTANTS)
def test_without_the_rule_a_seed_is_red_and_with_it_green(
    rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _run("mutants", rule, str(SEEDS))

    with capsys.disabled():
        print(told, end="")
    tried = told.removeprefix(f"{rule:36s}").split(maxsplit=1)[0]
    assert tried.isdigit(), told
    with_it = _run("seeds", str(int(tried) - 1), tried)
    assert with_it.startswith("green "), f"the seed shows nothing of the rule: {with_it}"


def _run(module: str, *args: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", f"tests.simulation.{module}", *args],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
