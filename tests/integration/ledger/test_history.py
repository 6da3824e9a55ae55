"""A changed past, refinances, allowances: what the store must know beyond the loan as it is."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from contracts.records import common, ledger
from ledger.domain.events import AllowanceState, LoanState
from ledger.domain.loan import Loan, Status
from ledger.domain.policy import Book
from ledger.store import balances, reads
from mesh.service import Answer, Key, Later, Message, Outgoing

from .turning import NOW, Books

pytestmark = pytest.mark.stack

EARLY, LATE = "2026-10-01", "2026-11-10"


def said_kinds(books: Books) -> list[str]:
    return [type(said.record).__name__ for said in books.said if isinstance(said, Outgoing)]


def answers(books: Books) -> list[str | None]:
    return [said.code for said in books.said if isinstance(said, Answer)]


async def charged_off(books: Books, *, day: date = date(2026, 11, 1)) -> None:
    """Import LN-1 (900.00 and 100.00 of interest) and charge 600.00 off."""
    await books.turn(books.loan("LN-1", fees="30.00"))
    await books.turn(books.grant("LN-1", 1, kind="CHARGE_OFF", amount_minor=600_00, day=day))
    assert said_kinds(books) == ["ChargeOffPosted", "LoanSnapshot"]


async def reversal(books: Books, transaction_id: object, number: int = 9) -> tuple[Key, Message]:
    of_kind = common.KindTerms(transaction_id=str(transaction_id), cause="ERROR")
    return books.grant("LN-1", number, kind="REVERSAL", amount_minor=600_00, of_kind=of_kind)


async def test_a_back_dated_payment_replays_a_charge_off_and_all_of_it_is_visible(
    books: Books,
) -> None:
    await charged_off(books)

    states = await books.turn(books.ask("LN-1", "Repay", EARLY, amount="130.00"))

    assert said_kinds(books) == ["PaymentPosted", "TransactionReplayed", "LoanSnapshot"]
    entries, _ = await reads.journals_of_loan(books, books.tenant, "LN-1")
    assert [(e["kind"], e["command"], str(e["value_date"])) for e in entries] == [
        ("OPENING", "import", "2025-01-01"),
        ("POST", "charge_off", "2026-11-01"),
        ("REVERSE", "charge_off", "2026-11-01"),
        ("POST", "repay", EARLY),
        ("REPLAY", "charge_off", "2026-11-01"),
    ]
    assert entries[2]["reverses"] == entries[1]["entry_id"]
    assert await books.held_loan("LN-1") == loan_of(states)


async def test_the_history_is_loaded_as_decide_left_it(books: Books) -> None:
    await charged_off(books)
    left = await books.turn(
        books.ask("LN-1", "Repay", EARLY, amount="130.00"),
        books.ask("LN-1", "Accrue", "2026-10-15"),
        books.ask("LN-1", "Refund", LATE, amount="5.00", origin="shop"),
        books.ask("LN-1", "GoodwillCredit", LATE, amount="6.00"),
    )

    loaded = await books.load(books.ask("LN-1", "Repay", EARLY, amount="1.00"))

    state = loaded[Key(books.tenant, "LN-1")]
    assert isinstance(state, LoanState)
    assert state == replace(left["LN-1"], answered=frozenset(), taken=frozenset())
    assert state.history is not None
    assert [each.asked.name for each in state.history.transactions] == [
        "charge_off", "repay", "accrue", "refund", "goodwill_credit",
    ]  # fmt: skip


async def test_history_is_loaded_only_where_the_past_changes(books: Books) -> None:
    await charged_off(books)

    now = await books.load(books.ask("LN-1", "Repay", LATE, amount="1.00"))
    two = await books.load(
        books.ask("LN-1", "Repay", LATE, amount="1.00"),
        books.ask("LN-1", "Repay", "2026-11-09", amount="1.00"),
    )

    key = Key(books.tenant, "LN-1")
    assert isinstance(now[key], LoanState)
    assert isinstance(two[key], LoanState)
    assert now[key].history is None  # type: ignore[union-attr]
    assert two[key].history is not None  # type: ignore[union-attr]


async def test_a_granted_reversal_takes_a_transaction_away_once(books: Books) -> None:
    await charged_off(books)
    entries, _ = await reads.journals_of_loan(books, books.tenant, "LN-1")
    grant = await reversal(books, entries[1]["transaction_id"])

    await books.turn(grant)
    first = said_kinds(books)
    await books.turn(grant)
    again = list(books.said)
    await books.turn(await reversal(books, entries[1]["transaction_id"], 10))

    assert first == ["TransactionReversed", "LoanSnapshot"]
    assert again == []
    [refused] = [said.record for said in books.said if isinstance(said, Outgoing)]
    assert isinstance(refused, ledger.PostingRefused)
    assert refused.code == "ALREADY_REVERSED"
    loan = await books.held_loan("LN-1")
    assert (loan.off().total, loan.lots, loan.outstanding.total) == (0, (), 1030_00)
    [row] = await balances.transactions(books, books.tenant, "LN-1", after=0, limit=10)
    assert (row["taken_by"], row["cause"]) == ("reverse", "ERROR")
    lots = await books.fetch("SELECT 1 FROM lot WHERE tenant = $1", books.tenant)
    assert lots == [], "a history told anew has fewer lots"


async def test_an_undo_takes_the_last_write_off_away(books: Books) -> None:
    await books.turn(books.loan("LN-1"), books.grant("LN-1"))
    of_kind = common.KindTerms(undo="write_off", cause="ERROR")

    await books.turn(books.grant("LN-1", 2, kind="REVERSAL", amount_minor=1000_00, of_kind=of_kind))

    assert said_kinds(books) == ["TransactionReversed", "LoanSnapshot"]
    assert (await books.held_loan("LN-1")).status is Status.ACTIVE


async def test_removal_recovery_and_pay_off_come_by_grants(books: Books) -> None:
    await charged_off(books)
    removal = common.KindTerms(cause="ERROR", percent="50")

    await books.turn(books.grant("LN-1", 2, kind="REMOVAL", amount_minor=300_00, of_kind=removal))
    removed = said_kinds(books)
    await books.turn(books.grant("LN-1", 3, kind="PAY_OFF"))
    paid = [said.record for said in books.said if isinstance(said, Outgoing)]
    await books.turn(books.loan("LN-2"), books.grant("LN-2"))
    await books.turn(books.grant("LN-2", 2, kind="RECOVERY", amount_minor=40_00))

    assert removed == ["ChargeOffRemoved", "LoanSnapshot"]
    assert isinstance(paid[0], ledger.PayOffPosted)
    assert (paid[0].amount.amount_minor, paid[0].status) == (1030_00, "CLOSED_OBLIGATIONS_MET")
    assert said_kinds(books) == ["RecoveryPosted", "LoanSnapshot"]
    assert (await books.held_loan("LN-2")).recovered.total == 40_00


# --- refinance ------------------------------------------------------------------------------------


def refinance(books: Books, loan_id: str, new_loan: str, number: int = 5) -> tuple[Key, Message]:
    of_kind = common.KindTerms(new_loan_id=new_loan, rate="6.5")
    return books.grant(loan_id, number, kind="REFINANCE", of_kind=of_kind)


async def test_a_refinance_opens_its_new_loan_in_that_loans_lane(books: Books) -> None:
    await books.turn(books.loan("LN-1"))

    await books.turn(refinance(books, "LN-1", "LN-1b"))
    [later] = [said for said in books.said if isinstance(said, Later)]
    told_by_old = said_kinds(books)
    between = await account(books, "1050")
    states = await books.timers()
    told_by_new = [said.record for said in books.said if isinstance(said, Outgoing)]
    again = await books.turn(books.message(later.kind, later.body, later.key))

    assert later.key == Key(books.tenant, "LN-1b")
    assert told_by_old == ["LoanSnapshot"]
    assert (between, await account(books, "1050")) == (1000_00, 0)
    posted, snapshot = told_by_new
    assert isinstance(posted, ledger.RefinancePosted)
    assert (posted.meta.loan_id, posted.old_loan_id, posted.rate) == ("LN-1b", "LN-1", "6.5")
    assert posted.amount.amount_minor == 1000_00
    assert isinstance(snapshot, ledger.LoanSnapshot)
    assert books.said == []
    assert loan_of(again, "LN-1b") == loan_of(states, "LN-1b") == await books.held_loan("LN-1b")
    assert (await books.held_loan("LN-1")).status is Status.CLOSED_REFINANCED


async def account(books: Books, code: str) -> int:
    """Give what an account of the bank's book has moved, in minor units, debit positive."""
    [row] = await books.fetch(
        "SELECT coalesce(sum(debit_minor - credit_minor), 0)::bigint AS moved"
        " FROM journal_line JOIN journal USING (entry_id) WHERE tenant = $1 AND code = $2",
        books.tenant,
        code,
    )
    return row["moved"]


