"""The six functions around those of the ledger: what a loan system has to book too.

What is posted on a product that another system keeps becomes an instruction, in the posting's own
turn. What is heard of instructions has a key of its own in the same lane.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from mesh.service import Change, Key, Message, Reader, Said, Service, Transaction

from ledger.around import Around, Changes, Wanted
from ledger.core import deciding, wire
from ledger.core.instruction import KIND, CoreState, Event, Instruction
from ledger.core.route import Mode, Route

type Named = Mapping[Key, Sequence[UUID]]
type RouteOf = Callable[[str, str], Route]
type Made = tuple[Key, int, Instruction]
"""Of which loan, in which lane, what."""


class InstructionStore(Protocol):
    """Where instructions are kept."""

    async def load(self, reader: Reader, named: Named) -> dict[Key, CoreState]:
        """Give each loan's open instructions and those named, and their tasks."""
        ...

    async def add(self, tx: Transaction, made: Sequence[Made]) -> None:
        """Keep new instructions."""
        ...

    async def save(self, tx: Transaction, changes: Sequence[Change[CoreState, Event]]) -> None:
        """Keep what became of instructions and tasks, and what strayed."""
        ...


class Instructed(Around):
    """A service whose postings are instructed to loan systems."""

    def __init__(
        self, inner: Service[Any, Any], *, route_of: RouteOf, instructions: InstructionStore
    ) -> None:
        """Instruct beside `inner`. `route_of`: of a tenant and product."""
        super().__init__(inner, kinds=(KIND,), hears=wire.HEARS)
        self._route_of = route_of
        self._instructions = instructions

    def key_of(self, message: Message) -> Key:
        """Say whose state a record concerns."""
        return wire.key_of_record(message) or super().key_of(message)

    def decide(self, state: Any, message: Message, *, now: datetime) -> Sequence[Any]:
        """Say what happens."""
        if isinstance(state, CoreState):
            return deciding.decide(state, wire.to_command(message), now=now)
        return self._inner.decide(state, message, now=now)

    def evolve(self, state: Any, event: Any) -> Any:
        """Apply an event."""
        if isinstance(state, CoreState):
            return deciding.evolve(state, event)
        return self._inner.evolve(state, event)

    def say(self, change: Change[Any, Any]) -> Sequence[Said]:
        """Say what others must hear of one message's change."""
        if change.key.kind == KIND:
            return [said for told in change.told for said in wire.say(change, told)]
        said = list(self._inner.say(change))
        for told in change.told:
            if instruction := self._instruction(change.key, told):
                route = self._route_of(change.key.tenant, instruction.product)
                said = [wire.with_core(each, instruction) for each in said]
                said += wire.say_instructed(change.key, told, instruction, route)
        return said

    async def _load_own(self, reader: Reader, wanted: Wanted) -> dict[Key, Any]:
        named = {
            key: [found for message in messages if (found := wire.named(message))]
            for key, messages in wanted.items()
        }
        return {**await self._instructions.load(reader, named)}

    async def _save_inner(self, tx: Transaction, changes: Changes) -> None:
        await self._inner.save(tx, changes)
        made = [
            (change.key, change.lane, instruction)
            for change in changes
            for told in change.told
            if (instruction := self._instruction(change.key, told))
        ]
        if made:
            await self._instructions.add(tx, made)

    async def _save_own(self, tx: Transaction, changes: Changes) -> None:
        await self._instructions.save(tx, changes)

    def _instruction(self, key: Key, told: Any) -> Instruction | None:
        loan = wire.loan_of(told.event)
        if loan is None:
            return None
        route = self._route_of(key.tenant, loan.particulars.product)
        return None if route.mode is Mode.OWN else wire.to_instruction(told, route)
