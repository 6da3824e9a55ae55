"""What one instance believes to hold: its lanes, its clock, and what woke it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mesh.lane import Input, Lane, State


@dataclass(slots=True)
class Clock:
    """The store's clock: as last read, plus what our monotonic clock has run since (lanes 9)."""

    read_now: datetime | None = None
    read_at: float = 0.0

    def read(self, now: datetime) -> None:
        """Take the store's time."""
        self.read_now, self.read_at = now, asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Give the store's time."""
        assert self.read_now is not None, "no turn before the first beat"
        return self.read_now + timedelta(seconds=asyncio.get_running_loop().time() - self.read_at)


@dataclass(slots=True)
class Holdings:
    """Shared by the keeper, the turns and the publisher of one instance."""

    instance: str
    lanes: dict[int, Lane]
    clock: Clock = field(default_factory=Clock)
    living: int = 1
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    """Something may be at hand for a turn."""
    to_say: asyncio.Event = field(default_factory=asyncio.Event)
    """Something may be at hand for the publisher."""
    due_dirty: bool = True
    places: dict[tuple[str, int], tuple[Lane, Input]] = field(
        default_factory=dict[tuple[str, int], tuple[Lane, Input]]
    )
    turned_at: float = 0.0
    """When the loop of turns last came round, by the loop's clock."""
    trouble: str = ""
    """Why nothing goes on, if so."""
    hold: str = ""
    """Set when a person has to say go on (lanes 23)."""
    held_sources: set[str] = field(default_factory=set[str])
    """Upstreams whose topics wait until a person says go on."""

    def running(self) -> Iterator[Lane]:
        """Give the lanes that may take turns."""
        return (lane for lane in self.lanes.values() if lane.state is State.RUNNING)

    def held(self) -> list[Lane]:
        """Give the lanes that the store should know as ours."""
        return [lane for lane in self.lanes.values() if lane.state is not State.ELSEWHERE]

    def wake(self) -> None:
        """Let the turns and the publisher look."""
        self.woken.set()
        self.to_say.set()
