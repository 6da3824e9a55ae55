"""What a stack is to be: its world, ports and parts, made ready before anything starts."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from stack import credentials
from stack.catalogue import catalogue_file, read_topics, users
from stack.env import Env
from stack.fetch import Programs
from stack.places import Places, StackError, write_private
from stack.postgres import roles
from stack.registry import API, USERS
from stack.world import PEOPLE_FILE, SERVICES, WORLD_FILE, World, read_people

PARTS = ("kafka", "postgres", "registry", "mail", "services")
PORTS = {
    "kafka": ("kafka", "kafka-controller"),
    "postgres": ("postgres",),
    "registry": ("registry", "registry-management"),
    "mail": ("smtp",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the supervisor is told."""

    parts: tuple[str, ...]
    ports: Mapping[str, int]
    topics_file: str
    kafka_jars: tuple[str, ...]
    registry_home: str
    postgres_home: str

    @classmethod
    def load(cls, places: Places) -> Self:
        """Read what `up` planned."""
        row: dict[str, Any] = json.loads((places.root / "plan.json").read_text())
        row["parts"], row["kafka_jars"] = tuple(row["parts"]), tuple(row["kafka_jars"])
        return cls(**row)

    def save(self, places: Places) -> None:
        """Write the plan for the supervisor."""
        write_private(places.root / "plan.json", json.dumps(asdict(self), indent=1) + "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for on the command line."""

    parts: tuple[str, ...] = PARTS
    world: Path | None = None
    topics: Path | None = None
    ports: Mapping[str, int]


def parts_of(text: str) -> tuple[str, ...]:
    """Read a list of parts, with what they stand on."""
    chosen = {word.strip() for word in text.split(",") if word.strip()}
    if unknown := chosen - set(PARTS):
        words = ", ".join(sorted(unknown))
        raise StackError(f"no such part: {words} (there are {', '.join(PARTS)})")
    if "services" in chosen:
        chosen = set(PARTS)
    if "registry" in chosen:
        chosen.add("postgres")
    return tuple(part for part in PARTS if part in chosen)


def instances(world: World) -> list[str]:
    """Name every process of every service."""
    return [
        f"{name}-{number}" for name in SERVICES for number in range(1, world.instances[name] + 1)
    ]


def links(world: World, ports: Mapping[str, int]) -> dict[str, dict[str, tuple[int, int]]]:
    """Tell of each process where it knocks for whom, and where that one listens."""
    if not world.links:
        return {}
    return {
        name: {
            "kafka": (ports[f"{name}/kafka"], ports[f"{name}/kafka-behind"]),
            "postgres": (ports[f"{name}/postgres"], ports["postgres"]),
        }
        for name in instances(world)
    }


def _link_ports(world: World, *whose: str) -> list[str]:
    """Name the ports that links need."""
    return [f"{name}/{each}" for name in instances(world) for each in whose if world.links]


def settle_world(places: Places, wished: Path | None) -> World:
    """Keep a copy of the world; a later one may only add to it."""
    if wished is None and places.world.exists():
        return World.read(places.world)
    wished = wished or WORLD_FILE
    world = World.read(wished)
    if places.world.exists():
        for refusal in world.refusals(World.read(places.world)):
            raise StackError(f"{wished}: {refusal}")
    shutil.copyfile(wished, places.world)
    return world


def make(places: Places, wishes: Wishes, *, programs: Programs, running: bool) -> Plan:
    """Settle world, ports, passwords and people, and write down all of it."""
    world = settle_world(places, wishes.world)
    topics_file = wishes.topics or catalogue_file()
    read_topics(world, topics_file)  # fails here, before anything starts
    names = [port for ports in PORTS.values() for port in ports] + instances(world)
    names += _link_ports(world, "kafka", "kafka-behind", "postgres")
    if running:
        _keep_ports(places, wishes.ports)
    ports = credentials.choose_ports(places, names, given=wishes.ports)
    used = [port for part in wishes.parts for port in PORTS.get(part, ())]
    if "kafka" in wishes.parts:
        used += _link_ports(world, "kafka-behind")
    if "services" in wishes.parts:
        used += instances(world)
    if not running:
        credentials.check_ports({name: ports[name] for name in used})
    credentials.write_people(places, read_people(PEOPLE_FILE))
    credentials.audit_key_file(places)
    _env(places, world, ports).save()
    plan = Plan(
        parts=wishes.parts,
        ports=ports,
        topics_file=str(topics_file.resolve()),
        kafka_jars=tuple(str(jar) for jar in programs.kafka_jars),
        registry_home=str(programs.registry),
        postgres_home=str(programs.postgres),
    )
    plan.save(places)
    return plan


def _keep_ports(places: Places, given: Mapping[str, int]) -> None:
    kept: dict[str, int] = json.loads(places.ports.read_text())
    for name, port in given.items():
        if kept.get(name, port) != port:
            raise StackError(f"{name} is running on port {kept[name]}: `down` first")


def _env(places: Places, world: World, ports: Mapping[str, int]) -> Env:
    urls = {
        name: tuple(
            f"http://127.0.0.1:{ports[f'{name}-{number}']}"
            for number in range(1, world.instances[name] + 1)
        )
        for name in SERVICES
    }
    return Env(
        directory=str(places.root),
        lanes=world.lanes,
        tenants=world.tenants,
        sources={name: asdict(source) for name, source in world.sources.items()},
        kafka_bootstrap=f"127.0.0.1:{ports['kafka']}",
        kafka_passwords=credentials.password_files(places, "kafka", ("admin", *users(world))),
        registry_url=f"http://127.0.0.1:{ports['registry']}{API}",
        registry_passwords=credentials.password_files(places, "registry", USERS),
        database_host="127.0.0.1",
        database_port=ports["postgres"],
        database_passwords=credentials.password_files(places, "postgres", roles()),
        services=urls,
        links=links(world, ports),
        smtp_host="127.0.0.1",
        smtp_port=ports["smtp"],
        mail_dir=str(places.mail),
        print_dir=str(places.prints),
        people_file=str(places.people),
        tokens_dir=str(places.tokens),
        world_file=str(places.world),
    )
