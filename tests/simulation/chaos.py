"""Who dies, stands still or is restarted, what is away for a while, and whose clock jumps."""

import asyncio
from collections.abc import Awaitable
from random import Random

from mesh.lane import State

from .instance import Instance
from .weather import Weather
from .world import World

JUMP_S = 60.0
"""Further ahead, what is decided then would be of a time that the story does not live to see."""
DOUBT_WITHIN_S = 30.0
"""So long is waited for somebody who is in doubt."""
SAVED_BY_S = 1.5
"""Positions alone wait for company no longer than 1 s."""
DAYS_BACK_S = 2 * 86_400.0
"""So far off the broker's clock that a lane stops (lanes 9)."""


class Chaos:
    """Does one thing after the other to the world."""

    def __init__(self, world: World, weather: Weather) -> None:
        self.world = world
        self.weather = weather
        self.random = Random(f"chaos/{world.seed}")
        self._under_way: list[Awaitable[None]] = []

    async def rage(self, *, for_s: float) -> None:
        """Do what the climate says, for a while."""
        loop, climate = asyncio.get_running_loop(), self.weather.climate
        end = loop.time() + for_s
        names, weights = list(climate.happens), list(climate.happens.values())
        while loop.time() < end:
            await asyncio.sleep(self.random.random() * 2 * climate.every_s)
            [what] = self.random.choices(names, weights)
            self._under_way.append(self.world.background.start(getattr(self, what)()))

    async def end(self) -> None:
        """Let what is under way end, and whoever is gone come again."""
        for work in self._under_way:
            await work
        self.weather.calm()
        for instance in self.world.instances:
            instance.thaw()

    def _anyone(self) -> Instance | None:
        there = [each for each in self.world.instances if not each.frozen]
        return self.random.choice(there) if there else None

    # --- processes ----------------------------------------------------------------------------

    async def kill(self) -> None:
        if (one := self._anyone()) is None:
            return
        self.world.note(f"kill {one.who}")
        await self.world.kill(one)
        await self._again(one)

    async def kill_in_doubt(self) -> None:
        """Kill whoever has had to say a key again for a while: how far he read is saved by then."""
        loop = asyncio.get_running_loop()
        end, since = loop.time() + DOUBT_WITHIN_S, dict[str, float]()
        while loop.time() < end:
            doubtful = [one for one in self.world.instances if not one.frozen and one.is_in_doubt]
            since = {one.who: since.get(one.who, loop.time()) for one in doubtful}
            for one in doubtful:
                if loop.time() - since[one.who] >= SAVED_BY_S:
                    self.world.note(f"kill {one.who}, in doubt")
                    await self.world.kill(one)
                    await self._again(one)
                    return
            await asyncio.sleep(0.1)

    async def drain(self) -> None:
        if (one := self._anyone()) is None:
            return
        self.world.note(f"drain {one.who}")
        self.world.gone(one)
        await one.drain()
        await self._again(one)

    async def _again(self, one: Instance) -> None:
        await asyncio.sleep(self.random.choice([0.0, 1.0, 15.0]) * self.random.random())
        await self.world.launch(one.name)

    async def freeze(self) -> None:
        if (one := self._anyone()) is None:
            return
        self.world.note(f"freeze {one.who}")
        one.freeze()
        await asyncio.sleep(self.random.choice([1.0, 12.0, 30.0]) * self.random.random())
        self.world.note(f"thaw {one.who}")
        one.thaw()

    async def release(self) -> None:
        """An operator has a lane given back; whoever has room takes it, also the same one."""
        one = self._anyone()
        held = one and [each for each in one.engine.holdings.held() if each.state is State.RUNNING]
        if one is None or not held:
            return
        lane = self.random.choice(held)
        self.world.note(f"{one.who} gives lane {lane.number} back")
        one.do(one.engine.keeper.give_back([lane]))

    # --- what they stand on -------------------------------------------------------------------

    async def store_away(self) -> None:
        service = self.random.choice(sorted(self.world.databases))
        self.world.note(f"store of {service} away")
        self.weather.stores_away.add(service)
        await asyncio.sleep(self.random.random() * 15)
        self.weather.stores_away.discard(service)
        self.world.note(f"store of {service} back")

    async def broker_away(self) -> None:
        self.world.note("broker away")
        self.weather.broker_away_since = asyncio.get_running_loop().time()
        await asyncio.sleep(self.random.random() * 20)
        self.weather.broker_away_since = None
        self.world.note("broker back")

    async def deafen(self) -> None:
        """The broker is there for all but one."""
        if (one := self._anyone()) is None:
            return
        self.world.note(f"{one.who} does not hear the broker")
        self.weather.deaf_since[one.who] = asyncio.get_running_loop().time()
        await asyncio.sleep(self.random.random() * 40)
        self.weather.deaf_since.pop(one.who, None)
        self.world.note(f"{one.who} hears it again")

    async def broker_flaky(self) -> None:
        self.world.note("broker flaky")
        self.weather.is_flaky = True
        await asyncio.sleep(self.random.random() * 10)
        self.weather.is_flaky = False
        self.world.note("broker well")

    async def clock_jumps(self) -> None:
        """A server's clock is put forward or back, for good or for a moment by days."""
        whose = self.random.choice(sorted(self.world.clocks))
        is_by_days = self.random.random() < 0.2
        to_s = -DAYS_BACK_S if is_by_days else self.random.uniform(-JUMP_S, JUMP_S)
        self._put_clock(whose, to_s)
        if is_by_days:
            await asyncio.sleep(self.random.random() * 10)
            self._put_clock(whose, 0.0)

    def _put_clock(self, whose: str, to_s: float) -> None:
        self.world.note(f"clock of {whose} {to_s:+.0f} s")
        self.world.clocks[whose] = to_s
