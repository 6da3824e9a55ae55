"""What notifications hears, and the six functions that the mesh calls."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from contracts.records.ledger import Party, WriteOffPosted
from mesh.service import Change, Hears, Key, Message, Reader, Said, Transaction

from notifications.domain import correspondence
from notifications.domain.events import Event
from notifications.domain.notices import State
from notifications.domain.policy import Policy
from notifications.wire.heard import to_command
from notifications.wire.said import say


class States(Protocol):
    """Where notices and parties are kept."""

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        """Give every key's state, an empty one where nothing is known."""
        ...

    async def save(self, tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
        """Keep what is new or changed."""
        ...


class Notifications:
    """Who is told."""

    name = "notifications"
    hears: Sequence[Hears] = (
        Hears("writeoff.ledger.v1", (WriteOffPosted,)),
        Hears("writeoff.parties.v1", (Party,)),
    )

    def __init__(self, states: States, policy: Policy) -> None:
        """Serve from these states, under this policy."""
        self._states = states
        self._policy = policy

    def key_of(self, message: Message) -> Key:
        """Say which loan or party a fact is about."""
        if isinstance(message.body, Party):
            return Key(message.tenant, message.body.party_id, "party")
        return Key(message.tenant, message.body.meta.loan_id)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        """Give the keys' states."""
        return await self._states.load(reader, wanted)

    def is_enough(self, state: State, message: Message) -> bool:
        """Say that a kept state is whole: it does not depend on the message."""
        return True

    def decide(self, state: State, message: Message, *, now: datetime) -> Sequence[Event]:
        """Say what happens."""
        return correspondence.decide(state, to_command(message), now=now, policy=self._policy)

    def evolve(self, state: State, event: Event) -> State:
        """Apply an event."""
        return correspondence.evolve(state, event)

    async def save(self, tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
        """Keep what changed."""
        await self._states.save(tx, changes)

    def say(self, change: Change[State, Event]) -> Sequence[Said]:
        """Say what others must hear."""
        return say(change)
