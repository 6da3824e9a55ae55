"""The faults that the mesh is put to, each in the middle of thousands of cases."""

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls a mesh in the middle of so many cases."""

    name: str
    happen: Callable[..., list[str] | None]
    """Told the scene and `to`; the fault ends when it returns. Gives the cases, if any, that
    `reconcile` has to list."""
    to: tuple[Any, ...] = ()
    lasts_s: float = 0.0
    """About: so long must there be cases to come."""
    cases: int = CASES
    small_disk: bool = False
    """PostgreSQL's files lie on a disk of their own, which can be filled."""
    forgets: bool = False
    """A store forgets what it has said, and what it hears again may come in another order: a case
    may end otherwise, but `reconcile` lists it. It is no ground for another fault."""


FIRSTS = tuple(name for name in PROCESSES if name.endswith("-1"))
MINUTE = 60.0

FAULTS = (
    *(Fault(f"{name} killed", kill, (name,)) for name in (*PROCESSES, *SERVERS)),
    *(
        Fault(f"{name} frozen for 60 s", freeze, (name, MINUTE), MINUTE)
        for name in (*PROCESSES, *SERVERS)
    ),
    *(
        Fault(f"{name} cut off from {server} for 60 s", cut_off, (name, server, MINUTE), MINUTE)
        for name, server in product(FIRSTS, ("kafka", "postgres"))
    ),
    Fault("three COMMITs of each process without an answer", lose_commits, (3,), 10),
    Fault("Kafka's offsets deleted and set back", forget_offsets),
    Fault("the broker away for two minutes", go_away, ("kafka", 2 * MINUTE), 2 * MINUTE),
    Fault("the ledger's outboxes full for two minutes", fill_outboxes, (2 * MINUTE,), 3 * MINUTE),
    Fault("everything restarted in turn", restart_in_turn, (), 3 * MINUTE),
    Fault("a second instance of each for a minute", start_seconds, (MINUTE,), 1.5 * MINUTE),
    Fault("frozen while the server is sending", freeze_a_reader, ("case",), MINUTE),
    Fault("every lane taken ten times a minute", take_lanes, (10, 5 * MINUTE), 5 * MINUTE),
    Fault("PostgreSQL's disk full for a minute", fill_disk, (MINUTE,), MINUTE, small_disk=True),
    Fault("a standby promoted that lags", promote, (MINUTE / 2,), MINUTE, forgets=True),
    Fault("PostgreSQL restored, 5 min older", restore, (5 * MINUTE,), 6 * MINUTE, forgets=True),
)

WAVES = (
    ("case-1", "ledger-1"),
    ("documents-1", "authorization-1", "notifications-1"),
    ("case-2", "ledger-2"),
    ("kafka",),
    ("registry", "postgres"),
)

FIXED = (
    Fault("each killed in turn", kill_in_turn, WAVES, MINUTE),
    Fault("a COMMIT of each process without an answer", lose_commits, (1,), 10, cases=500),
    Fault("Kafka's offsets deleted and set back", forget_offsets, cases=500),
    Fault("the ledger's outboxes full for 20 s", fill_outboxes, (20.0,), 30, cases=500),
)
"""What `make test` has time for."""
