"""What the store of documents keeps is what it gives back."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import pytest
from documents.domain.events import (
    Command,
    CompleteTask,
    DetermineRequirements,
    EndCase,
    Event,
    HearReference,
    Seen,
)
from documents.domain.file import LoanFile, Reference, Supplied, Terms
from documents.domain.policy import POLICY
from documents.domain.verification import decide, evolve
from documents.store import Store, references_held, standing_of
from mesh.migrations import migrate
from mesh.people import Person
from mesh.service import Change, Key, Told

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DORA = Person("dora", frozenset({"document_agent"}))
STORE = Store()
TERMS = Terms(
    kind="WRITE_OFF",
    segment="PERSONAL",
    product="PERSONAL_LOAN",
    reason="UNCOLLECTIBLE",
    amount_minor=200_000,
    currency="USD",
    usd_rate=Fraction(1),
    channel="TOPIC",
    has_guarantor=False,
    litigation="L",
    legal_code="11",
    collection_ceases=False,
    maker="u-17",
    approval_reference="APPR-2026-001",
    heard='{"as": "heard"}',
)
LOG = Supplied("COLLECTION_LOG", "ab" * 32, NOW.date(), "core")


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
    folder = Path(str(files("documents") / "migrations"))
    await migrate(owner_dsn, folders=[("documents", folder)], tell=lambda _: None)
    connection = await asyncpg.connect(dsn)
    yield Session(connection)
    await connection.close()


def review(number: int, terms: Terms = TERMS) -> DetermineRequirements:
    return DetermineRequirements(UUID(int=number), terms, (LOG,), UUID(int=1_000 + number))


async def turn(session: Session, asked: dict[Key, list[Command]]) -> dict[Key, LoanFile]:
    """Load, decide in order, save once; gives the states decided on."""
    before = await STORE.load(session, dict.fromkeys(asked, ()))
    changes: list[Change[LoanFile, Event]] = []
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


async def test_files_come_back_as_they_were_saved(session: Session) -> None:
    one, other, empty = (Key("demo", name) for name in ("LN-1", "LN-2", "LN-3"))
    reference = Reference("APPR-2026-009", True, date(2026, 12, 31))
    saved = await turn(
        session,
        {
            one: [review(1), review(2), EndCase(UUID(int=2)), HearReference(reference)],
            other: [review(3, replace(TERMS, legal_code="12"))],
        },
    )
    task = saved[one].task_of(UUID(int=1))
    assert task is not None
    seen = Seen("COURT_PAPER", "cd" * 32, date(2020, 1, 1))
    found = CompleteTask(
        task_id=task.task_id, by=DORA, cause=uuid5(task.task_id, ""), verified=(seen,)
    )
    saved |= await turn(session, {one: [found]})

    loaded = await STORE.load(session, dict.fromkeys((one, other, empty), ()))

    assert loaded == {**saved, empty: LoanFile()}


async def test_a_turn_that_repeats_what_was_heard_writes_nothing(session: Session) -> None:
    key = Key("demo", "LN-9")
    first = await turn(session, {key: [review(9)]})
    again = await turn(session, {key: [review(9)]})

    assert again == first


async def test_a_case_that_completes_keeps_no_terms(session: Session) -> None:
    key = Key("demo", "LN-10")
    reference = Reference("APPR-2026-001", True, date(2026, 12, 31))
    await turn(session, {key: [review(10)]})
    await turn(session, {key: [HearReference(reference)]})

    rows = await session.fetch("SELECT * FROM verification WHERE case_id = $1", UUID(int=10))
    assert (rows[0]["stage"], rows[0]["heard"], rows[0]["maker"]) == ("COMPLETED", None, None)
    standing = await standing_of(session, "demo", UUID(int=10))
    assert standing is not None
    assert standing.stage == "COMPLETED"
    assert {r.basis for r in standing.requirements} == {"MADE", "SUPPLIED", "ATTESTED"}


async def test_another_tenant_sees_neither_case_nor_reference(session: Session) -> None:
    key = Key("demo", "LN-11")
    reference = Reference("APPR-2026-011", True, date(2026, 12, 31))
    await turn(session, {key: [review(11), HearReference(reference)]})

    assert await standing_of(session, "sba", UUID(int=11)) is None
    assert await references_held(session, "sba", ["APPR-2026-011"]) == set()
    held = await references_held(session, "demo", ["APPR-2026-011", "APPR-2026-012"])
    assert held == {"APPR-2026-011"}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM verification",
        "UPDATE document SET sha256 = NULL",
        "DELETE FROM document",
        "UPDATE approval_reference SET attests = true",
        "TRUNCATE document",
        "DROP TABLE document",
    ],
)
async def test_the_service_itself_cannot_rewrite_evidence(session: Session, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await session.execute(statement)
