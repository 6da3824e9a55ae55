"""The catalogue: which topics there are, whose they are, and what may be said on them."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

from contracts.records import RECORDS
from contracts.types import Record

__all__ = [
    "RECORDS",
    "CatalogueError",
    "Source",
    "Topic",
    "World",
    "expand",
    "is_outside",
    "parse",
    "records_of",
    "services",
    "subject",
    "topics",
]

type TopicKind = Literal["log", "table"]

_PLACEHOLDER = re.compile(r"<(\w+)>")
_OUTSIDERS = frozenset({"<source>", "<core>"})
"""Who writes topics and is no service: upstreams and core banking systems."""

_FIELDS = {
    *("name", "writer", "readers", "kind", "key", "partitions", "retention_days", "records"),
    "personal_data",
}


class CatalogueError(ValueError):
    """The catalogue, or a world, says something that makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic; with a placeholder in its name it stands for one topic each."""

    name: str
    template: str
    writer: str
    readers: tuple[str, ...]
    kind: TopicKind
    key: str
    partitions: int = 0
    """0 in a template: a world says how many"""
    retention_days: int | None = None
    """none: for ever (tables)"""
    records: tuple[str, ...] = ()
    """full names"""
    personal_data: bool = False

    @property
    def placeholder(self) -> str | None:
        """Return what the name leaves open: source, core, tenant or service."""
        found = _PLACEHOLDER.search(self.name)
        return found.group(1) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An upstream of a world: for whom it may ask, on how many partitions."""

    tenants: tuple[str, ...]
    partitions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What one installation has: its lanes, tenants and upstreams."""

    lanes: int
    tenants: tuple[str, ...]
    sources: Mapping[str, Source] = field(default_factory=dict[str, Source])
    scenarios: tuple[str, ...] = ()
    """Of a development stack: every tenant `NAME-…` replays a scenario in the ledger; no other
    service and no topic knows it."""

    cores: tuple[str, ...] = ()
    """Core banking systems that are instructed by the ledger and answer it."""

    def is_scenario(self, tenant: str) -> bool:
        """Say whether a tenant is of that kind."""
        return any(tenant.startswith(f"{name}-") for name in self.scenarios)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a world's file, or say what is wrong in it."""
        try:
            found = tomllib.loads(path.read_text())
            sources: dict[str, dict[str, Any]] = found.get("sources", {})
            return cls(
                lanes=int(found["lanes"]),
                tenants=tuple(found["tenants"]),
                sources={name: _source(**each) for name, each in sources.items()},
                scenarios=tuple(found.get("scenarios", ())),
                cores=tuple(found.get("cores", ())),
            )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise CatalogueError(f"{path}: {error!r}") from error


def _source(*, tenants: list[str], partitions: int, **_: object) -> Source:
    return Source(tenants=tuple(tenants), partitions=partitions)


@cache
def topics() -> tuple[Topic, ...]:
    """Return the catalogue's topics as it says them, placeholders and all."""
    return parse(files("contracts").joinpath("topics.toml").read_text())


def parse(text: str) -> tuple[Topic, ...]:
    """Return the topics of a catalogue, checked."""
    found = tuple(_topic(each) for each in tomllib.loads(text)["topic"])
    names = [topic.name for topic in found]
    if len(names) != len(set(names)):
        raise CatalogueError("a topic is told twice")
    return found


def services() -> tuple[str, ...]:
    """Return the services: who writes a topic of a fixed name."""
    return tuple(dict.fromkeys(t.writer for t in topics() if t.placeholder is None))


def expand(world: World) -> tuple[Topic, ...]:
    """Return every topic of a world."""
    return tuple(concrete for topic in topics() for concrete in _expand(topic, world))


@cache
def is_outside(template: str) -> bool:
    """Say whether a topic, by its name in the catalogue, is written by no service of ours."""
    return any(topic.name == template and topic.writer in _OUTSIDERS for topic in topics())


def records_of(template: str) -> tuple[type[Record], ...]:
    """Return what may be said on a topic, by its name as the catalogue has it."""
    for topic in topics():
        if topic.name == template:
            return tuple(RECORDS[name] for name in topic.records)
    raise KeyError(template)


def subject(topic: str, record: str) -> str:
    """Return under which subject a topic's record is registered (TopicRecordNameStrategy)."""
    return f"{topic}-{record}"


def _topic(said: dict[str, Any]) -> Topic:
    name = said.get("name", "?")
    if strange := said.keys() - _FIELDS:
        raise CatalogueError(f"{name}: there is no {', '.join(sorted(strange))}")
    if missing := {"name", "writer", "readers", "kind", "key", "records"} - said.keys():
        raise CatalogueError(f"{name}: no {', '.join(sorted(missing))}")
    rest = {k: v for k, v in said.items() if k not in {"partitions", "readers", "records"}}
    records = tuple(f"writeoff.{record}" for record in said["records"])
    topic = Topic(**rest, template=name, readers=tuple(said["readers"]), records=records)
    _check(topic, partitions=said.get("partitions"))
    return topic


def _check(topic: Topic, *, partitions: object) -> None:
    if unknown := set(topic.records) - RECORDS.keys():
        raise CatalogueError(f"{topic.name}: no such record: {', '.join(sorted(unknown))}")
    if topic.kind not in {"log", "table"}:
        raise CatalogueError(f"{topic.name}: is neither log nor table")
    if (topic.kind == "log") != (topic.retention_days is not None):
        raise CatalogueError(f"{topic.name}: a log has retention_days, a table has none")
    if topic.placeholder not in {None, "source", "core", "tenant", "service"}:
        raise CatalogueError(f"{topic.name}: nobody knows what <{topic.placeholder}> stands for")
    if partitions != ("source" if topic.placeholder == "source" else None):
        raise CatalogueError(f"{topic.name}: partitions are a source's, or as many as lanes")


def _expand(topic: Topic, world: World) -> Iterator[Topic]:
    names = {
        "source": tuple(world.sources),
        "core": world.cores,
        "tenant": world.tenants,
        "service": services(),
    }
    for value in names[topic.placeholder] if topic.placeholder else ("",):
        chosen = names | ({topic.placeholder: (value,)} if topic.placeholder else {})
        yield replace(
            topic,
            name=_fill(topic.name, chosen)[0],
            writer=_fill(topic.writer, chosen)[0],
            readers=tuple(name for reader in topic.readers for name in _fill(reader, chosen)),
            partitions=(
                world.sources[value].partitions if topic.placeholder == "source" else world.lanes
            ),
        )


def _fill(text: str, names: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Put every chosen name into a text's placeholder, if it has one."""
    found = _PLACEHOLDER.search(text)
    if found is None:
        return (text,)
    return tuple(text.replace(found.group(), name) for name in names[found.group(1)])
