"""What loan systems are told and say, on a real PostgreSQL."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest
from contracts.records import ledger
from ledger.store import core as store
from mesh.service import Cancel, Later, Outgoing
from mesh.taskstore import LIST_TASKS

from .bank import Bank

pytestmark = pytest.mark.stack

TOPIC = "writeoff.instructions.v1.vault"
LEDGER = "writeoff.ledger.v1"


@pytest.fixture
def bank(connection: asyncpg.Connection) -> Bank:
    """A bank with products that others keep."""
    return Bank(connection)


async def standing(bank: Bank, loan_id: str) -> Sequence[tuple[str, str | None]]:
    """How a loan's instructions stand."""
    rows = await store.page(
        bank, bank.tenant, standing="ALL", loan_id=loan_id, after=None, limit=100
    )
    return [(row["standing"], row["code"]) for row in rows]


async def instructed(bank: Bank, loan_id: str) -> ledger.PostingInstructed:
    """Write a loan of the core off."""
    await bank.turn(bank.loan(loan_id, product="AUTO_LOAN"))
    await bank.turn(bank.grant(loan_id))
    [record] = bank.on(TOPIC)
    assert isinstance(record, ledger.PostingInstructed)
    return record


async def test_a_posting_is_instructed_and_acknowledged(bank: Bank) -> None:
    record = await instructed(bank, "LN-1")
    [later] = [said for said in bank.said if isinstance(said, Later)]

    assert (record.command, record.amount.amount_minor, record.said) == ("write_off", 100_000, 1)
    assert record.balance_after_minor == 0
    assert sum(n.debit_minor - n.credit_minor for n in record.lines) == 0
    assert (later.kind, later.due_at) == ("ChasePosting", bank.now + timedelta(minutes=15))
    assert await standing(bank, "LN-1") == [("WAITING", None)]

    await bank.turn(bank.booked("LN-1", record.instruction_id, 100_000))

    assert await standing(bank, "LN-1") == [("ACKNOWLEDGED", None)]
    [told] = bank.on(LEDGER)
    assert isinstance(told, ledger.PostingAcknowledged)
    assert (told.core, told.core_reference, told.by) == ("vault", "V-1", None)
    assert told.meta.loan_id == "LN-1"
    assert [said.due_id for said in bank.said if isinstance(said, Cancel)] == [later.due_id]


