"""What operators do: deploy a good build, replay and dismiss what is parked, restore a store."""

import asyncio
import json
from copy import deepcopy
from itertools import islice
from random import Random
from uuid import uuid5

from mesh.hearing import DISMISS, REPLAY
from mesh.ports import DueRow, ParkedRow
from mesh.service import NAMESPACE, Key
from mesh.testing.memory_rows import UNREADABLE, Rows

from . import listener
from .quiet import unheard
from .weather import Weather
from .world import World

BAD_BUILD_AFTER_S = 5.0
OTHERS_WITHIN_S = 200.0
"""After the storm, all but what is parked is heard: also where a process died six times."""


class Operator:
    """One person with `writeoff mesh`."""

    def __init__(self, world: World, weather: Weather) -> None:
        self.world = world
        self.weather = weather
        self.random = Random(f"operator/{world.seed}")
        self.complaints: list[str] = []
        self._repairs = 0

    # --- a bad build --------------------------------------------------------------------------

    async def deploy_badly(self) -> None:
        """Deploy a bad build of some service; now and then replay what it parks, in vain."""
        builds = self.world.builds
        await asyncio.sleep(BAD_BUILD_AFTER_S)
        builds.is_deadly = self.random.random() < 0.5
        builds.bad = self.random.choice([*sorted(self.world.databases), *[listener.NAME] * 3])
        self.world.note(f"bad build of {builds.bad}{', deadly' if builds.is_deadly else ''}")
        while service := builds.bad:
            # Nobody in his senses replays what killed the process before there is a good build.
            parked = [row for row in self._parked(service) if "process ended" not in row.reason]
            if parked:
                self._repair(service, self.random.choice(parked), REPLAY)
            await asyncio.sleep(self.random.random() * 20)

    async def deploy_well(self) -> None:
        """Once all others are heard, deploy a good build and hear what was parked."""
        builds, loop = self.world.builds, asyncio.get_running_loop()
        assert builds.bad
        end = loop.time() + OTHERS_WITHIN_S
        while left := list(islice(unheard(self.world), 5)):
            if loop.time() > end:
                self.complaints += [f"a bad message keeps others waiting: {one}" for one in left]
                break
            await asyncio.sleep(1.0)
        service, builds.bad = builds.bad, None
        self.world.note(f"good build of {service}")
        for instance in list(self.world.running[service]):
            await self.world.kill(instance)
            await self.world.launch(service)
        while True:
            for row in self._parked(service):
                self._repair(service, row, DISMISS if self._may_go(service, row) else REPLAY)
            await asyncio.sleep(5.0)

    def _parked(self, service: str) -> list[ParkedRow]:
        """List what others wait behind, or nobody."""
        rows = self.world.databases[service].rows.parked.values()
        return [row for row in rows if row.behind is None and not row.unit.startswith(UNREADABLE)]

    def _may_go(self, service: str, row: ParkedRow) -> bool:
        """Say whether nobody needs it: a claim of a task, sometimes a line of the listener's."""
        if row.origin == "due":
            return "/ClaimTask/" in row.place
        if service != listener.NAME or row.parked_id.int % 3:
            return False
        self.world.dismissed.add(row.place)
        return True

    def _repair(self, service: str, row: ParkedRow, verb: str) -> None:
        """Put a repair in, as the operators' door does."""
        self._repairs += 1
        self.world.note(f"{verb} {row.place} at {service}")
        if there := self.world.there(service):
            payload = json.dumps({"parked_id": str(row.parked_id)}).encode()
            due_id = uuid5(NAMESPACE, f"repair/{self._repairs}")
            key = Key("-", "-", "mesh")
            one = there[0]
            put = DueRow(row.lane, one.engine.now(), due_id, None, verb, key, payload)
            one.do(one.store.put([put]))
            one.engine.put_in({row.lane})

    # --- a store that goes back ---------------------------------------------------------------

    async def restore(self) -> None:
        """Copy a store, and put the copy in its place some time later."""
        service = self.random.choice([*sorted(self.world.databases), *["ledger"] * 3])
        database = self.world.databases[service]
        await asyncio.sleep(10 + self.random.random() * 15)
        copy = deepcopy(database.rows)
        self.world.note(f"copy of {service}'s store")
        await asyncio.sleep(5 + self.random.random() * 15)
        self.world.went_back.add(service)
        if self.random.random() < 0.6:
            self.world.note(f"{service}'s standby is promoted")
            copy.store_id = "memory/2"
            database.rows = copy
        else:
            await self._stop_and_restore(service, copy)

    async def _stop_and_restore(self, service: str, copy: Rows) -> None:
        """Restore a copy that has the same identity: with the service stopped, says the runbook."""
        self.world.note(f"{service}'s store is restored")
        stopped = list(self.world.running[service])
        self.world.stopped.add(service)
        for instance in stopped:
            await self.world.kill(instance)
        await asyncio.sleep(10.0)
        self.world.databases[service].rows = copy
        self.world.stopped.discard(service)
        for _ in stopped:
            await self.world.launch(service)
