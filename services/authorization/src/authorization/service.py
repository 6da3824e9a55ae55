"""What authorization hears, and the six functions that the mesh calls."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from contracts.records.case import CaseClosed, CaseReviewed
from contracts.records.documents import VerificationCompleted
from contracts.records.ledger import (
    ChargeOffPosted,
    ChargeOffRemoved,
    PostingRefused,
    TransactionReversed,
    WriteOffPosted,
)
from mesh.service import Change, Hears, Key, Message, Reader, Said, Transaction

from authorization.domain.decide import decide
from authorization.domain.events import Event
from authorization.domain.evolve import evolve
from authorization.domain.loan import Loan
from authorization.domain.matrix import Matrix
from authorization.wire.heard import reference_named_by, to_command
from authorization.wire.said import say


class States(Protocol):
    """Where what is known of loans is kept."""

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, Loan]:
        """Give every loan, an empty one where nothing is known."""
        ...

    async def save(self, tx: Transaction, changes: Sequence[Change[Loan, Event]]) -> None:
        """Keep what is new or changed."""
        ...


class Authorization:
    """Who may decide."""

    name = "authorization"
    hears: Sequence[Hears] = (
        Hears("writeoff.case.v1", (CaseReviewed, CaseClosed)),
        Hears("writeoff.documents.v1", (VerificationCompleted,)),
        Hears(
            "writeoff.ledger.v1",
            (
                WriteOffPosted,
                ChargeOffPosted,
                ChargeOffRemoved,
                TransactionReversed,
                PostingRefused,
            ),
        ),
    )

    def __init__(self, states: States, matrix: Matrix) -> None:
        """Serve from these states, under this matrix."""
        self._states = states
        self._matrix = matrix

    def key_of(self, message: Message) -> Key:
        """Say which loan a fact is about."""
        return Key(message.tenant, message.body.meta.loan_id)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, Loan]:
        """Give what is known of the loans."""
        return await self._states.load(reader, wanted)

    def is_enough(self, state: Loan, message: Message) -> bool:
        """Say whether a kept state is whole: an approval that is named may be another loan's."""
        named = reference_named_by(message)
        if named is None:
            return True
        known = state.references.get(named)
        return known is not None and known.loan_id == state.loan_id

    def decide(self, state: Loan, message: Message, *, now: datetime) -> Sequence[Event]:
        """Say what happens."""
        return decide(state, to_command(message), matrix=self._matrix, now=now)

    def evolve(self, state: Loan, event: Event) -> Loan:
        """Apply an event."""
        return evolve(state, event)

    async def save(self, tx: Transaction, changes: Sequence[Change[Loan, Event]]) -> None:
        """Keep what changed."""
        await self._states.save(tx, changes)

    def say(self, change: Change[Loan, Event]) -> Sequence[Said]:
        """Say what others must hear."""
        return say(change)
