"""The policy file, and what is wrong with it."""

from pathlib import Path
from typing import Any

import pytest
from case.domain.policy import ByHand
from case.settings import Settings, policy_of
from mesh.settings import Source, World

WORLD = World(
    lanes=6, tenants=("demo",), sources={"lending": Source(tenants=("demo",), partitions=6)}
)


def test_sources_come_from_the_world() -> None:
    policy = policy_of({}, WORLD)

    assert policy.sources == {"lending": frozenset({"demo"})}
    assert policy.mode("MORTGAGE") == "OWN"


def test_a_file_sets_modes_zones_and_exceptions(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(
        'repossession_sources = ["lending"]\n'
        '[modes]\nMORTGAGE = "MANUAL"\n[zones]\ndemo = "Asia/Tokyo"\n'
        '[[by_hand]]\nreason = "SETTLEMENT"\n'
    )

    policy = Settings.read({"CASE_POLICY_FILE": str(path)}).policy(WORLD)

    assert policy.mode("MORTGAGE") == "MANUAL"
    assert str(policy.zone("demo")) == "Asia/Tokyo"
    assert policy.by_hand == (ByHand(reason="SETTLEMENT"),)
    assert policy.repossession_sources == {"lending"}


@pytest.mark.parametrize(
    "told",
    [
        {"colours": {}},
        {"modes": {"MORTGAGE": "CORE"}},
        {"by_hand": [{"colour": "red"}]},
    ],
)
def test_what_a_file_says_wrongly_is_named(told: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        policy_of(told, WORLD)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SystemExit, match="no file"):
        Settings.read({"CASE_POLICY_FILE": "/nowhere/policy.toml"})
