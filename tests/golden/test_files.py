"""Every scenario file holds, and together they show every command and every refusal."""

import re
from collections import Counter
from pathlib import Path

import pytest
from ledger.domain.command import COMMANDS
from ledger.domain.refusal import MESSAGES
from ledger.scenario.desk import OwnDesk
from ledger.scenario.file import Step, read
from ledger.scenario.memory import MemoryBooks
from ledger.scenario.running import run

HERE = Path(__file__).parent
SPEC = sorted((HERE / "spec").glob("*.toml"))
OWN = sorted((HERE / "own").glob("*.toml"))
PAGE = (HERE / "spec" / "README.md").read_text()
RULES = re.findall(r"^\| \d+ \| `([A-Z_]+)` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("path", [*SPEC, *OWN], ids=lambda path: path.stem)
async def test_a_scenario_holds_to_the_cent(path: Path) -> None:
    scenario = read(path)

    lines = [line async for line in run(scenario, OwnDesk(scenario, MemoryBooks(scenario)))]

    assert lines == []


def steps() -> list[Step]:
    return [step for path in OWN for step in read(path).steps]


def test_the_own_files_show_every_command() -> None:
    accepted = {step.command for step in steps() if step.entries}

    assert accepted == set(COMMANDS)


def test_the_own_files_show_every_refusal() -> None:
    assert {step.refused for step in steps() if step.refused} == set(RULES)


def test_the_domain_knows_the_refusals_of_the_page_in_their_order() -> None:
    assert len(RULES) == 38
    assert [code for code in MESSAGES if code != "GRANT_EXCEEDED"] == RULES


def test_the_own_files_show_every_way_to_say_how_much() -> None:
    ways = ("full", "amount", "percent", "components")
    taking = ("charge_off", "write_off", "remove_charge_off")
    shown = Counter(
        (step.command, way)
        for step in steps()
        if step.command in taking and step.entries
        for way in ways
        if way in step.fields
    )

    assert {way for _, way in shown} == set(ways)
    assert {command for command, _ in shown} == set(taking)
