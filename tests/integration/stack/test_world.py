"""Worlds and the catalogue, without anything running."""

from pathlib import Path

import pytest
from stack.catalogue import catalogue_file, grants, read_topics, users
from stack.places import StackError
from stack.world import PEOPLE_FILE, SERVICES, WORLD_FILE, World, read_people

WORLD = World.read(WORLD_FILE)
TOPICS = {topic.name: topic for topic in read_topics(WORLD, catalogue_file())}


def test_every_topic_of_the_mesh_has_a_partition_a_lane() -> None:
    ours = [topic for topic in TOPICS.values() if topic.writer in SERVICES]

    assert {topic.partitions for topic in ours} == {WORLD.lanes}
    assert {topic.config["message.timestamp.type"] for topic in ours} == {"LogAppendTime"}


def test_a_tenants_status_is_for_its_portal_and_the_board() -> None:
    assert TOPICS["writeoff.status.v1.demo"].readers == ("portal-demo", "board")
    assert TOPICS["writeoff.status.v1.demo"].config["cleanup.policy"] == "compact"


def test_a_topic_has_one_writer_and_the_operator_has_none() -> None:
    writes = {(name, user) for user, _, name, _, operation in grants(WORLD, TOPICS.values())
              if operation == "WRITE"}  # fmt: skip

    assert writes == {(topic.name, topic.writer) for topic in TOPICS.values()}


def test_everyone_in_the_catalogue_is_somebody() -> None:
    named = {grant[0] for grant in grants(WORLD, TOPICS.values())}

    assert named == set(users(WORLD))


def test_there_are_two_people_for_every_desk() -> None:
    people = read_people(PEOPLE_FILE)

    for level in range(1, 6):
        assert len([p for p in people if p.roles == ("authorizer",) and p.level == level]) == 2
    assert len({person.name for person in people}) == len(people)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('lanes = 6\ntenants = ["a/b"]', "is no name"),
        ('lanes = 0\ntenants = ["a"]', "at least one lane"),
        ('lanes = 6\ntenants = ["a", "a-b"]', "begins with tenant"),
        ('lanes = 6\ntenants = ["s-b"]\nscenarios = ["s"]', "begins with tenant"),
        ('lanes = 6\ntenants = ["a"]\n[sources.s]\ntenants = ["b"]\npartitions = 1', "no tenant"),
        ('lanes = 6\ntenants = ["a"]\n[instances]\nbooks = 1', "no service"),
        ("lanes = 6", "tenants"),
    ],
)
def test_an_impossible_world_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "world.toml"
    path.write_text(text)

    with pytest.raises(StackError, match=complaint):
        World.read(path)
