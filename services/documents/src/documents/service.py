"""What documents hears, and the six functions that the mesh calls."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from contracts.records.authorization import ApprovalReferenceIssued
from contracts.records.case import CaseClosed, CaseReviewed
from mesh.service import Change, Hears, Key, Message, Reader, Said, Transaction

from documents import wire
from documents.domain import verification
from documents.domain.events import Event
from documents.domain.file import LoanFile
from documents.domain.policy import Policy


class States(Protocol):
    """Where the files of loans are kept."""

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, LoanFile]:
        """Give every loan's file, an empty one where nothing is known."""
        ...

    async def save(self, tx: Transaction, changes: Sequence[Change[LoanFile, Event]]) -> None:
        """Keep what is new or changed."""
        ...


class Documents:
    """The evidence that a write-off needs."""

    name = "documents"
    hears: Sequence[Hears] = (
        Hears("writeoff.case.v1", (CaseReviewed, CaseClosed)),
        Hears("writeoff.authorization.v1", (ApprovalReferenceIssued,)),
    )

    def __init__(self, states: States, policy: Policy) -> None:
        """Serve from these states, under this policy."""
        self._states = states
        self._policy = policy

    def key_of(self, message: Message) -> Key:
        """Say which loan a fact is about."""
        return Key(message.tenant, message.body.meta.loan_id)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, LoanFile]:
        """Give the loans' files."""
        return await self._states.load(reader, wanted)

    def is_enough(self, state: LoanFile, message: Message) -> bool:
        """Say that a kept state is whole: it does not depend on the message."""
        return True

    def decide(self, state: LoanFile, message: Message, *, now: datetime) -> Sequence[Event]:
        """Say what happens."""
        return verification.decide(state, wire.to_command(message), now=now, policy=self._policy)

    def evolve(self, state: LoanFile, event: Event) -> LoanFile:
        """Apply an event."""
        return verification.evolve(state, event)

    async def save(self, tx: Transaction, changes: Sequence[Change[LoanFile, Event]]) -> None:
        """Keep what changed."""
        await self._states.save(tx, changes)

    def say(self, change: Change[LoanFile, Event]) -> Sequence[Said]:
        """Say what others must hear."""
        return wire.say(change)
