"""From a record or a row of `due` to a message: what counts, what is a repeat, what is unreadable.

Readers count. A record of ours is heard when its number follows the last one heard; a number
already heard is a repeat, a number ahead will be said again after the missing one (lanes 8).
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid5

from contracts.catalogue import is_outside
from contracts.codec import Undecodable, decode

from mesh.doors import content_hash, request_message_id
from mesh.lane import Input, Lane
from mesh.logs import brief
from mesh.outside import record_hash, why_unreadable
from mesh.people import Person
from mesh.ports import DueRow, ParkedRow, Position, Record
from mesh.service import NAMESPACE, Actor, Key, Message, Service
from mesh.wire import number_of

FORWARDED = "@record"
"""Kind of a `due` row that holds another lane's record, or one whose schema is not known yet."""
REPLAY = "@replay"
DISMISS = "@dismiss"

ANY_NUMBER = -1
"""As last number heard: a person had the lane go over a hole, so what comes next counts."""

type Raw = Record | DueRow


class Stuck(Exception):
    """A record of ours that cannot be heard: its lane stops for a person."""


class Schemas(Protocol):
    """What the registry told: kept in memory, asked elsewhere."""

    def writer_of(self, schema_id: int) -> tuple[str, str] | None:
        """Give (full name, schema) of a known id."""
        ...

    def id_of(self, topic: str, full_name: str) -> int:
        """Give the id under which a record is said on a topic."""
        ...

    async def learn(self, ids: Iterable[int]) -> None:
        """Ask for ids not known yet; where the registry is silent they stay unknown."""
        ...

    def given_up(self, schema_id: int) -> bool:
        """Say whether the registry has not known the id for long enough."""
        ...


@dataclass(slots=True)
class Item:
    """Something at hand for a lane, not yet looked at."""

    lane: Lane
    raw: Raw
    taking: int
    """Under which taking of the lane it was gathered: under another one it does not count."""
    input: Input | None = None
    parked: ParkedRow | None = None
    """Set when it is heard again after having been parked."""
    spends: DueRow | None = None
    """The row of `due` that it was passed on by, or a replay that ends with it: gone then."""
    dismisses: UUID | None = None
    """The parked message that goes with it, unheard."""


@dataclass(slots=True)
class Heard:
    """A message with all that the turn needs to know of it."""

    lane: Lane
    raw: Raw
    message: Message
    key: Key
    unit: str
    """What is parked together: the case, or the key where there is none."""
    hash: bytes | None = None
    """Of its content, where identity decides."""
    parked: ParkedRow | None = None

    @property
    def place(self) -> str:
        """Say where it came from."""
        return place_of(self.raw)


@dataclass(slots=True)
class Unreadable:
    """A record from outside of which nothing can be made: parked, and the next one is heard."""

    lane: Lane
    record: Record
    why: str


@dataclass(slots=True)
class Poisoned:
    """A record of ours that does not decode: poison of the case that its header names."""

    lane: Lane
    record: Record
    unit: str
    why: str


@dataclass(slots=True)
class Forward:
    """A message for another lane, or for later: put into `due` as it came."""

    lane: Lane
    record: Record
    key: Key
    later_s: float = 0.0


type Finding = Heard | Unreadable | Poisoned | Forward


def place_of(raw: Raw) -> str:
    """Say where a message came from."""
    if isinstance(raw, Record):
        return f"{raw.topic}[{raw.partition}]@{raw.offset}"
    return f"due/{raw.kind}/{raw.due_id}"


