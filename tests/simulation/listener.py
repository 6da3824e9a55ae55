"""A sixth service, which writes down what it hears: to it a repeat is no repeat.

The five forgive much, since a fact that they know changes nothing. This one forgives nothing, so
it shows what the mesh promises to any reader: each record once, in order within its case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from contracts.catalogue import World as Catalogue
from contracts.catalogue import expand, records_of
from mesh.service import Change, Hears, Key, Message, Reader, Said, Transaction
from mesh.testing import MemoryStates
from mesh.topics import Topics

NAME = "listener"
SPEAKERS = ("case", "documents", "authorization", "ledger", "notifications")
HEARD = tuple(f"writeoff.{speaker}.v1" for speaker in SPEAKERS)


class Line(NamedTuple):
    """One record that was heard."""

    speaker: str
    case_id: UUID | None
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Notebook:
    """What was heard of one loan, line by line."""

    lines: tuple[Line, ...] = ()


class Listener:
    """Hears all logs of the five."""

    name = NAME
    hears: Sequence[Hears] = tuple(Hears(topic, records_of(topic)) for topic in HEARD)

    def __init__(self) -> None:
        self._states = MemoryStates[Notebook](lambda _: Notebook())

    def key_of(self, message: Message) -> Key:
        return Key(message.tenant, message.body.meta.loan_id)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, Notebook]:
        return await self._states.load(reader, wanted)

    def decide(self, state: Notebook, message: Message, *, now: datetime) -> Sequence[Line]:
        return [Line(message.source, message.case_id, message.message_id)]

    def evolve(self, state: Notebook, event: Line) -> Notebook:
        return replace(state, lines=(*state.lines, event))

    async def save(self, tx: Transaction, changes: Sequence[Change[Notebook, Line]]) -> None:
        await self._states.save(tx, changes)

    def say(self, change: Change[Notebook, Line]) -> Sequence[Said]:
        return []


def topics_heard(catalogue: Catalogue) -> Topics:
    """Let it hear what the catalogue does not know it to hear."""
    return Topics(
        lanes=catalogue.lanes,
        by_name={topic.name: topic for topic in expand(catalogue)},
        inputs=dict.fromkeys(HEARD, "log"),
        says=frozenset(),
        dead_letters="",
        hears={h.topic: {r.FULL_NAME: r for r in h.records} for h in Listener.hears},
    )
