"""One tenant's books on a real PostgreSQL: what a turn does with messages, and a door's reads."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import asyncpg
from contracts.records import authorization, common
from contracts.types import from_date, from_datetime
from ledger.domain.events import Event, LoanState, State
from ledger.domain.grant import Terms, terms_hash
from ledger.domain.loan import Loan
from ledger.domain.policy import Policy
from ledger.domain.policyfile import Policies
from ledger.service import Ledger
from ledger.settings import own_policy
from ledger.store.states import Store
from ledger.wire.heard import to_kind_terms, to_wants
from mesh.service import NAMESPACE, Actor, Change, Key, Later, Message, Said, Told, derive

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LANE = 3
ALLOWANCE = (
    own_policy()
    .replace('method = "direct"', 'method = "allowance"')
    .replace("[accounts.BNK]", '[accounts.BNK]\nALLOWANCE = "1900"\nPROVISION = "6000"')
)
TENANTS = (f"tenant-{number}" for number in count())


class Books:
    """Messages go in, turn by turn; states, sayings and rows come out."""

    def __init__(self, connection: asyncpg.Connection, *, policy: str | None = None) -> None:
        self.connection = connection
        self.tenant = next(TENANTS)
        self.policies = Policies.parse(policy or own_policy())
        self.store = Store(self._policy_of, to_wants)
        self.service = Ledger(self.store, self._policy_of)
        self.statements = 0
        self.now = NOW
        self.said: list[Said] = []
        self._numbers = count()

    def _policy_of(self, message: Message) -> Policy:
        return self.policies.of(message.tenant)

    # --- the port to the database -------------------------------------------------------------

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        self.statements += 1
        return await self.connection.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        self.statements += 1
        return await self.connection.execute(query, *args)

    async def copy(
        self, table: str, *, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        self.statements += 1
        await self.connection.copy_records_to_table(table, records=rows, columns=list(columns))

    # --- messages -----------------------------------------------------------------------------

    def message(
        self, kind: str, body: Any, key: Key, *, case_id: UUID | None = None
    ) -> tuple[Key, Message]:
        name = uuid5(NAMESPACE, f"{self.tenant}/message/{next(self._numbers)}")
        return key, Message(
            kind=kind,
            body=body,
            message_id=name,
            tenant=self.tenant,
            source="door",
            actor=Actor("back_office", "bea"),
            correlation_id=name,
            case_id=case_id,
        )

    def loan(self, loan_id: str, **changed: str) -> tuple[Key, Message]:
        """Take a loan in: 900.00 of principal and 100.00 of interest."""
        row = {
            "loan_id": loan_id,
            "customer_id": "C-1",
            "product": "PERSONAL_LOAN",
            "segment": "PERSONAL",
            "currency": "USD",
            "principal": "900.00",
            "interest": "100.00",
            "opened": "2025-01-01",
            "status": "ACTIVE",
        }
        return self.message("ImportLoan", row | changed, Key(self.tenant, loan_id))

    def party(self, party_id: str, **row: str) -> tuple[Key, Message]:
        """Tell of a party."""
        body = {"customer_id": party_id} | row
        return self.message("ImportParty", body, Key(self.tenant, party_id, "party"))

    def ask(self, loan_id: str, kind: str, day: str, **fields: Any) -> tuple[Key, Message]:
        """Ask at a door of the ledger."""
        body = {"date": day, "currency": None, "fields": fields}
        return self.message(kind, body, Key(self.tenant, loan_id))

    def provision(self, currency: str, day: str, **fields: str) -> tuple[Key, Message]:
        """Ask to move the allowance."""
        body = {"date": day, "currency": currency, "fields": fields}
        return self.message("Provision", body, Key(self.tenant, currency, "allowance"))

    def grant(
        self,
        loan_id: str,
        number: int = 1,
        *,
        kind: str = "WRITE_OFF",
        amount_minor: int | None = None,
        day: date = date(2026, 11, 20),
        of_kind: common.KindTerms | None = None,
        case_id: UUID | None = None,
        grant_id: UUID | None = None,
    ) -> tuple[Key, Message]:
        """Grant a case, of all that there is or of an amount."""
        place = f"{self.tenant}/{loan_id}/{number}"
        case_id = case_id or uuid5(NAMESPACE, f"case/{place}")
        scope = "PARTIAL" if amount_minor else "FULL"
        amount = common.Money(amount_minor=amount_minor or 100_000, currency="USD")
        hashed = Terms(
            kind=kind,
            scope=scope,
            amount_minor=amount.amount_minor,
            currency=amount.currency,
            reason="AGED",
            date=day,
            of_kind=to_kind_terms(of_kind) if of_kind else None,
        )
        record = authorization.AuthorizationGranted(
            meta=_meta(self.tenant, loan_id, case_id, uuid5(NAMESPACE, f"granted/{place}")),
            terms=_terms(kind, scope, amount, day, of_kind),
            grant_id=str(grant_id or uuid5(NAMESPACE, f"grant/{place}")),
            row="A1",
            level=1,
            approvers=[common.Approver(id="l1-amy", level=1)],
            amount_max_minor=300_000,
            expires_at=from_datetime(NOW + timedelta(days=1)),
            matrix_version="2026-01",
            terms_hash=terms_hash(self.tenant, loan_id, hashed),
        )
        key = Key(self.tenant, loan_id)
        _, message = self.message("AuthorizationGranted", record, key, case_id=case_id)
        message.message_id = UUID(record.meta.event_id)
        return key, message

    # --- turns --------------------------------------------------------------------------------

    async def load(self, *heard: tuple[Key, Message]) -> dict[Key, State]:
        wanted: dict[Key, list[Message]] = {}
        for key, message in heard:
            wanted.setdefault(key, []).append(message)
        return await self.store.load(self, wanted)

    async def held(self, name: str, kind: str = "loan") -> State:
        key = Key(self.tenant, name, kind)
        return (await self.store.load(self, {key: ()}))[key]

    async def held_loan(self, loan_id: str) -> Loan:
        state = await self.held(loan_id)
        assert isinstance(state, LoanState)
        assert state.loan is not None
        return state.loan

    async def turn(self, *heard: tuple[Key, Message]) -> dict[str, State]:
        """Load, decide in order, save once: what the mesh does. Gives the states decided on."""
        changes = await self.decided(*heard)
        states = await self.load(*heard)
        await self.keep(changes)
        states |= {change.key: change.after for change in changes}
        return {key.id: state for key, state in states.items()}

    async def decided(self, *heard: tuple[Key, Message]) -> list[Change[State, Event]]:
        """Load and decide, and write nothing yet."""
        states = await self.load(*heard)
        changes: dict[Key, Change[State, Event]] = {}
        self.said = []
        for key, message in heard:
            change = self._decide(key, message, states[key])
            if not change.told:
                continue
            states[key] = change.after
            known = changes.setdefault(key, change)
            if known is not change:
                known.after, known.told = change.after, [*known.told, *change.told]
            self.said += self.service.say(change)
        return list(changes.values())

    async def keep(self, changes: Sequence[Change[State, Event]]) -> None:
        """Save in one transaction, counting the statements."""
        self.statements = 0
        if changes:
            async with self.connection.transaction():
                await self.store.save(self, changes)

    async def timers(self) -> dict[str, State]:
        """Hear what the last turn put off."""
        later = [said for said in self.said if isinstance(said, Later)]
        return await self.turn(
            *(self.message(x.kind, x.body, x.key, case_id=x.case_id) for x in later)
        )

    def _decide(self, key: Key, message: Message, state: State) -> Change[State, Event]:
        told: list[Told[Event]] = []
        after = state
        for place, event in enumerate(self.service.decide(state, message, now=self.now)):
            event_id = derive(message.message_id, type(event).__name__, place)
            told.append(Told(event, event_id, self.now, message))
            after = self.service.evolve(after, event)
        return Change(key, LANE, state, after, told)


def _meta(tenant: str, loan_id: str, case_id: UUID, event_id: UUID) -> common.Meta:
    return common.Meta(
        event_id=str(event_id),
        tenant=tenant,
        case_id=str(case_id),
        loan_id=loan_id,
        occurred_at=from_datetime(NOW),
        correlation_id=str(case_id),
        causation_id=str(case_id),
        actor=common.Actor(role="mesh", id="authorization"),
    )


def _terms(
    kind: Any, scope: Any, amount: common.Money, day: date, of_kind: common.KindTerms | None
) -> common.Terms:
    return common.Terms(
        case_number="W-1",
        customer_id="C-1",
        product="PERSONAL_LOAN",
        segment="PERSONAL",
        kind=kind,
        scope=scope,
        amount=amount,
        reason="AGED",
        date=from_date(day),
        channel="TOPIC",
        source="lending",
        maker="u-17",
        litigation="N",
        fraud=False,
        related_party=False,
        collection_ceases=False,
        outstanding_minor=98_000,
        charged_off_minor=0,
        of_kind=of_kind,
    )
