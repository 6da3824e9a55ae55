"""Months' ends on a real PostgreSQL."""

from datetime import date
from typing import Any

import asyncpg
import pytest
from contracts.records import ledger
from ledger.settings import own_policy
from ledger.store import monthend as store
from mesh.service import Change

from .bank import Bank

pytestmark = pytest.mark.stack

MONTH, THROUGH = "2026-10", date(2026, 10, 31)
ALLOWANCE = (
    own_policy()
    .replace('method = "direct"', 'method = "allowance"')
    .replace("[accounts.BNK]", '[accounts.BNK]\nALLOWANCE = "1800"\nPROVISION = "6800"')
)
LATE = {"oldest_unpaid_due": "2025-06-15", "rate": "7.3"}


@pytest.fixture
def bank(connection: asyncpg.Connection) -> Bank:
    """A bank whose months end."""
    return Bank(connection)


async def gone_through(bank: Bank, loan_id: str) -> dict[str, Any] | None:
    """What the month's end did to a loan."""
    rows = await store.loans(bank, bank.tenant, THROUGH, only="all", after="", limit=1_000)
    return next((dict(row) for row in rows if row["loan_id"] == loan_id), None)


async def progress(bank: Bank) -> tuple[int, int]:
    """How many loans were gone through, and how many are left."""
    how = await store.progress(bank, bank.tenant, THROUGH)
    return how.loans, how.left


class Killed(Exception):
    """The process ended before its turn was committed."""


async def save_and_be_killed(bank: Bank, change: Change[Any, Any]) -> None:
    """Write all of a turn, and do not commit."""
    async with bank.connection.transaction():
        await bank.store.save(bank, [change])
        raise Killed


def codes(bank: Bank) -> list[str | None]:
    return [answer.code for answer in bank.answers]


async def test_a_month_is_accrued_classified_proposed_and_closed(bank: Bank) -> None:
    await bank.turn(
        bank.loan("LN-1", **LATE),
        bank.loan("LN-2", days_past_due="0", rate="7.3"),
        bank.loan("LN-3", opened="2026-11-02"),
    )
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    assert await progress(bank) == (0, 2)
    assert await store.left(bank, bank.tenant, THROUGH, after="", limit=9) == ["LN-1", "LN-2"]

    await bank.turn(bank.close_loan("LN-1", MONTH), bank.month("CloseMonth", MONTH))
    assert codes(bank) == [None, "LOANS_LEFT"]
    await bank.turn(bank.close_loan("LN-2", MONTH))
    assert (await bank.held_loan("LN-2")).last_accrue == THROUGH
    await bank.turn(bank.month("CloseMonth", MONTH))

    late, fine = await gone_through(bank, "LN-1"), await gone_through(bank, "LN-2")
    assert late is not None
    assert fine is not None
    # 900.00 at 7.3 % for 668 days of 365.
    assert (late["accrued_minor"], late["outstanding_minor"]) == (12_024, 112_024)
    assert (late["standard"], late["cause"], late["is_proposed"]) == ("LOSS", "120 DPD", True)
    assert (late["due_by"], late["days_late"]) == (date(2025, 10, 31), 365)
    assert (fine["standard"], fine["is_proposed"], fine["due_by"]) == ("PASS", False, None)
    [record] = bank.on("writeoff.ledger.v1")
    assert isinstance(record, ledger.PeriodClosed)
    assert (record.loans, record.accrued, record.proposed, record.breached) == (2, 2, 1, 1)
    proposed = await store.loans(bank, bank.tenant, THROUGH, only="breached", after="", limit=10)
    assert [row["loan_id"] for row in proposed] == ["LN-1"]


