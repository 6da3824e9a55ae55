"""Amounts at the limits of 64 bits, and currencies with 0, 2 and 3 decimals."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from ledger.domain.ask import Ask
from ledger.domain.asked import read
from ledger.domain.decide import decide, evolve
from ledger.domain.events import AskRefused, LoanState, Posted
from ledger.domain.loan import Loan, Status
from ledger.domain.money import Components
from ledger.domain.policyfile import Policies
from ledger.settings import own_policy

from .door import NOON, ROW, a_loan, as_, take_in

MOST = (1 << 63) - 1
POLICY = Policies.parse(own_policy()).everybody
HELD = Components(principal=MOST - 6, interest=3, fees=1, penalties=1, tax=1)
HUGE = a_loan(HELD)


def asked(name: str, number: int = 1, **fields: object) -> Ask:
    return Ask(
        name=name,
        asked=read(name, fields, decimals=2),
        value_date=NOON.date(),
        today=NOON.date(),
        tx=f"T{number}",
        transaction_id=UUID(int=number),
        entry_id=UUID(int=1_000 + number),
    )


def said(loan: Loan, command: Ask) -> Any:
    [event] = decide(LoanState(loan), command, now=NOON, policy=POLICY)
    return event


def test_a_loan_of_all_that_64_bits_hold_is_charged_off_written_off_and_recovered() -> None:
    state = LoanState(HUGE)
    for number, command in enumerate(
        (
            asked("charge_off", 1, percent="33.333333333333333333"),
            asked("charge_off", 2, amount="30744573456182586.02"),
            asked("write_off", 3, full=True),
            asked("recover", 4, amount="92233720368547758.07"),
        ),
        1,
    ):
        [posted] = decide(state, command, now=NOON, policy=POLICY)
        assert isinstance(posted, Posted), (number, posted)
        state = evolve(state, posted)
        assert isinstance(state, LoanState)
        for entry in posted.entries:
            assert all(line.debit_minor + line.credit_minor <= MOST for line in entry.lines)

    assert isinstance(state, LoanState)
    assert state.loan is not None
    assert state.loan.status is Status.CLOSED_WRITTEN_OFF
    assert state.loan.recovered == HELD
    assert state.loan.cust.total == 0


@pytest.mark.parametrize("name", ["charge_off", "write_off"])
@pytest.mark.parametrize("amount", ["92233720368547758.08", "9" * 400 + ".99"])
def test_above_64_bits_is_more_than_anybody_owes(name: str, amount: str) -> None:
    refused = said(HUGE, asked(name, amount=amount))

    assert isinstance(refused, AskRefused)
    assert refused.refusal.code == "AMOUNT_EXCEEDS_OUTSTANDING"


def test_a_number_longer_than_python_reads_is_no_amount() -> None:
    refused = said(HUGE, asked("charge_off", amount="9" * 5_000))

    assert isinstance(refused, AskRefused)
    assert refused.refusal.code == "INVALID_FIELDS"


def test_a_percentage_of_one_unit_that_comes_to_nothing_takes_nothing() -> None:
    one = Components(principal=1)
    refused = said(replace(HUGE, bnk=one, cust=one), asked("charge_off", percent="49.999"))

    assert isinstance(refused, AskRefused)
    assert refused.refusal.code == "NOTHING_OUTSTANDING"


@pytest.mark.parametrize(
    ("currency", "good", "shown", "too_fine"),
    [
        ("JPY", "1", "899", "1.0"),
        ("USD", "0.01", "899.99", "0.001"),
        ("KWD", "0.001", "899.999", "0.0001"),
    ],
)
async def test_a_door_takes_no_more_decimals_than_the_currency_has(
    client: aiohttp.ClientSession, currency: str, good: str, shown: str, too_fine: str
) -> None:
    await take_in(client, ROW | {"currency": currency, "principal": "900"})

    async def repay(amount: str) -> tuple[int, dict[str, Any]]:
        body = {"date": "2026-11-20", "amount": amount}
        async with client.post("/v1/loans/LN-1/repay", json=body, headers=as_("bea")) as response:
            return response.status, await response.json()

    status, told = await repay(good)
    bad, why = await repay(too_fine)

    assert (status, told["balance_after"]) == (200, shown)
    assert (bad, why["error"]["code"]) == (400, "AMOUNT_SCALE")
