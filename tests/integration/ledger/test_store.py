"""What the ledger's store keeps, and what PostgreSQL itself refuses."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import asyncpg
import pytest
from ledger.api import views
from ledger.domain.decide import (
    Answered,
    Command,
    Event,
    ImportLoan,
    ImportParty,
    LoanState,
    PartyState,
    State,
    decide,
    evolve,
)
from ledger.domain.grant import Post, Terms, terms_hash
from ledger.domain.loan import Loan
from ledger.domain.policy import Policy
from ledger.settings import own_policy
from ledger.store import reads
from ledger.store.states import Store
from mesh.migrations import migrate
from mesh.service import NAMESPACE, Actor, Change, Key, Message, Told

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
POLICY = Policy.parse(own_policy())
STORE = Store()
TENANTS = (f"tenant-{number}" for number in count())


class Granted:
    """As much of a grant's record as the store reads."""

    def __init__(self, grant_id: UUID) -> None:
        self.grant_id = str(grant_id)


class Books:
    """One tenant's books, on a connection of the runtime role: what a turn does, and a door."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.tenant = next(TENANTS)
        self.statements = 0

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

    def name(self, kind: str, number: object) -> UUID:
        return uuid5(NAMESPACE, f"{self.tenant}/{kind}/{number}")

    def loan(self, loan_id: str, **changed: str) -> ImportLoan:
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
        ids = self.name("opening", loan_id), self.name("opened", loan_id)
        return ImportLoan(row | changed, *ids)

    def post(self, loan_id: str, number: int = 1, *, amount_minor: int | None = None) -> Post:
        terms = Terms(
            kind="WRITE_OFF",
            scope="PARTIAL" if amount_minor else "FULL",
            amount_minor=amount_minor or 100_000,
            currency="USD",
            reason="AGED",
            date=date(2026, 11, 20),
        )
        place = f"{loan_id}/{number}"
        return Post(
            tenant=self.tenant,
            loan_id=loan_id,
            case_id=self.name("case", place),
            grant_id=self.name("grant", place),
            terms=terms,
            terms_hash=terms_hash(self.tenant, loan_id, terms),
            amount_max_minor=200_000,
            expires_at=NOW + timedelta(days=1),
            entry_id=self.name("entry", place),
            transaction_id=self.name("transaction", place),
        )

    def key_of(self, command: Command) -> Key:
        match command:
            case Post():
                return Key(self.tenant, command.loan_id)
            case ImportLoan():
                return Key(self.tenant, command.row["loan_id"])
            case ImportParty():
                return Key(self.tenant, command.row["customer_id"], "party")

    def heard(self, command: Command) -> Message:
        grant = isinstance(command, Post)
        return Message(
            kind="AuthorizationGranted" if grant else type(command).__name__,
            body=Granted(command.grant_id) if grant else None,
            message_id=UUID(int=1),
            tenant=self.tenant,
            source="door",
            actor=Actor("mesh", "ledger"),
            correlation_id=UUID(int=1),
            case_id=command.case_id if grant else None,
        )

    async def load(self, *commands: Command) -> dict[Key, State]:
        return await STORE.load(self, {self.key_of(c): [self.heard(c)] for c in commands})

    async def held(self, name: str, kind: str = "loan") -> State:
        key = Key(self.tenant, name, kind)
        return (await STORE.load(self, {key: ()}))[key]

    async def held_loan(self, loan_id: str) -> Loan:
        state = await self.held(loan_id)
        assert isinstance(state, LoanState)
        assert state.loan is not None
        return state.loan

    async def turn(self, *commands: Command) -> dict[str, State]:
        """Load, decide in order, save once: what the mesh does. Gives the states decided on."""
        states = await self.load(*commands)
        before = dict(states)
        told: dict[Key, list[Told[Event]]] = {}
        for command in commands:
            key = self.key_of(command)
            for event in decide(states[key], command, now=NOW, policy=POLICY):
                states[key] = evolve(states[key], event)
                told.setdefault(key, []).append(Told(event, UUID(int=1), NOW, self.heard(command)))
        changes = [Change(key, 3, before[key], states[key], told[key]) for key in told]
        self.statements = 0
        async with self.connection.transaction():
            await STORE.save(self, changes)
        return {key.id: state for key, state in states.items()}


@pytest.fixture
async def books(owner_dsn: str, dsn: str) -> AsyncIterator[Books]:
    folder = Path(str(files("ledger") / "migrations"))
    await migrate(owner_dsn, folders=[("ledger", folder)], tell=lambda _: None)
    connection = await asyncpg.connect(dsn)
    yield Books(connection)
    await connection.close()


async def test_a_loan_is_loaded_as_it_was_saved(books: Books) -> None:
    row = books.loan(
        "LN-1",
        guarantor_id="G-1",
        unearned_interest="12.34",
        deferred_income="5.00",
        charged_off_principal="50.00",
        charged_off_tax="0.01",
        as_of="2026-10-31",
        expiry="2027-01-01",
        rate="12.5",
        days_past_due="120",
        sanctioner="u-1",
        sanction_level="2",
        fraud="true",
    )

    states = await books.turn(row)

    assert await books.held("LN-1") == states["LN-1"]


async def test_an_unknown_key_has_an_empty_state(books: Books) -> None:
    assert await books.held("LN-1") == LoanState()
    assert await books.held("C-1", "party") == PartyState()


async def test_a_posting_is_loaded_as_it_was_saved_over_two_turns_and_within_one(
    books: Books,
) -> None:
    await books.turn(books.loan("LN-1", charged_off_principal="50.00"))

    states = await books.turn(
        books.post("LN-1"),
        books.loan("LN-2"),
        books.post("LN-2", 1, amount_minor=300),
        books.post("LN-2", 2, amount_minor=400),
    )

    decided = {name: state.loan for name, state in states.items() if isinstance(state, LoanState)}
    assert await books.held_loan("LN-1") == decided["LN-1"]
    assert await books.held_loan("LN-2") == decided["LN-2"]


async def test_what_was_answered_is_known_whatever_the_loan(books: Books) -> None:
    posted, refused = books.post("LN-1"), books.post("LN-9")
    await books.turn(books.loan("LN-1"), posted)
    await books.turn(refused)
    loan = await books.held_loan("LN-1")

    again = await books.load(posted, refused)
    stolen = await books.load(replace(refused, grant_id=posted.grant_id))

    first = Answered(posted.grant_id, posted.case_id, posted=True)
    second = Answered(refused.grant_id, refused.case_id, posted=False)
    assert again[books.key_of(posted)] == LoanState(loan, frozenset({first}))
    assert again[books.key_of(refused)] == LoanState(None, frozenset({second}))
    assert stolen[books.key_of(refused)] == LoanState(None, frozenset({first}))


async def test_a_repeated_turn_writes_nothing(books: Books) -> None:
    await books.turn(books.loan("LN-1"), books.post("LN-1"))

    await books.turn(books.post("LN-1"))

    assert books.statements == 0


async def test_a_party_is_kept_and_changed(books: Books) -> None:
    row = {"customer_id": "C-1", "given_name": "Ada", "family_name": "Lovelace"}
    await books.turn(ImportParty(row))

    states = await books.turn(ImportParty(row | {"email": "ada@example.org"}))

    assert await books.held("C-1", "party") == states["C-1"]
    assert isinstance(states["C-1"], PartyState)
    assert states["C-1"].version == 2


async def test_a_burst_takes_one_statement_a_table(books: Books) -> None:
    ids = [f"LN-{number}" for number in range(2_000)]

    await books.turn(*(books.loan(loan_id) for loan_id in ids))
    loans_journal_lines = books.statements
    await books.turn(*(books.post(loan_id) for loan_id in ids[:500]))
    loans_lots_journal_lines = books.statements

    assert (loans_journal_lines, loans_lots_journal_lines) == (3, 4)


async def test_the_report_counts_each_loss_once_and_the_books_balance(books: Books) -> None:
    await books.turn(
        books.loan("LN-1", charged_off_fees="50.00"),
        books.post("LN-1"),
        books.loan("LN-2"),
        books.post("LN-2", 1, amount_minor=300),
        books.post("LN-2", 2, amount_minor=400),
        books.loan("LN-3", currency="JPY", principal="298116", interest="0"),
    )

    amounts, cases = await reads.written_off(books, [books.tenant])
    balances, journals = await reads.trial_balance(books, [books.tenant])
    told = views.report(amounts, cases, balances, journals=journals)

    assert told["written_off"] == {
        "USD": {
            "cases": 3,
            "principal": "906.30",
            "interest": "100.70",
            "fees": "50.00",
            "penalties": "0.00",
            "tax": "0.00",
        }
    }
    assert told["trial_balance"] == {"JPY": "0", "USD": "0.00"}
    assert told["journals"] == 6
    assert await reads.written_off(books, ["nobody"]) == ([], [])


async def test_lines_add_up_to_the_balances(books: Books) -> None:
    await books.turn(
        books.loan("LN-1", charged_off_fees="50.00", unearned_interest="10.00"),
        books.post("LN-1"),
    )

    rows = await books.fetch(
        "SELECT book, component, sum(debit_minor - credit_minor)::bigint AS held"
        " FROM journal_line JOIN journal USING (entry_id)"
        " WHERE tenant = $1 AND book <> 'BNK' AND component IS NOT NULL GROUP BY book, component",
        books.tenant,
    )

    loan = await books.held_loan("LN-1")
    assert {(row["book"], row["component"]): row["held"] for row in rows} == {
        ("CO", "principal"): loan.co.principal,
        ("CO", "interest"): loan.co.interest,
        ("CO", "fees"): loan.co.fees,
        ("CUST", "principal"): loan.cust.principal,
        ("CUST", "interest"): loan.cust.interest,
        ("CUST", "fees"): loan.cust.fees,
    }


async def test_journals_are_shown_with_their_lines(books: Books) -> None:
    post = books.post("LN-1")
    await books.turn(books.loan("LN-1"), post)

    [journal] = views.journals(*await reads.journals_of_case(books, books.tenant, post.case_id))
    opened, posted = views.journals(*await reads.journals_of_loan(books, books.tenant, "LN-1"))
    foreign = await reads.journals_of_case(books, "nobody", post.case_id)

    assert (journal["loan_id"], journal["kind"]) == ("LN-1", "POST")
    assert {opened["kind"], posted["kind"]} == {"OPENING", "POST"}
    assert journal["lines"][0] == {
        "book": "BNK",
        "code": "6200",
        "component": "principal",
        "debit": "900.00",
        "credit": "0.00",
    }
    assert foreign == ([], [])


async def test_loans_are_listed_page_by_page(books: Books) -> None:
    await books.turn(*(books.loan(loan_id) for loan_id in ("LN-1", "LN-2", "LN-3")))

    first = await reads.loans(books, books.tenant, after="", limit=2)
    rest = await reads.loans(books, books.tenant, after="LN-2", limit=2)

    assert [row["loan_id"] for row in first] == ["LN-1", "LN-2"]
    assert [views.summary(row)["outstanding"] for row in rest] == ["1000.00"]


@pytest.mark.parametrize("table", ["journal", "journal_line", "refusal"])
@pytest.mark.parametrize("verb", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
async def test_nobody_changes_what_was_added(
    books: Books, owner_dsn: str, table: str, verb: str
) -> None:
    column = {"journal": "lane", "journal_line": "place", "refusal": "lane"}[table]
    statement = verb.format(table, column)

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


type Sides = Sequence[tuple[str, int, int]]
"""Book, debit, credit."""


async def add(books: Books, entry_id: UUID, lines: Sides, *, line_count: int) -> None:
    """Write an entry as somebody would who does not go through the domain."""
    async with books.connection.transaction():
        await books.execute(
            "INSERT INTO journal (entry_id, lane, tenant, loan_id, transaction_id, kind, command,"
            " value_date, booked_at, currency, policy_version, line_count)"
            " VALUES ($1, 0, $2, 'LN-1', $1, 'POST', 'write_off', '2026-11-20', now(), 'USD', 'x',"
            " $3)",
            entry_id,
            books.tenant,
            line_count,
        )
        await add_lines(books, entry_id, lines, first=0)


async def add_lines(books: Books, entry_id: UUID, lines: Sides, *, first: int) -> None:
    await books.copy(
        "journal_line",
        columns=("entry_id", "place", "book", "code", "debit_minor", "credit_minor"),
        rows=[(entry_id, place, x[0], "1", *x[1:]) for place, x in enumerate(lines, first)],
    )


BALANCED = [("BNK", 100, 0), ("BNK", 0, 100)]


@pytest.mark.parametrize(
    ("line_count", "lines"),
    [
        (2, [("BNK", 100, 0), ("BNK", 0, 99)]),
        (2, [("BNK", 100, 0), ("CO", 0, 100)]),
        (1, [("BNK", 100, 0)]),
        (3, BALANCED),
        (1, BALANCED),
        (2, [("BNK", 100, 100), ("BNK", 0, 100)]),
        (2, [("BNK", 0, 0), ("BNK", 0, 0)]),
        (2, [("BNK", -100, 0), ("BNK", 0, -100)]),
        (2, [("X", 100, 0), ("X", 0, 100)]),
    ],
)
async def test_an_entry_that_does_not_balance_is_refused(
    books: Books, line_count: int, lines: Sides
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await add(books, uuid4(), lines, line_count=line_count)


async def test_nothing_is_added_to_an_entry_later_nor_to_none(books: Books) -> None:
    entry_id = uuid4()
    await add(books, entry_id, BALANCED, line_count=2)

    with pytest.raises(asyncpg.CheckViolationError, match="does not have these lines"):
        await add_lines(books, entry_id, BALANCED, first=2)
    with pytest.raises(asyncpg.CheckViolationError, match="does not have these lines"):
        await add_lines(books, uuid4(), BALANCED, first=0)


@pytest.mark.parametrize(
    "change",
    [
        "cust_principal = cust_principal + 1",
        "bnk_principal = -1, co_principal = bnk_principal + 1",
        "unearned_minor = bnk_interest + 1",
    ],
)
async def test_a_loan_that_contradicts_itself_is_refused(books: Books, change: str) -> None:
    await books.turn(books.loan("LN-1"))

    with pytest.raises(asyncpg.CheckViolationError):
        await books.execute(f"UPDATE loan SET {change} WHERE tenant = $1", books.tenant)


@pytest.mark.parametrize("same", ["case_id", "grant_id"])
async def test_a_case_and_a_grant_are_posted_once(books: Books, same: str) -> None:
    await books.turn(books.loan("LN-1"))
    first, second = (books.post("LN-1", number, amount_minor=100) for number in (1, 2))
    second = replace(second, **{same: getattr(first, same)})
    state = await books.held("LN-1")
    told = [
        Told(event, UUID(int=1), NOW, books.heard(command))
        for command in (first, second)
        for event in decide(state, command, now=NOW, policy=POLICY)
    ]

    with pytest.raises(asyncpg.UniqueViolationError):
        async with books.connection.transaction():
            await STORE.save(books, [Change(books.key_of(first), 3, state, state, told)])
