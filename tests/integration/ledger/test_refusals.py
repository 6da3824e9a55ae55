"""What PostgreSQL itself refuses, whoever writes the rows."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import asyncpg
import pytest
from ledger.domain.events import Event
from mesh.service import Change, Told

from .turning import LANE, NOW, Books

pytestmark = pytest.mark.stack

ADDED_TO = ("opening", "journal", "journal_line", "reversal", "refusal", "answered_id")
VERBS = ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}")
COLUMN = {"journal_line": "place", "answered_id": "id", "opening": "status"}


@pytest.mark.parametrize("table", ADDED_TO)
@pytest.mark.parametrize("verb", VERBS)
async def test_nobody_changes_what_was_added(
    books: Books, owner_dsn: str, table: str, verb: str
) -> None:
    statement = verb.format(table, COLUMN.get(table, "lane"))

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await books.execute(statement)
    owner = await asyncpg.connect(owner_dsn)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only added to"):
        await owner.execute(statement)
    await owner.close()


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE journal_line DISABLE TRIGGER lines_balance",
        "ALTER TABLE journal DISABLE TRIGGER has_its_lines",
        "DROP TRIGGER only_added_to ON journal",
        "SET session_replication_role = replica",
        "DELETE FROM loan",
        "CREATE TABLE public.journal_line2 ()",
        "DROP TABLE refusal",
    ],
)
async def test_the_runtime_role_cannot_get_round_it(books: Books, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await books.execute(statement)


type Sides = Sequence[tuple[str, int, int, bool]]
"""Book, debit, credit, whether it moves what the loan holds."""

ADD = """
INSERT INTO journal (entry_id, lane, tenant, loan_id, transaction_id, reverses, kind, command,
                     value_date, booked_at, currency, policy_version, actor, cause_id, line_count)
