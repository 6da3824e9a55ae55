"""One instance of one service: the keeper, the turns and the publisher over a log and a store."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mesh.doors import StoredAnswer
from mesh.gather import Gatherer
from mesh.guard import Guard
from mesh.hearing import Ears, Schemas
from mesh.holdings import Holdings
from mesh.keeper import Keeper
from mesh.lane import Event, Lane, State
from mesh.limits import BEAT_S, DRAIN_S, TEND_S
from mesh.metrics import Metrics
from mesh.outcome import Outcome
from mesh.pace import Pace
from mesh.ports import Log, Refused, Replaced, RequestRow, Store, Unavailable, Unknown
from mesh.publisher import Publisher, drained
from mesh.rows import stored_answer
from mesh.service import Service
from mesh.topics import Topics
from mesh.turns import Turns
from mesh.watch import Watch

log_ = logging.getLogger(__name__)


class Engine:
    """Runs a service. Written once: the same code runs on the real ports and in memory."""

    def __init__(
        self,
        service: Service[Any, Any],
        *,
        store: Store,
        log: Log,
        schemas: Schemas,
        topics: Topics,
        instance: str,
        metrics: Metrics,
        on_answers: Callable[[Mapping[UUID, StoredAnswer]], None] = lambda _: None,
    ) -> None:
        """Build an instance; nothing runs before `run`."""
        self.topics = topics
        self.holdings = Holdings(instance, {n: Lane(n) for n in range(topics.lanes)})
        self._store, self._log, self._metrics = store, log, metrics
        pace = Pace(service)
        self.keeper = Keeper(
            self.holdings, store, log, topics, service=service.name, pace=pace, metrics=metrics
        )
        self.publisher = Publisher(self.holdings, log, stop=self.keeper.stop, metrics=metrics)
        gatherer = Gatherer(self.holdings, store, log, schemas=schemas, pace=pace, metrics=metrics)
        self.guard = Guard(self.holdings)
        outcome = Outcome(
            self.holdings,
            gatherer=gatherer,
            publisher=self.publisher,
            pace=pace,
            metrics=metrics,
            on_answers=lambda rows: on_answers(_by_id(rows)),
        )
        ears = Ears(
            service=service,
            schemas=schemas,
            lane_of=topics.lane_of,
            template_of=topics.template_of,
            hears=topics.hears,
            count=self._count,
        )
        self.turns = Turns(
            self.holdings,
            service=service,
            store=store,
            topics=topics,
            gatherer=gatherer,
            keeper=self.keeper,
            ears=ears,
            outcome=outcome,
            guard=self.guard,
            metrics=metrics,
        )
        self.watch = Watch(self.holdings, self.publisher, metrics)
        log.wake = self.holdings.wake

    def _count(self, what: str) -> None:
        counters = {
            "repeat": self._metrics.repeats,
            "ahead": self._metrics.ahead,
            "unheard": self._metrics.unheard,
        }
        counters[what]()

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`, then drain: the open turn ends, what is committed is published."""
        publishing = asyncio.create_task(self.publisher.run())
        keeping = asyncio.create_task(self.keeper.run())
        turning = asyncio.create_task(self.turns.run())
        watching = asyncio.create_task(self._watch())
        tending = asyncio.create_task(self._tend())
        stopped = asyncio.create_task(stop.wait())
        running = (publishing, keeping, turning, watching, tending)
        await asyncio.wait((*running, stopped), return_when=asyncio.FIRST_COMPLETED)
        broken = [task for task in running if task.done()]
        self.turns.stopping = True
        self.holdings.wake()
        if not broken:
            await self._drain(turning, keeping)
        for task in (*running, stopped):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for task in broken:
            task.result()  # what broke the loop ends the process, with its cause

    async def _drain(self, turning: asyncio.Task[None], keeping: asyncio.Task[None]) -> None:
        """End cleanly (lanes 26)."""
        await turning
        await drained(self.publisher, deadline_s=DRAIN_S)
        keeping.cancel()  # else it takes again what is given back
        held = [lane for lane in self.holdings.held() if lane.state is not State.TAKING]
        try:
            await self.turns.save_rest()
            await self.keeper.give_back(held)
            await self._store.leave(self.holdings.instance)
        except (Unavailable, Unknown, Replaced, Refused) as error:
            log_.warning("lanes could not be given back", extra={"why": str(error)})

    async def _tend(self) -> None:
        """Look after the outbox's days, now and every hour."""
        while True:
            try:
                await self._store.tend()
            except Unavailable as error:
                log_.warning("the outbox's days were not tended", extra={"why": str(error)})
            await asyncio.sleep(TEND_S)

    async def _watch(self) -> None:
        """Look at inputs that went wrong, advise offsets, and tell metrics."""
        while True:
            self._see_troubles()
            positions = {p: h.position.next_offset for p, (_, h) in self.holdings.places.items()}
            self._log.advise(positions)
            self.watch.tell(await self._log.ends())
            await asyncio.sleep(BEAT_S)

    def _see_troubles(self) -> None:
        for trouble in self._log.troubles():
            known = self.holdings.places.get((trouble.topic, trouble.partition))
            if known is None or known[0].taking != trouble.taking:
                continue
            if trouble.hole:
                self.keeper.stop(known[0], f"{trouble.topic}[{trouble.partition}]: {trouble.why}")
            else:
                self.keeper.retake(known[0], Event.UNKNOWN, trouble.why)

    def still_s(self) -> float:
        """Say how long the loop of turns has not come round, in seconds."""
        if not self.holdings.turned_at:
            return 0.0
        return asyncio.get_running_loop().time() - self.holdings.turned_at

    def now(self) -> datetime:
        """Give the store's time. Raises Unavailable before the first beat."""
        if self.holdings.clock.read_now is None:
            raise Unavailable("not started yet")
        return self.holdings.clock.now()

    def put_in(self, lanes: set[int]) -> None:
        """A door put a command in: look at once."""
        if any(self.holdings.lanes[n].state is State.RUNNING for n in lanes):
            self.holdings.due_dirty = True
            self.holdings.wake()

    def held(self) -> list[int]:
        """Give the lanes that this instance runs."""
        return [lane.number for lane in self.holdings.running()]


def _by_id(rows: Sequence[RequestRow]) -> dict[UUID, StoredAnswer]:
    return {row.message_id: stored_answer(row) for row in rows}
