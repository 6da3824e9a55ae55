"""Who may say and hear what of core banking."""

from pathlib import Path

import pytest
from contracts import catalogue
from contracts.catalogue import World
from mesh.settings import read_world

INSTRUCTIONS, ANSWERS = "writeoff.instructions.v1.vault", "writeoff.core.v1.vault"


def test_each_core_has_two_topics_of_its_own() -> None:
    world = World(lanes=6, tenants=("demo",), cores=("vault", "safe"))
    topics = {topic.name: topic for topic in catalogue.expand(world)}

    assert (topics[INSTRUCTIONS].writer, topics[INSTRUCTIONS].readers) == ("ledger", ("vault",))
    assert (topics[ANSWERS].writer, topics[ANSWERS].readers) == ("vault", ("ledger",))
    assert topics[ANSWERS].partitions == 6
    assert catalogue.is_outside(topics[ANSWERS].template)
    assert not catalogue.is_outside(topics[INSTRUCTIONS].template)
    assert not any(".vault" in t.name for t in catalogue.expand(World(lanes=6, tenants=("demo",))))


def test_a_world_names_its_cores(tmp_path: Path) -> None:
    file = tmp_path / "world.toml"
    file.write_text('lanes = 6\ntenants = ["demo"]\ncores = ["vault"]\n')

    assert read_world(file).cores == ("vault",)
    assert World.read(file).cores == ("vault",)


@pytest.mark.parametrize(
    ("cores", "because"),
    [
        ('["Vault!"]', "cores must list"),
        ('["door"]', "cores: door is the mesh's own name"),
        ('["lending"]', "cores: lending is the mesh's own name, or a source's"),
    ],
)
def test_a_core_that_cannot_be_is_named(tmp_path: Path, cores: str, because: str) -> None:
    file = tmp_path / "world.toml"
    source = '[sources.lending]\ntenants = ["demo"]\npartitions = 1\n'
    file.write_text(f'lanes = 6\ntenants = ["demo"]\ncores = {cores}\n{source}')

    with pytest.raises(SystemExit, match=because):
        read_world(file)
