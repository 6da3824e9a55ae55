"""Faults of all kinds, for stories in bad weather."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any

from mesh.ports import OutboxRow, TurnWrites, Unavailable
from mesh.ports import Refused as RefusedByStore
from mesh.service import Change
from mesh.testing import Fate, Faults, Sending


class Losing(Faults):
    """Now and then a row is lost, while those after it are written; or only its answer is."""

    def __init__(self, *, share: float, late: bool = False) -> None:
        self.share = share
        self.late = late

    def produced(self, who: str, row: OutboxRow) -> Sending:
        arrives_s, answers_s = random.random() / 50, random.random() / 50
        if random.random() < self.share:
            written = random.random() < 0.5
            return Sending(written, "timed out", arrives_s=arrives_s, answers_s=answers_s)
        return Sending(arrives_s=arrives_s, answers_s=answers_s)

    def purged(self, who: str, row: OutboxRow) -> float | None:
        return random.random() * 5 if self.late and random.random() < 0.5 else None


class LosingOne(Faults):
    """The third row of each output is lost once, while those after it are written."""

    def __init__(self) -> None:
        self.lost: set[tuple[str, int]] = set()

    def produced(self, who: str, row: OutboxRow) -> Sending:
        if row.seq != 3 or (row.topic, row.lane) in self.lost:
            return Sending()
        self.lost.add((row.topic, row.lane))
        return Sending(written=False, error="timed out", answers_s=1.0)


class Mute(Faults):
    """Nothing that is said arrives, or nothing is answered."""

    def __init__(self, *, arrives: bool) -> None:
        self.arrives = arrives

    def produced(self, who: str, row: OutboxRow) -> Sending:
        return Sending(answers_s=10**6) if self.arrives else Sending(arrives_s=10**6)


class Forgetful(Faults):
    """Some COMMITs have no answer; some of these were done, some later than their asker knows."""

    def __init__(self) -> None:
        self.on = True

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        if not self.on or random.random() < 0.7:
            return Fate(takes_s=random.random() / 100)
        takes_s = random.choice([0.0, 0.5, 5.0])
        return Fate(applied=random.random() < 0.5, answered=False, takes_s=takes_s)


class Freezer(Faults):
    """Instances can be frozen: whatever they ask waits until they are thawed."""

    def __init__(self) -> None:
        self.frozen: dict[str, asyncio.Event] = {}

    def freeze(self, who: str) -> None:
        self.frozen[who] = asyncio.Event()

    def thaw(self, who: str) -> None:
        self.frozen.pop(who).set()

    async def _wait(self, who: str) -> None:
        if event := self.frozen.get(who):
            await event.wait()

    async def store(self, who: str, call: str) -> None:
        await self._wait(who)

    async def log(self, who: str, call: str) -> None:
        await self._wait(who)

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        await self._wait(who)
        return Fate()


class Picky(Faults):
    """The store refuses the rows of one loan."""

    def save(self, who: str, changes: Sequence[Change[Any, Any]]) -> None:
        if any(change.key.id == "L3" for change in changes):
            raise RefusedByStore("22003 numeric value out of range")


class Slow(Faults):
    """The broker answers nothing for a while."""

    def __init__(self) -> None:
        self.silent = True

    def produced(self, who: str, row: OutboxRow) -> Sending:
        if not self.silent:
            return Sending()
        return Sending(written=False, error="timed out", answers_s=20.0)


class Outage(Faults):
    """The store does not answer."""

    def __init__(self) -> None:
        self.on = False

    async def store(self, who: str, call: str) -> None:
        if self.on:
            raise Unavailable("no store")


class Weather(Losing, Forgetful):
    """Lost rows, lost answers, unknown commits, slow calls, a store that is away now and then."""

    def __init__(self) -> None:
        Losing.__init__(self, share=0.03, late=True)
        self.on = True

    def calm(self) -> None:
        self.share, self.late, self.on = 0.0, False, False

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        if not self.on or random.random() < 0.95:
            return Fate(takes_s=random.random() / 100)
        return Fate(applied=random.random() < 0.5, answered=False, takes_s=random.random() * 3)

    async def store(self, who: str, call: str) -> None:
        await asyncio.sleep(random.random() / 100)
        if self.on and random.random() < 0.01:
            raise Unavailable("away")


class FailingOnce(Faults):
    """The first COMMIT of a turn that takes something out of `due` is answered with no."""

    def __init__(self) -> None:
        self.failed = 0

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        if writes.due_gone and not self.failed:
            self.failed += 1
            return Fate(applied=False)
        return Fate()


class Halving(Faults):
    """The store refuses the rows of one loan; after the first half of a turn it is gone."""

    def __init__(self) -> None:
        self.commits = 0
        self.gone = False

    def save(self, who: str, changes: Sequence[Change[Any, Any]]) -> None:
        if any(change.key.id == "BAD0" for change in changes):
            raise RefusedByStore("22003 numeric value out of range")

    async def store(self, who: str, call: str) -> None:
        if self.gone:
            await asyncio.Event().wait()

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        self.gone = bool(writes.due_gone)
        return Fate()


class Stopping(Faults):
    """A lane stops while what is due in it is on its way to its owner."""

    def __init__(self) -> None:
        self.then: Callable[[], bool] = lambda: False

    async def stored(self, who: str, call: str) -> None:
        if call == "due" and self.then():
            self.then = lambda: False


class SlowGivingBack(Faults):
    """Giving back takes a while to be answered."""

    async def stored(self, who: str, call: str) -> None:
        if call == "give_back":
            await asyncio.sleep(4)
