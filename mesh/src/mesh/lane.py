"""The life of a lane: a table of states and events, with no I/O in it.

A lane has one writer, and the store says who. An instance may believe that it owns a lane when it
does not: the fence of its next turn finds out. So a lane object is a belief, and this table says
what a belief may become.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from mesh.ports import OutboxRow, Position, Record, Spoken


class State(StrEnum):
    """Where this instance stands with a lane."""

    ELSEWHERE = "elsewhere"
    TAKING = "taking"
    RUNNING = "running"
    STOPPED = "stopped"


class Event(StrEnum):
    """What can happen to a lane."""

    TRIED = "tried"
    """We are about to raise its epoch."""
    NOT_OURS = "not ours"
    READY = "ready"
    """All that the store and the log know of it is read."""
    FAILED = "failed"
    """The world did not answer while we took it."""
    STUCK = "stuck"
    """A hole, a refused output, a record of ours that nobody can read: a person is needed."""
    UNKNOWN = "unknown"
    """A COMMIT had no answer: what is in memory about it is worth nothing."""
    LOST = "lost"
    """Fenced, expired, given back or draining."""
    LOOKED = "looked"
    """Time to see whether what stopped it is gone."""


TABLE: dict[tuple[State, Event], State] = {
    (State.ELSEWHERE, Event.TRIED): State.TAKING,
    (State.TAKING, Event.NOT_OURS): State.ELSEWHERE,
    (State.TAKING, Event.READY): State.RUNNING,
    (State.TAKING, Event.FAILED): State.ELSEWHERE,
    (State.TAKING, Event.STUCK): State.STOPPED,
    (State.TAKING, Event.LOST): State.ELSEWHERE,
    (State.RUNNING, Event.STUCK): State.STOPPED,
    (State.RUNNING, Event.UNKNOWN): State.TAKING,
    (State.RUNNING, Event.LOST): State.ELSEWHERE,
    (State.STOPPED, Event.LOOKED): State.TAKING,
    (State.STOPPED, Event.UNKNOWN): State.TAKING,
    (State.STOPPED, Event.LOST): State.ELSEWHERE,
}
"""What is not in the table cannot happen: it is a bug, and `happen` says so."""


@dataclass(slots=True)
class Input:
    """One partition that a lane hears."""

    position: Position
    kind: str
    """`log` (ours: numbered), `table` (ours), `outside`, or `own` (a table topic read back)."""
    waiting: deque[Record] = field(default_factory=deque[Record])
    waiting_bytes: int = 0
    held: bool = False
    ahead: bool = False
    """A number is missing: what came after it was not heard."""
    ahead_since: float | None = None
    doubts: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """Of a table topic read back: key → the number last read of it, where an older record came
    late. Looked at when all is read back (lanes 15)."""

    def forget_heard(self) -> None:
        """Drop what lies before the position."""
        waiting = self.waiting
        while waiting and waiting[0].offset < self.position.next_offset:
            self.waiting_bytes -= len(waiting.popleft().value or b"")


@dataclass(slots=True)
class Output:
    """One topic that a lane speaks to."""

    spoken: Spoken
    pending: deque[OutboxRow] = field(default_factory=deque[OutboxRow])
    """Committed and not known to be acknowledged, in order."""
    sent: int = 0
    """How many of `pending` were handed to the producer in this pass."""
    early: set[int] = field(default_factory=set[int])
    """Numbers acknowledged in this pass while one before them is not."""
    oldest_at: float = 0.0
    pending_bytes: int = 0

    def add(self, row: OutboxRow) -> None:
        """Take in a row that is committed."""
        self.pending.append(row)
        self.pending_bytes += row.size

    def acknowledge(self, seq: int) -> None:
        """Note an acknowledgement; acked_seq rises over what is acknowledged without a gap."""
        self.early.add(seq)
        while self.pending and self.pending[0].seq in self.early:
            self.early.discard(self.pending[0].seq)
            row = self.pending.popleft()
            self.pending_bytes -= row.size
            self.spoken.acked_seq = row.seq
            self.sent -= 1

    def start_pass(self) -> None:
        """Say everything again that is not acknowledged (go-back-N)."""
        self.sent = 0
        self.early.clear()


@dataclass(slots=True)
class Lane:
    """What this instance believes about one lane."""

    number: int
    state: State = State.ELSEWHERE
    epoch: int = 0
    taking: int = 0
    why: str = ""
    looked_at: float = 0.0
    inputs: dict[tuple[str, int], Input] = field(default_factory=dict[tuple[str, int], Input])
    outputs: dict[str, Output] = field(default_factory=dict[str, Output])
    parked: dict[str, UUID] = field(default_factory=dict[str, UUID])
    """unit → the message that all later ones of the unit wait behind."""
    on_the_way: int = 0
    careful: bool = False
    """Its owners died again and again: what is heard is noted first, one by one (lanes 22)."""
    dead_before: bool = False
    taken_at: float = 0.0
    turned_at: datetime | None = None

    def happen(self, event: Event, why: str = "") -> None:
        """Change state as the table says."""
        self.state = TABLE[self.state, event]
        self.why = why
        if self.state is State.ELSEWHERE:
            self.forget()

    def forget(self) -> None:
        """Drop all that is believed of the lane but its number."""
        self.inputs = {}
        self.outputs = {}
        self.parked = {}
        self.on_the_way = 0
        self.turned_at = None

    @property
    def unacknowledged(self) -> int:
        """Count rows that the broker has not acknowledged."""
        return sum(len(output.pending) for output in self.outputs.values())

    @property
    def unacknowledged_bytes(self) -> int:
        """Add up their bytes."""
        return sum(output.pending_bytes for output in self.outputs.values())
