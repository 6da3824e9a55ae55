"""Where a running stack is: its store and its doors, from the environment or its env file."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

ENV_FILE = Path(".stack") / "env.json"


class NoPlace(Exception):
    """There is no store, or no mesh, to run in; says what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stack, as its env file tells it."""

    told: Mapping[str, Any]

    @classmethod
    def find(cls, environ: Mapping[str, str], *, start: Path) -> Self:
        """Find it: WRITEOFF_STACK_DIR, or `.stack` here or upwards. Raises NoPlace."""
        given = environ.get("WRITEOFF_STACK_DIR")
        named = [Path(given) / ENV_FILE.name] if given else []
        files = named or [folder / ENV_FILE for folder in (start, *start.parents)]
        for file in files:
            if file.is_file():
                return cls(json.loads(file.read_text()))
        raise NoPlace(f"no stack: {files[0]} is not there; start one with `make up`")

    @property
    def dsn(self) -> str:
        """Give the ledger's store, as its runtime role."""
        password = Path(self.told["database_passwords"]["ledger"]).read_text().strip()
        address = f"{self.told['database_host']}:{self.told['database_port']}"
        return f"postgresql://ledger:{quote(password)}@{address}/ledger"

    @property
    def scenario(self) -> str:
        """Give what tenants of scenarios are called by. Raises NoPlace where there are none."""
        names: list[str] = tomllib.loads(Path(self.told["world_file"]).read_text()).get(
            "scenarios", []
        )
        if not names:
            raise NoPlace(f"{self.told['world_file']} has no `scenarios`: this stack replays none")
        return names[0]

    def url(self, service: str) -> str:
        """Give the address of a service's first instance."""
        urls: list[str] = self.told["services"][service]
        if not urls:
            raise NoPlace(f"this stack has no instance of {service}")
        return urls[0]

    def token(self, role: str) -> str:
        """Give the token of somebody who holds a role for every tenant."""
        people: list[dict[str, Any]] = json.loads(Path(self.told["people_file"]).read_text())
        for person in people:
            if role in person["roles"] and "*" in person["tenants"]:
                return (Path(self.told["tokens_dir"]) / person["name"]).read_text().strip()
        raise NoPlace(f"this stack has nobody who is {role} for every tenant")
