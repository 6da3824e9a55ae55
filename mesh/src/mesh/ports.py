"""The two ports that the engine is written over: a log and a store.

The real sides are Kafka (`kafka`) and PostgreSQL (`postgres`), the others are in memory.
One suite describes each port, and both sides pass it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from mesh.service import Key, Reader, Transaction


class Unavailable(Exception):
    """The world does not answer: wait longer each time and try again (lanes 25)."""


class Fenced(Exception):
    """Some lanes of the turn are not ours any more: nothing was written (lanes 11)."""


class Unknown(Exception):
    """COMMIT had no answer: it may have happened (lanes 12)."""


class Moved(Exception):
    """A row that lanes share changed meanwhile: take the turn again (lanes 7)."""


class Refused(Exception):
    """The store refuses a row as data: some message of the turn is poison (lanes 22)."""


class Replaced(Exception):
    """The store is another one now: all that is believed of its lanes is worth nothing."""


class Misfit(Exception):
    """This build does not fit its store: stop (SQLSTATE class 42)."""


@dataclass(slots=True)
class Record:
    """One record as the log gave it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]
    timestamp_ms: int
    taking: int = 0
    """Under which taking it was fetched: under another one it does not count (lanes 6)."""


@dataclass(slots=True)
class DueRow:
    """What a lane has to hear that is no record of a topic."""

    lane: int
    due_at: datetime
    due_id: UUID
    case_id: UUID | None
    kind: str
    key: Key
    payload: bytes


@dataclass(slots=True)
class OutboxRow:
    """One record to be said, numbered in its output."""

    topic: str
    lane: int
    incarnation: int
    seq: int
    key: str
    headers: Sequence[tuple[str, bytes]]
    value: bytes | None

    @property
    def size(self) -> int:
        """Give its bytes, for limits."""
        return len(self.value or b"") + len(self.key)


@dataclass(slots=True)
class Position:
    """How far a lane has heard one partition."""

    topic: str
    partition: int
    topic_id: str
    next_offset: int
    incarnation: int = 0
    last_seq: int = 0
    doubtful_from: int | None = None
    """Of a table topic read back: where something lies that may have to be said again. Only in
    memory; the store keeps this as next_offset, so that a new owner reads it again."""


@dataclass(slots=True)
class Spoken:
    """How far a lane has spoken to one topic, and how far the broker has acknowledged."""

    topic: str
    lane: int
    incarnation: int
    last_seq: int
    acked_seq: int


@dataclass(slots=True)
class SaidRow:
    """The last record of one key of a table topic."""

    topic: str
    lane: int
    key: str
    incarnation: int
    seq: int
    value: bytes | None


@dataclass(slots=True)
class RequestRow:
    """Identity and answer of a request or command in one."""

    message_id: UUID
    source: str
    tenant: str
    request_id: str
    content_hash: bytes
    case_id: UUID | None
    code: str | None = None
    reply: str | None = None
    """JSON; none where nobody waits for an answer."""


@dataclass(slots=True)
class ParkedRow:
    """A message that cannot be heard now, or that waits behind one (`behind`)."""

    parked_id: UUID
    lane: int
    unit: str
    """The case, or the key where there is no case: what follows it waits with it."""
    behind: UUID | None
    origin: str
    """`record` or `due`: what `packed` holds."""
    place: str
    reason: str
    packed: bytes
    case_id: UUID | None = None


@dataclass(slots=True)
class TurnWrites:
    """All that one turn writes of the mesh's own."""

    lanes: dict[int, int] = field(default_factory=dict)
    """lane → epoch: the fence."""
    at: datetime | None = None
    positions: list[Position] = field(default_factory=list)
    spoken: list[Spoken] = field(default_factory=list)
    outbox: list[OutboxRow] = field(default_factory=list)
    said: list[SaidRow] = field(default_factory=list)
    due_gone: list[UUID] = field(default_factory=list)
    due_put: list[DueRow] = field(default_factory=list)
    requests: list[RequestRow] = field(default_factory=list)
    parked: list[ParkedRow] = field(default_factory=list)
    unparked: list[UUID] = field(default_factory=list)


@dataclass(slots=True)
class LaneRow:
    """A lane as the store tells it."""

    lane: int
    epoch: int
    owner: str | None
    expired: bool


@dataclass(slots=True)
class Beat:
    """What a heartbeat brings: the store's clock, who lives, whose lanes are whose."""

    now: datetime
    living: int
    lanes: list[LaneRow]


@dataclass(slots=True)
class Recovered:
    """All that the store knows of a lane just taken."""

    turned_at: datetime | None
    deaths: int
    """How often in a row its owner was gone without giving it back."""
    store_id: str | None
    """Of the store that the lane was last taken from."""
    positions: list[Position]
    spoken: list[Spoken]
    outbox: list[OutboxRow]
    """Above acked_seq, in order."""
    parked: dict[str, UUID]
    """unit → the parked message that others of the unit wait behind."""


type Save = Callable[[Transaction], Awaitable[None]]