async def test_a_new_loan_has_a_history_of_its_own(books: Books) -> None:
    await books.turn(books.loan("LN-1"))
    await books.turn(refinance(books, "LN-1", "LN-1b"))
    await books.timers()
    await books.turn(books.ask("LN-1b", "Repay", "2026-11-23", amount="50.00"))

    await books.turn(books.ask("LN-1b", "Repay", "2026-11-22", amount="20.00"))

    assert answers(books) == [None]
    assert (await books.held_loan("LN-1b")).outstanding.total == 930_00


async def test_a_promised_loan_id_is_taken_for_everybody(books: Books) -> None:
    await books.turn(books.loan("LN-1"), books.loan("LN-2"), books.loan("LN-3"))
    await books.turn(refinance(books, "LN-1", "LN-9"))

    await books.turn(refinance(books, "LN-2", "LN-9"), books.loan("LN-9"))

    refused = books.said[0]
    assert isinstance(refused, Outgoing)
    assert (refused.record.code, answers(books)) == ("LOAN_EXISTS", ["LOAN_EXISTS"])
    await books.turn(refinance(books, "LN-3", "LN-2"))
    [refused] = books.said
    assert isinstance(refused, Outgoing)
    assert refused.record.code == "LOAN_EXISTS"


async def test_who_claims_a_loan_id_second_takes_his_turn_again(books: Books) -> None:
    await books.turn(books.loan("LN-1"), books.loan("LN-2"))
    first = await books.decided(refinance(books, "LN-1", "LN-9"))
    second = await books.decided(refinance(books, "LN-2", "LN-9"))
    imported = await books.decided(books.loan("LN-9"))
    await books.keep(first)

    for late in (second, imported):
        with pytest.raises(asyncpg.PostgresError, match="taken meanwhile") as raised:
            await books.keep(late)
        assert getattr(raised.value, "sqlstate", None) == "MF002"
    with pytest.raises(AssertionError, match="once a turn"):
        await books.keep([*second, *imported])


