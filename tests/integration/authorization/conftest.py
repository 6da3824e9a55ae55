"""A store of authorization, turns over it, and its door."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import pytest
from authorization.domain.events import Event
from authorization.domain.loan import Loan
from authorization.policy import shipped_matrix
from authorization.service import Authorization
from authorization.store.states import Store
from authorization.wire.heard import reference_named_by
from contracts.records import case, common, documents, ledger
from contracts.types import from_date, from_datetime
from mesh.doors import StoredAnswer, content_hash
from mesh.migrations import migrate
from mesh.people import Person
from mesh.ports import DueRow
from mesh.service import NAMESPACE, Actor, Answer, Change, Key, Message, Told, derive

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TENANTS = (f"tenant-{number}" for number in count())


@dataclass
class Turns:
    """One tenant's lanes, on a connection of the runtime role: what a turn does, and a door."""

    connection: asyncpg.Connection
    tenant: str = field(default_factory=lambda: next(TENANTS))
    service: Authorization = field(
        default_factory=lambda: Authorization(Store(reference_named_by), shipped_matrix())
    )
    statements: int = 0
    known: dict[UUID, StoredAnswer] = field(default_factory=dict)

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        return await self.connection.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        self.statements += 1
        return await self.connection.execute(query, *args)

    async def copy(
        self, table: str, *, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        self.statements += 1
        await self.connection.copy_records_to_table(table, records=rows, columns=list(columns))

    def name(self, kind: str, of: object) -> UUID:
        return uuid5(NAMESPACE, f"{self.tenant}/{kind}/{of}")

    async def held(self, loan_id: str = "LN-1", *messages: Message) -> Loan:
        key = Key(self.tenant, loan_id)
        return (await self.service.load(self, {key: messages}))[key]

    async def turn(self, *messages: Message) -> dict[str, Loan]:
        """Load, decide in order, save once: what the mesh does. Gives the loans decided on."""
        wanted: dict[Key, list[Message]] = {}
        for message in messages:
            wanted.setdefault(self.key_of(message), []).append(message)
        states = await self.service.load(self, wanted)
        before, told = dict(states), dict[Key, list[Told[Event]]]()
        for message in messages:
            key, fresh = self.key_of(message), list[Told[Event]]()
            for place, event in enumerate(self.service.decide(states[key], message, now=NOW)):
                event_id = derive(message.message_id, type(event).__name__, place)
                fresh.append(Told(event, event_id, NOW, message))
                states[key] = self.service.evolve(states[key], event)
            told.setdefault(key, []).extend(fresh)
            self._answer(message, Change(key, 3, before[key], states[key], fresh))
        changes = [Change(key, 3, before[key], states[key], told[key]) for key in told if told[key]]
        self.statements = 0
        async with self.connection.transaction():
            await self.service.save(self, changes)
        return {key.id: state for key, state in states.items()}

    def _answer(self, message: Message, change: Change[Loan, Event]) -> None:
        if message.by is None:
            return
        said = self.service.say(change) if change.told else ()
        answer = next((each for each in said if isinstance(each, Answer)), Answer())
        digest = content_hash(message.kind, message.body)
        self.known[message.message_id] = StoredAnswer(
            digest, None, answer.code, json.loads(json.dumps(answer.body)), done=True
        )

    async def put(self, rows: Sequence[DueRow]) -> None:
        """Hear what a door puts in, at once."""
        await self.turn(*(self._command(row) for row in rows))

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        return {each: self.known[each] for each in ids if each in self.known}

    def _command(self, row: DueRow) -> Message:
        data: Mapping[str, Any] = json.loads(row.payload)
        by = Person.from_json(data["by"])
        return self.message(row.kind, data["body"], loan_id=row.key.id, by=by, id_=row.due_id)

    def message(
        self,
        kind: str,
        body: Any,
        *,
        loan_id: str = "LN-1",
        by: Person | None = None,
        case_id: UUID | None = None,
        id_: UUID | None = None,
    ) -> Message:
        id_ = id_ or self.name(kind, case_id or loan_id)
        message = Message(
            kind=kind,
            body=body,
            message_id=id_,
            tenant=self.tenant,
            source="door" if by else "mesh",
            actor=Actor("mesh", "authorization"),
            correlation_id=id_,
            case_id=case_id,
            by=by,
        )
        self._loans[id_] = loan_id
        return message

    _loans: dict[UUID, str] = field(default_factory=dict)

    def key_of(self, message: Message) -> Key:
        return Key(self.tenant, self._loans[message.message_id])

    def terms(self, **changed: Any) -> common.Terms:
        terms = common.Terms(
            case_number="C-2026-1",
            customer_id="P-1",
            product="PERSONAL_LOAN",
            segment="PERSONAL",
            kind="WRITE_OFF",
            scope="FULL",
            amount=common.Money(amount_minor=200_000, currency="USD"),
            usd_rate="1",
            reason="UNCOLLECTIBLE",
            date=from_date(date(2026, 11, 24)),
            channel="TOPIC",
            source="lending",
            maker="u-17",
            sanctioner="sam",
            sanction_level=2,
            litigation="N",
            fraud=False,
            related_party=False,
            collection_ceases=True,
            outstanding_minor=200_000,
            charged_off_minor=0,
        )
        return replace(terms, **changed)

    def reviewed(self, terms: common.Terms, *, number: int = 1, loan_id: str = "LN-1") -> Message:
        body = case.CaseReviewed(meta=self.meta(), terms=terms, documents=[], reviewer="ana")
        return self.fact(body, number=number, loan_id=loan_id)

    def verified(self, terms: common.Terms, *, number: int = 1, loan_id: str = "LN-1") -> Message:
        body = documents.VerificationCompleted(
            meta=self.meta(), terms=terms, requirements=[], agent="dora"
        )
        return self.fact(body, number=number, loan_id=loan_id)

    def posted(self, terms: common.Terms, *, number: int = 1, loan_id: str = "LN-1") -> Message:
        zero = dict.fromkeys(("interest", "fees", "penalties", "tax"), 0)
        body = ledger.WriteOffPosted(
            meta=self.meta(),
            terms=terms,
            transaction_id=str(self.name("transaction", f"{loan_id}/{number}")),
            grant_id=str(self.name("grant", f"{loan_id}/{number}")),
            value_date=from_date(date(2026, 1, 2)),
            amount=terms.amount,
            components=common.Components(
                principal_minor=terms.amount.amount_minor,
                **{f"{name}_minor": value for name, value in zero.items()},
            ),
            reclassified_minor=0,
            balance_before_minor=200_000,
            balance_after_minor=0,
            policy_version="1",
        )
        return self.fact(body, number=number, loan_id=loan_id)

    def charged_off(self, terms: common.Terms, *, number: int = 1) -> Message:
        posted: ledger.WriteOffPosted = self.posted(terms, number=number).body
        told = {
            name: getattr(posted, name)
            for name in ("meta", "terms", "transaction_id", "grant_id", "value_date", "amount")
        }
        body = ledger.ChargeOffPosted(
            **told,
            components=posted.components,
            charged_off_minor=terms.amount.amount_minor,
            is_full=True,
            balance_before_minor=200_000,
            balance_after_minor=0,
            approvers=[common.Approver(id="l2-bo", level=2)],
            policy_version="1",
        )
        return self.fact(body, number=number, loan_id="LN-1")

    def removed(self, terms: common.Terms, amount_minor: int, *, number: int) -> Message:
        posted: ledger.WriteOffPosted = self.posted(terms, number=number).body
        body = ledger.ChargeOffRemoved(
            meta=posted.meta,
            terms=terms,
            transaction_id=posted.transaction_id,
            grant_id=posted.grant_id,
            value_date=posted.value_date,
            amount=common.Money(amount_minor=amount_minor, currency="USD"),
            components=posted.components,
            cause="ERROR",
            charged_off_minor=0,
            balance_before_minor=0,
            balance_after_minor=amount_minor,
            policy_version="1",
        )
        return self.fact(body, number=number, loan_id="LN-1")

    def taken_back(self, terms: common.Terms, *, of: UUID, number: int) -> Message:
        posted: ledger.WriteOffPosted = self.posted(terms, number=number).body
        body = ledger.TransactionReversed(
            meta=posted.meta,
            terms=terms,
            transaction_id=str(of),
            command="charge_off",
            grant_id=posted.grant_id,
            value_date=posted.value_date,
            cause="ERROR",
            currency="USD",
            balance_before_minor=0,
            balance_after_minor=200_000,
            status="ACTIVE",
            policy_version="1",
        )
        return self.fact(body, number=number, loan_id="LN-1")

    def not_posted(self, *, number: int = 1, loan_id: str = "LN-1") -> Message:
        body = ledger.PostingRefused(
            meta=self.meta(), grant_id=str(UUID(int=1)), code="GRANT_EXPIRED", message="late"
        )
        return self.fact(body, number=number, loan_id=loan_id)

    def closed(self, outcome: common.Outcome, *, number: int = 1, loan_id: str = "LN-1") -> Message:
        body = case.CaseClosed(
            meta=self.meta(), case_number="C-2026-1", outcome=outcome, kind="WRITE_OFF"
        )
        return self.fact(body, number=number, loan_id=loan_id)

    def fact(self, body: Any, *, number: int, loan_id: str) -> Message:
        case_id = self.name("case", f"{loan_id}/{number}")
        return self.message(type(body).__name__, body, loan_id=loan_id, case_id=case_id)

    def meta(self) -> common.Meta:
        return common.Meta(
            event_id=str(UUID(int=1)),
            tenant=self.tenant,
            occurred_at=from_datetime(NOW - timedelta(days=1)),
            correlation_id=str(UUID(int=1)),
            causation_id=str(UUID(int=1)),
            actor=common.Actor(role="mesh", id="case"),
        )

    def issue(self, number: str, *, loan_id: str = "LN-1", **changed: Any) -> Message:
        body = {
            "reference": number,
            "loan_id": loan_id,
            "kind": "WRITE_OFF",
            "amount_max_minor": 200_000,
            "currency": "USD",
            "reasons": ["AGED", "UNCOLLECTIBLE"],
            "approvers": [{"id": "l4-deb", "level": 4}, {"id": "l5-eve", "level": 5}],
            "issued": "2026-11-01",
            "expires": "2027-01-30",
            "attests_documents": True,
        }
        adele = Person("adele", frozenset({"admin"}))
        return self.message(
            "IssueApprovalReference",
            body | changed,
            loan_id=loan_id,
            by=adele,
            id_=self.name("reference", number),
        )

    def complete(self, loan: Loan, by: Person, **body: str) -> Message:
        [task] = (task for task in loan.tasks.values() if task.closed_at is None)
        return self.message(
            "CompleteTask",
            {"task_id": str(task.task_id), **body},
            loan_id=loan.loan_id,
            by=by,
            id_=self.name("complete", task.task_id),
        )


@pytest.fixture
async def turns(owner_dsn: str, dsn: str) -> AsyncIterator[Turns]:
    folder = Path(str(files("authorization") / "migrations"))
    await migrate(owner_dsn, folders=[("authorization", folder)], tell=lambda _: None)
    connection = await asyncpg.connect(dsn)
    yield Turns(connection)
    await connection.close()
