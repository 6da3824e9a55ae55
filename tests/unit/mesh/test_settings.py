from pathlib import Path

import pytest
from mesh.settings import Settings, Source, World, read_world

WORLD = """
lanes = 6
tenants = ["demo", "sba"]

[sources.lending]
tenants = ["demo"]
partitions = 3

[instances]
case = 2
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "people.json").write_text("[]")
    (tmp_path / "world.toml").write_text(WORLD)
    return {
        "MESH_LANES": "6",
        "KAFKA_BOOTSTRAP": "127.0.0.1:9092",
        "KAFKA_USER": "case",
        "KAFKA_PASSWORD": "hush-kafka",
        "REGISTRY_URL": "http://127.0.0.1:8081",
        "REGISTRY_USER": "case",
        "REGISTRY_PASSWORD": "hush-registry",
        "DATABASE_URL": "postgresql://case:hush-store@127.0.0.1/case",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": "0",
        "PEOPLE_FILE": str(tmp_path / "people.json"),
        "WORLD_FILE": str(tmp_path / "world.toml"),
    }


def test_what_may_be_left_out_has_a_value(environ: dict[str, str]) -> None:
    settings = Settings.read(environ, service="case")

    assert settings.instance == "case-1"
    assert settings.log_level == "INFO"


def test_no_password_is_shown(environ: dict[str, str]) -> None:
    shown = repr(Settings.read(environ))

    assert "127.0.0.1:9092" in shown
    assert "hush" not in shown


def test_everything_missing_or_wrong_is_named_at_once(environ: dict[str, str]) -> None:
    del environ["KAFKA_USER"], environ["HTTP_PORT"]
    environ |= {"MESH_LANES": "0", "DATABASE_URL": "", "LOG_LEVEL": "LOUD", "WORLD_FILE": "/no"}

    with pytest.raises(SystemExit) as ended:
        Settings.read(environ)

    text = str(ended.value)
    for name in (
        "KAFKA_USER",
        "HTTP_PORT",
        "MESH_LANES",
        "DATABASE_URL",
        "LOG_LEVEL",
        "WORLD_FILE",
    ):
        assert name in text
    assert "KAFKA_PASSWORD" not in text


@pytest.mark.parametrize("lanes", ["-1", "1025", "six", "6.0", "²"])
def test_lanes_are_a_number_in_bounds(environ: dict[str, str], lanes: str) -> None:
    with pytest.raises(SystemExit, match="MESH_LANES must be a number from 1 to 1024"):
        Settings.read(environ | {"MESH_LANES": lanes})


def test_a_world_tells_lanes_tenants_and_sources(environ: dict[str, str]) -> None:
    world = Settings.read(environ).world()

    assert world == World(
        lanes=6,
        tenants=("demo", "sba"),
        sources={"lending": Source(tenants=("demo",), partitions=3)},
    )


def test_lanes_of_the_world_and_of_the_settings_agree(environ: dict[str, str]) -> None:
    with pytest.raises(SystemExit, match="MESH_LANES is 7"):
        Settings.read(environ | {"MESH_LANES": "7"}).world()


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ("lanes = 6", "tenants"),
        ('lanes = "6"\ntenants = ["demo"]', "lanes"),
        ("lanes = true\ntenants = ['demo']", "lanes"),
        ("lanes = 6\ntenants = ['De/mo']", "tenants"),
        ("lanes = 6\ntenants = []", "tenants"),
        ("lanes = 6\ntenants = ['demo']\nsources = 3", "sources"),
        ("lanes = 6\ntenants = ['demo']\n[sources.x]\npartitions = 1", "sources.x.tenants"),
        (
            "lanes = 6\ntenants = ['demo']\n[sources.x]\ntenants = ['sba']\npartitions = 1",
            "sources.x.tenants: sba",
        ),
        ("lanes = 6\ntenants = ['demo']\n[sources.x]\ntenants = ['demo']", "sources.x.partitions"),
        ("lanes = 6\ntenants = ['s-a']\nscenarios = ['s']", "scenarios: tenant s-a"),
        ("lanes = 6\ntenants = ['a']\nscenarios = []", "scenarios"),
        ("lanes =", "Invalid value"),
    ],
)
def test_a_wrong_world_is_told_by_file_and_key(tmp_path: Path, told: str, key: str) -> None:
    path = tmp_path / "world.toml"
    path.write_text(told)

    with pytest.raises(SystemExit) as ended:
        read_world(path)

    assert str(path) in str(ended.value)
    assert key in str(ended.value)
