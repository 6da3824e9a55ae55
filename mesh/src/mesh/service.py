"""What a service gives the mesh, and what the mesh gives a service.

A turn hears messages, loads the states that they concern, lets `decide` say what happens, saves
what changed, and says it to others: one transaction. A service is six small functions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, runtime_checkable
from uuid import UUID, uuid5

from contracts.records import common

from mesh.people import Person

NAMESPACE = UUID("6f9a3c52-31c8-5d0e-9a8e-0f2b6a7d4c11")
"""Every id of the mesh is derived under this one; never change it."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def derive(cause: UUID, kind: str, place: int = 0) -> UUID:
    """Give the id of the result of `cause` that is the `place`-th of its kind (lanes 10)."""
    return uuid5(cause, f"{kind}/{place}")


def micros(moment: datetime) -> int:
    """Give microseconds since 1970-01-01 UTC of an aware moment."""
    gone = moment - EPOCH
    return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds


class Key(NamedTuple):
    """Whose state a message concerns. The lane follows from tenant and id, not from kind."""

    tenant: str
    id: str
    kind: str = "loan"

    @property
    def text(self) -> str:
        """Give `tenant/id`, what the lane is hashed from."""
        return f"{self.tenant}/{self.id}"


class Actor(NamedTuple):
    """Who caused a message: a role and a pseudonymous id."""

    role: str
    id: str


@dataclass(slots=True, kw_only=True)
class Message:
    """One thing to hear: a record of a topic, a command of a door, or a timer."""

    kind: str
    """The record's or command's name, as CaseReviewed, ClaimTask."""
    body: Any
    """A contracts record; for a command or timer a dict made from JSON."""
    message_id: UUID
    """A fact's event_id; of a request the id of its identity (source, tenant, request_id)."""
    tenant: str
    source: str
    """A service's name for its facts, an upstream's name, `door` for a command, `timer`."""
    actor: Actor
    correlation_id: UUID
    case_id: UUID | None = None
    by: Person | None = None
    """The person behind a command, as the door made sure of."""
    version: tuple[int, int] = (0, 0)
    """(incarnation, number) in its output: a table record counts only above the one held."""
    refusal: str | None = None
    """ID_REUSED when the mesh refuses a request by its identity: decide says so to its source."""
    request_id: str | None = None


@dataclass(slots=True)
class Told[E]:
    """One event with its envelope."""

    event: E
    event_id: UUID
    at: datetime
    message: Message

    def meta(
        self, key: Key, *, case_id: UUID | None = None, version: int | None = None, part: str = ""
    ) -> common.Meta:
        """Make the record's meta; `part` tells apart several records said of one event."""
        event_id = uuid5(self.event_id, part) if part else self.event_id
        actor = self.message.actor
        return common.Meta(
            event_id=str(event_id),
            tenant=key.tenant,
            case_id=str(case_id) if case_id else None,
            loan_id=key.id if key.kind == "loan" else None,
            occurred_at=micros(self.at),
            correlation_id=str(self.message.correlation_id),
            causation_id=str(self.message.message_id),
            actor=common.Actor(role=actor.role, id=actor.id),
            version=version,
        )


@dataclass(slots=True)
class Change[S, E]:
    """What a message, or in `save` a whole turn, did to one key's state."""

    key: Key
    lane: int
    before: S
    after: S
    told: Sequence[Told[E]]


@dataclass(slots=True)
class Outgoing:
    """A record to be said, in the lane of its cause. `record` None: a tombstone."""

    topic: str
    key: str
    record: Any


@dataclass(slots=True)
class Later:
    """A timer: heard as a message of `kind` at `due_at`. The same (key, kind, name) replaces it."""

    key: Key
    kind: str
    name: str
    due_at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)
    case_id: UUID | None = None

    @property
    def due_id(self) -> UUID:
        """Give the timer's id: the same key, kind and name are the same timer."""
        return timer_id(self.key, self.kind, self.name)


@dataclass(slots=True)
class Cancel:
    """Take a timer back, if it is still there."""

    key: Key
    kind: str
    name: str

    @property
    def due_id(self) -> UUID:
        """Give the id of the timer meant."""
        return timer_id(self.key, self.kind, self.name)


def timer_id(key: Key, kind: str, name: str) -> UUID:
    """Give a timer's id."""
    return uuid5(NAMESPACE, f"timer/{key.kind}/{key.text}/{kind}/{name}")


@dataclass(slots=True)
class Answer:
    """What the door that put the command in tells its caller. `code`: why not, when refused."""

    body: Mapping[str, Any] = field(default_factory=dict)
    code: str | None = None


type Said = Outgoing | Later | Cancel | Answer


class Reader(Protocol):
    """The service's database, to read from. Rows are indexed by column name."""

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        """Run one SELECT."""
        ...


class Transaction(Reader, Protocol):
    """The turn's own transaction."""

    async def execute(self, query: str, *args: object) -> str:
        """Run one statement; gives its status, as `INSERT 0 3`."""
        ...

    async def copy(
        self, table: str, *, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        """COPY rows in: faster than INSERT from some hundreds on, where nothing can conflict."""
        ...


@dataclass(frozen=True, slots=True)
class Hears:
    """A topic of the catalogue (placeholders allowed) and the record types heard of it."""

    topic: str
    records: tuple[type[Any], ...]


class Service[S, E](Protocol):
    """The six functions. All but load and save are pure."""

    name: str
    hears: Sequence[Hears]

    def key_of(self, message: Message) -> Key:
        """Say whose state a record concerns; commands and timers carry their key."""
        ...

    async def load(self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]) -> dict[Key, S]:
        """Give a state for every key, an empty one where nothing is known; one query a table."""
        ...

    def decide(self, state: S, message: Message, *, now: datetime) -> Sequence[E]:
        """Say what happens. A fact already taken in gives no event (lanes 28)."""
        ...

    def evolve(self, state: S, event: E) -> S:
        """Apply an event. Never fails, never mutates."""
        ...

    async def save(self, tx: Transaction, changes: Sequence[Change[S, E]]) -> None:
        """Keep what changed; one statement a table."""
        ...

    def say(self, change: Change[S, E]) -> Sequence[Said]:
        """Say what others must hear of one message's change.

        Called for each message that gave events, in order. A record of a table topic that a later
        message of the turn says again, for the same key, is said once, the last.
        """
        ...


@runtime_checkable
class Keeping(Protocol):
    """A service whose states may stay in memory between turns: it alone changes them (lanes 7)."""

    def is_enough(self, state: Any, message: Message) -> bool:
        """Say whether a kept state holds all that `load` would give for the message."""
        ...


@runtime_checkable
class Paced(Protocol):
    """A service that opens nothing new while much is on its way (lanes 6)."""

    def on_the_way(self, state: Any) -> int:
        """Count what of this key is on its way and waits for no person."""
        ...

    async def count_on_the_way(self, reader: Reader, lane: int) -> int:
        """Count it for a lane just taken."""
        ...
