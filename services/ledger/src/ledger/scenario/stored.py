"""Books in a real PostgreSQL: written as a turn writes them, checked, and rolled back at the end.

Nothing stays, so a scenario may run in any store of the ledger, also in one that is in use.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import asyncpg
from mesh.postgres_tx import PostgresTransaction
from mesh.service import Actor, Change, Key, Message, Told

from ledger.domain.ask import Ask
from ledger.domain.command import Reverse, Undo
from ledger.domain.events import AllowanceState, Event, LoanState, State
from ledger.domain.refusal import refuse
from ledger.rehearsal import messages, openings
from ledger.rehearsal.ids import IdAnswered
from ledger.rehearsal.ids import Known as KnownId
from ledger.scenario.desk import Known
from ledger.scenario.file import Scenario
from ledger.store import reads, saving
from ledger.store.ids import AnsweredIds
from ledger.store.states import Store
from ledger.wants import Wants

LANE = 0

LOANS_MAX = 10_000
"""More than any file has."""


@asynccontextmanager
async def stored_books(scenario: Scenario, dsn: str) -> AsyncGenerator["StoredBooks"]:
    """Open a scenario's books in a migrated store of the ledger, and leave nothing there."""
    connection = await asyncpg.connect(dsn)
    try:
        transaction = connection.transaction()
        await transaction.start()
        try:
            books = StoredBooks(scenario, connection)
            await books.open()
            yield books
        finally:
            await transaction.rollback()
    finally:
        await connection.close()


class StoredBooks:
    """One scenario's loans, allowance and ids, as a tenant that nobody else sees."""

    def __init__(self, scenario: Scenario, connection: asyncpg.Connection) -> None:
        """Keep them on a connection that has an open transaction."""
        self.namespace = uuid4()
        self._scenario = scenario
        self._connection = connection
        self._tx = PostgresTransaction(connection)
        self._tenant = f"scenario-{self.namespace.hex[:8]}"
        self._store = Store(lambda _: scenario.policy, _wants)
        self._ids = AnsweredIds()

    async def open(self) -> None:
        """Bring the scenario's loans and its allowance in."""
        policy, now = self._scenario.policy, datetime.now(UTC)
        for loan_id, loan in self._scenario.loans.items():
            body = {"loan": messages.from_loan(loan)}
            event = openings.open_loan(self._message(body), policy, now=now)
            after = LoanState(event.loan)
            await self.take(loan_id, LoanState(), after, event)
        amount_minor = self._scenario.allowance_minor
        body = {
            "amount_minor": amount_minor,
            "currency": self._scenario.currency,
            "date": now.date().isoformat(),
        }
        event = openings.open_allowance(self._message(body), policy, now=now)
        await self.take(None, AllowanceState(), AllowanceState(amount_minor), event)

    async def loan_ids(self) -> Sequence[str]:
        """Give the ids of all loans."""
        found = await reads.loans(self._tx, self._tenant, after="", limit=LOANS_MAX)
        return [row["loan_id"] for row in found]

    async def loan(self, loan_id: str, ask: Ask | None) -> LoanState:
        """Give a loan's state, with its history where the ask needs it."""
        key = self._key(loan_id)
        heard = [self._message(ask)] if ask else []
        state = (await self._store.load(self._tx, {key: heard}))[key]
        assert isinstance(state, LoanState)
        return state

    async def allowance(self) -> AllowanceState:
        """Give the allowance."""
        key = self._key(None)
        state = (await self._store.load(self._tx, {key: [self._message(None)]}))[key]
        assert isinstance(state, AllowanceState)
        return state

    async def known(self, request_id: str) -> Known | None:
        """Give what an id was used for."""
        place = (self._tenant, request_id)
        known = (await self._ids.load(self._tx, [place])).get(place)
        if known is None:
            return None
        return Known(known.content, refuse(known.code) if known.code else None)

    async def know(self, request_id: str, known: Known) -> None:
        """Keep what an id was used for."""
        code = known.refusal.code if known.refusal else None
        made = IdAnswered(request_id, KnownId(known.content, code))
        await self._ids.add(self._tx, [(self._tenant, made)])

    async def take(self, loan_id: str | None, before: State, after: State, event: Event) -> None:
        """Write what happened as a turn would, and let PostgreSQL check it."""
        told = Told(event, uuid4(), datetime.now(UTC), self._message(None))
        await self._store.save(self._tx, [Change(self._key(loan_id), LANE, before, after, [told])])
        await self._connection.execute(saving.CHECK_NOW)

    def _key(self, loan_id: str | None) -> Key:
        if loan_id is None:
            return Key(self._tenant, self._scenario.currency, "allowance")
        return Key(self._tenant, loan_id)

    def _message(self, body: Any) -> Message:
        name = uuid4()
        return Message(
            kind=messages.STEP,
            body=body,
            message_id=name,
            tenant=self._tenant,
            source="scenario",
            actor=Actor("admin", "scenario"),
            correlation_id=name,
        )


def _wants(message: Message) -> Wants:
    """Say what must be known to decide on an ask."""
    ask = cast("Ask", message.body)
    takes_away = isinstance(ask.asked, Reverse | Undo)
    return Wants(ask.value_date, takes_away=takes_away)
