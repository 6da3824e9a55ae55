"""The world of a stack: lanes, tenants, upstreams, people, and how many of each service."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from stack.places import PROJECT, StackError

SERVICES = ("case", "documents", "authorization", "ledger", "notifications")
"""The five services, each with a database and a principal of its name."""

WORLD_FILE = PROJECT / "stack" / "world.toml"
PEOPLE_FILE = PROJECT / "stack" / "people.toml"

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""Names become parts of topics, users and files."""

INSTANCES_MAX = 24
"""More processes than lanes of a large world would have nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An upstream system, which may write its own request topic."""

    tenants: tuple[str, ...]
    partitions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a stack is made for."""

    lanes: int
    tenants: tuple[str, ...]
    sources: Mapping[str, Source]
    instances: Mapping[str, int]
    scenarios: tuple[str, ...] = ()
    """Every tenant `NAME-…` replays a scenario file in the ledger; nothing else knows it."""
    cores: tuple[str, ...] = ()
    """Core banking systems, each with a topic of instructions and one of answers."""
    links: bool = False
    """Processes reach the broker and PostgreSQL by ports of their own, which somebody else opens:
    who stands there may cut them off."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a world, or say what is wrong with it."""
        row = _toml(path)
        try:
            sources = {
                name: Source(tenants=tuple(source["tenants"]), partitions=int(source["partitions"]))
                for name, source in row.get("sources", {}).items()
            }
            instances = dict.fromkeys(SERVICES, 1) | row.get("instances", {})
            world = cls(
                lanes=int(row["lanes"]),
                tenants=tuple(row["tenants"]),
                sources=sources,
                instances=instances,
                scenarios=tuple(row.get("scenarios", ())),
                cores=tuple(row.get("cores", ())),
                links=bool(row.get("links", False)),
            )
        except KeyError as missing:
            raise StackError(f"{path}: {missing} is missing") from None
        for complaint in world.complaints():
            raise StackError(f"{path}: {complaint}")
        return world

    def complaints(self) -> list[str]:
        """List what makes this world impossible."""
        names = [*self.tenants, *self.scenarios, *self.sources, *self.cores]
        wrong = [f"{name!r} is no name" for name in names if not NAME.fullmatch(name)]
        # A portal's groups begin with its tenant's name and a hyphen: they must not mix.
        wrong += [
            f"tenant {longer!r} begins with tenant {shorter!r} and a hyphen"
            for shorter in (*self.tenants, *self.scenarios)
            for longer in self.tenants
            if longer.startswith(f"{shorter}-")
        ]
        wrong += [f"{name!r} is a source and a core" for name in self.cores if name in self.sources]
        for name, source in self.sources.items():
            wrong += [
                f"source {name} speaks for {tenant!r}, which is no tenant"
                for tenant in source.tenants
                if tenant not in self.tenants
            ]
            if source.partitions < 1:
                wrong.append(f"source {name} needs at least one partition")
        wrong += [f"{name!r} is no service" for name in self.instances if name not in SERVICES]
        wrong += [
            f"{count} instances of {name}: 0 to {INSTANCES_MAX} can be had"
            for name, count in self.instances.items()
            if not 0 <= count <= INSTANCES_MAX
        ]
        if self.lanes < 1:
            wrong.append("at least one lane is needed")
        return wrong

    def refusals(self, old: "World") -> list[str]:
        """List what cannot be changed about a stack that exists: it may only grow."""
        gone = [name for name in old.tenants if name not in self.tenants]
        wrong = [f"tenant {name} cannot go away" for name in gone]
        wrong += [f"core {name} cannot go away" for name in old.cores if name not in self.cores]
        if self.links != old.links:
            wrong.append("links are there for the life of a stack, or not at all")
        if self.lanes != old.lanes:
            wrong.append(f"lanes are {old.lanes} for the life of a stack, not {self.lanes}")
        for name, source in old.sources.items():
            fresh = self.sources.get(name)
            if fresh is None:
                wrong.append(f"source {name} cannot go away")
            elif fresh.partitions < source.partitions:
                wrong.append(f"source {name} has {source.partitions} partitions and keeps them")
        return wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who may open the doors."""

    name: str
    roles: tuple[str, ...]
    level: int | None
    tenants: tuple[str, ...]


def read_people(path: Path) -> tuple[Person, ...]:
    """Read who there is."""
    return tuple(
        Person(
            name=row["name"],
            roles=tuple(row["roles"]),
            level=row.get("level"),
            tenants=tuple(row.get("tenants", ["*"])),
        )
        for row in _toml(path)["person"]
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise StackError(f"{path} is not there") from None
    except tomllib.TOMLDecodeError as wrong:
        raise StackError(f"{path}: {wrong}") from None
