"""The ledger as the mesh sees it: posts what is granted and asked, takes loans and parties in."""

from collections.abc import Callable, Mapping, Sequence
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

from ledger.domain import decide as domain
from ledger.domain.events import (
    AskRefused,
    ChargeOffReported,
    Event,
    ImportRefused,
    ImportUnchanged,
    LoanImported,
    PartyImported,
    PartyState,
    Posted,
    PostingRefused,
    Provisioned,
    RefinanceOpened,
    State,
)
from ledger.domain.policy import Policy
from ledger.wire import answers, heard, renewal, tables
from ledger.wire import told as facts

LEDGER = "writeoff.ledger.v1"
LOANS = "writeoff.loans.v1"
PARTIES = "writeoff.parties.v1"


type PolicyOf = Callable[[Message], Policy]
"""Which policy holds for a message."""


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

    def __init__(self, states: States, policy_of: PolicyOf) -> None:
        """Post by the policy that holds for each message."""
        self._states = states
        self._policy_of = policy_of

    def key_of(self, message: Message) -> Key:
        """Say whose state a record concerns."""
        return heard.key_of(message)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        """Give a state for every key."""
        return await self._states.load(reader, wanted)

    def decide(self, state: State, message: Message, *, now: datetime) -> Sequence[Event]:
        """Say what happens."""
        command = heard.to_command(message, state, now=now)
        return domain.decide(state, command, now=now, policy=self._policy_of(message))

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
    match event:
        case Posted():
            return _say_posted(key, told, event)
        case PostingRefused():
            return (Outgoing(LEDGER, key.id, facts.to_refused(key, told, event)),)
        case AskRefused():
            return (answers.to_answer(event),)
        case Provisioned():
            record = facts.to_provisioned(key, told, event)
            return Outgoing(LEDGER, key.id, record), answers.to_answer(event)
        case ChargeOffReported():
            record = facts.to_reported(key, told, event)
            return Outgoing(LEDGER, key.id, record), answers.to_answer(event)
        case RefinanceOpened(loan, entry):
            snapshot = tables.to_snapshot(key, told, loan, case_id=entry.case_id)
            posted = renewal.to_refinanced(key, told, event)
            return (
                *([Outgoing(LEDGER, key.id, posted)] if posted else []),
                Outgoing(LOANS, key.text, snapshot),
            )
        case LoanImported(loan):
            snapshot = tables.to_snapshot(key, told, loan)
            return Outgoing(LOANS, key.text, snapshot), Answer({"result": "imported"})
        case PartyImported(party):
            assert isinstance(change.after, PartyState)
            record = tables.to_party(key, told, party, version=change.after.version)
            return Outgoing(PARTIES, key.text, record), Answer({"result": "imported"})
        case ImportUnchanged():
            return (Answer({"result": "unchanged"}),)
        case ImportRefused(refused):
            told_why = {"result": "refused", "message": refused.message, "field": refused.field}
            return (Answer(told_why, refused.code),)
        case _:
            assert_never(event)


def _say_posted(key: Key, told: Told[Event], posted: Posted) -> Sequence[Said]:
    case_id = posted.ask.case_id
    snapshot = tables.to_snapshot(key, told, posted.loan, case_id=case_id)
    said: list[Said] = [
        Outgoing(LEDGER, key.id, record) for record in facts.to_facts(key, told, posted)
    ]
    said.append(Outgoing(LOANS, key.text, snapshot))
    if posted.opens:
        said.append(renewal.to_later(key, told, posted.opens))
    if case_id is None:
        said.append(answers.to_answer(posted))
    return said
