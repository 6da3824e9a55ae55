"""What is to be said, encoded and not numbered yet."""

from dataclasses import dataclass
from uuid import uuid5

from contracts.codec import encode

from mesh.hearing import Heard, Schemas
from mesh.lane import Lane
from mesh.limits import RECORD_BYTES_MAX
from mesh.service import Outgoing
from mesh.topics import Topics


class Unsayable(Exception):
    """What a service wants to say cannot be: no topic of its own, too large."""


@dataclass(slots=True)
class Saying:
    """An encoded record that has no number yet."""

    lane: Lane
    topic: str
    key: str
    value: bytes | None
    event_id: str
    kind: str
    subject: str
    correlation_id: str
    headers: list[tuple[str, bytes]] | None = None
    """Ready-made ones, for a dead letter."""


def to_saying(heard: Heard, said: Outgoing, *, topics: Topics, schemas: Schemas) -> Saying:
    """Encode a record. Raises Unsayable, or whatever a value breaks that its schema forbids."""
    if said.topic not in topics.says:
        raise Unsayable(f"{said.topic} is not a topic of this service")
    if not said.key:
        raise Unsayable(f"a record for {said.topic} has no key")
    record = said.record
    correlation_id = str(heard.message.correlation_id)
    if record is None:
        event_id = str(uuid5(heard.message.message_id, f"gone/{said.topic}/{said.key}"))
        return Saying(
            heard.lane,
            said.topic,
            said.key,
            None,
            event_id,
            "Tombstone",
            heard.unit,
            correlation_id,
        )
    kind = record.FULL_NAME
    value = encode(record, schemas.id_of(said.topic, kind))
    if len(value) > RECORD_BYTES_MAX:
        raise Unsayable(f"{kind} of {len(value)} bytes is above {RECORD_BYTES_MAX}")
    meta = record.meta
    return Saying(
        heard.lane, said.topic, said.key, value, meta.event_id, kind, heard.unit, correlation_id
    )
