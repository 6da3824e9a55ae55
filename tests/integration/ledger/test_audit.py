"""The trail on a real PostgreSQL: sealed as it was posted, and every way of tampering is found.

Who tampers here owns the tables and switches triggers off, as an intruder with that role would.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger.audit import entry as form
from ledger.audit.examining import NoProof, Report, examine, prove
from ledger.audit.finding import Code
from ledger.audit.proof import Proof
from ledger.audit.sealing import BLOCK_MAX, Block, Chain, decide
from ledger.audit.signing import Keys, Signer, id_of
from ledger.audit.verifying import Published
from ledger.store.audit import Chains
from mesh.migrations import migrate
from mesh.service import EPOCH

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 24, 12, 0, 0, 500_000, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KEYS = Keys({id_of(KEY.public_key()): KEY.public_key()})
SIGNER = Signer(KEY)
FORGER = Signer(Ed25519PrivateKey.from_private_bytes(b"\x08" * 32))
CHAINS = Chains()

KNOWN = {
    "tenant": "demo",
    "loan_id": "LN-1",
    "case_id": None,
    "grant_id": None,
    "tx": None,
    "reverses": None,
    "kind": "POST",
    "command": "write_off",
    "asked": None,
    "reason": "AGED",
    "amount_minor": 100,
    "value_date": date(2026, 11, 20),
    "booked_at": NOW,
    "currency": "USD",
    "policy_version": "1",
    "actor": "mesh/ledger",
}


type Row = dict[str, Any]


def entry_of(entry_id: UUID, *, lane: int, line_count: int) -> Row:
    own = {"entry_id": entry_id, "transaction_id": uuid4(), "cause_id": uuid4()}
    return KNOWN | own | {"lane": lane, "line_count": line_count}


def line_of(entry_id: UUID, place: int, *, code: str, amount: int) -> Row:
    """The first line of an entry is its debit, the second its credit."""
    own = {"entry_id": entry_id, "place": place, "code": code}
    sides = {"debit_minor": amount * (1 - place), "credit_minor": amount * place}
    return {"book": "BNK", "component": None, "holds": False} | own | sides


class Books:
    """The ledger's tables as its runtime role sees them."""

    def __init__(
        self, connection: asyncpg.Connection, columns: Mapping[str, Sequence[str]]
    ) -> None:
        self.connection = connection
        self.columns = columns

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        return await self.connection.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await self.connection.execute(query, *args)

    async def copy(
        self, table: str, *, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        await self.connection.copy_records_to_table(table, records=rows, columns=list(columns))

    async def post(self, count: int = 1, *, lane: int = 0, **changed: Any) -> list[UUID]:
        """Post entries of two lines each, in one statement a table."""
        ids = [uuid4() for _ in range(count)]
        journal = [entry_of(i, lane=lane, line_count=2) | changed for i in ids]
        code = str(changed.get("command", "WRITE_OFF"))
        amount = changed.get("amount_minor") or 100
        lines = [
            line_of(i, place, code=f"{code}-{place}", amount=amount)
            for i in ids
            for place in (0, 1)
        ]
        await self.write(journal, lines)
        return ids

    async def write(self, journal: Sequence[Row], lines: Sequence[Row]) -> None:
        """Add entries with their lines, in one transaction, as a turn does."""
        async with self.connection.transaction():
            for table, rows in (("journal", journal), ("journal_line", lines)):
                names = [name for name in self.columns[table] if name != "seq"]
                values = [tuple(row[name] for name in names) for row in rows]
                await self.copy(table, columns=names, rows=values)

    async def seal(self, lane: int = 0, *, most: int = BLOCK_MAX) -> Block | None:
        """Seal a lane's next block, as a look and a turn do."""
        last = (await CHAINS.last(self, [lane])).get(lane)
        after_seq = last.last_seq if last else 0
        seal = await CHAINS.fresh(self, lane, after_seq=after_seq, most=most)
        if seal is None:
            return None
        [block] = decide(Chain(lane, last), seal, now=NOW, signer=SIGNER)
        await CHAINS.add(self, [block])
        return block

    async def examine(self, *told: Published, now: datetime = NOW) -> Report:
        return await examine(self, keys=KEYS, published=told, now=now)

    async def told(self, *told: Published) -> list[tuple[str, int | None, int | None, UUID | None]]:
        findings = (await self.examine(*told)).findings
        return [(f.code.value, f.lane, f.block, f.entry_id) for f in findings]


@pytest.fixture
async def migrated(owner_dsn: str) -> None:
    await migrate(owner_dsn, folders=[("ledger", Path(str(files("ledger") / "migrations")))])


@pytest.fixture
async def books(migrated: None, owner_dsn: str, dsn: str) -> AsyncIterator[Books]:
    """Empty books."""
    async with tampering(owner_dsn) as owner:
        await owner.execute("TRUNCATE journal, journal_line, audit_block")
    connection = await asyncpg.connect(dsn)
    tables = ("journal", "journal_line")
    yield Books(connection, {table: await columns_of(connection, table) for table in tables})
    await connection.close()


async def columns_of(connection: asyncpg.Connection, table: str) -> list[str]:
    rows = await connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
        " AND NOT attisdropped ORDER BY attnum",
        table,
    )
    return [row["attname"] for row in rows]