# --- the allowance --------------------------------------------------------------------------------


async def test_losses_and_provisions_move_the_allowance(allowing: Books) -> None:
    books = allowing
    await books.turn(books.loan("LN-1"), books.loan("LN-2"))
    await books.turn(books.provision("USD", "2026-11-20", target="5000.00"))
    await books.turn(books.grant("LN-1"), books.grant("LN-2", amount_minor=500_00))

    lost = await held_allowance(books)
    await books.turn(
        books.provision("USD", "2026-11-21", target="5000.00"),
        books.provision("USD", "2026-11-21", amount="1.00"),
    )

    assert lost == 5000_00 - 900_00 - 450_00
    assert said_kinds(books) == ["AllowanceProvisioned"] * 2
    assert answers(books) == [None, None]
    assert await held_allowance(books) == 5001_00
    lines = "SELECT 1 FROM allowance WHERE tenant = $1"
    assert len(await books.fetch(lines, books.tenant)) == 1
    _, entries = await reads.journals_of_no_loan(books, books.tenant)
    assert len(entries) == 6


async def test_a_reported_loss_fills_the_allowance_and_moves_no_loan(allowing: Books) -> None:
    books = allowing
    await books.turn(books.loan("LN-1"))
    before = await books.held_loan("LN-1")

    await books.turn(books.ask("LN-1", "ReportChargeOff", "2026-11-20", percent="25"))

    assert answers(books) == [None]
    assert said_kinds(books) == ["ChargeOffReported"]
    assert await held_allowance(books) == 250_00
    assert await books.held_loan("LN-1") == before
    await books.turn(books.grant("LN-1", day=date(2026, 11, 19)))
    assert (await books.held_loan("LN-1")).status is Status.CLOSED_WRITTEN_OFF


async def held_allowance(books: Books) -> int:
    state = (await books.load(books.provision("USD", "2026-11-21", amount="1.00")))[
        Key(books.tenant, "USD", "allowance")
    ]
    assert isinstance(state, AllowanceState)
    return state.balance_minor


async def test_a_direct_policy_has_no_allowance(books: Books) -> None:
    await books.turn(books.provision("USD", "2026-11-20", amount="5.00"))

    assert answers(books) == ["NOT_ALLOWANCE_METHOD"]
    [row] = await books.fetch(
        "SELECT command, code, loan_id, actor FROM refusal WHERE tenant = $1", books.tenant
    )
    assert tuple(row) == ("provision", "NOT_ALLOWANCE_METHOD", None, "back_office/bea")


# --- balances of the past -------------------------------------------------------------------------


async def totals(books: Books, as_of: str, known_at: datetime) -> tuple[int, int, int]:
    """Give BNK, CO and CUST of LN-1 in whole units."""
    rows = await balances.held(
        books, books.tenant, "LN-1", as_of=date.fromisoformat(as_of), known_at=known_at
    )
    sums = Counter[str]()
    for row in rows:
        sums[row["book"]] += row["held_minor"]
    bnk, co, cust = (sums[book] for book in Book)
    assert cust == bnk + co
    return bnk // 100, co // 100, cust // 100


async def test_balances_as_of_a_day_as_known_at_a_moment(books: Books) -> None:
    await charged_off(books)
    first, second = NOW, NOW + timedelta(hours=1)
    books.now = second
    await books.turn(books.ask("LN-1", "Repay", EARLY, amount="130.00"))

    known = {
        (day, moment.hour): await totals(books, day, moment)
        for day in ("2025-01-01", EARLY, "2026-11-01")
        for moment in (first, second)
    }

    assert known == {
        ("2025-01-01", 12): (1030, 0, 1030),
        ("2025-01-01", 13): (1030, 0, 1030),
        (EARLY, 12): (1030, 0, 1030),
        (EARLY, 13): (900, 0, 900),
        ("2026-11-01", 12): (430, 600, 1030),
        ("2026-11-01", 13): (300, 600, 900),
    }
    assert await totals(books, "2024-12-31", second) == (0, 0, 0)
    assert await totals(books, LATE, datetime(2026, 1, 1, tzinfo=UTC)) == (0, 0, 0)


def loan_of(states: dict[str, Any], loan_id: str = "LN-1") -> Loan:
    state = states[loan_id]
    assert isinstance(state, LoanState)
    assert state.loan is not None
    return state.loan
