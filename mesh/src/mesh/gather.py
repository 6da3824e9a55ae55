"""Gathers what is at hand for a turn (lanes 6): from inputs and from `due`, in fair shares."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from mesh.hearing import DISMISS, FORWARDED, REPLAY, Item, Schemas
from mesh.holdings import Holdings
from mesh.lane import Input, Lane
from mesh.limits import (
    ACKS_WAIT_S,
    BEAT_S,
    DUE_IDLE_S,
    DUE_LOOK_S,
    INPUT_WAITING_BYTES_MAX,
    INPUT_WAITING_MAX,
    TURN_BYTES_MAX,
    TURN_MESSAGES_MAX,
    UNACKNOWLEDGED_BYTES_MAX,
    UNACKNOWLEDGED_ROWS_MAX,
)
from mesh.metrics import Metrics
from mesh.pace import Pace
from mesh.ports import DueRow, Log, Store
from mesh.wire import unpack_due, unpack_record


class Gatherer:
    """Brings items of the lanes that this instance holds."""

    def __init__(
        self,
        holdings: Holdings,
        store: Store,
        log: Log,
        *,
        schemas: Schemas,
        pace: Pace,
        metrics: Metrics,
    ) -> None:
        """Gather from `log` and from the `due` of `store`."""
        self._holdings = holdings
        self._store = store
        self._log = log
        self._schemas = schemas
        self._pace = pace
        self._metrics = metrics
        self._next_due: datetime | None = None
        self._looked_at = 0.0
        self.spent: list[DueRow] = []
        """Replays and dismissals that this turn uses up."""
        self.dismissed: list[UUID] = []
        """Parked messages that a person dismissed."""

    def due_came(self, due_at: datetime) -> None:
        """A row was put into `due` here."""
        self._next_due = min(due_at, self._next_due or due_at)

    def idle_s(self, *, unsaved: bool) -> float:
        """Say how long the loop may sleep when nothing wakes it."""
        sleep_s = DUE_LOOK_S if self._holdings.living > 1 else DUE_IDLE_S
        if self._next_due is not None and self._holdings.clock.read_now is not None:
            until_s = (self._next_due - self._holdings.clock.now()).total_seconds()
            sleep_s = min(sleep_s, max(0.001, until_s))
        return min(sleep_s, ACKS_WAIT_S / 4 if unsaved else BEAT_S)

    async def gather(self) -> list[Item]:
        """Give what is at hand: at most a turn's worth."""
        self._take_over()
        self.spent, self.dismissed = [], []
        if self._holdings.clock.read_now is None:
            return []
        open_lanes = [lane for lane in self._holdings.running() if _has_room(lane)]
        careful = [lane for lane in open_lanes if lane.careful]
        if careful:
            return await self._one(careful)
        items = await self._due(open_lanes)
        waiting = [
            (lane, heard)
            for lane in open_lanes
            for heard in lane.inputs.values()
            if heard.waiting and not self._is_held(heard)
        ]
        if waiting:
            await self._learn(waiting)
            items += self._shares(waiting, TURN_MESSAGES_MAX - len(items))
        return items

    async def _one(self, lanes: Sequence[Lane]) -> list[Item]:
        """Give one item: something that was heard in these lanes ends the process (lanes 22)."""
        self._holdings.due_dirty = True
        items = (await self._due(lanes))[:1]
        waiting = [(lane, h) for lane in lanes for h in lane.inputs.values() if h.waiting]
        if not items and waiting:
            await self._learn(waiting)
            items = self._shares(waiting[:1], 1)
        return items

    def _is_held(self, heard: Input) -> bool:
        source = heard.position.topic.rpartition(".")[2]
        return heard.kind == "outside" and source in self._holdings.held_sources

    def _take_over(self) -> None:
        """Sort what the log fetched; what another taking fetched is thrown away."""
        for record in self._log.fetched():
            known = self._holdings.places.get((record.topic, record.partition))
            if known is None or known[0].taking != record.taking:
                continue
            heard = known[1]
            heard.waiting.append(record)
            heard.waiting_bytes += len(record.value or b"")
            full = (
                len(heard.waiting) > INPUT_WAITING_MAX
                or heard.waiting_bytes > INPUT_WAITING_BYTES_MAX
            )
            if full and not heard.held:
                heard.held = True
                self._log.hold(record.topic, record.partition, held=True)

    def ease(self, heard: Input) -> None:
        """Fetch on when half of what waited is heard."""
        if heard.held and len(heard.waiting) < INPUT_WAITING_MAX // 2:
            heard.held = False
            self._log.hold(heard.position.topic, heard.position.partition, held=False)

    async def _due(self, lanes: Sequence[Lane]) -> list[Item]:
        now = self._holdings.clock.now()
        if not lanes or not self._is_look_due(now):
            return []
        self._looked_at = asyncio.get_running_loop().time()
        takings = {lane.number: lane.taking for lane in lanes}
        self._holdings.due_dirty = len(lanes) < sum(1 for _ in self._holdings.running())
        room = {lane.number: self._pace.room(lane) for lane in lanes}
        full = [number for number, left in room.items() if left <= 0]
        rows, self._next_due = await self._store.due(
            list(takings), now=now, limit=TURN_MESSAGES_MAX, full=full
        )
        self._metrics.due_waiting(len(rows))
        if len(rows) == TURN_MESSAGES_MAX:
            self._holdings.due_dirty = True
        items: list[Item] = []
        for row in rows:
            lane = self._holdings.lanes[row.lane]
            if row.kind == FORWARDED:
                if room[row.lane] <= 0:
                    continue  # it waits where it is
                room[row.lane] -= 1
            items += await self._items_of(lane, row, takings[row.lane])
        return items

    def _is_look_due(self, now: datetime) -> bool:
        is_time = self._next_due is not None and self._next_due <= now
        waited_s = asyncio.get_running_loop().time() - self._looked_at
        patience_s = DUE_LOOK_S if self._holdings.living > 1 else DUE_IDLE_S
        return self._holdings.due_dirty or is_time or waited_s >= patience_s

    async def _items_of(self, lane: Lane, row: DueRow, taking: int) -> list[Item]:
        """Unfold rows of the mesh's own kinds."""
        if row.kind == FORWARDED:
            record = unpack_record(row.payload)
            await self._learn_of([record.value])
            return [Item(lane, record, taking, spends=row)]
        if row.kind in (REPLAY, DISMISS):
            return await self._replayed(lane, row, taking)
        return [Item(lane, row, taking)]

    async def _replayed(self, lane: Lane, row: DueRow, taking: int) -> list[Item]:
        """Hear a parked message again, its followers after it (lanes 24)."""
        self.spent.append(row)
        parked_id = UUID(json.loads(row.payload)["parked_id"])
        parked = await self._store.parked(lane.number, parked_id)
        if row.kind == DISMISS:
            # What waited behind it does not go with it: it is heard.
            self.dismissed += [each.parked_id for each in parked if each.behind is None]
            parked = [each for each in parked if each.behind is not None]
        items: list[Item] = []
        for each in parked:
            if each.origin == "due":
                raw = unpack_due(each.packed, lane=lane.number)
            else:
                raw = unpack_record(each.packed)
                await self._learn_of([raw.value])
            items.append(Item(lane, raw, taking, parked=each))
        return items

    async def _learn(self, waiting: Sequence[tuple[Lane, Input]]) -> None:
        for _, heard in waiting:
            await self._learn_of([record.value for record in heard.waiting])

    async def _learn_of(self, values: Sequence[bytes | None]) -> None:
        ids = {int.from_bytes(v[1:5]) for v in values if v and len(v) > 4 and v[0] == 0}
        unknown = [i for i in ids if self._schemas.writer_of(i) is None]
        if unknown:
            await self._schemas.learn(unknown)

    def _shares(self, waiting: Sequence[tuple[Lane, Input]], room: int) -> list[Item]:
        """Let inputs take turns: each an equal share, order kept within each."""
        share = max(1, room // len(waiting))
        size, items = 0, list[Item]()
        left = {lane.number: self._pace.room(lane) for lane, _ in waiting}
        for lane, heard in waiting:
            most = share
            if heard.kind == "outside":
                most = min(share, left[lane.number])
                left[lane.number] -= min(most, len(heard.waiting))
            for record in islice(heard.waiting, most):
                size += len(record.value or b"")
                if items and size > TURN_BYTES_MAX:
                    return items
                if not self._is_told(heard, record.value):
                    break
                items.append(Item(lane, record, lane.taking, heard))
        return items

    def _is_told(self, heard: Input, value: bytes | None) -> bool:
        """A record of ours whose schema the registry does not know yet blocks its input."""
        if heard.kind in ("outside", "own") or not value or value[0] != 0:
            return True
        if self._schemas.writer_of(int.from_bytes(value[1:5])) is not None:
            return True
        self._holdings.trouble = f"{heard.position.topic}: a schema is not registered yet"
        return False


def _has_room(lane: Lane) -> bool:
    """Say whether a lane may take in anything new (lanes 14)."""
    rows = lane.unacknowledged
    return rows <= UNACKNOWLEDGED_ROWS_MAX and (
        rows < 100 or lane.unacknowledged_bytes <= UNACKNOWLEDGED_BYTES_MAX
    )
