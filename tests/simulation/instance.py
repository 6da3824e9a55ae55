"""One process of one service."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid5

from mesh.doors import Doors
from mesh.engine import Engine
from mesh.metrics import Metrics
from mesh.ports import Unavailable
from mesh.service import NAMESPACE
from mesh.testing import MemoryLog, MemoryStore, virtual
from notifications.sender import Sender
from prometheus_client import CollectorRegistry

from .post import Desk

if TYPE_CHECKING:
    from .world import World


class Instance:
    """A service with its engine, its doors, and in notifications its sender."""

    def __init__(self, world: "World", name: str, who: str) -> None:
        service = world.build(name)
        service.decide = world.builds.deciding(name, service.decide, die=self._die)
        self.world, self.name, self.who = world, name, who
        self.frozen = False
        self.stop = asyncio.Event()
        self.log = MemoryLog(world.broker, who=who, group=name, faults=world.faults)
        database = world.databases[name]
        self.store = MemoryStore(database, world.clock_of(name), who=who, faults=world.faults)
        self.engine = Engine(
            service,
            store=self.store,
            log=self.log,
            schemas=world.schemas,
            topics=world.topics[name],
            instance=who,
            metrics=Metrics(CollectorRegistry()),
            on_answers=lambda answers: self.doors.answered(answers),  # noqa: PLW0108 - made below
        )
        ids = (uuid5(NAMESPACE, f"{who}/{n}") for n in range(10**9))
        self.doors = Doors(
            self.store,
            self.store.reader,
            lanes=self.engine.topics.lanes,
            now=self.engine.now,
            new_id=lambda: next(ids),
            on_put=self.engine.put_in,
        )
        self.process = virtual.Process(who)
        self._sending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.log.open()
        self.process.start(self.engine.run(self.stop))
        if self.name == "notifications":
            sender = Sender(
                self.world.post.means,
                find=Desk(self.store, lanes=self.engine.topics.lanes),
                doors=self.doors,
                held=self.engine.held,
                now=virtual.now,
            )
            self._sending = self.do(sender.run())

    def do(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        """Do something in this process, as far as the world answers."""

        async def as_far_as_it_goes() -> None:
            with suppress(Unavailable):
                await work

        return asyncio.get_running_loop().create_task(
            as_far_as_it_goes(), context=self.process.context
        )

    @property
    def is_there(self) -> bool:
        """Say whether its door can be knocked at: not before its first beat."""
        return not self.frozen and self.engine.holdings.clock.read_now is not None

    @property
    def is_in_doubt(self) -> bool:
        """Say whether a key lies wrong on a table topic that nothing on its way will put right."""
        said = self.store.database.rows.said
        for lane in self.engine.holdings.running():
            for (topic, _), own in lane.inputs.items():
                output = lane.outputs.get(topic)
                coming = {row.key for row in output.pending} if output else set[str]()
                for key, number in own.doubts.items():
                    last = said.get((topic, key))
                    if key not in coming and last and number < (last.incarnation, last.seq):
                        return True
        return False

    def freeze(self) -> None:
        self.frozen = True
        self.process.freeze()

    def thaw(self) -> None:
        self.frozen = False
        self.process.thaw()

    async def kill(self) -> None:
        """As SIGKILL: what is on its way may arrive, nothing else happens."""
        self.frozen = False
        await self.process.kill()
        self.log.cut()

    def _die(self) -> None:
        """A message kills it: no task of it goes on from here."""
        self.process.freeze()
        self.world.died(self)

    async def drain(self) -> None:
        """As SIGTERM."""
        self.stop.set()
        if self._sending:
            self._sending.cancel()
        assert self.process.main is not None
        await asyncio.wait([self.process.main])
        await self.log.close()

    def check(self) -> None:
        """Raise what broke the engine, if something did."""
        main = self.process.main
        if main is not None and main.done() and not main.cancelled():
            main.result()