async def test_a_product_of_our_own_is_nobody_elses(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-2"))
    await bank.turn(bank.grant("LN-2"))

    assert await standing(bank, "LN-2") == []
    topics = {said.topic for said in bank.said if isinstance(said, Outgoing)}
    assert topics == {LEDGER, "writeoff.loans.v1"}


async def test_a_silent_core_is_chased_and_a_person_keys_it_in(bank: Bank) -> None:
    record = await instructed(bank, "LN-3")
    await bank.timers()
    [again] = bank.on(TOPIC)
    assert isinstance(again, ledger.PostingInstructed)
    assert (again.instruction_id, again.said) == (record.instruction_id, 2)
    assert again.meta.event_id != record.meta.event_id
    await bank.timers()
    [task] = await bank.fetch(LIST_TASKS, [bank.tenant], "open", "LOAN-OPS", None, None, 10)
    assert (str(task["task_id"]), task["key_kind"]) == (record.instruction_id, "core")
    assert task["barred"] == ["l1-amy"]

    wrong = {"core_reference": "V-9", "new_balance": "1.00"}
    await bank.turn(bank.task("CompleteTask", "LN-3", record.instruction_id, **wrong))
    assert [answer.code for answer in bank.answers] == ["BALANCE_MISMATCH"]
    right = wrong | {"new_balance": "0.00"}
    await bank.turn(bank.task("ClaimTask", "LN-3", record.instruction_id))
    await bank.turn(bank.task("CompleteTask", "LN-3", record.instruction_id, **right))

    assert await standing(bank, "LN-3") == [("ACKNOWLEDGED", None)]
    row = await store.one(bank, bank.tenant, task["task_id"])
    assert row is not None
    assert (row["settled_by"], row["chased"], row["core_reference"]) == ("ben", 2, "V-9")
    assert await bank.fetch(LIST_TASKS, [bank.tenant], "open", None, None, None, 10) == []
    await bank.timers()
    assert bank.said == []


async def test_what_a_core_refuses_or_books_otherwise_is_seen(bank: Bank) -> None:
    refused = await instructed(bank, "LN-4")
    await bank.turn(bank.rejected("LN-4", refused.instruction_id))
    wrong = await instructed(bank, "LN-5")
    await bank.turn(bank.booked("LN-5", wrong.instruction_id, 1))

    assert await standing(bank, "LN-4") == [("REFUSED", "NO_LOAN")]
    assert await standing(bank, "LN-5") == [("REFUSED", "WRONG_AMOUNT")]
    tasks = await bank.fetch(LIST_TASKS, [bank.tenant], "open", None, None, None, 10)
    assert len(tasks) == 2

    await bank.turn(bank.booked("LN-4", refused.instruction_id, 100_000))
    assert await standing(bank, "LN-4") == [("ACKNOWLEDGED", "NO_LOAN")]


async def test_answers_that_fit_nothing_are_kept_to_be_seen(bank: Bank) -> None:
    record = await instructed(bank, "LN-6")
    nothing = "00000000-0000-0000-0000-000000000001"
    await bank.turn(
        bank.booked("LN-6", nothing, 100_000),
        bank.booked("LN-6", "no id at all", 100_000),
        bank.booked("LN-6", record.instruction_id, 100_000, by="mimic"),
        bank.booked("LN-404", record.instruction_id, 100_000),
        bank.booked("LN-6", record.instruction_id, 100_000),
        bank.booked("LN-6", record.instruction_id, 100_000, ref="V-2"),
    )

    rows = await store.strays(bank, bank.tenant, after=None, limit=10)
    assert sorted((row["loan_id"], row["code"]) for row in rows) == [
        ("LN-404", "UNKNOWN_INSTRUCTION"),
        ("LN-6", "ALREADY_ACKNOWLEDGED"),
        ("LN-6", "OTHER_CORE"),
        ("LN-6", "UNKNOWN_INSTRUCTION"),
        ("LN-6", "UNKNOWN_INSTRUCTION"),
    ]
    assert await standing(bank, "LN-6") == [("ACKNOWLEDGED", None)]
    first, second = rows[0]["stray_id"], rows[1]["stray_id"]
    [next_one] = await store.strays(bank, bank.tenant, after=first, limit=1)
    assert next_one["stray_id"] == second


async def test_without_a_core_a_person_is_asked_for_what_no_case_asks_for(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-7", product="MORTGAGE"))
    await bank.turn(bank.grant("LN-7", amount_minor=10_000))
    assert await standing(bank, "LN-7") == []

    await bank.turn(bank.ask("LN-7", "Repay", "2026-11-21", amount="50.00"))
    await bank.turn(bank.ask("LN-7", "Accrue", "2026-11-22"))
    assert await standing(bank, "LN-7") == [("BY_HAND", None)]


async def test_a_task_by_hand_opens_at_once(bank: Bank) -> None:
    await bank.turn(bank.loan("LN-8", product="MORTGAGE"))
    await bank.turn(bank.ask("LN-8", "Repay", "2026-11-21", amount="50.00"))
    [later] = [said for said in bank.said if isinstance(said, Later)]
    assert later.due_at == bank.now
    await bank.timers()

    [task] = await bank.fetch(LIST_TASKS, [bank.tenant], "open", None, None, None, 10)
    assert task["task"] == "core posting"


async def test_balances_are_told_of_the_products_that_a_core_keeps(bank: Bank) -> None:
    await instructed(bank, "LN-A")
    await bank.turn(bank.loan("LN-B", product="AUTO_LOAN"), bank.loan("LN-C"))

    assert sorted(await store.products(bank, bank.tenant)) == ["AUTO_LOAN", "PERSONAL_LOAN"]
    rows = await store.balances(bank, bank.tenant, of=["AUTO_LOAN"], after="", limit=10)

    told = [
        (r["loan_id"], r["outstanding_minor"], r["off_minor"], r["unacknowledged"]) for r in rows
    ]
    assert told == [("LN-A", 0, 100_000, 1), ("LN-B", 100_000, 0, 0)]
    assert await store.balances(bank, bank.tenant, of=["AUTO_LOAN"], after="LN-B", limit=1) == []