@dataclass(slots=True)
class Ears:
    """Hears for one service. Pure but for the counters it is given."""

    service: Service[Any, Any]
    schemas: Schemas
    lane_of: Callable[[str], int]
    template_of: Callable[[str], str]
    """A topic's name → the catalogue's template."""
    hears: Mapping[str, Mapping[str, type[Any]]]
    """template → full name → record type."""
    count: Callable[[str], None]

    def hear(self, item: Item, position: Position | None) -> Finding | None:
        """Say what an item is; moves `position` past it. None: nothing to hear. Raises Stuck."""
        raw = item.raw
        if isinstance(raw, DueRow):
            return self._due(item, raw)
        try:
            return self._record(item, raw, position)
        except Stuck:
            raise
        except Exception as error:
            why = brief(error)
            if self._is_outside(raw):
                return Unreadable(item.lane, raw, why)
            return _poisoned(item, raw, why)

    def _record(self, item: Item, raw: Record, position: Position | None) -> Finding | None:
        if item.input is None or position is None:
            return self._outside(item, raw) if self._is_outside(raw) else self._ours(item, raw)
        if raw.offset < position.next_offset:
            self.count("repeat")
            return None
        position.next_offset = raw.offset + 1
        match item.input.kind:
            case "outside":
                return self._outside(item, raw)
            case "own":
                return self._own(item, raw, position)
            case kind:
                if not self._counts(item.input, raw, position, table=kind == "table"):
                    return None
                return self._ours(item, raw)

    def _is_outside(self, record: Record) -> bool:
        return is_outside(self.template_of(record.topic))

    def _counts(self, heard: Input, record: Record, position: Position, *, table: bool) -> bool:
        """Say whether a numbered record is the one that follows; keeps the count."""
        number = number_of(record.headers)
        if number is None:
            raise Stuck(f"{place_of(record)} has no number: it was not written by its owner")
        incarnation, seq = number
        last = (position.incarnation, position.last_seq)
        if table:
            position.incarnation, position.last_seq = max(last, number)
            return True
        follows = last[1] == ANY_NUMBER or (incarnation == last[0] and seq == last[1] + 1)
        if follows or (incarnation > last[0] and seq == 1):
            position.incarnation, position.last_seq = number
            heard.ahead, heard.ahead_since = False, None
            return True
        heard.ahead = heard.ahead or number > last
        self.count("ahead" if number > last else "repeat")
        return False

    def _own(self, item: Item, record: Record, position: Position) -> None:
        """Read back our own table topic: a number below the highest one read may lie wrong."""
        number = number_of(record.headers)
        if number is None or record.key is None or item.input is None:
            raise Stuck(f"{place_of(record)} has no number or key: it was not written by its owner")
        key, doubts = record.key.decode(), item.input.doubts
        output = item.lane.outputs.get(record.topic)
        # Of an incarnation before ours: the store may not know the key any more.
        is_old = output is not None and number[0] < output.spoken.incarnation
        last = (position.incarnation, position.last_seq)
        if number > last:
            position.incarnation, position.last_seq = number
        if number <= last or is_old or key in doubts:
            doubts[key] = number
            if position.doubtful_from is None:
                position.doubtful_from = record.offset

    def _ours(self, item: Item, record: Record) -> Heard | Poisoned | None:
        """Decode a record of one of our services, if this one hears its type."""
        template = self.template_of(record.topic)
        types = self.hears[template]
        if record.value is None:
            return self._tombstone(item, record, next(iter(types.values())))
        try:
            writer = self._writer(record.value)
            kind = types.get(writer[0])
            if kind is None:
                self.count("unheard")
                return None
            body: Any = decode(record.value, writer_schema=writer[1])
        except Undecodable as error:
            return _poisoned(item, record, str(error))
        meta = body.meta
        message = Message(
            kind=kind.__name__,
            body=body,
            message_id=UUID(meta.event_id),
            tenant=meta.tenant,
            source=record.topic.split(".")[1],
            actor=Actor("mesh", self.service.name),
            correlation_id=UUID(meta.correlation_id),
            case_id=UUID(meta.case_id) if meta.case_id else None,
            version=number_of(record.headers) or (0, 0),
        )
        return self._heard(item, message, self.service.key_of(message))

    def _tombstone(self, item: Item, record: Record, kind: type[Any]) -> Heard:
        """Hear that a key of a table topic is gone."""
        tenant, _, name = (record.key or b"").decode().partition("/")
        number = number_of(record.headers) or (0, 0)
        key = Key(tenant, name, "party" if "parties" in record.topic else "loan")
        message = Message(
            kind=kind.__name__,
            body=None,
            message_id=uuid5(NAMESPACE, f"gone/{record.topic}/{record.partition}/{number}"),
            tenant=tenant,
            source=record.topic.split(".")[1],
            actor=Actor("mesh", self.service.name),
            correlation_id=uuid5(NAMESPACE, f"gone/{key.text}"),
            version=number,
        )
        return Heard(item.lane, record, message, key, f"{key.kind}:{key.text}", parked=item.parked)

    def _writer(self, value: bytes) -> tuple[str, str]:
        writer = self.schemas.writer_of(int.from_bytes(value[1:5])) if value[:1] == b"\0" else None
        if writer is None:
            raise Undecodable("its schema is not known")
        return writer

    def _outside(self, item: Item, record: Record) -> Finding | None:
        """Make a request of a record from outside, or say why that cannot be."""
        value = record.value
        if value is None:
            return Unreadable(item.lane, record, "no value")
        if len(value) < 5 or value[0] != 0:
            return Unreadable(item.lane, record, "not in Confluent's wire format (magic byte 0)")
        schema_id = int.from_bytes(value[1:5])
        writer = self.schemas.writer_of(schema_id)
        if writer is None:
            return self._unknown_schema(item, record, schema_id)
        kind = self.hears[self.template_of(record.topic)].get(writer[0])
        if kind is None:
            return Unreadable(item.lane, record, f"{writer[0]} is no request")
        try:
            body: Any = decode(value, writer_schema=writer[1])
        except Undecodable as error:
            return Unreadable(item.lane, record, str(error))
        why = why_unreadable(body, record.key)
        if why:
            return Unreadable(item.lane, record, why)
        source = record.topic.rpartition(".")[2]
        message_id = request_message_id(source, body.meta.tenant, body.request_id)
        message = Message(
            kind=kind.__name__,
            body=body,
            message_id=message_id,
            tenant=body.meta.tenant,
            source=source,
            actor=Actor("upstream", source),
            correlation_id=message_id,
            request_id=body.request_id,
            case_id=message_id,
        )
        key = self.service.key_of(message)
        if self.lane_of(key.text) != item.lane.number:
            return Forward(item.lane, record, key)
        return self._heard(item, message, key, content=record_hash(body))

    def _unknown_schema(self, item: Item, record: Record, schema_id: int) -> Unreadable | Forward:
        """An id that the registry does not know is looked up once more later, then unreadable."""
        if self.schemas.given_up(schema_id):
            return Unreadable(item.lane, record, f"the registry does not know schema {schema_id}")
        return Forward(item.lane, record, Key("-", "-", "unknown"), later_s=1.0)

    def _due(self, item: Item, row: DueRow) -> Heard:
        """Make a message of a command or a timer."""
        data = json.loads(row.payload)
        source = data["source"]
        timer = source == "timer"
        by = Person.from_json(data["by"]) if data.get("by") else None
        message = Message(
            kind=row.kind,
            body=data["body"],
            message_id=uuid5(row.due_id, row.due_at.isoformat()) if timer else row.due_id,
            tenant=row.key.tenant,
            source=source,
            actor=_actor_of(by, self.service.name),
            correlation_id=UUID(data["correlation_id"]),
            case_id=row.case_id,
            by=by,
            request_id=data.get("request_id"),
        )
        content = None if timer else content_hash(row.kind, data["body"])
        return self._heard(item, message, row.key, content=content)

    def _heard(self, item: Item, message: Message, key: Key, content: bytes | None = None) -> Heard:
        unit = str(message.case_id) if message.case_id else f"{key.kind}:{key.text}"
        return Heard(item.lane, item.raw, message, key, unit, content, item.parked)


def _actor_of(by: Person | None, service: str) -> Actor:
    if by is None:
        return Actor("mesh", service)
    return Actor("+".join(sorted(by.roles)) or "person", by.id)


def _poisoned(item: Item, record: Record, why: str) -> Poisoned:
    """Call a record of ours poison of the case that its header names. Raises Stuck without one."""
    subject = record.headers.get("ce_subject")
    if subject is None:
        raise Stuck(f"{place_of(record)}: {why}")
    return Poisoned(item.lane, record, subject.decode(), why)
