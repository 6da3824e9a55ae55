"""Two toy services on the real catalogue's topics: case opens, documents answers, case counts.

A case's id is the message_id of its request. What they count, they count in order, per loan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.records.case import CaseOpened, CaseStatus, RequestRefused
from contracts.records.common import Actor, Meta
from contracts.records.documents import RequirementsDetermined
from contracts.records.requests import WriteOffRequested
from mesh.service import (
    Answer,
    Change,
    Hears,
    Key,
    Later,
    Message,
    Outgoing,
    Reader,
    Said,
    Told,
    Transaction,
    micros,
)
from mesh.testing import MemoryStates

CASE_TOPIC = "writeoff.case.v1"
DOCUMENTS_TOPIC = "writeoff.documents.v1"


@dataclass(frozen=True)
class Opened:
    """A request was taken in."""

    case_id: UUID
    request_id: str
    remind_s: int


@dataclass(frozen=True)
class Answered:
    """The other service has answered about a case."""

    case_id: UUID


@dataclass(frozen=True)
class Reminded:
    """A timer came."""

    case_id: UUID


@dataclass(frozen=True)
class Refused:
    """A request was refused."""

    request_id: str
    code: str


type Event = Opened | Answered | Reminded | Refused


@dataclass(frozen=True)
class Loan:
    """What a service has heard about a loan, in order."""

    opened: tuple[UUID, ...] = ()
    answered: tuple[UUID, ...] = ()
    reminded: tuple[UUID, ...] = ()


class Toy:
    """What both have in common."""

    def __init__(self) -> None:
        self.broken = False
        """A bad build: raises at every loan whose id begins with POISON."""
        self.well = 0
        """So many of them go well all the same."""
        self._states = MemoryStates[Loan](lambda _: Loan())

    def key_of(self, message: Message) -> Key:
        return Key(message.tenant, message.body.meta.loan_id)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, Loan]:
        return await self._states.load(reader, wanted)

    async def save(self, tx: Transaction, changes: Sequence[Change[Loan, Event]]) -> None:
        await self._states.save(tx, changes)

    def _may_break(self, message: Message) -> None:
        is_fact = message.source not in ("door", "timer")
        if self.broken and is_fact and message.body.meta.loan_id.startswith("POISON"):
            if not self.well:
                raise ValueError("a bad build")
            self.well -= 1

    def evolve(self, state: Loan, event: Event) -> Loan:
        match event:
            case Opened():
                return replace(state, opened=(*state.opened, event.case_id))
            case Answered():
                return replace(state, answered=(*state.answered, event.case_id))
            case Reminded():
                return replace(state, reminded=(*state.reminded, event.case_id))
            case Refused():
                return state


class ToyCase(Toy):
    """Opens a case for every request, and counts what documents answers."""

    name = "case"
    hears: Sequence[Hears] = (
        Hears("writeoff.requests.v1.<source>", (WriteOffRequested,)),
        Hears(DOCUMENTS_TOPIC, (RequirementsDetermined,)),
    )

    def decide(self, state: Loan, message: Message, *, now: datetime) -> Sequence[Event]:
        match message:
            case Message(refusal=str() as code, request_id=str() as request_id):
                return [Refused(request_id, code)]
            case Message(kind="WriteOffRequested" | "OpenCase"):
                return self._open(state, message)
            case Message(kind="RequirementsDetermined", case_id=UUID() as case_id):
                self._may_break(message)
                return [] if case_id in state.answered else [Answered(case_id)]
            case Message(kind="Remind", case_id=UUID() as case_id):
                return [Reminded(case_id)]
            case _:
                raise AssertionError(f"nobody says {message.kind}")

    def _open(self, state: Loan, message: Message) -> Sequence[Event]:
        assert message.request_id is not None
        if message.message_id in state.opened:
            return []
        notes = message.body["notes"] if message.source == "door" else message.body.notes
        remind_s = int(notes) if notes and notes.isdigit() else 0
        return [Opened(message.message_id, message.request_id, remind_s)]

    def say(self, change: Change[Loan, Event]) -> Sequence[Said]:
        return [said for told in change.told for said in self._say(change, told)]

    def _say(self, change: Change[Loan, Event], told: Told[Event]) -> Sequence[Said]:
        key, event = change.key, told.event
        match event:
            case Opened():
                meta = told.meta(key, case_id=event.case_id)
                record = CaseOpened(
                    meta=meta,
                    case_number=f"{key.id}-{len(change.after.opened)}",
                    request_id=event.request_id,
                    channel="TOPIC",
                    source=told.message.source,
                )
                said: list[Said] = [Outgoing(CASE_TOPIC, key.id, record)]
                said += [self._status(change, told, event.case_id, "OPEN")]
                said += [Answer({"cases": len(change.after.opened)})]
                if event.remind_s:
                    due_at = told.at + timedelta(seconds=event.remind_s)
                    said.append(
                        Later(key, "Remind", str(event.case_id), due_at, case_id=event.case_id)
                    )
                return said
            case Answered():
                return [self._status(change, told, event.case_id, "ANSWERED")]
            case Reminded():
                return []
            case Refused():
                refused = RequestRefused(
                    meta=told.meta(key),
                    source=told.message.source,
                    request_id=event.request_id,
                    code=event.code,
                    message="it was used before",
                )
                return [Outgoing(CASE_TOPIC, key.id, refused)]

    def _status(
        self, change: Change[Loan, Event], told: Told[Event], case_id: UUID, state: str
    ) -> Outgoing:
        status = CaseStatus(
            meta=told.meta(change.key, case_id=case_id, part="status"),
            case_number=change.key.id,
            kind="WRITE_OFF",
            segment="PERSONAL",
            state=state,
            stage=state,
            portal_text=state,
            opened_at=micros(told.at),
            updated_at=micros(told.at),
        )
        return Outgoing(f"writeoff.status.v1.{change.key.tenant}", str(case_id), status)


class PacedCase(ToyCase):
    """Opens nothing new while much is on its way."""

    def on_the_way(self, state: Loan) -> int:
        return len(state.opened) - len(state.answered)

    async def count_on_the_way(self, reader: Reader, lane: int) -> int:
        return 0


class ToyDocuments(Toy):
    """Answers every case that was opened."""

    name = "documents"
    hears: Sequence[Hears] = (Hears(CASE_TOPIC, (CaseOpened,)),)

    def decide(self, state: Loan, message: Message, *, now: datetime) -> Sequence[Event]:
        self._may_break(message)
        assert message.case_id is not None
        return [] if message.case_id in state.answered else [Answered(message.case_id)]

    def say(self, change: Change[Loan, Event]) -> Sequence[Said]:
        return [
            Outgoing(
                DOCUMENTS_TOPIC,
                change.key.id,
                RequirementsDetermined(
                    meta=told.meta(change.key, case_id=told.message.case_id), requirements=[]
                ),
            )
            for told in change.told
        ]


def request(
    loan: str, request_id: str, *, tenant: str = "demo", notes: str | None = None
) -> WriteOffRequested:
    """Ask for a write-off."""
    nobody = "00000000-0000-0000-0000-000000000000"
    return WriteOffRequested(
        meta=Meta(
            event_id=nobody,
            tenant=tenant,
            loan_id=loan,
            occurred_at=0,
            correlation_id=nobody,
            causation_id=nobody,
            actor=Actor(role="upstream", id="upstream"),
        ),
        request_id=request_id,
        kind="WRITE_OFF",
        scope="FULL",
        date=20_000,
        reason="R1",
        litigation="N",
        fraud=False,
        related_party=False,
        collection_ceases=True,
        notes=notes,
    )


def services() -> dict[str, Any]:
    """Give one of each, by name."""
    return {"case": ToyCase(), "documents": ToyDocuments()}
