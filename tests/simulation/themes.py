"""What a seed is about: each one has a theme, and the weather that goes with it.

The theme follows from the seed's number, so that rules are looked for where they matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Theme(StrEnum):
    """What a seed is about."""

    MIXED = "mixed weather"
    FLAKY = "a flaky broker"
    MOVING = "lanes that move"
    BUILDS = "a bad build"
    BACK = "a store that goes back"
    CLOCKS = "clocks that jump"


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """How often something goes wrong."""

    lost: float = 0.03
    """Of rows produced: lost, or only their answer."""
    slow: float = 0.05
    """Of rows produced: seconds on their way."""
    unknown: float = 0.05
    """Of COMMITs: never answered, done or not."""
    away: float = 0.01
    """Of calls to a store: not answered."""
    hangs: Mapping[str, float] = field(
        default_factory=lambda: {"load": 0.01, "requests": 0.01, "commit": 0.01, "said": 0.1}
    )
    """Of calls to a store: so slow that leases run out meanwhile. Of others 0.0005."""
    fetches_s: tuple[float, ...] = (0.01, 0.01, 0.1, 1.0)
    """How long a fetch takes at most: one of these."""
    straggles: float = 0.5
    """Of fetches under way when a lane is lost: handed over all the same."""
    late: float = 0.5
    """Of rows thrown away on their way: they arrive all the same."""
    every_s: float = 4.0
    """Between two things that happen to a process or the broker, on average."""
    happens: Mapping[str, int]
    """Which of them, as often as it says (`chaos.py` has each by its name)."""


PROCESSES = {"kill": 4, "freeze": 4, "drain": 1, "release": 1}
SURROUNDINGS = {"store_away": 1, "broker_away": 1, "broker_flaky": 1, "deafen": 1}

CLIMATES: Mapping[Theme, Climate] = {
    Theme.MIXED: Climate(happens=PROCESSES | SURROUNDINGS),
    Theme.FLAKY: Climate(
        lost=0.1,
        slow=0.3,
        late=0.8,
        every_s=3.0,
        happens={"kill": 2, "freeze": 1, "kill_in_doubt": 2}
        | {"broker_away": 2, "broker_flaky": 6, "deafen": 1},
    ),
    Theme.MOVING: Climate(
        unknown=0.1,
        hangs={"load": 0.06, "requests": 0.06, "commit": 0.06},
        fetches_s=(0.01, 0.5, 3.0),
        straggles=0.9,
        every_s=2.0,
        happens={"kill": 3, "freeze": 5, "drain": 1, "release": 4},
    ),
    Theme.BUILDS: Climate(unknown=0.02, every_s=8.0, happens=PROCESSES),
    Theme.BACK: Climate(every_s=8.0, happens=PROCESSES),
    Theme.CLOCKS: Climate(every_s=3.0, happens=PROCESSES | {"clock_jumps": 8}),
}


def theme_of(seed: int) -> Theme:
    """Give a seed's theme."""
    return list(Theme)[seed % len(Theme)]
