"""One seed, from beginning to end: a storm, then quiet, then everything must be as it should."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from mesh.testing import virtual

from . import business, logs
from .asked import Asked
from .chaos import Chaos
from .office import EIGHTY, MIDDLE, SMALL, Office
from .quiet import unquiet
from .reconciled import decided_otherwise, reconcile_finds_nothing
from .repairs import Operator
from .themes import CLIMATES, Theme, theme_of
from .upstream import SHARED, Upstream
from .weather import Weather
from .world import World

REQUESTS = 25
STORM_S = 60.0
QUIET_WITHIN_S = 400.0
"""Leases expire in 10 s, unknown loans are looked for 30 s, unknown schemas 60 s; a person takes
2 s for a task; a mail without an answer is tried again after 30, 60 and 120 s."""
STILL_S = 15.0
"""What is quiet stays quiet for so long: table topics are looked through at their ends."""
STOCK = {SMALL: 14, MIDDLE: 12}


type Check = Callable[[World, Asked], Iterator[str]]


@dataclass(frozen=True)
class Ending:
    """What became of a seed."""

    seed: int
    differs: tuple[str, ...]
    happened: tuple[str, ...]
    digest: str
    """Of all that was said: the same seed gives the same."""

    @property
    def told(self) -> str:
        """Tell what became of it, and of what if it is red."""
        if not self.differs:
            return f"green {self.seed} {self.digest}"
        lines = ["what happened:", *self.happened, "what differs:", *self.differs]
        return "\n".join([f"RED {self.seed} {self.digest} {theme_of(self.seed)}", *lines])


def play(seed: int) -> Ending:
    """Play a seed to its end."""
    return virtual.run(_story(seed), seed=seed)


async def _story(seed: int) -> Ending:
    weather = Weather(CLIMATES[theme_of(seed)], seed=seed)
    world = World(weather, seed=seed)
    try:
        differs = await _play(world, weather)
    finally:
        world.thaw_all()
    return Ending(seed, tuple(differs), tuple(world.happened), _digest(world))


async def _play(world: World, weather: Weather) -> list[str]:
    """Let it storm, wait for quiet, list what is not as it must be."""
    theme, office = theme_of(world.seed), Office(world)
    upstream = Upstream(world, office, theme)
    chaos, operator = Chaos(world, weather), Operator(world, weather)
    await world.launch_all()
    for loan in SHARED:
        office.lend(EIGHTY, loan=loan)
    if theme is Theme.BACK:
        for principal, count in STOCK.items():
            office.stock(principal, count)
        await office.until_in_the_books()
    start = world.background.start
    start(office.work())
    asking = start(upstream.ask(REQUESTS, within_s=STORM_S))
    match theme:
        case Theme.BUILDS:
            start(operator.deploy_badly())
        case Theme.BACK:
            start(operator.restore())
        case _:
            pass
    await chaos.rage(for_s=STORM_S)
    await asking
    await chaos.end()
    if theme is Theme.BUILDS:
        start(operator.deploy_well())
    differs = await _differs(world, office)
    return [*operator.complaints, *differs]


async def _differs(world: World, office: Office) -> list[str]:
    """Wait for quiet and list what is not as it must be; of an unquiet world, what of the logs."""
    left = await _left(world, office)
    wrong = _wrong(logs.CHECKS, world, office.asked)
    if left:
        return [*wrong, *(f"not quiet: {what}" for what in left)]
    found = _wrong((reconcile_finds_nothing,), world, office.asked)
    wrong += _wrong(business.CHECKS, world, office.asked)
    if "case" not in world.went_back:
        return [*wrong, *found]
    otherwise = decided_otherwise(world, found)
    return [what for what in (*wrong, *found) if not any(name in what for name in otherwise)]


def _wrong(checks: Iterable[Check], world: World, asked: Asked) -> list[str]:
    return [f"{check.__name__}: {what}" for check in checks for what in check(world, asked)]


async def _left(world: World, office: Office) -> list[str]:
    """Wait until nothing is on its way, for a while; gives what is at the end."""
    loop = asyncio.get_running_loop()
    end = loop.time() + QUIET_WITHIN_S
    still_since: float | None = None
    while True:
        left = list(islice(unquiet(world, office), 20))
        if left:
            still_since = None
        elif still_since is None:
            still_since = loop.time()
        elif loop.time() - still_since > STILL_S:
            return []
        if loop.time() > end:
            return left
        await asyncio.sleep(0.5)


def _digest(world: World) -> str:
    told = hashlib.sha256()
    for topic in sorted(world.broker.topics):
        for record in world.broker.records(topic):
            told.update(repr((topic, record.key, record.value, record.timestamp_ms)).encode())
    return told.hexdigest()[:16]
