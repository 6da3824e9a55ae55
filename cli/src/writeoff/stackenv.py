"""What `make up` wrote about the running stack: addresses, and where each password is."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from writeoff.exits import Exit, Trouble

ENV_FILE = "env.json"
DIRECTORY_USUAL = ".stack"


@dataclass(frozen=True, slots=True)
class Member:
    """A person of this stack, as its doors know him."""

    name: str
    roles: frozenset[str]
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StackEnv:
    """A running stack, as its clients see it."""

    directory: Path
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
    mail_dir: str
    print_dir: str
    people_file: str
    tokens_dir: str
    world_file: str

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read a stack's env file, or say that there is none and what to do."""
        path = directory / ENV_FILE
        try:
            row: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            raise _no_stack(directory) from None
        except (OSError, json.JSONDecodeError) as wrong:
            raise Trouble(
                f"{path} cannot be read: {wrong}",
                next_step="start the stack again: make down, then make up",
                exit_code=Exit.UNREACHABLE,
            ) from None
        try:
            given = {f.name: row[f.name] for f in fields(cls) if f.name != "directory"}
        except KeyError as missing:
            raise Trouble(
                f"{path} does not tell {missing}",
                next_step="it was written by another version: make down, then make up",
                exit_code=Exit.UNREACHABLE,
            ) from None
        given["tenants"] = tuple(given["tenants"])
        given["services"] = {name: tuple(urls) for name, urls in given["services"].items()}
        return cls(directory=directory, **given)

    def urls(self, service: str) -> tuple[str, ...]:
        """Return the addresses of a service's instances."""
        urls = self.services.get(service, ())
        if not urls:
            raise Trouble(
                f"this stack has no instance of {service}",
                next_step="see which services run: make up",
                exit_code=Exit.UNREACHABLE,
            )
        return urls

    def people(self) -> tuple[Member, ...]:
        """Return the people of this stack, in the order of its people file."""
        rows: list[dict[str, Any]] = json.loads(Path(self.people_file).read_text())
        return tuple(
            Member(name=row["name"], roles=frozenset(row["roles"]), level=row.get("level") or 0)
            for row in rows
        )

    def token(self, name: str) -> str:
        """Return a person's token."""
        path = Path(self.tokens_dir) / name
        if "/" in name or not path.is_file():
            known = ", ".join(person.name for person in self.people())
            raise Trouble(
                f"this stack knows no {name!r}",
                next_step=f"give --as one of {known}",
                exit_code=Exit.USAGE,
            )
        return path.read_text().strip()

    def kafka_conf(self, user: str) -> dict[str, str]:
        """Return the configuration of a Kafka client of this user."""
        return {
            "bootstrap.servers": self.kafka_bootstrap,
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": self._password(self.kafka_passwords, user),
        }

    def registry_conf(self, user: str = "reader") -> dict[str, str]:
        """Return the configuration of a schema registry client."""
        password = self._password(self.registry_passwords, user)
        return {"url": self.registry_url, "basic.auth.user.info": f"{user}:{password}"}

    def operator_dsn(self, service: str) -> str:
        """Return the address of a service's database for the operator, who may only read."""
        password = quote(self._password(self.database_passwords, "operator"), safe="")
        return (
            f"postgresql://operator:{password}@{self.database_host}:{self.database_port}/{service}"
        )

    def _password(self, files: Mapping[str, str], user: str) -> str:
        if user not in files:
            raise Trouble(
                f"this stack has no user {user}",
                next_step=f"it has {', '.join(sorted(files))}",
                exit_code=Exit.USAGE,
            )
        return Path(files[user]).read_text().strip()


def find_directory(given: Path | None, *, start: Path, environ: Mapping[str, str]) -> Path:
    """Return the stack's directory: as given, as the environment says, or the nearest upwards."""
    if given is not None:
        return Path(os.path.abspath(given))
    if environ.get("WRITEOFF_STACK_DIR"):
        return Path(os.path.abspath(environ["WRITEOFF_STACK_DIR"]))
    for folder in (start, *start.parents):
        if (folder / DIRECTORY_USUAL / ENV_FILE).is_file():
            return folder / DIRECTORY_USUAL
    return start / DIRECTORY_USUAL


def _no_stack(directory: Path) -> Trouble:
    return Trouble(
        f"no stack in {directory}",
        next_step="start one with `make up`, or name its folder with --stack-dir",
        exit_code=Exit.UNREACHABLE,
    )
