"""What may go wrong, by name. By itself nothing does: a simulation overrides what it wants to.

`who` is always the instance that asks, so that one can be troubled while others are well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mesh.ports import OutboxRow, TurnWrites
from mesh.service import Change


@dataclass(frozen=True, slots=True)
class Fate:
    """How a COMMIT ends. Not answered: the one who asked never learns what became of it."""

    applied: bool = True
    answered: bool = True
    takes_s: float = 0.0
    """The transaction keeps its locks for so long; without an answer, beyond the question."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What becomes of a produced row."""

    written: bool = True
    error: str | None = None
    """The answer; a row that was written can be told as failed."""
    arrives_s: float = 0.0
    """Rows of one partition arrive in the order in which they were produced all the same."""
    answers_s: float = 0.0
    """From its arrival on; answers may overtake each other."""


COMMITTED = Fate()
DELIVERED = Sending()


class Faults:
    """The points at which something may go wrong."""

    async def store(self, who: str, call: str) -> None:
        """Before a call reaches the store: pause, or raise Unavailable. `call`: beat, take, …"""

    async def stored(self, who: str, call: str) -> None:
        """After a call other than commit was done: pause, or lose its answer (Unavailable)."""

    def save(self, who: str, changes: Sequence[Change[Any, Any]]) -> None:
        """While a service saves: raise Refused or Misfit."""

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        """At COMMIT: pause inside the transaction, or choose how it ends."""
        return COMMITTED

    async def log(self, who: str, call: str) -> None:
        """Before topic_id, bounds, tails or renew is answered: pause, or raise Unavailable."""

    def produced(self, who: str, row: OutboxRow) -> Sending:
        """Choose what becomes of a row handed to the producer."""
        return DELIVERED

    def purged(self, who: str, row: OutboxRow) -> float | None:
        """Say when a row that was thrown away on its way arrives all the same; none: never."""
        return None

    def fetch_s(self, who: str, topic: str, partition: int) -> float:
        """Say how long the next fetch of a partition takes, in seconds."""
        return 0.0

    def straggles(self, who: str) -> bool:
        """Say whether a fetch under way at an unassign is handed over all the same."""
        return False

    def silent_s(self, who: str) -> float:
        """Say how long the broker has not answered, in seconds."""
        return 0.0


NONE = Faults()