class Store(Protocol):
    """The service's own database; one primary."""

    reader: Reader

    async def open(self) -> None:
        """Connect and check that the store fits (lanes 27)."""
        ...

    async def close(self) -> None:
        """Let all connections go."""
        ...

    async def store_id(self) -> str:
        """Give the store's identity: system identifier and timeline (lanes 5)."""
        ...

    async def beat(
        self, instance: str, *, held: Mapping[int, int], lease_s: float, lanes: int
    ) -> Beat:
        """Say that we live and renew the leases of `held` (lane → epoch)."""
        ...

    async def keep_id(self, lane: int, *, epoch: int, store_id: str) -> None:
        """Remember that the lane goes on from this store."""
        ...

    async def try_place(self, lane: int, *, epoch: int, place: str) -> int:
        """Note what is about to be heard; gives how often it is tried now: once more than owners in
        a row were gone while they tried it, whatever they heard well before it.
        """
        ...

    async def calm(self, lane: int, *, epoch: int) -> None:
        """Forget deaths and tries: the lane's owner lives."""
        ...

    async def tend(self) -> None:
        """Make the outbox's coming days, drop those that are over (every hour or so)."""
        ...

    async def take(self, lane: int, *, instance: str, lease_s: float) -> int | None:
        """Take a free, expired or own lane; gives its new epoch, none if it is another's."""
        ...

    async def give_back(self, held: Mapping[int, int], *, instance: str) -> None:
        """Let lanes go that we own under these epochs."""
        ...

    async def leave(self, instance: str) -> None:
        """Stop being counted as living."""
        ...

    async def recover(self, lane: int) -> Recovered:
        """Read what a lane needs to start."""
        ...

    async def due(
        self, lanes: Sequence[int], *, now: datetime, limit: int, full: Sequence[int] = ()
    ) -> tuple[list[DueRow], datetime | None]:
        """Give rows that are due, in order of (due_at, put), and when the next one will be.

        Lanes that are `full` leave what was forwarded to them from outside where it is.
        """
        ...

    async def requests(self, ids: Sequence[UUID]) -> dict[UUID, RequestRow]:
        """Give what is known of these identities."""
        ...

    async def said(self, topic: str, keys: Sequence[str]) -> dict[str, SaidRow]:
        """Give the last record said of these keys of a table topic."""
        ...

    async def said_of(self, lane: int, topic: str | None) -> list[SaidRow]:
        """Give the last record of every key that a lane says on table topics."""
        ...

    async def parked(self, lane: int, parked_id: UUID) -> list[ParkedRow]:
        """Give a parked message and what waits behind it, in order."""
        ...

    async def commit(
        self, writes: TurnWrites, save: Save, *, instance: str, lease_s: float
    ) -> None:
        """Do a turn in one transaction, the fence first.

        Raises Fenced, Moved, Refused, Misfit, Unavailable (nothing was written) or Unknown.
        """
        ...


@dataclass(slots=True)
class Delivery:
    """What became of one produced record."""

    mark: object
    error: str | None
    refused: bool = False
    """The broker refuses the topic for good (lanes 14)."""
    timestamp_ms: int = 0


@dataclass(slots=True)
class InputTrouble:
    """A partition that cannot be read on."""

    topic: str
    partition: int
    taking: int
    why: str
    hole: bool
    """The offset asked for is not in the log (lanes 4)."""


class Log(Protocol):
    """The broker."""

    wake: Callable[[], None]
    """Called, from the loop's thread, when something was fetched, delivered or went wrong."""

    async def open(self) -> None:
        """Connect."""
        ...

    async def close(self) -> None:
        """Let everything go."""
        ...

    def silent_s(self) -> float:
        """Say how long the broker has not answered, in seconds."""
        ...

    async def topic_id(self, topic: str) -> str:
        """Give the topic's id. Raises Unavailable where it is not there (yet)."""
        ...

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Give the log's start and end offsets."""
        ...

    async def tails(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Record]:
        """Give the last record of each partition that has one."""
        ...

    def assign(self, topic: str, partition: int, *, offset: int, taking: int) -> None:
        """Fetch from this offset on, marking records with the taking."""
        ...

    def unassign(self, topic: str, partition: int) -> None:
        """Fetch no more."""
        ...

    def hold(self, topic: str, partition: int, *, held: bool) -> None:
        """Pause or resume fetching: enough waits to be heard."""
        ...

    def fetched(self) -> Sequence[Record]:
        """Hand over what was fetched since the last call."""
        ...

    def troubles(self) -> Sequence[InputTrouble]:
        """Hand over what went wrong with inputs since the last call."""
        ...

    async def ends(self) -> Mapping[tuple[str, int], int]:
        """Give the end offsets of the inputs assigned, as far as they are known."""
        ...

    def advise(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Tell Kafka the offsets, for people and autoscalers; never read back."""
        ...

    def produce(self, row: OutboxRow, mark: object) -> bool:
        """Hand a row to the producer; false when its queue is full."""
        ...

    def deliveries(self) -> Sequence[Delivery]:
        """Hand over what became of produced rows since the last call."""
        ...

    async def renew_producer(self) -> None:
        """Throw away what is on its way, wait for its callbacks, start a new producer."""
        ...
