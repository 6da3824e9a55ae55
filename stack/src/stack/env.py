"""What a client of a running stack needs to know."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from stack.places import Places, StackError, write_private

ADMIN_ROLE = "writeoff_pg_admin"
"""PostgreSQL's superuser: the stack's own, given to no service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Env:
    """Addresses, and the files that the passwords are in. The same names stand in `env.json`."""

    directory: str
    lanes: int
    tenants: tuple[str, ...]
    sources: Mapping[str, Mapping[str, Any]]
    kafka_bootstrap: str
    kafka_passwords: Mapping[str, str]
    registry_url: str
    registry_passwords: Mapping[str, str]
    database_host: str
    database_port: int
    database_passwords: Mapping[str, str]
    services: Mapping[str, tuple[str, ...]]
    links: Mapping[str, Mapping[str, tuple[int, int]]]
    """Process → `kafka` or `postgres` → the port that it knocks at, and the one that it means."""
    smtp_host: str
    smtp_port: int
    mail_dir: str
    print_dir: str
    people_file: str
    tokens_dir: str
    world_file: str

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what the last `up` wrote."""
        path = Places.at(directory).env
        if not path.exists():
            raise StackError(f"no stack in {directory}: start one with `python -m stack up`")
        row: dict[str, Any] = json.loads(path.read_text())
        row["tenants"] = tuple(row["tenants"])
        row["services"] = {name: tuple(urls) for name, urls in row["services"].items()}
        row["links"] = {
            name: {what: tuple(ports) for what, ports in links.items()}
            for name, links in row["links"].items()
        }
        return cls(**row)

    def save(self) -> None:
        """Write `env.json`, for its owner's eyes."""
        places = Places.at(Path(self.directory))
        write_private(places.env, json.dumps(asdict(self), indent=1) + "\n")

    def kafka_conf(self, user: str) -> dict[str, str]:
        """Give what a confluent-kafka client of this user is configured with."""
        return {
            "bootstrap.servers": self.kafka_bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": _read(self.kafka_passwords, user),
        }

    def registry_conf(self, user: str = "reader") -> dict[str, str]:
        """Give what a confluent-kafka registry client is configured with."""
        return {
            "url": self.registry_url,
            "basic.auth.user.info": f"{user}:{_read(self.registry_passwords, user)}",
        }

    def dsn(self, service: str, *, role: str | None = None, port: int | None = None) -> str:
        """Address a service's database, as its runtime role or another."""
        role, port = role or service, port or self.database_port
        password = quote(_read(self.database_passwords, role), safe="")
        return f"postgresql://{role}:{password}@{self.database_host}:{port}/{service}"

    def owner_dsn(self, service: str) -> str:
        """Address a service's database as the role that migrates it."""
        return self.dsn(service, role=f"{service}_owner")

    def operator_dsn(self, service: str) -> str:
        """Address a service's database as the role that may read everything."""
        return self.dsn(service, role="operator")

    def admin_dsn(self, database: str = "postgres") -> str:
        """Address a database as the superuser."""
        return self.dsn(database, role=ADMIN_ROLE)

    def token(self, person: str) -> str:
        """Read a person's token."""
        return (Path(self.tokens_dir) / person).read_text().strip()


def running(directory: Path) -> Env:
    """Give the environment of the stack in a directory."""
    return Env.load(directory)


def _read(files: Mapping[str, str], user: str) -> str:
    if user not in files:
        raise StackError(f"no such user: {user} (there are {', '.join(sorted(files))})")
    return Path(files[user]).read_text().strip()
