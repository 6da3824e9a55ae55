"""The loop of turns: gather, load, decide, commit, and again (lanes 6-12).

topic → decode → decide → one transaction → outbox → topic.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from mesh import hearing
from mesh.deciding import Decider
from mesh.gather import Gatherer
from mesh.guard import Guard
from mesh.hearing import Ears, Finding, Forward, Heard, Item, Poisoned, Stuck, Unreadable
from mesh.holdings import Holdings
from mesh.keeper import Keeper
from mesh.keeping import Kept
from mesh.lane import Event
from mesh.limits import BUSY_MESSAGES, GROW_S, GROWN_MESSAGES, LEASE_S, TRIES_MAX
from mesh.logs import brief
from mesh.metrics import Metrics
from mesh.outcome import Outcome
from mesh.pause import Pause
from mesh.ports import (
    DueRow,
    Fenced,
    Misfit,
    Moved,
    Refused,
    Replaced,
    Store,
    Unavailable,
    Unknown,
)
from mesh.service import Message, Service, Transaction
from mesh.tables import Tables
from mesh.topics import Topics
from mesh.turn import Turn

log_ = logging.getLogger(__name__)


class Turns:
    """Takes the turns of one instance, over all the lanes that it holds."""

    def __init__(
        self,
        holdings: Holdings,
        *,
        service: Service[Any, Any],
        store: Store,
        topics: Topics,
        gatherer: Gatherer,
        keeper: Keeper,
        ears: Ears,
        outcome: Outcome,
        guard: Guard,
        metrics: Metrics,
    ) -> None:
        """Take turns over `holdings`."""
        self._holdings = holdings
        self._service = service
        self._store = store
        self._decider = Decider(service, topics, ears.schemas)
        self._kept = Kept(holdings, service)
        self._last_heard = 0
        self._gatherer = gatherer
        self._keeper = keeper
        self._ears = ears
        self._metrics = metrics
        self._outcome = outcome
        self._guard = guard
        self.tables = Tables(holdings, store, outcome, new_turn=self._new_turn, commit=self._commit)
        self.stopping = False

    async def run(self) -> None:
        """Take turns until `stopping`."""
        pause = Pause()
        loop = asyncio.get_running_loop()
        while not self.stopping:
            self._holdings.turned_at = loop.time()
            try:
                if self._holdings.hold or not await self._once():
                    await self._sleep()
                pause.reset()
            except (Unavailable, Moved) as error:
                self._holdings.trouble = str(error)
                await pause.wait()
            except Replaced as replaced:
                self._keeper.replaced(str(replaced))
            except Unknown as unknown:
                log_.warning("a commit had no answer", extra={"why": str(unknown)})
                self._metrics.unknown_commit()

    async def _sleep(self) -> None:
        """Wait until something may be at hand; a while at most, so that `/live` sees us turn."""
        try:
            async with asyncio.timeout(self._gatherer.idle_s(unsaved=self._outcome.has_unsaved())):
                await self._holdings.woken.wait()
        except TimeoutError:
            pass  # nothing woke us: look all the same
        self._holdings.woken.clear()

    async def _once(self) -> bool:
        """Take one turn if something is at hand; says whether it did."""
        await self.tables.look()
        await self._grow()
        started = self._time()
        items = await self._gatherer.gather()
        self._last_heard = len(items)
        if items:
            gathered_s = self._time() - started
            condemned = await self._note(items[0]) if items[0].lane.careful else ""
            await self._turn(items, condemned=condemned, gathered_s=gathered_s)
            if condemned:
                await self._keeper.calm(items[0].lane)
            return True
        if self._outcome.has_unsaved() and self._outcome.waited_long():
            await self._commit(self._new_turn())
        return False

    async def _grow(self) -> None:
        """Let more come to hand where much is coming: a turn costs nearly the same for few."""
        is_busy = self._last_heard >= BUSY_MESSAGES and not self._holdings.hold
        if is_busy and self._gatherer.at_hand() < GROWN_MESSAGES:
            await asyncio.sleep(GROW_S)

    async def _note(self, item: Item) -> str:
        """Note what is about to be heard; says why it is poison, if it is (lanes 22)."""
        place, lane = hearing.place_of(item.raw), item.lane
        tries = await self._store.try_place(lane.number, epoch=lane.epoch, place=place)
        return f"the process ended {tries - 1} times at it" if tries > TRIES_MAX else ""

    async def save_rest(self) -> None:
        """Save positions and acknowledgements that waited for company, at the end."""
        if self._outcome.has_unsaved():
            await self._commit(self._new_turn())

    def _new_turn(self) -> Turn:
        now = self._holdings.clock.now()
        for lane in self._holdings.running():
            if lane.turned_at and lane.turned_at > now:
                now = lane.turned_at
        running = list(self._holdings.running())
        return Turn(
            self._decider,
            now,
            epochs={lane.number: lane.epoch for lane in running},
            takings={lane.number: lane.taking for lane in running},
        )

    async def _turn(
        self, items: Sequence[Item], *, condemned: str = "", gathered_s: float = 0.0
    ) -> None:
        """Do one turn over these items. `condemned`: why the first one is poison."""
        turn = self._new_turn()
        started = self._time()
        findings = self._hear(items, turn)
        heard = [each for each in findings if isinstance(each, Heard)]
        wanted: dict[Any, list[Message]] = {}
        for each in heard:
            wanted.setdefault(each.key, []).append(each.message)
        try:
            states = await self._load(wanted) if not condemned else {}
        except Refused as refused:
            await self._halve(items, str(refused))
            return
        asked = [each.message.message_id for each in heard if each.hash is not None]
        turn.identities = await self._store.requests(asked) if asked else {}
        loaded = self._time()
        for found in findings:
            self._take_in(found, turn, states, condemned=condemned)
        turn.seconds = {
            "gather": gathered_s,
            "load": loaded - started,
            "decide": self._time() - loaded,
        }
        if not _has_news(turn):
            self._outcome.move_on(turn)
            return
        try:
            await self._commit(turn)
        except Refused as refused:
            if condemned:
                self._keeper.stop(items[0].lane, f"the store does not even park it: {refused}")
                return
            await self._halve(items, str(refused))

    async def _load(self, wanted: dict[Any, list[Message]]) -> dict[Any, Any]:
        """Load states, before the transaction. What breaks on a message is that message's fault."""
        if not wanted:
            return {}
        try:
            return await self._kept.load(self._store.reader, wanted)
        except (Unavailable, Misfit):
            raise
        except Exception as error:
            log_.exception("load failed")
            raise Refused(f"load: {brief(error)}") from error

    def _hear(self, items: Sequence[Item], turn: Turn) -> list[Finding]:
        findings: list[Finding] = []
        for item in items:
            if not turn.is_current(item.lane) or item.taking != item.lane.taking:
                continue
            if item.spends is not None:
                turn.lanes[item.lane.number] = item.lane
                turn.writes.due_gone.append(item.spends.due_id)
            if item.dismisses is not None:
                turn.lanes[item.lane.number] = item.lane
                turn.writes.unparked.append(item.dismisses)
            if isinstance(item.raw, DueRow) and item.raw.kind in (hearing.REPLAY, hearing.DISMISS):
                continue  # a repair begins or is over
            position = turn.position(item.input) if item.input else None
            try:
                found = self._ears.hear(item, position)
            except Stuck as stuck:
                self._keeper.stop(item.lane, str(stuck))
                continue
            if found is not None:
                findings.append(found)
        return findings

    def _take_in(
        self, found: Finding, turn: Turn, states: dict[Any, Any], *, condemned: str
    ) -> None:
        match found:
            case Heard() if condemned:  # what comes after the first waits behind it
                turn.hear(found, None, condemned="" if turn.poisons else condemned)
            case Heard():
                states[found.key] = turn.hear(found, states[found.key])
            case Poisoned() | Forward():
                turn.note(found, now=turn.now)
            case Unreadable():
                turn.lanes[found.lane.number] = found.lane
                log_.warning("unreadable", extra={"kind": hearing.place_of(found.record)})
                if self._guard.may_keep(found.record.topic):
                    turn.lay_aside(found)

    async def _halve(self, items: Sequence[Item], why: str) -> None:
        """Find the message that the store refuses by halving the turn."""
        if len(items) == 1:
            await self._turn(items, condemned=f"the store refuses it: {why}")
            return
        middle = len(items) // 2
        await self._turn(items[:middle])
        await self._turn(items[middle:])

    async def _commit(self, turn: Turn) -> bool:
        """Commit a turn and take its outcome in; false where the fence held it back."""
        self._outcome.add_unsaved(turn)
        writes = turn.finish(incarnation=int(turn.now.timestamp()))
        if not writes.lanes:
            return True
        changes = list(turn.changes.values())
        started = self._time()

        async def save(tx: Transaction) -> None:
            if changes:
                await self._service.save(tx, changes)

        try:
            await self._store.commit(
                writes, save, instance=self._holdings.instance, lease_s=LEASE_S
            )
        except Fenced:
            self._metrics.fence_lost()
            if not self.stopping:  # at the end nobody beats any more
                await self._keeper.soon()
            return False
        except Unknown:
            for lane in turn.lanes.values():
                self._keeper.retake(lane, Event.UNKNOWN, "a commit had no answer")
            raise
        self._outcome.move_on(turn, committed=True)
        self._outcome.spread(turn)
        self._kept.keep(turn)
        self._guard.see(turn)
        turn.seconds["commit"] = self._time() - started
        self._outcome.tell(turn)
        return True

    def _time(self) -> float:
        return asyncio.get_running_loop().time()


def _has_news(turn: Turn) -> bool:
    """Say whether a turn has anything that must not wait: more than positions moved on."""
    w = turn.writes
    return bool(
        turn.changes
        or turn.logs
        or turn.tables
        or w.due_gone
        or w.due_put
        or w.requests
        or w.parked
        or w.unparked
    )
