"""What is in the books stays in the books, whoever the ledger's own principal lets in."""

import asyncpg
import pytest

import stack

from .bank import COMPLETE, Bank, a_line, a_loan

pytestmark = pytest.mark.stack

STATEMENTS = (
    "UPDATE journal SET value_date = value_date - 1 WHERE entry_id = $1",
    "UPDATE journal_line SET debit_minor = debit_minor + 1 WHERE entry_id = $1 AND debit_minor > 0",
    "DELETE FROM journal_line WHERE entry_id = $1",
    "DELETE FROM journal WHERE entry_id = $1",
    "TRUNCATE journal_line",
    "TRUNCATE journal CASCADE",
    "ALTER TABLE journal_line DISABLE TRIGGER ALL",
    "ALTER TABLE journal DISABLE TRIGGER only_added_to",
    "DROP TRIGGER only_added_to ON journal",
    "SET session_replication_role = replica",
)


async def test_the_ledgers_own_principal_cannot_change_what_is_booked(
    env: stack.Env, bank: Bank
) -> None:
    loan = a_loan()
    bank.lend(loan)
    [told] = bank.submit(a_line(loan), channel="FILE")
    assert bank.closed(loan["loan_id"])["state"] == COMPLETE
    before = bank.journals(told["case_id"])
    assert len(before) == 1

    connection = await asyncpg.connect(env.dsn("ledger"))
    try:
        for statement in STATEMENTS:
            given = [before[0]["entry_id"]] if "$1" in statement else []
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement, *given)
    finally:
        await connection.close()

    assert bank.journals(told["case_id"]) == before


async def test_not_even_the_tables_owner_changes_a_row_that_is_booked(
    env: stack.Env, bank: Bank
) -> None:
    loan = a_loan()
    bank.lend(loan)
    [told] = bank.submit(a_line(loan), channel="FILE")
    assert bank.closed(loan["loan_id"])["state"] == COMPLETE
    before = bank.journals(told["case_id"])

    connection = await asyncpg.connect(env.owner_dsn("ledger"))
    try:
        for statement in STATEMENTS[:6]:
            given = [before[0]["entry_id"]] if "$1" in statement else []
            with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only added to"):
                await connection.execute(statement, *given)
    finally:
        await connection.close()

    assert bank.journals(told["case_id"]) == before
