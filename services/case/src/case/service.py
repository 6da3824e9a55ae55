"""The case service: what it hears, and the six functions that the mesh calls."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from contracts.records import authorization, documents, ledger, notifications, requests, tasks
from mesh.service import Change, Hears, Key, Message, Reader, Said, Transaction

from case.domain.case import LoanFile
from case.domain.decide import decide
from case.domain.events import Event
from case.domain.evolve import evolve
from case.domain.policy import Policy
from case.wire.heard import to_command
from case.wire.said import said


class CaseStore(Protocol):
    """Where loan files are kept: the database, or memory in a simulation."""

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, LoanFile]:
        """Give a file for every key."""
        ...

    async def save(self, tx: Transaction, changes: Sequence[Change[LoanFile, Event]]) -> None:
        """Keep what changed."""
        ...

    async def count_on_the_way(self, reader: Reader, lane: int) -> int:
        """Count the cases of a lane that the mesh moves by itself."""
        ...


class CaseService:
    """Follows a request from intake to its end; the state of a key is one loan's file."""

    name = "case"
    hears: Sequence[Hears] = (
        Hears("writeoff.requests.v1.<source>", (requests.WriteOffRequested,)),
        Hears("writeoff.loans.v1", (ledger.LoanSnapshot,)),
        Hears(
            "writeoff.documents.v1",
            (
                documents.RequirementsDetermined,
                documents.VerificationCompleted,
                tasks.TaskOpened,
                tasks.TaskClosed,
            ),
        ),
        Hears(
            "writeoff.authorization.v1",
            (
                authorization.AuthorizationRequested,
                authorization.ApprovalRecorded,
                authorization.AuthorizationGranted,
                authorization.AuthorizationDeclined,
                authorization.AuthorizationRefused,
                tasks.TaskOpened,
                tasks.TaskClosed,
            ),
        ),
        Hears(
            "writeoff.ledger.v1",
            (
                ledger.WriteOffPosted,
                ledger.ChargeOffPosted,
                ledger.ChargeOffRemoved,
                ledger.TransactionReversed,
                ledger.RecoveryPosted,
                ledger.PayOffPosted,
                ledger.RefinancePosted,
                ledger.PostingAcknowledged,
                ledger.PostingRefused,
                tasks.TaskOpened,
                tasks.TaskClosed,
            ),
        ),
        Hears("writeoff.notifications.v1", (notifications.NoticesRecorded,)),
    )

    def __init__(self, store: CaseStore, policy: Policy) -> None:
        """Keep files in `store` and decide by `policy`."""
        self.store = store
        self.policy = policy

    def key_of(self, message: Message) -> Key:
        """Say which loan a record is about; commands and timers come with their key."""
        return Key(message.tenant, message.body.meta.loan_id)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, LoanFile]:
        """Give every key's file, an empty one for a loan that is not known."""
        return await self.store.load(reader, wanted)

    def is_enough(self, state: LoanFile, message: Message) -> bool:
        """Say that a kept state is whole: it does not depend on the message."""
        return True

    def decide(self, state: LoanFile, message: Message, *, now: datetime) -> Sequence[Event]:
        """Say what happens."""
        if message.body is None:
            return ()  # a loan's tombstone: what was decided about it stands
        command = to_command(message, now=now, policy=self.policy)
        return decide(state, command, now=now, policy=self.policy)

    def evolve(self, state: LoanFile, event: Event) -> LoanFile:
        """Apply an event."""
        return evolve(state, event)

    async def save(self, tx: Transaction, changes: Sequence[Change[LoanFile, Event]]) -> None:
        """Keep what changed."""
        await self.store.save(tx, changes)

    def say(self, change: Change[LoanFile, Event]) -> Sequence[Said]:
        """Say what others must hear."""
        return list(said(change, self.policy))

    def on_the_way(self, state: LoanFile) -> int:
        """Count the loan's cases that the mesh moves by itself."""
        return sum(case.is_on_the_way for case in state.cases.values())

    async def count_on_the_way(self, reader: Reader, lane: int) -> int:
        """Count them for a lane just taken."""
        return await self.store.count_on_the_way(reader, lane)
