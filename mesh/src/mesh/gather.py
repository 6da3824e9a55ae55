"""Gathers what is at hand for a turn (lanes 6): from inputs and from `due`, in fair shares."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
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
        self._held_back: set[int] = set()
        """Lanes that had no room for all that was passed on to them when `due` was looked at."""

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

    def at_hand(self) -> int:
        """Count records that wait to be heard."""
        self._take_over()
        return sum(
            len(heard.waiting)
            for lane in self._holdings.running()
            for heard in lane.inputs.values()
        )

    async def gather(self) -> list[Item]:
        """Give what is at hand: at most a turn's worth."""
        self._take_over()
        if self._holdings.clock.read_now is None:
            return []
        open_lanes = [lane for lane in self._holdings.running() if _has_room(lane)]
        careful = [lane for lane in open_lanes if lane.careful]
        if careful:
            return await self._one(careful)
        waiting = [
            (lane, heard)
            for lane in open_lanes
            for heard in lane.inputs.values()
            if heard.waiting and not self._is_held(heard)
        ]
        self._pace.see(heard.position.topic for _, heard in waiting if heard.kind == "outside")
        room = {lane.number: self._pace.room(lane) for lane in open_lanes}
        items, passed_on = await self._due(open_lanes, room)
        if waiting:
            await self._learn(waiting)
            shares = _rooms(waiting, room, passed_on)
            items += self._shares(waiting, TURN_MESSAGES_MAX - len(items), shares)
        return items

    async def _one(self, lanes: Sequence[Lane]) -> list[Item]:
        """Give one item: something that was heard in these lanes ends the process (lanes 22)."""
        self._holdings.due_dirty = True
        room = {lane.number: self._pace.room(lane) for lane in lanes}
        due, _ = await self._due(lanes, room)
        items = _first(due)
        waiting = [(lane, h) for lane in lanes for h in lane.inputs.values() if h.waiting]
        if not items and waiting:
            await self._learn(waiting)
            items = self._shares(waiting[:1], 1, room)
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

    async def _due(
        self, lanes: Sequence[Lane], room: Mapping[int, int]
    ) -> tuple[list[Item], Counter[int]]:
        """Give what is due, and how many requests that were passed on each lane takes or keeps."""
        now = self._holdings.clock.now()
        passed_on = Counter[int]()
        if not lanes or not self._is_look_due(now, room):
            return [], passed_on
        self._looked_at = asyncio.get_running_loop().time()
        takings = {lane.number: lane.taking for lane in lanes}
        self._holdings.due_dirty = len(lanes) < sum(1 for _ in self._holdings.running())
        full = [number for number in takings if room[number] <= 0]
        self._held_back = set(full)
        rows, self._next_due = await self._store.due(
            list(takings), now=now, limit=TURN_MESSAGES_MAX, full=full
        )
        self._metrics.due_waiting(len(rows))
        if len(rows) == TURN_MESSAGES_MAX:
            self._holdings.due_dirty = True
        again, items = list[Item](), list[Item]()
        for row in rows:
            lane, taking = self._holdings.lanes[row.lane], takings[row.lane]
            if row.kind == FORWARDED:
                passed_on[row.lane] += 1
                if passed_on[row.lane] > room[row.lane]:
                    self._held_back.add(row.lane)
                    continue  # it waits where it is
            if row.kind in (REPLAY, DISMISS):
                asked = {item.parked.parked_id for item in again if item.parked}
                replayed = await self._replayed(lane, row, taking)
                # Asked for twice, it is heard once.
                again += [i for i in replayed if not i.parked or i.parked.parked_id not in asked]
            else:
                items.append(await self._item_of(lane, row, taking))
        # What was parked came before whatever else its case hears now.
        return again + items, passed_on

    def _is_look_due(self, now: datetime, room: Mapping[int, int]) -> bool:
        is_time = self._next_due is not None and self._next_due <= now
        has_room = any(room.get(number, 0) > 0 for number in self._held_back)
        waited_s = asyncio.get_running_loop().time() - self._looked_at
        patience_s = DUE_LOOK_S if self._holdings.living > 1 else DUE_IDLE_S
        return self._holdings.due_dirty or is_time or has_room or waited_s >= patience_s

    async def _item_of(self, lane: Lane, row: DueRow, taking: int) -> Item:
        """Unfold a record that was passed on."""
        if row.kind != FORWARDED:
            return Item(lane, row, taking)
        record = unpack_record(row.payload)
        await self._learn_of([record.value])
        return Item(lane, record, taking, spends=row)

    async def _replayed(self, lane: Lane, row: DueRow, taking: int) -> list[Item]:
        """Hear a parked message again, its followers after it, and then be done (lanes 24)."""
        parked_id = UUID(json.loads(row.payload)["parked_id"])
        parked = await self._store.parked(lane.number, parked_id)
        items: list[Item] = []
        if row.kind == DISMISS:
            # What waited behind it does not go with it: it is heard.
            items.append(Item(lane, row, taking, dismisses=parked_id))
            parked = [each for each in parked if each.parked_id != parked_id]
        for each in parked:
            if each.origin == "due":
                raw = unpack_due(each.packed, lane=lane.number)
            else:
                raw = unpack_record(each.packed)
                await self._learn_of([raw.value])
            items.append(Item(lane, raw, taking, parked=each))
        return [*items, Item(lane, row, taking, spends=row)]

    async def _learn(self, waiting: Sequence[tuple[Lane, Input]]) -> None:
        """Learn the schemas of what this turn may hear."""
        for _, heard in waiting:
            next_ones = islice(heard.waiting, TURN_MESSAGES_MAX)
            await self._learn_of([record.value for record in next_ones])

    async def _learn_of(self, values: Sequence[bytes | None]) -> None:
        heads = {value[:5] for value in values if value}
        ids = {int.from_bytes(head[1:]) for head in heads if len(head) == 5 and head[0] == 0}
        unknown = [i for i in ids if self._schemas.writer_of(i) is None]
        if unknown:
            await self._schemas.learn(unknown)

    def _shares(
        self, waiting: Sequence[tuple[Lane, Input]], room: int, outside: Mapping[int, int]
    ) -> list[Item]:
        """Let inputs take turns: each an equal share, order kept within each.

        `outside`: how many requests an input from outside may bring, by lane.
        """
        share = max(1, room // len(waiting))
        size, items = 0, list[Item]()
        for lane, heard in waiting:
            most = min(share, outside[lane.number]) if heard.kind == "outside" else share
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


def _rooms(
    waiting: Sequence[tuple[Lane, Input]], room: Mapping[int, int], passed_on: Mapping[int, int]
) -> dict[int, int]:
    """Say how much each source may bring in: they share what was passed on leaves of a lane's room.

    Where there is room at all nobody gets nothing: else who comes first would starve the others.
    """
    sources = Counter(lane.number for lane, heard in waiting if heard.kind == "outside")
    return {
        number: max(1, (room[number] - passed_on.get(number, 0)) // count) if room[number] else 0
        for number, count in sources.items()
    }


def _first(items: list[Item]) -> list[Item]:
    """Give the first item; of a replay all: heard in part, it would never end."""
    for count, item in enumerate(items, 1):
        if item.parked is None and item.dismisses is None:
            return items[:count]
    return items


def _has_room(lane: Lane) -> bool:
    """Say whether a lane may take in anything new (lanes 14)."""
    rows = lane.unacknowledged
    return rows <= UNACKNOWLEDGED_ROWS_MAX and (
        rows < 100 or lane.unacknowledged_bytes <= UNACKNOWLEDGED_BYTES_MAX
    )