@asynccontextmanager
async def tampering(owner_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Open the books to their owner, triggers off; on again afterwards."""
    owner = await asyncpg.connect(owner_dsn)
    tables = ("journal", "journal_line", "audit_block")
    try:
        for table in tables:
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield owner
        for table in tables:
            await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    finally:
        await owner.close()


def published(*blocks: Block | None) -> Published:
    it = Published("the file")
    heads = [block.signed for block in blocks if block is not None]
    assert list(it.take(heads, KEYS)) == []
    return it


# --- the canonical form -------------------------------------------------------------------------


async def test_every_column_is_in_the_canonical_form(books: Books) -> None:
    assert set(books.columns["journal"]) == {*form.ENTRY, *form.BESIDE}
    assert set(books.columns["journal_line"]) == {*form.LINE, "entry_id"}


texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=40
)
moments = st.integers(-1_000_000_000_000_000, 7_000_000_000_000_000).map(
    lambda us: EPOCH + timedelta(microseconds=us)
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "tenant": texts,
                "command": texts,
                "reason": st.none() | texts,
                "currency": texts,
                "policy_version": texts,
                "amount_minor": st.none() | st.integers(1, (1 << 63) - 1),
                "value_date": st.dates(date(1900, 1, 1), date(2200, 1, 1)),
                "booked_at": moments,
                "case_id": st.none() | st.uuids(),
                "kind": st.just("OPENING"),
            }
        ),
        min_size=1,
        max_size=8,
    )
)
async def test_the_store_and_an_auditor_hash_the_same(
    books: Books, rows: list[dict[str, Any]]
) -> None:
    lane = uuid4().int % 1_000_000
    for row in rows:
        await books.post(lane=lane, **row)

    seal = await CHAINS.fresh(books, lane, after_seq=0, most=100)

    assert seal is not None
    entries = await books.fetch("SELECT * FROM journal WHERE lane = $1 ORDER BY seq", lane)
    for row, leaf in zip(entries, seal.leaves.each(), strict=True):
        lines = await books.fetch(
            "SELECT * FROM journal_line WHERE entry_id = $1 ORDER BY place", row["entry_id"]
        )
        assert (leaf.entry_id, leaf.hash) == (row["entry_id"], form.hash_of(row, lines))


async def test_an_entry_without_lines_has_a_leaf(books: Books) -> None:
    await books.write([entry_of(uuid4(), lane=0, line_count=0)], [])

    assert await books.seal() is not None
    assert await books.told() == []


# --- sealing ------------------------------------------------------------------------------------


async def test_blocks_follow_each_other_in_each_lane(books: Books) -> None:
    await books.post(3, lane=1)
    await books.post(2, lane=4)
    one = await books.seal(1)
    await books.post(5, lane=1)
    two, other = await books.seal(1), await books.seal(4)

    assert one is not None
    assert two is not None
    assert other is not None
    heads = [block.signed.head for block in (one, two, other)]
    assert [(h.lane, h.number, h.first, h.count) for h in heads] == [
        (1, 1, 1, 3),
        (1, 2, 4, 5),
        (4, 1, 1, 2),
    ]
    assert await books.seal(1) is None
    report = await books.examine(published(one, two, other))
    assert report.findings == []
    assert [(r.lane, r.blocks, r.entries, r.unsealed) for r in report.lanes] == [
        (1, 2, 8, 0),
        (4, 1, 2, 0),
    ]


async def test_a_block_takes_no_more_than_it_may(books: Books) -> None:
    await books.post(7)

    sizes = [block.signed.head.count for _ in range(3) if (block := await books.seal(most=3))]

    assert sizes == [3, 3, 1]
    assert await books.told() == []


async def test_the_order_is_that_of_commit(books: Books, dsn: str) -> None:
    other = await asyncpg.connect(dsn)
    books_there = Books(other, books.columns)
    try:
        async with other.transaction():
            later = await books_there.post(1, lane=5)
            first = await books.post(1, lane=3)
        second = await books.post(2, lane=3)
    finally:
        await other.close()

    block, there = await books.seal(3), await books.seal(5)

    assert block is not None
    assert there is not None
    assert block.leaves.entry_ids() == [*first, *second]
    assert there.leaves.entry_ids() == later


async def test_heads_are_given_from_a_number_on(books: Books) -> None:
    await books.post(4)
    blocks = [await books.seal(most=1) for _ in range(4)]

    heads = await CHAINS.heads(books, {0: 2, 1: 0})

    assert heads == [block.signed for block in blocks[2:] if block]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_block SET number = 9",
        "DELETE FROM audit_block",
        "TRUNCATE audit_block",
    ],
)
async def test_a_block_is_never_changed(books: Books, owner_dsn: str, statement: str) -> None:
    await books.post()
    await books.seal()
    owner = await asyncpg.connect(owner_dsn)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only added to"):
            await owner.execute(statement)
    finally:
        await owner.close()


async def test_a_number_is_sealed_once(books: Books) -> None:
    await books.post()
    block = await books.seal()
    assert block is not None

    with pytest.raises(asyncpg.UniqueViolationError):
        await CHAINS.add(books, [block])


# --- tampering ----------------------------------------------------------------------------------


@pytest.fixture
async def trail(books: Books) -> tuple[list[UUID], Published]:
    """Twelve entries in blocks of five, five and two, all published."""
    ids = await books.post(12)
    blocks = [await books.seal(most=5) for _ in range(3)]
    told = published(*blocks)
    assert await books.told(told) == []
    return ids, told


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET amount_minor = amount_minor + 1 WHERE entry_id = $1",
        "UPDATE journal SET reason = 'FRAUD' WHERE entry_id = $1",
        "UPDATE journal SET reason = NULL WHERE entry_id = $1",
        "UPDATE journal SET booked_at = booked_at + interval '1 microsecond' WHERE entry_id = $1",
        "UPDATE journal SET value_date = value_date - 1 WHERE entry_id = $1",
        "UPDATE journal_line SET debit_minor = debit_minor * 2, credit_minor = credit_minor * 2"
        " WHERE entry_id = $1",
        "UPDATE journal_line SET code = 'OTHER' WHERE entry_id = $1 AND place = 1",
        "UPDATE journal_line SET place = 1 - place + 10 WHERE entry_id = $1",
        "DELETE FROM journal_line WHERE entry_id = $1 AND place = 0",
        "DELETE FROM journal_line WHERE entry_id = $1",
        "INSERT INTO journal_line SELECT (jsonb_populate_record(l, '{\"place\": 2}')).*"
        " FROM journal_line l WHERE entry_id = $1 AND place = 0",
    ],
)
async def test_a_changed_row_is_found_with_entry_and_block(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str, statement: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute(statement, ids[6])

    assert await books.told(told) == [("CHANGED", 0, 2, ids[6])]


async def test_a_removed_row_is_found_with_entry_and_block(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("DELETE FROM journal_line WHERE entry_id = $1", ids[2])
        await owner.execute("DELETE FROM journal WHERE entry_id = $1", ids[2])

    assert await books.told(told) == [("REMOVED", 0, 1, ids[2])]


async def test_lines_that_were_left_behind_are_found(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("DELETE FROM journal WHERE entry_id = $1", ids[2])

    assert await books.told(told) == [
        ("REMOVED", 0, 1, ids[2]),
        ("STRAY_LINES", None, None, ids[2]),
    ]


async def test_a_row_among_sealed_ones_is_found(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    [late] = await books.post()
    async with tampering(owner_dsn) as owner:
        await owner.execute("ALTER TABLE journal ALTER COLUMN seq DROP IDENTITY IF EXISTS")
        await owner.execute("DROP INDEX journal_in_lane")
        await owner.execute(
            "UPDATE journal SET seq = (SELECT seq FROM journal WHERE entry_id = $2)"
            " WHERE entry_id = $1",
            late,
            ids[3],
        )

    found = await books.told(told)
    async with tampering(owner_dsn) as owner:
        await owner.execute("TRUNCATE journal, journal_line")
        await owner.execute("ALTER TABLE journal ALTER seq ADD GENERATED ALWAYS AS IDENTITY")
        await owner.execute("CREATE UNIQUE INDEX journal_in_lane ON journal (lane, seq)")

    assert found == [("ADDED", 0, 1, late)]


async def swap(owner: asyncpg.Connection, one: UUID, two: UUID) -> None:
    await owner.execute("ALTER TABLE journal ALTER COLUMN seq DROP IDENTITY IF EXISTS")
    await owner.execute(
        "UPDATE journal j SET seq = -o.seq FROM journal o"
        " WHERE (j.entry_id, o.entry_id) IN (($1::uuid, $2::uuid), ($2::uuid, $1::uuid))",
        one,
        two,
    )
    await owner.execute("UPDATE journal SET seq = -seq WHERE seq < 0")
    await owner.execute(
        "ALTER TABLE journal ALTER seq ADD GENERATED ALWAYS AS IDENTITY (START 1000000)"
    )


async def test_rows_in_another_order_are_found(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await swap(owner, ids[5], ids[8])

    assert await books.told(told) == [("REORDERED", 0, 2, ids[5])]


async def test_rows_that_changed_blocks_are_found(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await swap(owner, ids[0], ids[11])

    assert await books.told(told) == [("REORDERED", 0, 1, ids[0]), ("REORDERED", 0, 3, ids[11])]


async def test_a_row_that_changed_lanes_is_found(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("UPDATE journal SET lane = 5 WHERE entry_id = $1", ids[0])

    assert await books.told(told) == [("REMOVED", 0, 1, ids[0])]


async def test_a_cut_tail_is_found_by_what_was_published(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("DELETE FROM journal_line WHERE entry_id = ANY($1)", ids[5:])
        await owner.execute("DELETE FROM journal WHERE entry_id = ANY($1)", ids[5:])
        await owner.execute("DELETE FROM audit_block WHERE number > 1")

    assert await books.told(told) == [("CUT_TAIL", 0, 2, None), ("CUT_TAIL", 0, 3, None)]
    assert await books.told() == []


async def test_a_tail_cut_without_its_blocks_is_found_by_them(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, _ = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("DELETE FROM journal_line WHERE entry_id = ANY($1)", ids[10:])
        await owner.execute("DELETE FROM journal WHERE entry_id = ANY($1)", ids[10:])

    assert await books.told() == [("REMOVED", 0, 3, ids[10]), ("REMOVED", 0, 3, ids[11])]


async def test_books_that_are_empty_all_at_once_are_found(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    _, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("TRUNCATE journal, journal_line, audit_block")

    assert await books.told(told) == [("CUT_TAIL", 0, n, None) for n in (1, 2, 3)]


async def test_a_full_rewrite_is_found_by_what_was_published(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("UPDATE journal SET amount_minor = 1 WHERE entry_id = $1", ids[6])
        await owner.execute("TRUNCATE audit_block")
    for _ in range(3):
        await books.seal(most=5)

    assert await books.told() == []
    assert await books.told(told) == [("REWRITTEN", 0, 2, None), ("REWRITTEN", 0, 3, None)]


async def test_a_rewrite_without_the_key_is_forged(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("UPDATE journal SET amount_minor = 1 WHERE entry_id = $1", ids[11])
        await owner.execute("DELETE FROM audit_block WHERE number = 3")
    last = (await CHAINS.last(books, [0]))[0]
    seal = await CHAINS.fresh(books, 0, after_seq=last.last_seq, most=5)
    assert seal is not None
    await CHAINS.add(books, decide(Chain(0, last), seal, now=NOW, signer=FORGER))

    assert await books.told() == [("FORGED", 0, 3, None)]
    assert await books.told(told) == [("FORGED", 0, 3, None), ("REWRITTEN", 0, 3, None)]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE audit_block SET signature = sha512(signature) WHERE number = 2", "FORGED"),
        ("UPDATE audit_block SET last_seq = last_seq - 1 WHERE number = 2", "FORGED"),
        ("UPDATE audit_block SET leaves = substr(leaves, 33) || sha256('x')", "LEAVES_ALTERED"),
        ("DELETE FROM audit_block WHERE number = 2", "BROKEN_CHAIN"),
    ],
)
async def test_a_tampered_block_is_found(
    books: Books,
    trail: tuple[list[UUID], Published],
    owner_dsn: str,
    statement: str,
    code: str,
) -> None:
    _, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute(statement)

    assert code in {each[0] for each in await books.told(told)}


async def test_a_block_that_makes_no_sense_is_found_and_the_rest_is_looked_at(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, told = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("UPDATE journal SET amount_minor = 1 WHERE entry_id = $1", ids[11])
        await owner.execute("UPDATE audit_block SET key_id = 'x' WHERE number = 2")

    assert [each[:3] for each in await books.told(told)] == [
        ("UNREADABLE", 0, 2),
        ("BROKEN_CHAIN", 0, 3),
        ("CHANGED", 0, 3),
    ]


async def test_entries_that_are_not_sealed_in_time_are_found(books: Books) -> None:
    await books.post(2)

    assert (await books.examine(now=NOW + timedelta(minutes=9))).findings == []
    [found] = (await books.examine(now=NOW + timedelta(minutes=11))).findings
    assert found.code is Code.UNSEALED


async def test_many_blocks_and_entries_are_read_in_pages(books: Books) -> None:
    heard: list[int] = []
    await books.post(2_500)
    blocks = [block async for block in sealing(books, most=20)]
    await books.post(10)

    report = await examine(
        books, keys=KEYS, published=[published(*blocks)], now=NOW, tell=heard.append
    )

    assert report.findings == []
    [lane] = report.lanes
    assert (lane.blocks, lane.entries, lane.unsealed) == (125, 2_500, 10)
    assert heard == sorted(heard)
    assert heard[-1] == 2_510


async def sealing(books: Books, *, most: int) -> AsyncIterator[Block]:
    while block := await books.seal(most=most):
        yield block


# --- proofs -------------------------------------------------------------------------------------


async def test_a_sealed_entry_can_be_proved(
    books: Books, trail: tuple[list[UUID], Published]
) -> None:
    ids, _ = trail

    proof = await prove(books, ids[6])

    assert isinstance(proof, Proof)
    assert proof.wrong(KEYS) is None
    assert proof.signed.head.number == 2
    assert f'"entry_id":"{ids[6]}"' in proof.text


async def test_what_is_not_sealed_or_not_there_cannot_be_proved(books: Books) -> None:
    [entry_id] = await books.post()

    assert await prove(books, uuid4()) == NoProof("the journal has no such entry")
    waiting = await prove(books, entry_id)
    assert isinstance(waiting, NoProof)
    assert not waiting.is_sealed


async def test_a_changed_entry_cannot_be_proved(
    books: Books, trail: tuple[list[UUID], Published], owner_dsn: str
) -> None:
    ids, _ = trail
    async with tampering(owner_dsn) as owner:
        await owner.execute("UPDATE journal SET amount_minor = 1 WHERE entry_id = $1", ids[6])

    found = await prove(books, ids[6])

    assert found == NoProof("it is not what block 2 of lane 0 sealed", is_sealed=True)
