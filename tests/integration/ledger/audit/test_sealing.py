"""The trail on a real PostgreSQL: sealed in the order of commit, hashed as an auditor hashes."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger.audit import entry as form
from mesh.service import EPOCH

from .trail_books import (
    CHAINS,
    Books,
    entry_of,
    published,
)

pytestmark = pytest.mark.stack


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
