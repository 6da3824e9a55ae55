"""The catalogue: read with care, and spelled out for a world."""

from pathlib import Path

import pytest
from contracts.catalogue import (
    CatalogueError,
    Source,
    World,
    expand,
    parse,
    records_of,
    services,
    subject,
    topics,
)
from contracts.records import ledger, requests

TOPIC = {
    "name": '"writeoff.x.v1"',
    "writer": '"case"',
    "readers": "[]",
    "kind": '"log"',
    "key": '"loan"',
    "retention_days": "1",
    "records": '["case.CaseOpened"]',
}


def said(**changes: str | None) -> str:
    lines = (f"{key} = {value}" for key, value in (TOPIC | changes).items() if value is not None)
    return "\n".join(["[[topic]]", *lines])


def test_the_services_are_those_who_write_a_topic_of_a_fixed_name() -> None:
    assert services() == ("case", "documents", "authorization", "ledger", "notifications")


def test_every_tenant_source_and_service_has_its_topics(world: World) -> None:
    names = {topic.name for topic in expand(world)}

    assert {"writeoff.status.v1.acme", "writeoff.status.v1.bolt"} <= names
    assert {"writeoff.requests.v1.core", "writeoff.requests.v1.branch"} <= names
    assert {f"writeoff.deadletters.v1.{service}" for service in services()} <= names
    assert not [name for name in names if "<" in name]


def test_partitions_are_as_many_as_lanes_but_for_a_source(world: World) -> None:
    counts = {topic.name: topic.partitions for topic in expand(world)}

    assert counts.pop("writeoff.requests.v1.core") == 3
    assert counts.pop("writeoff.requests.v1.branch") == 1
    assert set(counts.values()) == {6}


def test_writers_and_readers_are_filled_in(world: World) -> None:
    by_name = {topic.name: topic for topic in expand(world)}

    assert by_name["writeoff.requests.v1.core"].writer == "core"
    assert by_name["writeoff.status.v1.acme"].readers == ("acme", "board")
    assert by_name["writeoff.status.v1.acme"].template == "writeoff.status.v1.<tenant>"


def test_a_world_without_upstreams_has_no_request_topics() -> None:
    names = [topic.template for topic in expand(World(lanes=1, tenants=("acme",)))]

    assert "writeoff.requests.v1.<source>" not in names


def test_personal_data_is_on_one_topic_only() -> None:
    private = [topic for topic in topics() if topic.personal_data]

    assert [topic.records for topic in private] == [(ledger.Party.FULL_NAME,)]
    assert private[0].readers == ("notifications",)


def test_what_may_be_said_on_a_topic_is_asked_by_its_name_in_the_catalogue() -> None:
    assert records_of("writeoff.requests.v1.<source>") == (requests.WriteOffRequested,)
    with pytest.raises(KeyError):
        records_of("writeoff.nothing.v1")


def test_a_subject_is_the_topic_and_the_record() -> None:
    assert subject("writeoff.loans.v1", ledger.LoanSnapshot.FULL_NAME) == (
        "writeoff.loans.v1-writeoff.ledger.LoanSnapshot"
    )


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"records": '["case.Nothing"]'}, "no such record: writeoff.case.Nothing"),
        ({"kind": '"queue"'}, "is neither log nor table"),
        ({"retention_days": None}, "a log has retention_days"),
        ({"kind": '"table"'}, "a table has none"),
        ({"name": '"writeoff.x.v1.<moon>"'}, "nobody knows what <moon> stands for"),
        ({"partitions": '"source"'}, "partitions are a source's"),
        ({"colour": '"red"'}, "there is no colour"),
        ({"key": None}, "no key"),
    ],
)
def test_a_catalogue_that_makes_no_sense_is_refused(
    changes: dict[str, str | None], because: str
) -> None:
    with pytest.raises(CatalogueError, match=because):
        parse(said(**changes))


def test_a_topic_is_told_once() -> None:
    with pytest.raises(CatalogueError, match="told twice"):
        parse(said() + "\n" + said())


def test_a_world_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(
        'lanes = 4\ntenants = ["acme"]\n[sources.core]\ntenants = ["acme"]\npartitions = 2\n'
    )

    assert World.read(path) == World(
        lanes=4, tenants=("acme",), sources={"core": Source(tenants=("acme",), partitions=2)}
    )


@pytest.mark.parametrize(
    "text", ["", "lanes = 4", 'lanes = 1\ntenants = []\n[sources.core]\ntenants = ["a"]', "]["]
)
def test_a_world_that_lacks_something_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "world.toml"
    path.write_text(text)

    with pytest.raises(CatalogueError, match=r"world\.toml"):
        World.read(path)