VALUES ($1, 0, $2, 'LN-1', $1, $5, $4, 'write_off', '2026-11-20', now(), 'USD', 'x', 'a/b', $1, $3)
"""


LINE = (
    "entry_id", "place", "book", "code", "component", "debit_minor", "credit_minor", "holds",
)  # fmt: skip


async def add(
    books: Books,
    entry_id: UUID,
    lines: Sides,
    *,
    line_count: int,
    kind: str = "POST",
    reverses: UUID | None = None,
) -> None:
    """Write an entry as somebody would who does not go through the domain."""
    async with books.connection.transaction():
        await books.execute(ADD, entry_id, books.tenant, line_count, kind, reverses)
        await add_lines(books, entry_id, lines, first=0)


async def add_lines(books: Books, entry_id: UUID, lines: Sides, *, first: int) -> None:
    await books.copy(
        "journal_line",
        columns=LINE,
        rows=[
            (entry_id, place, x[0], "1", "principal", *x[1:])
            for place, x in enumerate(lines, first)
        ],
    )


BALANCED = [("BNK", 100, 0, False), ("BNK", 0, 100, False)]


@pytest.mark.parametrize(
    ("line_count", "lines"),
    [
        (2, [("BNK", 100, 0, False), ("BNK", 0, 99, False)]),
        (2, [("BNK", 100, 0, False), ("CO", 0, 100, False)]),
        (1, [("BNK", 100, 0, False)]),
        (3, BALANCED),
        (1, BALANCED),
        (0, BALANCED),
        (2, [("BNK", 100, 100, False), ("BNK", 0, 100, False)]),
        (2, [("BNK", 0, 0, False), ("BNK", 0, 0, False)]),
        (2, [("BNK", -100, 0, False), ("BNK", 0, -100, False)]),
        (2, [("X", 100, 0, False), ("X", 0, 100, False)]),
    ],
)
async def test_an_entry_that_does_not_balance_is_refused(
    books: Books, line_count: int, lines: Sides
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await add(books, uuid4(), lines, line_count=line_count)


@pytest.mark.parametrize(
    "lines",
    [
        [("BNK", 100, 0, False), ("BNK", 0, 100, True)],
        [("CUST", 100, 0, True), ("CUST", 0, 100, False)],
        [*BALANCED, ("CO", 100, 0, True), ("CO", 0, 100, False)],
        [
            ("BNK", 100, 0, False), ("BNK", 0, 100, True),
            ("CUST", 0, 99, True), ("CUST", 99, 0, False),
        ],
    ],
)  # fmt: skip
async def test_an_entry_that_parts_cust_from_bnk_and_co_is_refused(
    books: Books, lines: Sides
) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="moves CUST from BNK"):
        await add(books, uuid4(), lines, line_count=len(lines))


async def test_nothing_is_added_to_an_entry_later_nor_to_none(books: Books) -> None:
    entry_id = uuid4()
    await add(books, entry_id, BALANCED, line_count=2)

    for first in (1, 2):
        with pytest.raises(
            asyncpg.IntegrityConstraintViolationError, match=r"have these lines|already exists"
        ):
            await add_lines(books, entry_id, BALANCED, first=first)
    with pytest.raises(asyncpg.CheckViolationError, match="does not have these lines"):
        await add_lines(books, uuid4(), BALANCED, first=0)


async def test_an_entry_does_not_come_without_its_lines(books: Books) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="has no lines"):
        await books.execute(ADD, uuid4(), books.tenant, 2, "POST", None)
    await books.execute(ADD, uuid4(), books.tenant, 0, "POST", None)


async def test_an_entry_is_reversed_once_and_a_reversal_names_what_it_reverses(
    books: Books,
) -> None:
    posted = uuid4()
    await add(books, posted, BALANCED, line_count=2)
    await add(books, uuid4(), BALANCED, line_count=2, kind="REVERSE", reverses=posted)

    with pytest.raises(asyncpg.UniqueViolationError):
        await add(books, uuid4(), BALANCED, line_count=2, kind="REVERSE", reverses=posted)
    with pytest.raises(asyncpg.CheckViolationError, match="a_reversal_names_an_entry"):
        await add(books, uuid4(), BALANCED, line_count=2, kind="REVERSE")
    with pytest.raises(asyncpg.CheckViolationError, match="a_reversal_names_an_entry"):
        await add(books, uuid4(), BALANCED, line_count=2, reverses=posted)


@pytest.mark.parametrize(
    "change",
    [
        "cust_principal = cust_principal + 1",
        "bnk_principal = -1, co_principal = bnk_principal + 1",
        "unearned_minor = bnk_interest + 1",
        "overpaid_minor = -1",
        "memo_minor = co_interest + 1",
    ],
)
async def test_a_loan_that_contradicts_itself_is_refused(books: Books, change: str) -> None:
    await books.turn(books.loan("LN-1"))

    with pytest.raises(asyncpg.CheckViolationError):
        await books.execute(f"UPDATE loan SET {change} WHERE tenant = $1", books.tenant)


@pytest.mark.parametrize("same", ["case_id", "grant_id"])
async def test_a_case_and_a_grant_are_posted_once(books: Books, same: str) -> None:
    await books.turn(books.loan("LN-1"))
    one, other = UUID(int=1), UUID(int=2)
    case_id = one if same == "case_id" else other
    grant_id = one if same == "grant_id" else other
    grants = [
        books.grant("LN-1", 1, amount_minor=100, case_id=one, grant_id=one),
        books.grant("LN-1", 2, amount_minor=100, case_id=case_id, grant_id=grant_id),
    ]
    state = await books.held("LN-1")
    told: list[Told[Event]] = []
    for _, grant in grants:
        events = books.service.decide(state, grant, now=NOW)
        told += [Told(event, uuid4(), NOW, grant) for event in events]

    with pytest.raises(asyncpg.UniqueViolationError):
        async with books.connection.transaction():
            await books.store.save(books, [Change(grants[0][0], LANE, state, state, told)])
