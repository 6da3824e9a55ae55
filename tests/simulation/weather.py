"""Faults of all kinds, drawn from the seed: what is lost, late or silent, and who dies or stops."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

from mesh.ports import OutboxRow, TurnWrites, Unavailable
from mesh.testing import Fate, Faults, Sending

from .people import keep
from .world import CROWD, Instance, World

LOST_SHARE = 0.03
"""Of rows produced: lost, or only their answer."""
UNKNOWN_SHARE = 0.05
"""Of COMMITs: never answered, done or not."""
AWAY_SHARE = 0.01
"""Of calls to a store: not answered."""
HANGS_SHARE = {"load": 0.01, "requests": 0.01, "commit": 0.01}
"""Of calls to a store: so slow that leases run out meanwhile. Of others a twentieth."""
LOST_WHEN_FLAKY = 0.4
LOST_ANSWERS = frozenset({"take", "give_back", "beat", "put", "keep_id", "calm", "try_place"})
"""Calls that may be done without an answer."""


class Weather(Faults):
    """What each instance meets at its store and at the broker."""

    def __init__(self) -> None:
        self.is_calm = False
        self.stores_away: set[str] = set()
        self.broker_away_since: float | None = None
        self.lost_share = LOST_SHARE

    def calm(self) -> None:
        self.is_calm = True
        self.stores_away.clear()
        self.broker_away_since = None

    def happens(self, share: float) -> bool:
        return not self.is_calm and random.random() < share

    async def store(self, who: str, call: str) -> None:
        if self.happens(0.2):
            await asyncio.sleep(random.random() / 20)
        if self.happens(HANGS_SHARE.get(call, 0.0005)):
            await asyncio.sleep(random.random() * 30)
        if service_of(who) in self.stores_away or self.happens(AWAY_SHARE):
            raise Unavailable("no store")

    async def stored(self, who: str, call: str) -> None:
        if call in LOST_ANSWERS and self.happens(AWAY_SHARE):
            raise Unavailable("no answer")

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        if self.happens(0.3):
            await asyncio.sleep(random.random() / 10)
        if self.happens(UNKNOWN_SHARE):
            takes_s = random.choice([0.0, 0.5, 5.0])
            return Fate(applied=random.random() < 0.5, answered=False, takes_s=takes_s)
        if self.happens(AWAY_SHARE):
            return Fate(applied=False)
        return Fate(takes_s=random.random() / 100)

    async def log(self, who: str, call: str) -> None:
        if self.happens(0.2):
            await asyncio.sleep(random.random() / 10)
        if self.broker_away_since is not None and call != "renew":
            raise Unavailable("no broker")

    def produced(self, who: str, row: OutboxRow) -> Sending:
        arrives_s, answers_s = random.random() / 50, random.random() / 50
        if self.broker_away_since is not None:
            late = random.random() < 0.2
            return Sending(late, "timed out", arrives_s=arrives_s, answers_s=5 * random.random())
        if self.happens(self.lost_share):
            written = random.random() < 0.5
            return Sending(written, "timed out", arrives_s=arrives_s, answers_s=answers_s)
        if self.happens(LOST_SHARE):
            return Sending(arrives_s=arrives_s, answers_s=random.random() * 5)
        return Sending(arrives_s=arrives_s, answers_s=answers_s)

    def purged(self, who: str, row: OutboxRow) -> float | None:
        return random.random() * 8 if self.happens(0.5) else None

    def fetch_s(self, who: str, topic: str, partition: int) -> float:
        if self.broker_away_since is not None:
            return 3.0
        return random.random() * random.choice([0.01, 0.01, 0.1, 1.0]) if not self.is_calm else 0.0

    def straggles(self, who: str) -> bool:
        return self.happens(0.5)

    def silent_s(self, who: str) -> float:
        since = self.broker_away_since
        return 0.0 if since is None else asyncio.get_running_loop().time() - since


class Chaos:
    """Who dies, stands still or is restarted, and what is away for a while."""

    def __init__(self, world: World, weather: Weather) -> None:
        self.world = world
        self.weather = weather
        self.log: list[str] = []
        """What happened, for whoever looks at a seed that failed."""
        self._under_way: list[Awaitable[None]] = []

    async def rage(self, *, for_s: float, every_s: float = 4.0) -> None:
        """Do one thing after the other."""
        loop = asyncio.get_running_loop()
        end = loop.time() + for_s
        while loop.time() < end:
            await asyncio.sleep(random.random() * 2 * every_s)
            what = random.choice(self._kinds())
            self._under_way.append(keep(what()))

    async def end(self) -> None:
        """Let what is under way end, and whoever is gone come again."""
        for work in self._under_way:
            await work
        self.weather.calm()
        for instance in self.world.instances:
            instance.thaw()

    def _kinds(self) -> Sequence[Callable[[], Awaitable[None]]]:
        killing, freezing = [self.kill] * 4, [self.freeze] * 4
        away = [self.store_away, self.broker_away, self.broker_flaky]
        return [*killing, *freezing, self.drain, *away]

    def _note(self, what: str) -> None:
        self.log.append(f"{asyncio.get_running_loop().time():8.2f} {what}")

    def _anyone(self) -> Instance | None:
        there = [each for each in self.world.instances if not each.frozen]
        return random.choice(there) if there else None

    async def kill(self) -> None:
        if (one := self._anyone()) is None:
            return
        self._note(f"kill {one.who}")
        self.world.gone(one)
        await one.kill()
        await self._again(one)

    async def drain(self) -> None:
        if (one := self._anyone()) is None:
            return
        self._note(f"drain {one.who}")
        self.world.gone(one)
        await one.drain()
        await self._again(one)

    async def _again(self, one: Instance) -> None:
        await asyncio.sleep(random.choice([0.0, 1.0, 15.0]) * random.random())
        assert len(self.world.running[one.name]) < CROWD[one.name]
        after = await self.world.launch(one.name)
        self._note(f"start {after.who}")

    async def freeze(self) -> None:
        if (one := self._anyone()) is None:
            return
        self._note(f"freeze {one.who}")
        one.freeze()
        await asyncio.sleep(random.choice([1.0, 12.0, 30.0]) * random.random())
        self._note(f"thaw {one.who}")
        one.thaw()

    async def store_away(self) -> None:
        service = random.choice(sorted(CROWD))
        self._note(f"store of {service} away")
        self.weather.stores_away.add(service)
        await asyncio.sleep(random.random() * 15)
        self.weather.stores_away.discard(service)
        self._note(f"store of {service} back")

    async def broker_away(self) -> None:
        self._note("broker away")
        self.weather.broker_away_since = asyncio.get_running_loop().time()
        await asyncio.sleep(random.random() * 20)
        self.weather.broker_away_since = None
        self._note("broker back")

    async def broker_flaky(self) -> None:
        self._note("broker flaky")
        self.weather.lost_share = LOST_WHEN_FLAKY
        await asyncio.sleep(random.random() * 10)
        self.weather.lost_share = LOST_SHARE
        self._note("broker well")


def service_of(who: str) -> str:
    return who.partition("/")[0]
