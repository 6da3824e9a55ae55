"""The case service on a real database, without Kafka: what is put in is heard at once."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import case
import pytest
from case.domain.policy import Policy
from case.service import CaseService
from case.store.files import FileStore
from contracts.records import common, ledger
from contracts.types import from_date
from mesh.doors import StoredAnswer, content_hash
from mesh.migrations import migrate
from mesh.people import Person
from mesh.ports import DueRow
from mesh.service import Actor, Answer, Change, Key, Message, Told, derive

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LANE = 4
TENANTS = (f"tenant-{number}" for number in count())


class House:
    """One tenant: hears messages in turns of one, on a connection of the runtime role."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.tenant = next(TENANTS)
        policy = Policy(sources={"lending": frozenset({self.tenant})})
        self.service = CaseService(FileStore(), policy)
        self.statements: list[str] = []
        self.known: dict[UUID, StoredAnswer] = {}

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        return await self.connection.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        self.statements.append(query)
        return await self.connection.execute(query, *args)

    async def copy(
        self, table: str, *, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        self.statements.append(f"COPY {table}")
        await self.connection.copy_records_to_table(table, records=rows, columns=list(columns))

    def key(self, loan_id: str) -> Key:
        return Key(self.tenant, loan_id)

    async def turn(self, key: Key, *messages: Message) -> list[Any]:
        """Hear messages of one key in one turn; gives what is said. Loading gives what was kept."""
        service = self.service
        before = state = (await service.load(self, {key: messages}))[key]
        told: list[Told[Any]] = []
        said: list[Any] = []
        for message in messages:
            start, of_message = state, list[Told[Any]]()
            for place, event in enumerate(service.decide(state, message, now=NOON)):
                event_id = derive(message.message_id, type(event).__name__, place)
                of_message.append(Told(event, event_id, NOON, message))
                state = service.evolve(state, event)
            if of_message:
                said += service.say(Change(key, LANE, start, state, of_message))
            told += of_message
        if told:
            async with self.connection.transaction():
                await service.save(self, [Change(key, LANE, before, state, told)])
        assert (await service.load(self, {key: ()}))[key] == state
        return said

    async def fact(self, record: Any, source: str, version: tuple[int, int] = (0, 0)) -> list[Any]:
        """Hear a record of another service."""
        meta = record.meta
        message = Message(
            kind=type(record).__name__,
            body=record,
            message_id=UUID(meta.event_id),
            tenant=meta.tenant,
            source=source,
            actor=Actor("mesh", "case"),
            correlation_id=UUID(meta.correlation_id),
            case_id=UUID(meta.case_id) if meta.case_id else None,
            version=version,
        )
        return await self.turn(self.key(meta.loan_id), message)

    def meta(self, loan_id: str, case_id: UUID | None = None) -> common.Meta:
        return common.Meta(
            event_id=str(uuid4()),
            tenant=self.tenant,
            case_id=str(case_id) if case_id else None,
            loan_id=loan_id,
            occurred_at=0,
            correlation_id=str(uuid4()),
            causation_id=str(uuid4()),
            actor=common.Actor(role="authorizer", id="l1-amy"),
        )

    async def loan(self, loan_id: str, number: int = 1, **changes: Any) -> None:
        """Hear what the ledger tells of a loan."""
        parts = dict.fromkeys(
            ("principal", "interest", "fees", "penalties", "tax"), changes.get("outstanding", 0)
        )
        told: dict[str, Any] = {
            "meta": self.meta(loan_id),
            "customer_id": "C-1",
            "product": "PERSONAL_LOAN",
            "segment": "PERSONAL",
            "currency": "USD",
            "status": "ACTIVE",
            "opened": from_date(date(2024, 1, 1)),
            "balances": common.Components(**{f"{n}_minor": v for n, v in parts.items()}),
            "unearned_minor": 0,
            "outstanding_minor": 100_000,
            "charged_off_minor": 0,
            "written_off_minor": 0,
            "fraud": False,
        }
        await self.fact(ledger.LoanSnapshot(**{**told, **changes}), "ledger", (1, number))

    def now(self) -> datetime:
        return NOON

    async def put(self, rows: Sequence[DueRow]) -> None:
        """Hear commands as soon as they are put in."""
        for row in rows:
            payload = json.loads(row.payload)
            message = Message(
                kind=row.kind,
                body=payload["body"],
                message_id=row.due_id,
                tenant=row.key.tenant,
                source=payload["source"],
                actor=Actor("loan_agent", payload["by"]["id"]),
                correlation_id=row.due_id,
                case_id=row.case_id,
                by=Person.from_json(payload["by"]),
                request_id=payload["request_id"],
            )
            said = await self.turn(row.key, message)
            [answer] = [each for each in said if isinstance(each, Answer)]
            digest = content_hash(row.kind, payload["body"])
            self.known[row.due_id] = StoredAnswer(
                digest, row.case_id, answer.code, answer.body, done=True
            )

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        return {one: self.known[one] for one in ids if one in self.known}


@pytest.fixture
async def house(owner_dsn: str, dsn: str) -> AsyncIterator[House]:
    await migrate(owner_dsn, folders=[("case", Path(case.__path__[0]) / "migrations")])
    connection = await asyncpg.connect(dsn)
    yield House(connection)
    await connection.close()
