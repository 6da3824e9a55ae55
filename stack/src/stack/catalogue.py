"""The catalogue of topics, spelled out for one world: topics, and who may do what with them."""

import importlib.resources
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stack.places import StackError
from stack.world import SERVICES, World

DAY_MS = 86_400_000
MESSAGE_BYTES_MAX = 1 << 20
"""One record with its headers; the mesh refuses larger ones before it says them."""

type Grant = tuple[str, str, str, str, str]
"""(principal, kind of resource, name, literal or prefixed, operation)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as it must be."""

    name: str
    writer: str
    readers: tuple[str, ...]
    partitions: int
    config: Mapping[str, str]


def catalogue_file() -> Path:
    """Name the catalogue that the contracts bring."""
    return Path(str(importlib.resources.files("contracts") / "topics.toml"))


def read_topics(world: World, path: Path) -> tuple[Topic, ...]:
    """Spell out the catalogue over a world."""
    if not path.is_file():
        raise StackError(f"the catalogue of topics is not there: {path}")
    rows: list[dict[str, Any]] = tomllib.loads(path.read_text())["topic"]
    return tuple(topic for row in rows for topic in _spell_out(row, world))


def users(world: World) -> tuple[str, ...]:
    """List every principal of a world."""
    sources = (f"source-{name}" for name in world.sources)
    portals = (f"portal-{name}" for name in world.tenants)
    cores = (f"core-{name}" for name in world.cores)
    return (*SERVICES, *sources, *cores, *portals, "board", "auditor", "operator")


def grants(world: World, topics: Iterable[Topic]) -> frozenset[Grant]:
    """List all that is allowed. Nothing else is."""
    allowed: set[Grant] = set(_group_grants(world))
    for topic in topics:
        allowed.update(_topic(topic.writer, topic.name, "READ", "WRITE"))
        for reader in (*topic.readers, "operator"):
            allowed.update(_topic(reader, topic.name, "READ"))
    return frozenset(allowed)


def _spell_out(row: Mapping[str, Any], world: World) -> Iterator[Topic]:
    values = {
        "<source>": tuple(world.sources),
        "<core>": world.cores,
        "<tenant>": world.tenants,
        "<service>": SERVICES,
    }
    place = next((place for place in values if place in row["name"]), None)
    known = set(users(world))
    for value in values[place] if place else ("",):
        mine = {place: value} if place else {}
        name = row["name"].replace(place, value) if place else row["name"]
        readers = tuple(
            user
            for reader in row.get("readers", [])
            for user in _principals(reader, mine=mine, values=values)
        )
        (writer,) = _principals(row["writer"], mine=mine, values=values)
        for user in (writer, *readers):
            if user not in known:
                raise StackError(f"the catalogue's {row['name']} names {user!r}: no such principal")
        yield Topic(
            name=name,
            writer=writer,
            readers=readers,
            partitions=_partitions(row, world, value),
            config=_config(row),
        )


def _principals(
    word: str, *, mine: Mapping[str, str], values: Mapping[str, tuple[str, ...]]
) -> list[str]:
    """Name the principals behind a word: this topic's own, or all, where the name has none."""
    prefixes = {"<source>": "source-", "<core>": "core-", "<tenant>": "portal-", "<service>": ""}
    if word not in prefixes:
        return [word]
    chosen = (mine[word],) if word in mine else values[word]
    return [f"{prefixes[word]}{value}" for value in chosen]


def _partitions(row: Mapping[str, Any], world: World, value: str) -> int:
    match row.get("partitions"):
        case None:
            return world.lanes
        case "source":
            return world.sources[value].partitions
        case number:
            return int(number)


def _config(row: Mapping[str, Any]) -> dict[str, str]:
    common = {
        "message.timestamp.type": "LogAppendTime",
        "compression.type": str(row.get("compression", "producer")),
        "max.message.bytes": str(MESSAGE_BYTES_MAX),
    }
    if row["kind"] == "table":
        # A day: a writer that sleeps for an hour still finds what it said (lanes 15).
        return common | {"cleanup.policy": "compact", "min.compaction.lag.ms": str(DAY_MS)}
    retention_ms = str(int(row["retention_days"]) * DAY_MS)
    return common | {
        "cleanup.policy": "delete",
        "retention.ms": retention_ms,
        "retention.bytes": "-1",
    }


def _topic(user: str, name: str, *operations: str) -> Iterator[Grant]:
    for operation in (*operations, "DESCRIBE", "DESCRIBE_CONFIGS"):
        yield (user, "TOPIC", name, "LITERAL", operation)


def _group_grants(world: World) -> Iterator[Grant]:
    """Offsets are advice, kept under each one's own name."""
    for user in users(world):
        yield (user, "GROUP", user, "LITERAL", "READ")
    for user in (*(f"portal-{name}" for name in world.tenants), "operator"):
        yield (user, "GROUP", f"{user}-", "PREFIXED", "READ")
    yield ("operator", "GROUP", "*", "LITERAL", "DESCRIBE")
    yield ("operator", "CLUSTER", "kafka-cluster", "LITERAL", "DESCRIBE")
