"""A ledger in memory behind its real doors: what is put in is heard at once."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import aiohttp
from ledger.domain.events import AllowanceState, Event, LoanState, PartyState, State
from ledger.domain.loan import Loan, Particulars, Status
from ledger.domain.money import Components
from ledger.domain.policyfile import Policies
from ledger.service import Ledger
from ledger.settings import own_policy
from mesh.doors import StoredAnswer, content_hash
from mesh.people import Person
from mesh.ports import DueRow
from mesh.service import Actor, Answer, Change, Key, Message, Reader, Told, Transaction

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PEOPLE = {"bea": "back_office", "ana": "loan_agent", "oz": "operator"}
ROW: dict[str, Any] = {
    "line": 2,
    "loan_id": "LN-1",
    "customer_id": "C-1",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "product": "PERSONAL_LOAN",
    "segment": "PERSONAL",
    "currency": "USD",
    "principal": "900.00",
    "opened": "2025-01-01",
    "status": "ACTIVE",
}


def a_loan(owed: Components, *, product: str = "PERSONAL_LOAN", **more: Any) -> Loan:
    """Make an active loan of 2026 on which so much is owed, and nothing charged off."""
    return Loan(
        particulars=Particulars(
            customer_id="C-1",
            product=product,
            segment="PERSONAL",
            currency="USD",
            opened=date(2026, 1, 1),
            accrued_to=date(2026, 1, 1),
            **more,
        ),
        row_hash="",
        status=Status.ACTIVE,
        bnk=owed,
        co=Components(),
        cust=owed,
    )


EMPTY: Mapping[str, State] = {"party": PartyState(), "allowance": AllowanceState()}
"""The state of a key that nothing is known of, by its kind."""


class MemoryLedger:
    """States in memory, and the owner of all lanes, who hears a command as soon as it is put in."""

    def __init__(self) -> None:
        self.states: dict[Key, State] = {}
        self.known: dict[UUID, StoredAnswer] = {}
        self.heard: list[str] = []
        policy = Policies.parse(own_policy()).everybody
        self.service = Ledger(self, lambda _: policy)

    async def load(
        self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]
    ) -> dict[Key, State]:
        return {key: self.states.get(key, EMPTY.get(key.kind, LoanState())) for key in wanted}

    async def save(self, tx: Transaction, changes: Sequence[Change[State, Event]]) -> None:
        raise NotImplementedError

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        return []

    async def put(self, rows: Sequence[DueRow]) -> None:
        for row in rows:
            self.heard.append(row.kind)
            await self._hear(row)

    async def _hear(self, row: DueRow) -> None:
        payload = json.loads(row.payload)
        heard = Message(
            kind=row.kind,
            body=payload["body"],
            message_id=row.due_id,
            tenant=row.key.tenant,
            source="door",
            actor=Actor("back_office", "bea"),
            correlation_id=row.due_id,
            by=Person.from_json(payload["by"]),
        )
        key = row.key
        state = (await self.load(self, {key: ()}))[key]
        [event] = self.service.decide(state, heard, now=NOON)
        after = self.service.evolve(state, event)
        change = Change(key, 0, state, after, [Told(event, uuid4(), NOON, heard)])
        [answer] = [said for said in self.service.say(change) if isinstance(said, Answer)]
        digest = content_hash(row.kind, payload["body"])
        self.states[key] = after
        self.known[row.due_id] = StoredAnswer(digest, None, answer.code, answer.body, done=True)

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        return {one: self.known[one] for one in ids if one in self.known}


def as_(name: str, tenant: str = "demo") -> dict[str, str]:
    return {"Authorization": f"Bearer {name}", "X-Tenant-ID": tenant}


async def take_in(client: aiohttp.ClientSession, *rows: dict[str, Any], **more: Any) -> list[Any]:
    body = {"rows": rows, **more}
    async with client.post("/v1/loans/import", json=body, headers=as_("bea")) as response:
        assert response.status == 200, await response.text()
        return (await response.json())["results"]
