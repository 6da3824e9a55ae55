"""What stands beside the journal is covered too: a changed, removed or added row is found."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import asyncpg
import pytest
from contracts.records import common
from ledger.audit.examining import examine
from ledger.audit.finding import Finding
from ledger.audit.sealing import Block, Chain, Leaf, Leaves, Seal, decide
from ledger.audit.tree import leaf_of
from ledger.store.audit import Chains, Journal, blocks

from ..turning import ALLOWANCE, LANE, Books  # noqa: TID252 - tests are no package
from .trail_books import KEYS, NOW, SIGNER, published, tampering

pytestmark = pytest.mark.stack

CHAINS = Chains()
TABLES = ("opening", "loan", "lot", "allowance", "reversal", "refusal")
DAY = date(2026, 11, 20)


@pytest.fixture
async def posted(migrated: None, owner_dsn: str, dsn: str) -> AsyncIterator[Books]:
    """Two loans: one charged off, taken back and charged off again, one refinanced; sealed."""
    async with tampering(owner_dsn) as owner:
        for table in TABLES:
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await owner.execute(f"TRUNCATE journal, journal_line, audit_block, {', '.join(TABLES)}")
    connection = await asyncpg.connect(dsn)
    books = Books(connection, policy=ALLOWANCE)
    await books.turn(books.loan("LN-1"), books.loan("LN-2"))
    await books.turn(books.grant("LN-1", 1, kind="CHARGE_OFF", amount_minor=600_00))
    undo = common.KindTerms(undo="charge_off", cause="ERROR")
    books.now += timedelta(seconds=1)
    await books.turn(books.grant("LN-1", 2, kind="REVERSAL", amount_minor=600_00, of_kind=undo))
    await books.turn(books.grant("LN-1", 3, kind="CHARGE_OFF", amount_minor=500_00))
    renewed = common.KindTerms(new_loan_id="LN-3", rate="3")
    await books.turn(books.grant("LN-2", 4, kind="REFINANCE", of_kind=renewed))
    await books.timers()
    await seal(books)
    assert await told(books) == []
    yield books
    await connection.close()
    async with tampering(owner_dsn) as owner:
        for table in TABLES:
            await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


async def seal(books: Books) -> Block:
    found = await CHAINS.fresh(books, LANE, after_seq=0, most=100)
    assert found is not None
    [block] = decide(Chain(LANE), found, now=NOW, signer=SIGNER)
    await CHAINS.add(books, [block])
    return block


async def findings(books: Books) -> list[Finding]:
    sealed = [block async for block in blocks(books, LANE) if isinstance(block, Block)]
    report = await examine(books, keys=KEYS, published=[published(*sealed)], now=NOW)
    return list(report.findings)


async def told(books: Books) -> list[str]:
    return sorted({finding.code.value for finding in await findings(books)})


@pytest.mark.parametrize(
    ("statement", "codes"),
    [
        ("UPDATE opening SET policy_version = '0' WHERE loan_id = 'LN-1'", ["CHANGED"]),
        ("UPDATE opening SET deferred_minor = 1 WHERE loan_id = 'LN-1'", ["CHANGED"]),
        ("UPDATE opening SET opened = opened - 1 WHERE loan_id = 'LN-3'", ["CHANGED"]),
        ("DELETE FROM opening WHERE loan_id = 'LN-1'", ["CHANGED"]),
        (
            "INSERT INTO opening SELECT (jsonb_populate_record(o,"
            ' \'{"loan_id": "LN-9", "entry_id": "00000000-0000-0000-0000-000000000009",'
            ' "transaction_id": "00000000-0000-0000-0000-000000000009"}\')).*'
            " FROM opening o WHERE loan_id = 'LN-1'",
            ["STRAY_OPENING"],
        ),
        ("UPDATE reversal SET cause = NULL", ["CHANGED"]),
        ("UPDATE reversal SET done_on = done_on - 1", ["CHANGED"]),
        ("UPDATE reversal SET actor = 'admin/eve'", ["CHANGED"]),
        ("DELETE FROM reversal", ["CHANGED"]),
        (
            "INSERT INTO reversal SELECT (jsonb_populate_record(r,"
            ' \'{"reversal_id": "00000000-0000-0000-0000-000000000009", "grant_id": null,'
            ' "transaction_id": "00000000-0000-0000-0000-000000000009"}\')).* FROM reversal r',
            ["STRAY_REVERSAL"],
        ),
        (
            "UPDATE loan SET bnk_principal = bnk_principal + 1, cust_principal = cust_principal + 1"
            " WHERE loan_id = 'LN-1'",
            ["LOAN_DIFFERS"],
        ),
        ("UPDATE loan SET recovered_principal = 1 WHERE loan_id = 'LN-1'", ["LOTS_DIFFER"]),
        ("DELETE FROM loan WHERE loan_id = 'LN-2'", ["LOAN_DIFFERS"]),
        (
            "UPDATE lot SET standing_minor = standing_minor + 1 WHERE component = 'interest'",
            ["LOTS_DIFFER"],
        ),
        ("DELETE FROM lot", ["LOTS_DIFFER"]),
        ("UPDATE allowance SET amount_minor = amount_minor + 1", ["ALLOWANCE_DIFFERS"]),
    ],
)  # fmt: skip
async def test_a_row_that_was_tampered_with_is_found(
    posted: Books, owner_dsn: str, statement: str, codes: list[str]
) -> None:
    owner = await asyncpg.connect(owner_dsn)
    done = await owner.execute(statement)
    await owner.close()

    assert not done.endswith(" 0"), "it touched something"
    assert await told(posted) == codes


async def test_blocks_of_the_first_form_are_checked_in_it(posted: Books, owner_dsn: str) -> None:
    entries = await Journal(posted, LANE).up_to(None)
    first = [Leaf(held.entry_id, leaf_of(held.text(1))) for held in entries]
    made = decide(Chain(LANE), Seal(0, entries[-1].seq, Leaves.of(first)), now=NOW, signer=SIGNER)[
        0
    ]
    block = replace(made, signed=SIGNER.sign(replace(made.signed.head, entry_form=1)))
    async with tampering(owner_dsn) as owner:
        await owner.execute("TRUNCATE audit_block")
    await CHAINS.add(posted, [block])

    assert await told(posted) == []
    now = await CHAINS.fresh(posted, LANE, after_seq=0, most=100)
    assert now is not None
    assert now.leaves != made.leaves