async def test_gone_through_twice_is_gone_through_once(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-1", **LATE))
    await bank.turn(bank.month("StartMonthEnd", MONTH), bank.month("StartMonthEnd", MONTH))
    await bank.turn(bank.close_loan("LN-1", MONTH), bank.close_loan("LN-1", MONTH))
    first = await gone_through(bank, "LN-1")
    journals = await bank.fetch("SELECT entry_id FROM journal WHERE tenant = $1", bank.tenant)

    await bank.turn(bank.close_loan("LN-1", MONTH))

    assert await gone_through(bank, "LN-1") == first
    again = await bank.fetch("SELECT entry_id FROM journal WHERE tenant = $1", bank.tenant)
    assert again == journals
    assert len(journals) == 2  # how it came in, and one accrual


async def test_a_turn_that_fails_leaves_neither_accrual_nor_row(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-1", **LATE))
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    key, message = bank.close_loan("LN-1", MONTH)
    [change] = await bank.decided((key, message))
    with pytest.raises(Killed):
        await save_and_be_killed(bank, change)

    assert await progress(bank) == (0, 1)
    assert (await bank.held_loan("LN-1")).last_accrue is None
    await bank.turn((key, message))
    assert await progress(bank) == (1, 0)


async def test_nothing_is_dated_in_a_closed_month(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-1"))
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    await bank.turn(bank.close_loan("LN-1", MONTH))
    await bank.turn(bank.month("CloseMonth", MONTH))

    await bank.turn(bank.ask("LN-1", "Repay", "2026-10-31", amount="5.00"))
    assert codes(bank) == ["PERIOD_CLOSED"]
    await bank.turn(bank.grant("LN-1", day=date(2026, 10, 15)))
    [refused] = bank.on("writeoff.ledger.v1")
    assert isinstance(refused, ledger.PostingRefused)
    assert refused.code == "PERIOD_CLOSED"
    await bank.turn(bank.ask("LN-1", "Repay", "2026-11-01", amount="5.00"))
    assert codes(bank) == [None]
    await bank.turn(bank.month("StartMonthEnd", "2026-09"))
    assert codes(bank) == ["PERIOD_CLOSED"]


async def test_the_allowance_keeps_to_closed_months_too(connection: asyncpg.Connection) -> None:
    bank = Bank(connection, policy=ALLOWANCE)
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    await bank.turn(bank.month("CloseMonth", MONTH))

    await bank.turn(bank.provision("USD", "2026-10-31", amount="5.00"))
    assert codes(bank) == ["PERIOD_CLOSED"]
    await bank.turn(bank.provision("USD", "2026-11-01", amount="5.00"))
    assert codes(bank) == [None]


async def test_a_month_closed_meanwhile_has_the_turn_taken_again(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-1"))
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    key, message = bank.ask("LN-1", "Repay", "2026-10-31", amount="5.00")
    [change] = await bank.decided((key, message))
    await bank.turn(bank.close_loan("LN-1", MONTH))
    await bank.turn(bank.month("CloseMonth", MONTH))

    with pytest.raises(asyncpg.PostgresError, match="a period was taken meanwhile") as raised:
        async with bank.connection.transaction():
            await bank.store.save(bank, [change])

    assert getattr(raised.value, "sqlstate", None) == "MF002"


async def test_a_later_transaction_is_replayed_behind_the_accrual(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-1", rate="7.3"))
    await bank.turn(bank.ask("LN-1", "Repay", "2026-11-10", amount="500.00"))
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    await bank.turn(bank.close_loan("LN-1", MONTH))

    row = await gone_through(bank, "LN-1")
    assert row is not None
    assert (row["accrued_minor"], row["accrual_code"]) == (12_024, None)
    loan = await bank.held_loan("LN-1")
    assert (loan.last_accrue, loan.last_transaction) == (THROUGH, date(2026, 11, 10))
    assert loan.outstanding.total == 62_024


async def test_what_was_accrued_before_is_told_and_the_loan_is_aged_all_the_same(
    bank: Bank,
) -> None:
    await bank.turn(bank.loan("LN-1", **LATE))
    await bank.turn(bank.ask("LN-1", "Accrue", "2026-10-31"))
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    await bank.turn(bank.close_loan("LN-1", MONTH))

    row = await gone_through(bank, "LN-1")
    assert row is not None
    assert (row["accrued_minor"], row["accrual_code"]) == (0, "ALREADY_ACCRUED")
    assert row["is_proposed"]
    how = await store.progress(bank, bank.tenant, THROUGH)
    assert (how.refused, how.left) == (0, 0)


async def test_money_up_to_the_month_end_moves_the_clock(bank: Bank) -> None:
    told = {"oldest_unpaid_due": "2026-05-15", "instalment": "100.00"}
    await bank.turn(bank.loan("LN-1", **told), bank.loan("LN-2", **told), bank.loan("LN-3", **told))
    await bank.turn(bank.ask("LN-1", "Repay", "2026-10-31", amount="190.00"))
    await bank.turn(bank.ask("LN-2", "Repay", "2026-11-01", amount="190.00"))
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    await bank.turn(
        bank.close_loan("LN-1", MONTH),
        bank.close_loan("LN-2", MONTH),
        bank.ask("LN-3", "Repay", "2026-10-20", amount="190.00"),
        bank.close_loan("LN-3", MONTH),
    )

    paid, later, same_turn = [await gone_through(bank, f"LN-{n}") for n in (1, 2, 3)]
    assert paid is not None
    assert later is not None
    assert same_turn is not None
    assert (paid["oldest_unpaid"], paid["is_proposed"]) == (date(2026, 7, 15), False)
    assert (later["oldest_unpaid"], later["is_proposed"]) == (date(2026, 5, 15), True)
    assert same_turn["oldest_unpaid"] == paid["oldest_unpaid"]


async def test_a_bankruptcy_makes_the_loss_due_sooner(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-1", days_past_due="0"))
    await bank.turn(
        bank.notice("LN-1", "BANKRUPTCY", "2026-08-10"),
        bank.notice("LN-1", "BANKRUPTCY", "2026-09-10"),
        bank.notice("LN-404", "DEATH", "2026-09-10"),
        bank.notice("LN-1", "FRAUD", "2027-01-01"),
    )
    assert codes(bank) == [None, None, "UNKNOWN_LOAN", "FUTURE_DATE"]
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    await bank.turn(bank.close_loan("LN-1", MONTH))

    row = await gone_through(bank, "LN-1")
    assert row is not None
    assert (row["cause"], row["due_by"]) == ("BANKRUPTCY", date(2026, 10, 9))
    assert (row["standard"], row["is_proposed"], row["days_late"]) == ("LOSS", True, 22)


async def test_another_tenant_is_not_closed_with_it(connection: asyncpg.Connection) -> None:
    one, other = Bank(connection), Bank(connection)
    await one.turn(one.month("StartMonthEnd", MONTH))
    await one.turn(one.month("CloseMonth", MONTH))
    await other.turn(other.loan("LN-1"))

    await other.turn(other.ask("LN-1", "Repay", "2026-10-31", amount="5.00"))

    assert codes(other) == [None]


async def test_a_loss_is_proposed_once_and_stays_a_breach(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-1", **LATE))
    for month in ("2026-09", MONTH):
        await bank.turn(bank.month("StartMonthEnd", month))
        await bank.turn(bank.close_loan("LN-1", month))
        await bank.turn(bank.month("CloseMonth", month))

    row = await gone_through(bank, "LN-1")
    assert row is not None
    assert (row["is_proposed"], row["loss_minor"]) == (False, row["outstanding_minor"])
    [october] = bank.on("writeoff.ledger.v1")
    assert isinstance(october, ledger.PeriodClosed)
    assert (october.proposed, october.breached) == (0, 1)


async def test_collateral_leaves_out_what_it_covers(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-1", product="MORTGAGE", oldest_unpaid_due="2025-06-15"))
    await bank.turn(
        bank.valuation("LN-1", "2026-10-01", "700.00"),
        bank.valuation("LN-1", "2026-10-01", "600.00"),
        bank.valuation("LN-1", "2026-11-01", "1.00"),
        bank.valuation("LN-1", "2026-11-02", "1.001"),
        bank.valuation("LN-404", "2026-11-01", "1.00"),
    )
    assert codes(bank) == [None, None, None, "AMOUNT_SCALE", "UNKNOWN_LOAN"]
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    await bank.turn(bank.close_loan("LN-1", MONTH))

    row = await gone_through(bank, "LN-1")
    assert row is not None
    assert (row["outstanding_minor"], row["loss_minor"]) == (100_000, 40_000)
    assert (row["cause"], row["is_proposed"]) == ("180 DPD", True)


async def test_a_re_aged_loan_has_its_clock_from_then_on(bank: Bank) -> None:
    told = {"product": "CREDIT_LINE", "oldest_unpaid_due": "2025-06-15", "instalment": "100.00"}
    await bank.turn(bank.loan("LN-1", **told))
    await bank.turn(bank.re_age("LN-1", "2026-10-10", "2026-09-15"))
    assert codes(bank) == ["REAGING_NEEDS_PAYMENTS"]
    for month in ("08", "09", "10"):
        await bank.turn(bank.ask("LN-1", "Repay", f"2026-{month}-01", amount="100.00"))
    await bank.turn(bank.re_age("LN-1", "2026-10-10", "2026-09-15"))
    assert codes(bank) == [None]
    await bank.turn(bank.re_age("LN-1", "2026-11-10", "2026-11-01"))
    assert codes(bank) == ["REAGING_TOO_SOON"]
    await bank.turn(bank.ask("LN-1", "Repay", "2026-10-20", amount="100.00"))
    await bank.turn(bank.month("StartMonthEnd", MONTH))
    await bank.turn(bank.close_loan("LN-1", MONTH))

    row = await gone_through(bank, "LN-1")
    assert row is not None
    assert (row["oldest_unpaid"], row["standard"]) == (date(2026, 10, 15), "PASS")
