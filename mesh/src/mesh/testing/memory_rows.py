"""The mesh's rows in memory, changed as `mesh.turn` changes its tables (migrations/001_mesh.sql).

Plain data: a simulation may copy all of it, and put the copy back as a store that went back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from mesh.ports import (
    DueRow,
    Fenced,
    LaneRow,
    Moved,
    OutboxRow,
    ParkedRow,
    Position,
    Recovered,
    Refused,
    RequestRow,
    SaidRow,
    Spoken,
    TurnWrites,
)
from mesh.service import Key

UNREADABLE = "unreadable/"
"""Units of which nothing has to wait."""


@dataclass(slots=True)
class Lane:
    """A lane's row."""

    epoch: int = 0
    owner: str | None = None
    until: datetime | None = None
    """None: given back."""
    turned_at: datetime | None = None
    store_id: str | None = None
    deaths: int = 0
    trying: str | None = None
    suspect: str | None = None
    """What its last owner tried when he was gone."""
    tries: int = 0

    def is_free(self, now: datetime) -> bool:
        """Say whether anybody may take it."""
        return self.owner is None or self.until is None or self.until < now

    def bury(self) -> None:
        """Its owner is gone without giving it back: what he was about to hear may be why."""
        self.deaths += 1
        if self.trying is not None:
            self.tries = self.tries + 1 if self.trying == self.suspect else 1
            self.suspect, self.trying = self.trying, None

    def is_held(self, instance: str, epoch: int) -> bool:
        """Say whether it is this instance's under this epoch."""
        return self.owner == instance and self.epoch == epoch


@dataclass(slots=True)
class Rows:
    """All rows of one store."""

    store_id: str = "memory/1"
    instances: dict[str, datetime] = field(default_factory=dict[str, datetime])
    lanes: dict[int, Lane] = field(default_factory=dict[int, Lane])
    inputs: dict[tuple[str, int], Position] = field(default_factory=dict[tuple[str, int], Position])
    outputs: dict[tuple[int, str], Spoken] = field(default_factory=dict[tuple[int, str], Spoken])
    outbox: dict[tuple[int, str], list[OutboxRow]] = field(
        default_factory=dict[tuple[int, str], list[OutboxRow]]
    )
    said: dict[tuple[str, str], SaidRow] = field(default_factory=dict[tuple[str, str], SaidRow])
    due: dict[UUID, DueRow] = field(default_factory=dict[UUID, DueRow])
    """In the order in which they were put."""
    requests: dict[UUID, RequestRow] = field(default_factory=dict[UUID, RequestRow])
    identities: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])
    parked: dict[UUID, ParkedRow] = field(default_factory=dict[UUID, ParkedRow])
    """In the order in which they were put."""
    repairs: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    states: dict[Key, Any] = field(default_factory=dict[Key, Any])
    """A service's own, as MemoryStates keeps them."""

    # --- lanes --------------------------------------------------------------------------------

    def see(self, instance: str, *, lanes: int, now: datetime) -> None:
        """Note that an instance lives; make the lanes at the first sight."""
        self.instances[instance] = now
        for gone in [n for n, at in self.instances.items() if at < now - timedelta(hours=1)]:
            del self.instances[gone]
        for number in range(lanes):
            self.lanes.setdefault(number, Lane())

    def lane_rows(self, now: datetime) -> list[LaneRow]:
        """Give all lanes; the lease of one that was given back is over."""
        return [
            LaneRow(number, lane.epoch, lane.owner, lane.until is None or lane.until < now)
            for number, lane in sorted(self.lanes.items())
        ]

    def fence(self, lanes: Mapping[int, int], instance: str) -> None:
        """Raises Fenced where a lane is not this instance's under its epoch."""
        for number, epoch in lanes.items():
            if number not in self.lanes or not self.lanes[number].is_held(instance, epoch):
                raise Fenced(f"fenced: lane {number}")

    # --- reading ------------------------------------------------------------------------------

    def recovered(self, lane: int) -> Recovered:
        """Give what a lane needs to start."""
        parked: dict[str, UUID] = {}
        for row in self.parked.values():
            if row.lane == lane and not row.unit.startswith(UNREADABLE):
                parked.setdefault(row.unit, row.behind or row.parked_id)
        spoken = {t: s for (n, t), s in sorted(self.outputs.items()) if n == lane}
        return Recovered(
            turned_at=self.lanes[lane].turned_at,
            deaths=self.lanes[lane].deaths,
            store_id=self.lanes[lane].store_id,
            positions=[replace(position) for position in self.inputs.values()],
            spoken=[replace(each) for each in spoken.values()],
            outbox=[row for each in spoken.values() for row in self.unacknowledged(each)],
            parked=parked,
        )

    def unacknowledged(self, spoken: Spoken) -> list[OutboxRow]:
        """Give an output's rows above acked_seq, in order."""
        rows = [
            replace(row)
            for row in self.outbox.get((spoken.lane, spoken.topic), ())
            if row.incarnation == spoken.incarnation and row.seq > spoken.acked_seq
        ]
        return sorted(rows, key=lambda row: row.seq)

    def due_of(self, lanes: Iterable[int]) -> list[DueRow]:
        """Give what waits in these lanes, in order of (due_at, put)."""
        chosen = set(lanes)
        return sorted(
            (replace(row) for row in self.due.values() if row.lane in chosen),
            key=lambda row: row.due_at,
        )

    # --- a turn -------------------------------------------------------------------------------

    def check(self, writes: TurnWrites) -> None:
        """Raises Moved where an identity is taken, Refused where a constraint is broken."""
        for request in writes.requests:
            if request.message_id in self.requests or _identity(request) in self.identities:
                raise Moved("an identity was taken meanwhile")
        for spoken in writes.spoken:
            if spoken.acked_seq > spoken.last_seq:
                raise Refused("23514 acked_seq is above last_seq")

    def apply(self, writes: TurnWrites, *, until: datetime) -> None:
        """Write a turn; checked before."""
        for number in writes.lanes:
            self.lanes[number].turned_at = writes.at
            self.lanes[number].until = until
        for request in writes.requests:
            self.requests[request.message_id] = replace(request)
            self.identities.add(_identity(request))
        for position in writes.positions:
            self.inputs[position.topic, position.partition] = replace(position)
        for spoken in writes.spoken:
            self.outputs[spoken.lane, spoken.topic] = replace(spoken)
        for row in writes.outbox:
            self.outbox.setdefault((row.lane, row.topic), []).append(replace(row))
        for said in writes.said:
            self.said[said.topic, said.key] = replace(said)
        for gone in writes.due_gone:
            self.due.pop(gone, None)
        for due in writes.due_put:
            self._put_again(due)
        for parked in writes.parked:
            known = self.parked.get(parked.parked_id)
            self.parked[parked.parked_id] = replace(
                known or parked, reason=parked.reason, behind=parked.behind
            )
        for gone in writes.unparked:
            self.parked.pop(gone, None)

    def put(self, rows: Iterable[DueRow]) -> None:
        """Put commands in; what is there already is not changed."""
        for due_id, row in {row.due_id: row for row in rows}.items():
            self.due.setdefault(due_id, replace(row))

    def _put_again(self, row: DueRow) -> None:
        """Put a timer in; one that is there keeps its place and gets a new time and payload."""
        known = self.due.get(row.due_id)
        self.due[row.due_id] = replace(known or row, due_at=row.due_at, payload=row.payload)


def _identity(request: RequestRow) -> tuple[str, str, str]:
    return request.source, request.tenant, request.request_id
