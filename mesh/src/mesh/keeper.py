"""Keeps lanes: beats, takes, gives back, loses (lanes 1-5, 20).

Nobody tells instances what to hold. Each looks at the store's lane rows, sees who lives, and takes
what is free up to its share; who holds more gives back.
"""

import asyncio
import itertools
import logging
from contextlib import suppress
from math import ceil

from mesh.beginning import Beginning, Hole
from mesh.holdings import Holdings
from mesh.lane import Event, Input, Lane, State
from mesh.limits import BEAT_S, CALM_S, DEATHS_MAX, LEASE_S, LOOK_AGAIN_S
from mesh.metrics import Metrics
from mesh.pace import Pace
from mesh.ports import (
    Beat,
    Fenced,
    Log,
    Replaced,
    Store,
    Unavailable,
    Unknown,
)
from mesh.remake import Stranger
from mesh.topics import Topics

log_ = logging.getLogger(__name__)


class Keeper:
    """Holds this instance's share of the lanes."""

    def __init__(
        self,
        holdings: Holdings,
        store: Store,
        log: Log,
        topics: Topics,
        *,
        service: str,
        pace: Pace,
        metrics: Metrics,
    ) -> None:
        """Keep lanes in `holdings`, by the rows of `store`."""
        self._holdings = holdings
        self._store = store
        self._log = log
        self._topics = topics
        self.beginning = Beginning(holdings, store, log, topics, service=service)
        self._pace = pace
        self._metrics = metrics
        self._takings = itertools.count(1)
        self._hurry = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None
        self.silent = False

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            try:
                await self.beat()
                if not self.silent:
                    self._holdings.trouble = ""
            except Unavailable as error:
                self._holdings.trouble = f"store: {error}"
            if self._broken is not None:
                raise self._broken
            self._drop_expired()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), BEAT_S)
            self._hurry.clear()

    async def soon(self) -> None:
        """Wait for a beat that starts from now on: it sees what is not ours any more."""
        beaten: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(beaten)
        self._hurry.set()
        await beaten

    async def beat(self) -> None:
        """Renew what is ours, learn what is not, take or give back."""
        waiting = list(self._waiting)
        self.silent = self._log.silent_s() > LEASE_S
        if self.silent:
            self._holdings.trouble = "the broker does not answer"
        may_renew = not self.silent and self._turns_end()
        held = {lane.number: lane.epoch for lane in self._holdings.held() if lane.epoch}
        beat = await self._store.beat(
            self._holdings.instance,
            held=held if may_renew else {},
            lease_s=LEASE_S,
            lanes=self._topics.lanes,
        )
        self._holdings.clock.read(beat.now)
        self._holdings.living = max(1, beat.living)
        self._see_lost(beat)
        for beaten in waiting:
            self._waiting.remove(beaten)
            beaten.set_result(None)
        if not may_renew:
            # He is not counted: others take what he may not keep.
            await self._store.leave(self._holdings.instance)
        await self._calm()
        if not self.silent:
            await self._share(beat)

    def _turns_end(self) -> bool:
        """Say whether the last turn ended: who hangs in one lets his leases run out."""
        turned_at = self._holdings.turned_at
        return not turned_at or asyncio.get_running_loop().time() - turned_at < LEASE_S

    async def _calm(self) -> None:
        """Let lanes whose owner lives be heard as others are."""
        now = asyncio.get_running_loop().time()
        for lane in list(self._holdings.running()):
            if lane.dead_before and now - lane.taken_at > CALM_S:
                await self.calm(lane)

    async def calm(self, lane: Lane) -> None:
        """Hear a lane as others are: its owner lives, or what killed it is parked."""
        await self._store.calm(lane.number, epoch=lane.epoch)
        lane.dead_before = lane.careful = False

    def _see_lost(self, beat: Beat) -> None:
        """Let go what the store says is another's."""
        rows = {row.lane: row for row in beat.lanes}
        for lane in self._holdings.held():
            row = rows.get(lane.number)
            ours = row and row.owner == self._holdings.instance and row.epoch == lane.epoch
            if lane.state is not State.TAKING and not ours:
                self.lose(lane, "the store says it is another's")

    def _drop_expired(self) -> None:
        """Without the store's or the broker's answer for a lease, what we hold may be another's."""
        now = asyncio.get_running_loop().time()
        if self._holdings.clock.read_at and now - self._holdings.clock.read_at > LEASE_S:
            for lane in self._holdings.held():
                if lane.state is not State.TAKING:
                    self.lose(lane, "the lease ran out")

    async def _share(self, beat: Beat) -> None:
        share = ceil(self._topics.lanes / self._holdings.living)
        held = self._holdings.held()
        too_many = held[share:]
        if too_many:
            await self.give_back(too_many)
        self._look_again()
        ours = self._holdings.instance
        free = [r.lane for r in beat.lanes if r.owner is None or r.expired or r.owner == ours]
        mine = [self._holdings.lanes[n] for n in free]
        wanted = [lane for lane in mine if lane.state is State.ELSEWHERE][
            : max(0, share - len(held))
        ]
        for lane in wanted:
            # Not waited for: a slow taking must not cost the leases of what is held.
            task = asyncio.create_task(self.take(lane))
            self._tasks.add(task)
            task.add_done_callback(self._taken)

    def _taken(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._broken = task.exception()
            self._hurry.set()

    def _look_again(self) -> None:
        now = asyncio.get_running_loop().time()
        for lane in self._holdings.held():
            if lane.state is State.STOPPED and now - lane.looked_at > LOOK_AGAIN_S:
                self.retake(lane, Event.LOOKED)

    def retake(self, lane: Lane, event: Event, why: str = "") -> None:
        """Forget what is in memory of a lane and take it again, if it is still ours."""
        if lane.state not in (State.RUNNING, State.STOPPED):
            return
        self._hurry.set()
        self._unassign(lane)
        lane.happen(event, why)
        lane.forget()
        lane.happen(Event.FAILED, why)

    def replaced(self, why: str) -> None:
        """The store is another one: nothing that is in memory of it is worth anything."""
        log_.error("the store is another one", extra={"why": why})
        for lane in self._holdings.held():
            self.retake(lane, Event.UNKNOWN, why)

    def stop(self, lane: Lane, why: str) -> None:
        """A lane cannot go on without a person."""
        log_.error("lane stopped", extra={"lane": lane.number, "why": why})
        self._unassign(lane)
        lane.happen(Event.STUCK, why)
        lane.looked_at = asyncio.get_running_loop().time()

    def lose(self, lane: Lane, why: str) -> None:
        """Let a lane go: stop fetching, forget its memory (lanes 20)."""
        log_.info("lane lost", extra={"lane": lane.number, "why": why})
        self._metrics.lost_lane()
        self._unassign(lane)
        lane.happen(Event.LOST, why)

    async def give_back(self, lanes: list[Lane]) -> None:
        """Give lanes back so that others need not wait for the lease."""
        epochs = {lane.number: lane.epoch for lane in lanes}
        for lane in lanes:
            self.lose(lane, "given back")
        await self._store.give_back(epochs, instance=self._holdings.instance)

    def _unassign(self, lane: Lane) -> None:
        for place in lane.inputs:
            self._log.unassign(*place)
            self._holdings.places.pop(place, None)

    async def take(self, lane: Lane) -> None:
        """Raise a lane's epoch and read all that it needs; it counts if it is ours at the end."""
        if lane.state is not State.ELSEWHERE:
            return  # one taking at a time
        lane.happen(Event.TRIED)
        taking = lane.taking = next(self._takings)
        lane.epoch = 0
        try:
            epoch = await self._store.take(
                lane.number, instance=self._holdings.instance, lease_s=LEASE_S
            )
            if epoch is None:
                self._give_up(lane, taking, Event.NOT_OURS)
                return
            lane.epoch = epoch
            recovered = await self._store.recover(lane.number)
            outputs = await self.beginning.outputs(lane, recovered)
            inputs = await self.beginning.inputs(lane, recovered)
            on_the_way = await self._pace.count(self._store.reader, lane.number)
        except Unavailable as error:
            self._holdings.trouble = f"lane {lane.number}: {error}"
            self._give_up(lane, taking, Event.FAILED, str(error))
            return
        except (Fenced, Unknown) as error:
            self._give_up(lane, taking, Event.FAILED, str(error))
            return
        except Replaced as replaced:
            self._give_up(lane, taking, Event.FAILED, str(replaced))
            self.replaced(str(replaced))
            return
        except (Hole, Stranger) as hole:
            if _goes_on(lane, taking):
                self.stop(lane, str(hole))
            return
        if not _goes_on(lane, taking):
            return  # lost meanwhile
        lane.parked = dict(recovered.parked)
        lane.turned_at = recovered.turned_at
        lane.careful = recovered.deaths >= DEATHS_MAX
        lane.dead_before = recovered.deaths > 0
        lane.taken_at = asyncio.get_running_loop().time()
        lane.on_the_way = on_the_way
        lane.outputs = outputs
        self._start(lane, inputs)

    def _give_up(self, lane: Lane, taking: int, event: Event, why: str = "") -> None:
        if _goes_on(lane, taking):
            lane.happen(event, why)

    def _start(self, lane: Lane, inputs: dict[tuple[str, int], Input]) -> None:
        lane.inputs = inputs
        lane.happen(Event.READY)
        self._metrics.took_lane()
        log_.info("lane taken", extra={"lane": lane.number, "why": f"epoch {lane.epoch}"})
        for place, heard in inputs.items():
            self._holdings.places[place] = (lane, heard)
            self._log.assign(*place, offset=heard.position.next_offset, taking=lane.taking)
        self._holdings.due_dirty = True
        self._holdings.wake()


def _goes_on(lane: Lane, taking: int) -> bool:
    """Say whether this taking is still the one."""
    return lane.taking == taking and lane.state is State.TAKING
