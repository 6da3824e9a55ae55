"""A running stack under a fault: hands on its processes, and a look at who holds which lane."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
from confluent_kafka.schema_registry import SchemaRegistryClient
from stack.places import Places

from stack import Env, control

from ..journeys.bank import SERVICES, Bank  # noqa: TID252 - tests are no package
from ..journeys.outsiders import Upstream  # noqa: TID252
from ..journeys.waiting import eventually  # noqa: TID252
from ..stack_fixture import Stack  # noqa: TID252
from .closings import Closings
from .links import Links
from .load import Load

SERVERS = ("kafka", "registry", "postgres")

PROCESSES = (
    *("case-1", "case-2", "documents-1", "authorization-1"),
    *("ledger-1", "ledger-2", "notifications-1"),
)

SECONDS = ("documents-2", "authorization-2", "notifications-2")
"""Stopped, but where a fault is about them."""

RECOVERED_S = 240.0
"""A lease of 10 s runs out, a process or a server starts again, on a machine where others build:
what has not recovered by then does not recover by itself."""

WAITS = "SELECT wait_event FROM pg_stat_activity WHERE pid = $1"

HAND_S = 90.0
"""To stop a server in good order takes seconds."""


@dataclass(frozen=True, slots=True)
class Running:
    """A stack with two of case and ledger and one of the others, all of them over links."""

    stack: Stack
    links: Links
    client: httpx.Client
    registry: SchemaRegistryClient

    @property
    def env(self) -> Env:
        """Addresses, passwords, tokens."""
        return self.stack.env

    @property
    def places(self) -> Places:
        """The stack's files."""
        return Places.at(self.stack.directory)

    def hand(self, verb: str, name: str) -> None:
        """Lay hands on a process: kill, freeze, thaw, stop, start, restart."""
        control.ask(self.places, verb, name=name, patience_s=HAND_S)

    def pid(self, name: str) -> int | None:
        """Give a process's id; none: it does not run."""
        return next(row["pid"] for row in self._rows() if row["name"] == name)

    def until_ready(self, *names: str) -> None:
        """Wait until processes answer that they are ready."""
        eventually(
            lambda: all(row["state"] == "ready" for row in self._rows() if row["name"] in names),
            seconds=RECOVERED_S,
        )

    def until_well(self) -> None:
        """Wait until all is ready, and the lanes are shared out among those who live."""
        self.until_ready(*PROCESSES, *SERVERS, "mail")
        for service in SERVICES:
            count = sum(name.startswith(f"{service}-") for name in PROCESSES)
            self.until_shared(service, count)

    def until_shared(self, service: str, instances: int) -> None:
        """Wait until so many instances of a service hold an equal share of the lanes each."""
        share = self.env.lanes // instances
        eventually(
            lambda: sorted(self.held(service).values()) == [share] * instances,
            seconds=RECOVERED_S,
        )

    def held(self, service: str) -> Counter[str]:
        """Count the lanes that each instance of a service runs, by its address."""
        rows = self.lanes(service)
        return Counter(url for url, lane in rows if lane["state"] == "running")

    def lanes(self, service: str) -> list[tuple[str, dict[str, Any]]]:
        """Give what each instance that answers tells of each lane, with its address."""
        found: list[tuple[str, dict[str, Any]]] = []
        for url in self.env.services[service]:
            try:
                answer = self.client.get(f"{url}/lanes", headers=self._operator())
            except httpx.TransportError:
                continue
            found += [(url, lane) for lane in answer.json()]
        return found

    def repair(self, url: str, verb: str, **body: Any) -> bool:
        """Do as an operator does at one instance's door; false where it says no."""
        path = f"{url}/v1/mesh/{verb}"
        return self.client.post(path, headers=self._operator(), json=body).is_success

    def waits_of(self, backend: int) -> list[str | None]:
        """Tell what a process of PostgreSQL waits for; nothing where it is no more."""

        async def ask() -> list[str | None]:
            connection = await asyncpg.connect(self.env.admin_dsn())
            try:
                return [row["wait_event"] for row in await connection.fetch(WAITS, backend)]
            finally:
                await connection.close()

        return asyncio.run(ask())

    def upstream(self) -> Upstream:
        """Connect as the upstream that may speak for every tenant."""
        return Upstream(self.env, self.registry, "upstream")

    def _operator(self) -> dict[str, str]:
        tenant = self.env.tenants[0]
        return {"Authorization": f"Bearer {self.env.token('oz')}", "X-Tenant-ID": tenant}

    def _rows(self) -> list[dict[str, Any]]:
        return control.ask(self.places, "status")["processes"]


@dataclass(frozen=True, slots=True)
class Scene:
    """Cases on their way: what a fault may see and wait for."""

    at: Running
    bank: Bank
    closings: Closings
    load: Load

    def until_cases_close(self) -> None:
        """Wait until in every lane a case is closed that is asked for from now on."""
        moment = time.time()
        every = set(range(self.closings.lanes))

        def lanes() -> set[int]:
            asked = self.load.asked
            return {each.lane for each in self.closings.seen if asked[each.loan_id] > moment}

        eventually(lambda: lanes() == every, seconds=RECOVERED_S)

    def until_caught_up(self) -> None:
        """Wait until all that was asked for up to now is closed, and new cases close too."""
        self.until_cases_close()
        asked = set(self.load.asked)
        eventually(
            lambda: asked <= {each.loan_id for each in self.closings.seen}, seconds=RECOVERED_S
        )
