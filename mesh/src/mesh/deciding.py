"""What one message does, before it counts: decided, said and encoded, or nothing at all."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from mesh.hearing import Heard, Schemas
from mesh.ports import DueRow
from mesh.saying import Saying, to_saying
from mesh.service import Answer, Cancel, Change, Later, Outgoing, Said, Service, Told, derive
from mesh.topics import Topics


@dataclass(slots=True)
class Staged:
    """What one message does, before it counts."""

    after: Any
    told: list[Told[Any]]
    sayings: list[Saying] = field(default_factory=list[Saying])
    later: list[DueRow] = field(default_factory=list[DueRow])
    cancelled: list[UUID] = field(default_factory=list[UUID])
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Decider:
    """Runs a service's pure functions on one message."""

    service: Service[Any, Any]
    topics: Topics
    schemas: Schemas

    def decide(self, heard: Heard, state: Any, *, now: datetime) -> Staged:
        """Run the service's pure functions and encode what they say. Raises whatever they raise."""
        service, message = self.service, heard.message
        after, told = state, list[Told[Any]]()
        places: dict[str, int] = {}
        for event in service.decide(state, message, now=now):
            kind = type(event).__name__
            place = places.get(kind, 0)
            places[kind] = place + 1
            told.append(Told(event, derive(message.message_id, kind, place), now, message))
            after = service.evolve(after, event)
        staged = Staged(after, told)
        if told:
            change = Change(heard.key, heard.lane.number, state, after, told)
            for said in service.say(change):
                self._stage(staged, heard, said)
        return staged

    def _stage(self, staged: Staged, heard: Heard, said: Said) -> None:
        match said:
            case Outgoing():
                staged.sayings.append(
                    to_saying(heard, said, topics=self.topics, schemas=self.schemas)
                )
            case Later():
                staged.later.append(self._later(heard, said))
            case Cancel():
                staged.cancelled.append(said.due_id)
            case Answer():
                staged.answer = said

    def _later(self, heard: Heard, later: Later) -> DueRow:
        payload = {
            "body": dict(later.body),
            "source": "timer",
            "correlation_id": str(heard.message.correlation_id),
        }
        return DueRow(
            lane=self.topics.lane_of(later.key.text),
            due_at=later.due_at,
            due_id=later.due_id,
            case_id=later.case_id,
            kind=later.kind,
            key=later.key,
            payload=json.dumps(payload).encode(),
        )
