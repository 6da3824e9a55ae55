"""What the store of notifications keeps is what it gives back, and what it finds to be sent."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from mesh.migrations import migrate
from mesh.service import Change, Key, Told
from notifications.domain.correspondence import decide, evolve
from notifications.domain.events import (
    Command,
    Event,
    KnowParty,
    Posting,
    RecordDelivery,
    RecordNotices,
    Refusal,
)
from notifications.domain.notices import LoanNotices, Party, PartyFile, Proof, State
from notifications.domain.policy import POLICY
from notifications.store.reads import Due, count_by_state, due, notices_of
from notifications.store.states import Store

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STORE = Store()
POSTING = Posting(
    posting_id=UUID(int=1),
    case_id=UUID(int=2),
    customer_id="P-1",
    case_number="C-1",
    product="PERSONAL_LOAN",
    segment="PERSONAL",
    reason="AGED",
    litigation="N",
    is_fraud=False,
    collection_ceases=False,
    currency="USD",
    principal_minor=100,
    interest_minor=0,
    fees_minor=0,
    penalties_minor=0,
    tax_minor=0,
    amount_minor=100,
    balance_after_minor=0,
    value_date=date(2026, 11, 20),
    booked=NOW.date(),
)
PROOF = Proof(
    channel="EMAIL",
    provider_id="<1@bank.example>",
    text_sha256="ab" * 32,
    address_sha256="cd" * 32,
    template_version="en-US/WRITE_OFF_NOTICE/1",
)
JO = Party(
    party_id="P-1",
    given_name="Jo",
    family_name="Doe",
    business_name=None,
    email="jo@example.org",
    locale="en-US",
)


class Session:
    """A connection of the runtime role, as a turn and as a door see it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        return await self.connection.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await self.connection.execute(query, *args)

    async def copy(
        self, table: str, *, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        await self.connection.copy_records_to_table(table, records=rows, columns=list(columns))


@pytest.fixture
async def session(owner_dsn: str, dsn: str) -> AsyncIterator[Session]:
    folder = Path(str(files("notifications") / "migrations"))
    await migrate(owner_dsn, folders=[("notifications", folder)], tell=lambda _: None)
    connection = await asyncpg.connect(dsn)
    yield Session(connection)
    await connection.execute("UPDATE notice SET lane = -1")
    await connection.close()


async def turn(session: Session, asked: Mapping[Key, Sequence[Command]]) -> dict[Key, State]:
    """Load, decide in order, save once; gives the states decided on."""
    before = await STORE.load(session, dict.fromkeys(asked, ()))
    changes: list[Change[State, Event]] = []
    for key, commands in asked.items():
        state = before[key]
        told: list[Told[Event]] = []
        for command in commands:
            for event in decide(state, command, now=NOW, policy=POLICY):
                state = evolve(state, event)
                told.append(Told(event, UUID(int=0), NOW, None))  # pyright: ignore
        changes.append(Change(key, 3, before[key], state, told))
    async with session.connection.transaction():
        await STORE.save(session, changes)
    return {change.key: change.after for change in changes}


def posting(number: int, **changed: Any) -> RecordNotices:
    ids = {"posting_id": UUID(int=number), "case_id": UUID(int=1_000 + number)}
    return RecordNotices(replace(POSTING, **ids, **changed))


def loan(tenant: str, number: int) -> Key:
    return Key(tenant, f"LN-{number}")


async def look(
    session: Session,
    *,
    lanes: Sequence[int] = (3,),
    told: Mapping[UUID, int] | None = None,
    **more: Any,
) -> list[Due]:
    asked: dict[str, Any] = {"now": NOW, "with_mail": True, "limit": 10} | more
    return await due(session, lanes=lanes, told=told or {}, **asked)


async def test_states_come_back_as_they_were_saved(session: Session) -> None:
    loans = [loan("t01", number) for number in range(1, 6)]
    party, gone = (Key("t01", name, "party") for name in ("P-1", "P-2"))
    saved = await turn(
        session,
        {
            loans[0]: [posting(1)],
            loans[1]: [posting(2, reason="DECEASED")],
            loans[2]: [posting(3, litigation="L")],
            loans[3]: [posting(4), posting(5)],
            party: [KnowParty(JO, (3, 1))],
            gone: [KnowParty(JO, (3, 2)), KnowParty(None, (3, 4))],
        },
    )
    four = saved[loans[3]]
    assert isinstance(four, LoanNotices)
    first, second = four.notices
    failed = [RecordDelivery(second, n, Refusal("LETTER", "PRINT_FAILED")) for n in range(3)]
    saved |= await turn(session, {loans[3]: [RecordDelivery(first, 0, PROOF), *failed]})

    loaded = await STORE.load(session, dict.fromkeys([*loans, party, gone], ()))

    assert loaded == {**saved, loans[4]: LoanNotices()}
    assert loaded[gone] == PartyFile((3, 4), None)


async def test_an_erased_party_leaves_nothing_but_its_version(session: Session) -> None:
    key = Key("t02", "P-1", "party")
    await turn(session, {key: [KnowParty(JO, (1, 1))]})
    await turn(session, {key: [KnowParty(None, (1, 2))]})

    [row] = await session.fetch("SELECT * FROM party WHERE tenant = 't02'")
    kept = {name for name, value in row.items() if value is not None}
    assert kept == {"tenant", "party_id", "incarnation", "number", "is_erased"}


async def test_only_what_is_due_here_and_whose_party_is_known_is_found(session: Session) -> None:
    party = Key("t03", "P-1", "party")
    await turn(
        session,
        {
            loan("t03", 1): [posting(31)],
            loan("t03", 2): [posting(32, customer_id="P-STRANGER")],
            loan("t03", 3): [posting(33, litigation="P")],
        },
    )
    assert await look(session) == []

    await turn(session, {party: [KnowParty(JO, (1, 1))]})
    [found] = await look(session)

    assert (found.key, found.lane, found.party) == (loan("t03", 1), 3, JO)
    assert found.notice.posting_id == UUID(int=31)
    assert await look(session, lanes=[4]) == []
    assert await look(session, now=NOW - timedelta(seconds=1)) == []
    assert await look(session, with_mail=False) == []
    assert await look(session, told={found.notice.notice_id: 0}) == []
    assert await look(session, told={found.notice.notice_id: 1}) == [found]


async def test_without_mail_letters_are_found_and_an_erased_party_is_none(
    session: Session,
) -> None:
    await turn(
        session,
        {
            loan("t04", 1): [posting(41)],
            Key("t04", "P-1", "party"): [KnowParty(JO, (1, 1)), KnowParty(None, (1, 2))],
        },
    )

    [found] = await look(session, with_mail=False)
    assert found.party is None


async def test_doors_see_their_own_tenants_notices(session: Session) -> None:
    await turn(
        session,
        {
            loan("t05", 1): [posting(51), posting(52, reason="FRAUD")],
            loan("t06", 1): [posting(61)],
        },
    )
    asked: dict[str, Any] = {"state": None, "limit": 10}

    assert await count_by_state(session, "t05") == {"PENDING": 1, "SUPPRESSED": 1}
    [row] = await notices_of(session, "t05", case_id=UUID(int=1_052), **asked)
    assert (row["state"], row["rule"]) == ("SUPPRESSED", "FRAUD_SUSPECTED")
    assert await notices_of(session, "t06", case_id=UUID(int=1_052), **asked) == []


@pytest.mark.parametrize(
    "statement", ["DELETE FROM notice", "DELETE FROM party", "DROP TABLE party"]
)
async def test_the_service_itself_forgets_nothing(session: Session, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute(statement)
