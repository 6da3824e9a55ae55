"""One turn: what was heard, decided and is to be written and said. No I/O in it.

A message's results are staged by themselves and merged when all of them are known to be sayable;
so a poisoned message leaves nothing behind but its parked row.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from mesh import hearing
from mesh.deciding import Decider, Staged
from mesh.hearing import Forward, Heard, Poisoned, Raw, Unreadable, place_of
from mesh.lane import Input, Lane, Output, State
from mesh.logs import brief
from mesh.metrics import Part
from mesh.ports import (
    DueRow,
    OutboxRow,
    ParkedRow,
    Position,
    Record,
    RequestRow,
    SaidRow,
    Spoken,
    TurnWrites,
)
from mesh.saying import Saying
from mesh.service import (
    NAMESPACE,
    Answer,
    Change,
    Key,
)
from mesh.wire import event_headers, pack_due, pack_record


@dataclass(slots=True)
class Turn:
    """Collects what a turn writes. `now` is the turn's one moment."""

    decider: Decider
    now: datetime
    epochs: Mapping[int, int]
    """The lanes held when the turn began, and under which epoch: the fence compares it."""
    takings: Mapping[int, int]
    lanes: dict[int, Lane] = field(default_factory=dict[int, Lane])
    positions: dict[tuple[str, int], Position] = field(
        default_factory=dict[tuple[str, int], Position]
    )
    spoken: dict[tuple[int, str], Spoken] = field(default_factory=dict[tuple[int, str], Spoken])
    writes: TurnWrites = field(default_factory=TurnWrites)
    changes: dict[Key, Change[Any, Any]] = field(default_factory=dict[Key, Change[Any, Any]])
    parked: dict[tuple[int, str], UUID] = field(default_factory=dict[tuple[int, str], UUID])
    logs: list[Saying] = field(default_factory=list[Saying])
    tables: dict[tuple[str, str], Saying] = field(default_factory=dict[tuple[str, str], Saying])
    identities: dict[UUID, RequestRow] = field(default_factory=dict[UUID, RequestRow])
    """Requests and commands decided before, in this turn or an earlier one."""
    answers: list[RequestRow] = field(default_factory=list[RequestRow])
    poisons: list[str] = field(default_factory=list[str])
    """For each message that was poisoned: the upstream that sent it; empty for facts of ours."""
    heard: int = 0
    seconds: dict[Part, float] = field(default_factory=dict[Part, float])
    """What its parts took so far."""
    heard_at_ms: list[int] = field(default_factory=list[int])
    """When the broker took the records that were heard."""

    def position(self, heard: Input) -> Position:
        """Give this turn's copy of an input's position."""
        place = (heard.position.topic, heard.position.partition)
        if place not in self.positions:
            self.positions[place] = replace(heard.position)
        return self.positions[place]

    def hear(self, heard: Heard, state: Any, *, condemned: str = "") -> Any:
        """Decide one message on a state; gives the state after. `condemned`: why it is poison."""
        identity = self.identities.get(heard.message.message_id)
        self.lanes[heard.lane.number] = heard.lane
        if isinstance(heard.raw, DueRow) and heard.parked is None:
            self.writes.due_gone.append(heard.raw.due_id)
        first = self._waits_behind(heard)
        if first is not None:
            self.park(heard, reason="behind a parked message of the same case", behind=first)
            return state
        if heard.hash is not None and identity is not None:
            if identity.content_hash == heard.hash or isinstance(heard.raw, DueRow):
                return self._done(heard, state)
            heard = self._reused(heard)
        if condemned:
            self.poison(heard, condemned)
            return state
        try:
            staged = self.decider.decide(heard, state, now=self.now)
        except Exception as error:
            self.poison(heard, brief(error))
            return state
        self._merge(heard, state, staged)
        return self._done(heard, staged.after)

    def _waits_behind(self, heard: Heard) -> UUID | None:
        """Give the parked message that this one has to wait for."""
        first = self.parked.get((heard.lane.number, heard.unit))
        if first is None:
            first = heard.lane.parked.get(heard.unit)
            if first in self.writes.unparked:
                return None
        is_first = heard.parked is not None and heard.parked.parked_id == first
        return None if is_first else first

    def _done(self, heard: Heard, state: Any) -> Any:
        self.heard += 1
        if isinstance(heard.raw, Record):
            self.heard_at_ms.append(heard.raw.timestamp_ms)
        if heard.parked:
            self.writes.unparked.append(heard.parked.parked_id)
        return state

    def _reused(self, heard: Heard) -> Heard:
        """Turn a request into the news that its identity stands for another one."""
        assert heard.hash is not None
        old = heard.message
        message_id = uuid5(old.message_id, f"reused/{heard.hash.hex()}")
        message = replace(old, message_id=message_id, case_id=None, refusal="ID_REUSED")
        return replace(heard, message=message, hash=None)

    def _merge(self, heard: Heard, before: Any, staged: Staged) -> None:
        """Make a message's results part of the turn."""
        if staged.told:
            known = self.changes.get(heard.key)
            if known is None:
                self.changes[heard.key] = Change(
                    heard.key, heard.lane.number, before, staged.after, staged.told
                )
            else:
                known.after = staged.after
                known.told = [*known.told, *staged.told]
        for saying in staged.sayings:
            if self.decider.topics.is_table(saying.topic):
                self.tables[saying.topic, saying.key] = saying
            else:
                self.logs.append(saying)
        if staged.cancelled:
            gone = set(staged.cancelled)
            self.writes.due_put = [row for row in self.writes.due_put if row.due_id not in gone]
            self.writes.due_gone += staged.cancelled
        self.writes.due_put += staged.later
        if heard.hash is not None:
            self._answer(heard, staged.answer)

    def _answer(self, heard: Heard, answer: Answer | None) -> None:
        message = heard.message
        waits = isinstance(heard.raw, DueRow)
        row = RequestRow(
            message_id=message.message_id,
            source=message.source,
            tenant=message.tenant,
            request_id=message.request_id or str(message.message_id),
            content_hash=heard.hash or b"",
            case_id=message.case_id if waits or not (answer and answer.code) else None,
            code=answer.code if answer else None,
            reply=json.dumps(dict(answer.body) if answer else {}, default=str) if waits else None,
        )
        self.writes.requests.append(row)
        self.identities[row.message_id] = row
        if waits:
            self.answers.append(row)

    def poison(self, heard: Heard, reason: str) -> None:
        """Park a message, and with it whatever its case hears from now on (lanes 22)."""
        from_outside = heard.message.actor.role == "upstream"
        self.poisons.append(heard.message.source if from_outside else "")
        self.park(heard, reason=reason, behind=None)

    def park(self, heard: Heard, *, reason: str, behind: UUID | None) -> None:
        """Park a message that was heard."""
        self._park(
            heard.lane,
            heard.raw,
            unit=heard.unit,
            reason=reason,
            behind=behind,
            known=heard.parked,
            case_id=heard.message.case_id,
        )

    def _park(
        self,
        lane: Lane,
        raw: Raw,
        *,
        unit: str,
        reason: str,
        behind: UUID | None,
        known: ParkedRow | None = None,
        case_id: UUID | None = None,
    ) -> None:
        self.lanes[lane.number] = lane
        place = place_of(raw)
        parked_id = known.parked_id if known else uuid5(NAMESPACE, f"parked/{place}")
        if behind == parked_id:
            return  # put in again while it is parked: it is there already
        is_due = isinstance(raw, DueRow)
        self.writes.parked.append(
            ParkedRow(
                parked_id=parked_id,
                lane=lane.number,
                unit=unit,
                behind=behind,
                origin="due" if is_due else "record",
                place=place,
                reason=reason,
                packed=pack_due(raw) if isinstance(raw, DueRow) else pack_record(raw),
                case_id=case_id,
            )
        )
        self.parked.setdefault((lane.number, unit), behind or parked_id)

    def note(self, found: Poisoned | Forward, *, now: datetime) -> None:
        """Take in what needs no decision: a record of ours to park, or one to pass on."""
        self.lanes[found.lane.number] = found.lane
        record = found.record
        if isinstance(found, Poisoned):
            behind = self.parked.get((found.lane.number, found.unit)) or found.lane.parked.get(
                found.unit
            )
            self.poisons.append("")
            self._park(found.lane, record, unit=found.unit, reason=found.why, behind=behind)
            return
        place = place_of(record)
        self.writes.due_put.append(
            DueRow(
                lane=found.lane.number
                if found.later_s
                else self.decider.topics.lane_of(found.key.text),
                due_at=now + timedelta(seconds=found.later_s),
                due_id=uuid5(NAMESPACE, f"forward/{place}"),
                case_id=None,
                kind=hearing.FORWARDED,
                key=found.key,
                payload=pack_record(record),
            )
        )

    def lay_aside(self, found: Unreadable) -> None:
        """Keep an unreadable record's bytes and copy it to the dead letters."""
        record = found.record
        place = place_of(record)
        self._park(found.lane, record, unit=f"unreadable/{place}", reason=found.why, behind=None)
        headers = [(name, value) for name, value in record.headers.items() if len(value) < 1024][
            :20
        ]
        headers += [("dead-place", place.encode()), ("dead-reason", found.why[:500].encode())]
        key = (record.key or b"-").decode("utf-8", "replace")[:256] or "-"
        event_id = str(uuid5(NAMESPACE, f"dead/{place}"))
        self.logs.append(
            Saying(
                found.lane,
                self.decider.topics.dead_letters,
                key,
                record.value,
                event_id,
                "DeadLetter",
                key,
                event_id,
                headers=headers,
            )
        )

    def say_again(self, lane: Lane, row: SaidRow) -> None:
        """Say a key of a table topic once more, as the store has it."""
        self.lanes[lane.number] = lane
        event_id = str(uuid5(NAMESPACE, f"again/{row.topic}/{row.key}/{row.incarnation}/{row.seq}"))
        kind = self.decider.topics.kind_said(row.topic, row.value)
        self.tables.setdefault(
            (row.topic, row.key),
            Saying(lane, row.topic, row.key, row.value, event_id, kind, row.key, event_id),
        )

    def is_current(self, lane: Lane) -> bool:
        """Say whether a lane is held as it was when the turn began."""
        return lane.state is State.RUNNING and self.takings.get(lane.number) == lane.taking

    def know(self, lane: Lane, output: Output) -> None:
        """Let an output's acknowledgements go into the store with this turn."""
        self.lanes[lane.number] = lane
        self.spoken.setdefault((lane.number, output.spoken.topic), replace(output.spoken))

    def finish(self, *, incarnation: int) -> TurnWrites:
        """Number what is said and give all that is to be written. `incarnation`: of new outputs."""
        writes = self.writes
        at = self.now.isoformat()
        source = f"/writeoff/{self.decider.service.name}"
        for saying in self.logs:
            writes.outbox.append(self._number(saying, incarnation, at=at, source=source))
        for (topic, key), saying in self.tables.items():
            row = self._number(saying, incarnation, at=at, source=source)
            writes.outbox.append(row)
            writes.said.append(SaidRow(topic, row.lane, key, row.incarnation, row.seq, row.value))
        # A lane taken since has another epoch: then this turn is not its owner's.
        writes.lanes = {number: self.epochs.get(number, -1) for number in sorted(self.lanes)}
        writes.positions = [_kept(position) for position in self.positions.values()]
        writes.spoken = list(self.spoken.values())
        writes.at = self.now
        return writes

    def _number(self, saying: Saying, incarnation: int, *, at: str, source: str) -> OutboxRow:
        self.lanes[saying.lane.number] = saying.lane
        place = (saying.lane.number, saying.topic)
        spoken = self.spoken.get(place)
        if spoken is None:
            known = saying.lane.outputs.get(saying.topic)
            spoken = (
                replace(known.spoken)
                if known
                else Spoken(saying.topic, place[0], incarnation, 0, 0)
            )
            self.spoken[place] = spoken
        spoken.last_seq += 1
        headers = event_headers(
            event_id=saying.event_id,
            source=source,
            kind=saying.kind,
            subject=saying.subject,
            at=at,
            correlation_id=saying.correlation_id,
            incarnation=spoken.incarnation,
            seq=spoken.last_seq,
        )
        return OutboxRow(
            topic=saying.topic,
            lane=place[0],
            incarnation=spoken.incarnation,
            seq=spoken.last_seq,
            key=saying.key,
            headers=[*headers, *(saying.headers or ())],
            value=saying.value,
        )


def _kept(position: Position) -> Position:
    """Give what the store keeps: nothing in doubt is behind it, or a new owner would not see it."""
    if position.doubtful_from is None:
        return position
    return replace(position, next_offset=position.doubtful_from)
