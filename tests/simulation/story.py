"""One seed: the mesh works in bad weather, then it is calm, then all must be as it should."""

import asyncio
import hashlib
from dataclasses import dataclass
from itertools import islice

from mesh.testing import virtual

from .invariants import unquiet, wrong
from .people import Outside, keep
from .weather import Chaos, Weather
from .world import World

REQUESTS = 25
STORM_S = 60.0
QUIET_WITHIN_S = 300.0
"""Leases expire in 10 s, unknown loans are looked for 30 s; a person takes 2 s for a task."""
STILL_S = 15.0
"""What is quiet stays quiet for so long: table topics are looked through at their ends."""


@dataclass(frozen=True)
class Ending:
    """What became of a seed."""

    seed: int
    differs: tuple[str, ...]
    happened: tuple[str, ...]
    digest: str
    """Of all that was said: the same seed gives the same."""


def play(seed: int) -> Ending:
    """Play a seed to its end."""
    return virtual.run(_story(seed), seed=seed)


async def _story(seed: int) -> Ending:
    weather = Weather()
    world = World(weather)
    outside, chaos = Outside(world), Chaos(world, weather)
    await world.launch_all()
    outside.begin()
    worker = keep(outside.work())
    asking = keep(outside.ask(REQUESTS, within_s=STORM_S))
    await chaos.rage(for_s=STORM_S)
    await asking
    await chaos.end()
    differs = await _quiet(world, outside) or wrong(world, outside)
    worker.cancel()
    return Ending(seed, tuple(differs), tuple(chaos.log), _digest(world))


async def _quiet(world: World, outside: Outside) -> list[str]:
    """Wait until nothing is on its way, for a while; gives what is at the end."""
    loop = asyncio.get_running_loop()
    end = loop.time() + QUIET_WITHIN_S
    still_since: float | None = None
    while True:
        left = list(islice(unquiet(world, outside), 20))
        if left:
            still_since = None
        elif still_since is None:
            still_since = loop.time()
        elif loop.time() - still_since > STILL_S:
            return []
        if loop.time() > end:
            return ["not quiet", *left]
        await asyncio.sleep(0.5)


def _digest(world: World) -> str:
    told = hashlib.sha256()
    for topic in sorted(world.broker.topics):
        for record in world.broker.records(topic):
            told.update(repr((topic, record.key, record.value, record.timestamp_ms)).encode())
    return told.hexdigest()[:16]
