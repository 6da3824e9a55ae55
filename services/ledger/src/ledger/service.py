"""The ledger as the mesh sees it: posts what is granted, takes loans and parties in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, assert_never

from contracts.records.authorization import AuthorizationGranted
from mesh.service import (
    Answer,
    Change,
    Hears,
    Key,
    Message,
    Outgoing,
    Reader,
    Said,
    Told,
    Transaction,
)

from ledger import wire
from ledger.domain import decide as domain
from ledger.domain.decide import (
    Event,
    ImportRefused,
    ImportUnchanged,
    LoanImported,
    PartyImported,
    PartyState,
    PostingRefused,
    State,
    WriteOffPosted,
)
from ledger.domain.policy import Policy

LEDGER = "writeoff.ledger.v1"
LOANS = "writeoff.loans.v1"
PARTIES = "writeoff.parties.v1"


class States(Protocol):
    """Where states are kept."""

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        """Give a state for every key."""
        ...

    async def save(self, tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
        """Keep what changed."""
        ...


class Ledger:
    """The six functions."""

    name = "ledger"
    hears: Sequence[Hears] = (Hears("writeoff.authorization.v1", (AuthorizationGranted,)),)

    def __init__(self, states: States, policy: Policy) -> None:
        self._states = states
        self._policy = policy

    def key_of(self, message: Message) -> Key:
        """Say whose state the message concerns."""
        return wire.key_of(message)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        """Give a state for every key."""
        return await self._states.load(reader, wanted)

    def decide(self, state: State, message: Message, *, now: datetime) -> Sequence[Event]:
        """Say what happens."""
        return domain.decide(state, wire.to_command(message), now=now, policy=self._policy)

    def evolve(self, state: State, event: Event) -> State:
        """Apply an event."""
        return domain.evolve(state, event)

    async def save(self, tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
        """Keep what changed."""
        await self._states.save(tx, changes)

    def say(self, change: Change[State, Event]) -> Sequence[Said]:
        """Say what others must hear of one message's change."""
        return [said for told in change.told for said in _say(change, told)]


def _say(change: Change[State, Event], told: Told[Event]) -> Sequence[Said]:
    key, event = change.key, told.event
    text = key.text
    match event:
        case WriteOffPosted():
            snapshot = wire.to_snapshot(key, told, event.loan, case_id=event.entry.case_id)
            return (
                Outgoing(LEDGER, key.id, wire.to_posted(key, told, event)),
                Outgoing(LOANS, text, snapshot),
            )
        case PostingRefused():
            return (Outgoing(LEDGER, key.id, wire.to_refused(key, told, event)),)
        case LoanImported():
            snapshot = wire.to_snapshot(key, told, event.loan)
            return Outgoing(LOANS, text, snapshot), Answer({"result": "imported"})
        case PartyImported():
            assert isinstance(change.after, PartyState)
            party = wire.to_party(key, told, event.party, version=change.after.version)
            return Outgoing(PARTIES, text, party), Answer({"result": "imported"})
        case ImportUnchanged():
            return (Answer({"result": "unchanged"}),)
        case ImportRefused(refused):
            told_why = {"result": "refused", "message": refused.message, "field": refused.field}
            return (Answer(told_why, refused.code),)
        case _:
            assert_never(event)
