"""The faults that the mesh is put to, each in the middle of thousands of cases."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from .harms import (
    cut_off,
    fill_disk,
    fill_outboxes,
    forget_offsets,
    freeze,
    freeze_a_reader,
    go_away,
    kill,
    kill_in_turn,
    lose_commits,
    restart_in_turn,
    start_seconds,
    take_lanes,
)
from .restoring import promote, restore
from .running import PROCESSES, SERVERS

CASES = 2_000
BREATH_S = 25.0
"""Between faults: until cases were asked for and closed in every lane, and those that waited."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls a mesh amid cases."""

    name: str
    happen: Callable[..., list[str] | None]
    """Told the scene and `to`; the fault ends when it returns. Gives the cases, if any, that
    `reconcile` has to list."""
    to: tuple[Any, ...] = ()
    lasts_s: float = 0.0
    """About: so long must there be cases to come."""


@dataclass(frozen=True, slots=True)
class Series:
    """Faults one after the other in the middle of so many cases; from each it must recover."""

    name: str
    faults: tuple[Fault, ...]
    cases: int = CASES
    small_disk: bool = False
    """PostgreSQL's files lie on a disk of their own, which can be filled."""
    forgets: bool = False
    """A store forgets what it has said, and what it hears again may come in another order: a case
    may end otherwise, but `reconcile` lists it. It is no ground for another fault."""

    @property
    def lasts_s(self) -> float:
        """About, with a breath after each fault and half a breath before the first."""
        return sum(fault.lasts_s + BREATH_S for fault in self.faults) + BREATH_S / 2


def alone(
    name: str, happen: Callable[..., list[str] | None], *to: Any, lasts_s: float, **kind: Any
) -> Series:
    """Give a fault a series of its own."""
    return Series(name, (Fault(name, happen, to, lasts_s),), **kind)


def only(pattern: str) -> tuple[Series, ...]:
    """Give the faults whose names have a match."""
    named = re.compile(pattern).search
    chosen = [replace(each, faults=tuple(f for f in each.faults if named(f.name))) for each in ALL]
    return tuple(each for each in chosen if each.faults)


FIRSTS = tuple(name for name in PROCESSES if name.endswith("-1"))
MINUTE = 60.0

ALL = (
    alone("three COMMITs of each process without an answer", lose_commits, 3, lasts_s=10),
    Series(
        "each frozen for 60 s",
        tuple(
            Fault(f"{name} frozen for 60 s", freeze, (name, MINUTE), MINUTE)
            for name in (*PROCESSES, *SERVERS)
        ),
        2 * CASES,
    ),
    Series(
        "each cut off for 60 s",
        tuple(
            Fault(f"{name} cut off from {server} for 60 s", cut_off, (name, server, MINUTE), MINUTE)
            for name, server in product(FIRSTS, ("kafka", "postgres"))
        ),
        2 * CASES,
    ),
    alone("the broker away for two minutes", go_away, "kafka", 2 * MINUTE, lasts_s=2 * MINUTE),
    alone(
        "the ledger's outboxes full for two minutes",
        *(fill_outboxes, 2 * MINUTE),
        lasts_s=3 * MINUTE,
    ),
    alone("a second instance of each for a minute", start_seconds, MINUTE, lasts_s=1.5 * MINUTE),
    alone("frozen while the server is sending", freeze_a_reader, "case", lasts_s=MINUTE),
    alone("Kafka's offsets deleted and set back", forget_offsets, lasts_s=0),
    alone("every lane taken ten times a minute", take_lanes, 10, 5 * MINUTE, lasts_s=5 * MINUTE),
    alone("everything restarted in turn", restart_in_turn, lasts_s=3 * MINUTE),
    Series(
        "each killed",
        tuple(Fault(f"{name} killed", kill, (name,)) for name in (*PROCESSES, *SERVERS)),
    ),
    alone(
        "PostgreSQL's disk full for a minute", fill_disk, MINUTE, lasts_s=MINUTE, small_disk=True
    ),
    alone(
        "PostgreSQL restored, 5 min older", restore, 5 * MINUTE, lasts_s=6 * MINUTE, forgets=True
    ),
    alone("a standby promoted that lags", promote, MINUTE / 2, lasts_s=MINUTE, forgets=True),
)

WAVES = (
    ("case-1", "ledger-1"),
    ("documents-1", "authorization-1", "notifications-1"),
    ("case-2", "ledger-2"),
    ("kafka",),
    ("registry", "postgres"),
)

FIXED = (
    alone("each killed in turn", kill_in_turn, *WAVES, lasts_s=MINUTE),
    alone("a COMMIT of each process without an answer", lose_commits, 1, lasts_s=10, cases=500),
    alone("Kafka's offsets deleted and set back", forget_offsets, lasts_s=0, cases=500),
    alone("the ledger's outboxes full for 20 s", fill_outboxes, 20.0, lasts_s=30, cases=500),
)
"""What `make test` has time for."""
