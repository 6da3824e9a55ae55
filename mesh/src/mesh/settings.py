"""What a process must be told before it starts: read once, wrong ones all named at once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from contracts.catalogue import Source, World

__all__ = ["Settings", "Source", "World", "is_tenant", "read_world"]

TENANT = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
"""A tenant's name: it stands in topics and keys, so nothing that they could not hold."""

LANES_MAX = 1_024
"""Each lane is a partition of every topic: more than this no cluster of ours would carry."""

RESERVED = frozenset({"file", "agent", "door", "timer", "register", "sender"})
"""What commands of the doors call their source: an upstream of that name would be one with them."""

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

TEXTS = (
    "KAFKA_BOOTSTRAP",
    "KAFKA_USER",
    "KAFKA_PASSWORD",
    "REGISTRY_URL",
    "REGISTRY_USER",
    "REGISTRY_PASSWORD",
    "DATABASE_URL",
    "HTTP_HOST",
)
FILES = ("PEOPLE_FILE", "WORLD_FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that the mesh reads from the environment; its repr shows no password."""

    mesh_lanes: int
    kafka_bootstrap: str
    kafka_user: str
    kafka_password: str = field(repr=False)
    registry_url: str
    registry_user: str
    registry_password: str = field(repr=False)
    database_url: str = field(repr=False)
    http_host: str
    http_port: int
    """0: any free one."""
    people_file: Path
    world_file: Path
    instance: str
    log_level: str

    @classmethod
    def read(cls, environ: Mapping[str, str], *, service: str = "service") -> Self:
        """Read every setting. Raises SystemExit with a line for each that is missing or wrong."""
        troubles = [f"{name} is missing" for name in (*TEXTS, *FILES) if not environ.get(name)]
        mesh_lanes = _number(environ, "MESH_LANES", low=1, high=LANES_MAX, troubles=troubles)
        http_port = _number(environ, "HTTP_PORT", low=0, high=65_535, troubles=troubles)
        for name in FILES:
            if environ.get(name) and not Path(environ[name]).is_file():
                troubles.append(f"{name}: there is no file {environ[name]}")
        log_level = environ.get("LOG_LEVEL") or "INFO"
        if log_level not in LEVELS:
            troubles.append(f"LOG_LEVEL must be one of {', '.join(LEVELS)}, not {log_level!r}")
        if troubles:
            raise SystemExit("settings:\n  " + "\n  ".join(troubles))
        return cls(
            mesh_lanes=mesh_lanes,
            kafka_bootstrap=environ["KAFKA_BOOTSTRAP"],
            kafka_user=environ["KAFKA_USER"],
            kafka_password=environ["KAFKA_PASSWORD"],
            registry_url=environ["REGISTRY_URL"],
            registry_user=environ["REGISTRY_USER"],
            registry_password=environ["REGISTRY_PASSWORD"],
            database_url=environ["DATABASE_URL"],
            http_host=environ["HTTP_HOST"],
            http_port=http_port,
            people_file=Path(environ["PEOPLE_FILE"]),
            world_file=Path(environ["WORLD_FILE"]),
            instance=environ.get("INSTANCE") or f"{service}-1",
            log_level=log_level,
        )

    def world(self) -> World:
        """Read the world. Raises SystemExit when it is wrong or has other lanes than we."""
        world = read_world(self.world_file)
        if world.lanes != self.mesh_lanes:
            raise SystemExit(
                f"MESH_LANES is {self.mesh_lanes}, but {self.world_file} says lanes = {world.lanes}"
            )
        return world


def read_world(path: Path) -> World:
    """Read a world's file. Raises SystemExit naming the file and each wrong key."""
    try:
        told = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SystemExit(f"{path}: {error}") from error
    troubles: list[str] = []
    lanes = _count(told.get("lanes"), "lanes", troubles)
    tenants = _tenants(told.get("tenants"), "tenants", troubles)
    scenarios = _tenants(told["scenarios"], "scenarios", troubles) if "scenarios" in told else ()
    troubles += [
        f"scenarios: tenant {tenant} would be one of {name}"
        for name in scenarios
        for tenant in tenants
        if tenant.startswith(f"{name}-")
    ]
    cores = _tenants(told["cores"], "cores", troubles) if "cores" in told else ()
    sources: dict[str, Source] = {}
    upstreams: Any = told.get("sources", {})
    if not isinstance(upstreams, dict):
        troubles.append("sources must be tables, as [sources.lending]")
        upstreams = {}
    for name, source in upstreams.items():
        sources[name] = _source(name, source, tenants=tenants, troubles=troubles)
    if both := sorted(set(cores) & (RESERVED | sources.keys())):
        troubles.append(f"cores: {', '.join(both)} is the mesh's own name, or a source's")
    if troubles:
        raise SystemExit("\n".join(f"{path}: {trouble}" for trouble in troubles))
    return World(lanes=lanes, tenants=tenants, sources=sources, scenarios=scenarios, cores=cores)


def is_tenant(text: str) -> bool:
    """Say whether a text has the form of a tenant's name."""
    return TENANT.fullmatch(text) is not None


def _number(
    environ: Mapping[str, str], name: str, *, low: int, high: int, troubles: list[str]
) -> int:
    text = environ.get(name)
    if not text:
        troubles.append(f"{name} is missing")
    elif not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        troubles.append(f"{name} must be a number from {low} to {high}, not {text!r}")
    else:
        return int(text)
    return low


def _source(name: str, told: Any, *, tenants: tuple[str, ...], troubles: list[str]) -> Source:
    place = f"sources.{name}"
    if not is_tenant(name):
        troubles.append(f"{place}: a source's name is 1-32 of a-z, 0-9 and -")
    if name in RESERVED:
        troubles.append(f"{place}: that name is the mesh's own, give it another one")
    if not isinstance(told, dict):
        troubles.append(f"{place} must be a table")
        return Source(tenants=(), partitions=1)
    own = _tenants(told.get("tenants"), f"{place}.tenants", troubles)
    strange = sorted(set(own) - set(tenants))
    if strange:
        troubles.append(f"{place}.tenants: {', '.join(strange)} not among the world's tenants")
    partitions = _count(told.get("partitions"), f"{place}.partitions", troubles)
    return Source(tenants=own, partitions=partitions)


def _count(told: Any, place: str, troubles: list[str]) -> int:
    if type(told) is int and 1 <= told <= LANES_MAX:
        return told
    troubles.append(f"{place} must be a number from 1 to {LANES_MAX}, not {told!r}")
    return 1


def _tenants(told: Any, place: str, troubles: list[str]) -> tuple[str, ...]:
    if isinstance(told, list) and told and all(isinstance(t, str) and is_tenant(t) for t in told):
        return tuple(told)
    troubles.append(f"{place} must list tenants (each 1-32 of a-z, 0-9 and -), not {told!r}")
    return ()
