"""The six functions around those of the ledger: what scenarios ask for is the rehearsal's own.

An id is answered once a tenant (rule 1): the same again gets the same answer, another command under
it is refused. Everything else is decided as for any tenant.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from mesh.service import (
    Answer,
    Change,
    Hears,
    Key,
    Message,
    Outgoing,
    Reader,
    Said,
    Service,
    Told,
    Transaction,
)

from ledger.domain import decide as domain
from ledger.domain.decide import Provide
from ledger.domain.events import (
    AskRefused,
    Event,
    LoanImported,
    Posted,
    Provisioned,
    RefinanceOpened,
    State,
)
from ledger.domain.loan import Loan
from ledger.rehearsal import messages, openings
from ledger.rehearsal.ids import IdAnswered, IdRepeated, Known, Rehearsed
from ledger.wire import renewal, tables

LOANS = "writeoff.loans.v1"
"""The one topic that rehearsals speak to: their loans are loans."""

type Scene = Event | IdAnswered | IdRepeated


class Ids(Protocol):
    """Where ids are kept."""

    async def load(
        self, reader: Reader, ids: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], Known]:
        """Give what is known of ids, by tenant and id."""
        ...

    async def add(self, tx: Transaction, ids: Sequence[tuple[str, IdAnswered]]) -> None:
        """Keep ids that were answered, each with its tenant."""
        ...


class Rehearsing:
    """A service in which some tenants are scenarios."""

    def __init__(
        self, inner: Service[Any, Any], *, ids: Ids, is_scenario: Callable[[str], bool]
    ) -> None:
        """Rehearse beside `inner`."""
        self.name = inner.name
        self.hears: Sequence[Hears] = inner.hears
        self._inner = inner
        self._ids = ids
        self._is_scenario = is_scenario

    def key_of(self, message: Message) -> Key:
        """Say whose state a record concerns: none is a scenario's."""
        return self._inner.key_of(message)

    async def load(self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]) -> dict[Key, Any]:
        """Give a state for every key."""
        states = await self._inner.load(reader, wanted)
        ours = {key: each for key, each in wanted.items() if self._is_scenario(key.tenant)}
        ids = [(key.tenant, name) for key, each in ours.items() for name in _ids(each)]
        known = await self._ids.load(reader, ids) if ids else {}
        for key in ours:
            of_tenant = {
                name: each for (tenant, name), each in known.items() if tenant == key.tenant
            }
            states[key] = Rehearsed(states[key], of_tenant)
        return states

    def decide(self, state: Any, message: Message, *, now: datetime) -> Sequence[Any]:
        """Say what happens."""
        if not isinstance(state, Rehearsed):
            return self._inner.decide(state, message, now=now)
        match message.kind:
            case messages.STEP:
                return _step(state, message, now=now)
            case messages.OPEN_LOAN:
                return (openings.open_loan(message, messages.policy_of(message), now=now),)
            case messages.OPEN_ALLOWANCE:
                return (openings.open_allowance(message, messages.policy_of(message), now=now),)
            case _:
                return self._inner.decide(state.state, message, now=now)

    def evolve(self, state: Any, event: Any) -> Any:
        """Apply an event."""
        if not isinstance(state, Rehearsed):
            return self._inner.evolve(state, event)
        match event:
            case IdAnswered(name, known):
                return Rehearsed(state.state, {**state.known, name: known})
            case IdRepeated():
                return state
            case _:
                return Rehearsed(self._inner.evolve(state.state, event), state.known)

    async def save(self, tx: Transaction, changes: Sequence[Change[Any, Any]]) -> None:
        """Keep what changed."""
        await self._inner.save(tx, [_plain(change) for change in changes])
        ids = [
            (change.key.tenant, told.event)
            for change in changes
            for told in change.told
            if isinstance(told.event, IdAnswered)
        ]
        if ids:
            await self._ids.add(tx, ids)

    def say(self, change: Change[Any, Any]) -> Sequence[Said]:
        """Say what others must hear of one message's change: of a scenario, the loan as it is."""
        if not isinstance(change.before, Rehearsed):
            return self._inner.say(change)
        return [said for told in change.told for said in _say(change.key, told)]


def _ids(heard: Sequence[Message]) -> list[str]:
    """Give the ids that messages ask under."""
    steps = (message.body for message in heard if message.kind == messages.STEP)
    return [body["id"] for body in steps if body["id"] is not None]


def _step(state: Rehearsed, message: Message, *, now: datetime) -> Sequence[Scene]:
    """Decide a step, unless its id was used before."""
    name, content = message.body["id"], message.body["content"]
    known = state.known.get(name) if name is not None else None
    if known is not None:
        return (IdRepeated(known.code if known.content == content else "ID_REUSED"),)
    policy, ask = messages.policy_of(message), messages.to_ask(message)
    is_provision = ask.name == "provision"
    command = Provide(ask, message.body["of"]) if is_provision else ask
    events = domain.decide(state.state, command, now=now, policy=policy)
    if name is None:
        return events
    code = next((each.refusal.code for each in events if isinstance(each, AskRefused)), None)
    return (*events, IdAnswered(name, Known(content, code)))


def _plain(change: Change[Any, Any]) -> Change[State, Event]:
    """Give a change as the ledger knows it."""
    if not isinstance(change.before, Rehearsed):
        return change
    told = [each for each in change.told if not isinstance(each.event, IdAnswered | IdRepeated)]
    return Change(change.key, change.lane, change.before.state, change.after.state, told)


def _say(key: Key, told: Told[Any]) -> Sequence[Said]:
    match told.event:
        case Posted(loan=loan, opens=opens):
            later = [renewal.to_later(key, told, opens)] if opens else []
            return *_snapshot(key, told, loan), *later, Answer({"result": "posted"})
        case LoanImported(loan) | RefinanceOpened(loan):
            return *_snapshot(key, told, loan), Answer({"result": "opened"})
        case Provisioned():
            return (Answer({"result": "posted"}),)
        case AskRefused(_, refusal):
            return (Answer({"result": "refused", "message": refusal.message}, refusal.code),)
        case IdRepeated(code):
            return (Answer({"result": "repeated"}, code),)
        case _:
            return ()


def _snapshot(key: Key, told: Told[Any], loan: Loan) -> Sequence[Said]:
    return (Outgoing(LOANS, key.text, tables.to_snapshot(key, told, loan)),)
