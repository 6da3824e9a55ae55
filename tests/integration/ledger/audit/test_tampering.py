"""The trail on a real PostgreSQL: every way of tampering is found, and what is proved holds.

Who tampers here owns the tables and switches triggers off, as an intruder with that role would.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from ledger.audit.examining import NoProof, examine, prove
from ledger.audit.finding import Code
from ledger.audit.proof import Proof
from ledger.audit.sealing import Block, Chain, decide
from ledger.audit.verifying import Published

from .trail_books import (
    CHAINS,
    FORGER,
    KEYS,
    NOW,
    Books,
    published,
    tampering,
)

pytestmark = pytest.mark.stack


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
