"""Registering: everything, once, with the reason for each refusal."""

from pathlib import Path
from typing import Any

import pytest
from contracts.catalogue import World, expand
from contracts.records import case
from contracts.register import INCOMPATIBLE, OK, UNREACHABLE, run, subjects

WORLD = """
lanes = 2
tenants = ["acme"]

[sources.core]
tenants = ["acme"]
partitions = 2
"""


@pytest.fixture
def environ(registry: Any, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "world.toml").write_text(WORLD)
    return {
        "REGISTRY_URL": registry.url,
        "REGISTRY_USER": "sr",
        "REGISTRY_PASSWORD": "secret",
        "WORLD_FILE": str(tmp_path / "world.toml"),
    }


def test_every_record_of_every_topic_gets_its_subject(
    registry: Any, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    world = World.read(Path(environ["WORLD_FILE"]))

    assert run(environ) == OK

    assert registry.level == "FULL_TRANSITIVE"
    assert set(registry.subjects) == {name for name, _ in subjects(expand(world))}
    assert "writeoff.requests.v1.core-writeoff.requests.WriteOffRequested" in registry.subjects
    assert "writeoff.status.v1.acme-writeoff.case.CaseStatus" in registry.subjects
    assert f"{len(registry.subjects)}/{len(registry.subjects)}" in capsys.readouterr().out


def test_registering_again_changes_nothing(registry: Any, environ: dict[str, str]) -> None:
    assert run(environ) == OK
    before = registry.writes

    assert run(environ) == OK
    assert registry.writes == before


def test_a_refusal_names_the_subject_and_the_reason_and_the_rest_goes_on(
    registry: Any, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    subject = "writeoff.case.v1-writeoff.case.CaseOpened"
    registry.add(subject, case.CaseOpened.SCHEMA.replace('"request_id"', '"former_id"'))

    assert run(environ) == INCOMPATIBLE

    told = capsys.readouterr().err
    assert f"refused: {subject}: " in told
    assert "writeoff.case.CaseOpened.former_id: is gone, and had no default" in told
    assert "writeoff.ledger.v1-writeoff.ledger.WriteOffPosted" in registry.subjects


def test_a_registry_that_is_not_there_is_another_matter(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = "http://127.0.0.1:9"

    assert run(environ | {"REGISTRY_URL": nowhere}) == UNREACHABLE
    assert nowhere in capsys.readouterr().err


def test_a_registry_that_does_not_know_us_is_another_matter(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(environ | {"REGISTRY_PASSWORD": "wrong"}) == UNREACHABLE
    assert "401" in capsys.readouterr().err


def test_a_missing_setting_is_named(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    del environ["WORLD_FILE"]

    assert run(environ) == UNREACHABLE
    assert "WORLD_FILE" in capsys.readouterr().err
