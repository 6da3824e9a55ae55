"""The loop of turns: gather, load, decide, commit, and again (lanes 6-12).

topic → decode → decide → one transaction → outbox → topic.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from mesh import hearing
from mesh.gather import Gatherer
from mesh.hearing import Ears, Finding, Forward, Heard, Item, Poisoned, ReadBack, Stuck, Unreadable
from mesh.holdings import Holdings
from mesh.keeper import Keeper
from mesh.lane import Event, Lane, Output, State
from mesh.limits import ACKS_WAIT_S, LEASE_S, PARKED_BYTES_A_DAY_MAX, POISON_HOLDS
from mesh.metrics import Metrics
from mesh.pace import Pace
from mesh.pause import Pause
from mesh.ports import (
    DueRow,
    Fenced,
    Misfit,
    Moved,
    Refused,
    Replaced,
    RequestRow,
    SaidRow,
    Store,
    Unavailable,
    Unknown,
)
from mesh.publisher import Publisher
from mesh.service import Message, Service, Transaction
from mesh.topics import Topics
from mesh.turn import Turn

log_ = logging.getLogger(__name__)

HOUR_S = 3600.0
DAY_S = 86_400.0


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
        publisher: Publisher,
        ears: Ears,
        pace: Pace,
        metrics: Metrics,
        on_answers: Callable[[Sequence[RequestRow]], None],
    ) -> None:
        """Take turns over `holdings`; tell doors through `on_answers`."""
        self._holdings = holdings
        self._service = service
        self._store = store
        self._topics = topics
        self._gatherer = gatherer
        self._keeper = keeper
        self._publisher = publisher
        self._ears = ears
        self._pace = pace
        self._metrics = metrics
        self._on_answers = on_answers
        self._unsaved: set[tuple[str, int]] = set()
        self._unsaved_since = 0.0
        self._poisons: deque[float] = deque()
        self._resays: list[tuple[str | None, asyncio.Future[int]]] = []
        self._laid_aside: dict[str, tuple[float, int]] = {}
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
                log_.error("the store is another one", extra={"why": str(replaced)})
                for lane in self._holdings.held():
                    if lane.state in (State.RUNNING, State.STOPPED):
                        self._keeper.retake(lane, Event.UNKNOWN, str(replaced))
                await self._keeper.beat()
            except Unknown as unknown:
                log_.warning("a commit had no answer", extra={"why": str(unknown)})
                self._metrics.unknown_commit()

    async def _sleep(self) -> None:
        """Wait until something may be at hand; a while at most, so that `/live` sees us turn."""
        try:
            async with asyncio.timeout(self._gatherer.idle_s(unsaved=bool(self._unsaved_now()))):
                await self._holdings.woken.wait()
        except TimeoutError:
            pass  # nothing woke us: look all the same
        self._holdings.woken.clear()

    def _unsaved_now(self) -> bool:
        return bool(self._unsaved or self._publisher.unsaved)

    async def _once(self) -> bool:
        """Take one turn if something is at hand; says whether it did."""
        await self._do_resays()
        items = await self._gatherer.gather()
        if items:
            await self._turn(items)
            return True
        if self._unsaved_now() and self._waited_long():
            await self._commit(self._new_turn(), {})
        return False

    async def save_rest(self) -> None:
        """Save positions and acknowledgements that waited for company, at the end."""
        if self._unsaved_now():
            await self._commit(self._new_turn(), {})

    def _waited_long(self) -> bool:
        now = asyncio.get_running_loop().time()
        if not self._unsaved_since:
            self._unsaved_since = now
        return now - self._unsaved_since >= ACKS_WAIT_S

    def _new_turn(self) -> Turn:
        now = self._holdings.clock.now()
        for lane in self._holdings.running():
            if lane.turned_at and lane.turned_at > now:
                now = lane.turned_at
        return Turn(self._service, self._ears.schemas, now, self._topics)

    async def _turn(self, items: Sequence[Item], *, condemned: str = "") -> None:
        """Do one turn over these items. `condemned`: the store refused the only one."""
        turn = self._new_turn()
        takings = {item.lane.number: item.lane.taking for item in items}
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
        for found in findings:
            await self._take_in(found, turn, states, condemned=condemned)
        if not _has_news(turn):
            self._move_on(turn, takings)
            return
        try:
            await self._commit(turn, takings)
        except Refused as refused:
            await self._halve(items, str(refused))

    async def _load(self, wanted: dict[Any, list[Message]]) -> dict[Any, Any]:
        """Load states, before the transaction. What breaks on a message is that message's fault."""
        if not wanted:
            return {}
        try:
            return await self._service.load(self._store.reader, wanted)
        except (Unavailable, Misfit):
            raise
        except Exception as error:
            log_.exception("load failed")
            raise Refused(f"load: {type(error).__name__}: {error}") from error

    def _hear(self, items: Sequence[Item], turn: Turn) -> list[Finding]:
        findings: list[Finding] = []
        for item in items:
            if item.lane.state is not State.RUNNING:
                continue
            position = turn.position(item.input) if item.input else None
            try:
                found = self._ears.hear(item, position)
            except Stuck as stuck:
                self._keeper.stop(item.lane, str(stuck))
                continue
            if found is not None:
                findings.append(found)
        for row in self._gatherer.spent:
            turn.writes.due_gone.append(row.due_id)
            turn.lanes[row.lane] = self._holdings.lanes[row.lane]
        turn.writes.unparked += self._gatherer.dismissed
        return findings

    async def _take_in(
        self, found: Finding, turn: Turn, states: dict[Any, Any], *, condemned: str
    ) -> None:
        match found:
            case Heard() if condemned:
                turn.lanes[found.lane.number] = found.lane
                if isinstance(found.raw, DueRow) and found.parked is None:
                    turn.writes.due_gone.append(found.raw.due_id)
                turn.poison(found, condemned)
            case Heard():
                states[found.key] = turn.hear(found, states[found.key])
            case Poisoned() | Forward():
                turn.note(found, now=turn.now)
            case Unreadable():
                turn.lanes[found.lane.number] = found.lane
                log_.warning("unreadable", extra={"kind": hearing.place_of(found.record)})
                if self._may_keep(found.record.topic):
                    turn.lay_aside(found)
            case ReadBack():
                said = (await self._store.said(found.topic, [found.key])).get(found.key)
                gone = SaidRow(found.topic, found.lane.number, found.key, 0, 0, None)
                if said is None or found.number < (said.incarnation, said.seq):
                    turn.say_again(found, said or gone)

    def _may_keep(self, topic: str) -> bool:
        """Keep the bytes of the first unreadable records a day and source, count the rest."""
        now = asyncio.get_running_loop().time()
        since, count = self._laid_aside.get(topic, (now, 0))
        if now - since > DAY_S:
            since, count = now, 0
        self._laid_aside[topic] = (since, count + 1)
        return count < PARKED_BYTES_A_DAY_MAX

    async def _halve(self, items: Sequence[Item], why: str) -> None:
        """Find the message that the store refuses by halving the turn."""
        if len(items) == 1:
            await self._turn(items, condemned=f"the store refuses it: {why}")
            return
        middle = len(items) // 2
        await self._turn(items[:middle])
        await self._turn(items[middle:])

    async def _commit(self, turn: Turn, takings: dict[int, int]) -> None:
        self._add_unsaved(turn)
        writes = turn.finish(incarnation=int(turn.now.timestamp()))
        if not writes.lanes:
            return
        changes = list(turn.changes.values())

        started = asyncio.get_running_loop().time()

        async def save(tx: Transaction) -> None:
            if changes:
                await self._service.save(tx, changes)

        try:
            await self._store.commit(
                writes, save, instance=self._holdings.instance, lease_s=LEASE_S
            )
        except Fenced:
            self._metrics.fence_lost()
            await self._keeper.beat()
            return
        except Unknown:
            for lane in turn.lanes.values():
                if lane.state in (State.RUNNING, State.STOPPED):
                    self._keeper.retake(lane, Event.UNKNOWN, "a commit had no answer")
            await self._keeper.beat()
            raise
        self._move_on(turn, takings, committed=True)
        self._spread(turn, takings)
        self._see_poison(turn)
        self._tell(turn, took_s=asyncio.get_running_loop().time() - started)

    def _add_unsaved(self, turn: Turn) -> None:
        """Let positions and acknowledgements that waited for company go with this turn."""
        for place in self._unsaved:
            known = self._holdings.places.get(place)
            if known and place not in turn.positions:
                turn.positions[place] = known[1].position
                turn.lanes[known[0].number] = known[0]
        for number, topic in self._publisher.unsaved:
            lane = self._holdings.lanes[number]
            output = lane.outputs.get(topic)
            if output and lane.state is State.RUNNING:
                turn.know(lane, output)

    def _move_on(self, turn: Turn, takings: dict[int, int], *, committed: bool = False) -> None:
        """Make the turn's positions the inputs' own."""
        for place, position in turn.positions.items():
            known = self._holdings.places.get(place)
            if known is None or takings.get(known[0].number, known[0].taking) != known[0].taking:
                continue
            heard = known[1]
            heard.position = position
            heard.forget_heard()
            self._gatherer.ease(heard)
            if not committed:
                self._unsaved.add(place)
        if committed:
            self._unsaved.clear()
            self._unsaved_since = 0.0

    def _spread(self, turn: Turn, takings: dict[int, int]) -> None:
        """Take the turn's outcome into memory and let it be published."""
        ours = {
            number: lane
            for number, lane in turn.lanes.items()
            if lane.state is State.RUNNING and takings.get(number, lane.taking) == lane.taking
        }
        for spoken in turn.writes.spoken:
            if lane := ours.get(spoken.lane):
                output = lane.outputs.setdefault(spoken.topic, Output(spoken))
                output.spoken.last_seq = spoken.last_seq
                if output.spoken.acked_seq == spoken.acked_seq:
                    self._publisher.unsaved.discard((spoken.lane, spoken.topic))
        for row in turn.writes.outbox:
            if lane := ours.get(row.lane):
                lane.outputs[row.topic].pending.append(row)
        for change in turn.changes.values():
            if lane := ours.get(change.lane):
                lane.on_the_way += self._pace.moved(change)
        self._park_in_memory(turn, ours)
        for lane in ours.values():
            lane.turned_at = turn.now
        if turn.writes.due_put:
            self._gatherer.due_came(min(row.due_at for row in turn.writes.due_put))
        if turn.writes.outbox:
            self._holdings.to_say.set()
        if turn.answers:
            self._on_answers(turn.answers)

    def _park_in_memory(self, turn: Turn, ours: dict[int, Lane]) -> None:
        for unparked in turn.writes.unparked:
            for lane in ours.values():
                lane.parked = {u: i for u, i in lane.parked.items() if i != unparked}
        for (number, unit), parked_id in turn.parked.items():
            if (lane := ours.get(number)) and not unit.startswith("unreadable/"):
                lane.parked.setdefault(unit, parked_id)

    def _tell(self, turn: Turn, *, took_s: float) -> None:
        """Tell Prometheus what the turn was."""
        self._metrics.turned(messages=turn.heard, seconds={"commit": took_s})
        now_ms = turn.now.timestamp() * 1000
        self._metrics.committed((now_ms - at) / 1000 for at in turn.heard_at_ms)

    def _see_poison(self, turn: Turn) -> None:
        """Hold the service when too much is poisoned: that is not bad data (lanes 23)."""
        now = asyncio.get_running_loop().time()
        for parked in turn.writes.parked:
            log_.error("parked", extra={"kind": parked.place, "why": parked.reason})
        self._poisons.extend([now] * turn.poisons)
        while self._poisons and now - self._poisons[0] > HOUR_S:
            self._poisons.popleft()
        if len(self._poisons) > POISON_HOLDS:
            self._holdings.hold = (
                f"{len(self._poisons)} messages were poisoned within an hour: "
                "see `writeoff mesh parked`, then `writeoff mesh go-on`"
            )

    async def resay(self, topic: str | None) -> int:
        """Have every key of our table topics said once more; gives how many.

        The loop of turns does it, so that nothing else is in a turn meanwhile.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._resays.append((topic, done))
        self._holdings.wake()
        return await done

    async def _do_resays(self) -> None:
        while self._resays:
            topic, done = self._resays.pop()
            count = 0
            for lane in list(self._holdings.running()):
                rows = await self._store.said_of(lane.number, topic)
                turn = self._new_turn()
                for row in rows:
                    number = (row.incarnation, row.seq)
                    turn.say_again(ReadBack(lane, row.topic, row.key, number), row)
                await self._commit(turn, {lane.number: lane.taking})
                count += len(rows)
            done.set_result(count)

    def go_on(self) -> None:
        """Go on after a hold, as a person says."""
        self._poisons.clear()
        self._holdings.hold = ""
        self._holdings.wake()


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
