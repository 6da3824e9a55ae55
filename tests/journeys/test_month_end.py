"""A month comes to its end from the shell, also when the ledger is killed on the way."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

import stack

from ..stack_fixture import Stack  # noqa: TID252 - tests are no package
from .bank import Bank, a_loan
from .cli import writeoff

pytestmark = pytest.mark.stack

LOANS = 300

TENANT = "t15"
"""Nobody else's: what is dated in its last month is refused from now on."""


@pytest.fixture
def bank(env: stack.Env, client: httpx.Client) -> Bank:
    """A tenant of which a month may be closed."""
    return Bank(env, TENANT, client)


def last_month() -> date:
    """The last day of the month that is over."""
    return datetime.now(UTC).date().replace(day=1) - timedelta(days=1)


def a_late_loan(**changes: str) -> dict[str, Any]:
    """Lend a year ago; nothing was paid for half a year before the month's end."""
    through = last_month()
    opened, unpaid = through - timedelta(days=365), through - timedelta(days=180)
    told = {"opened": opened.isoformat(), "oldest_unpaid_due": unpaid.isoformat(), "rate": "7.3"}
    return a_loan(**told | changes)


def accruals(bank: Bank, loan_id: str) -> int:
    """How often interest was accrued on a loan."""
    journals = bank.get("ledger", f"/v1/loans/{loan_id}")["journals"]
    return sum(entry["command"] == "accrue" for entry in journals)


def test_a_month_ends_though_the_ledger_is_killed(
    env: stack.Env, services: Stack, bank: Bank
) -> None:
    loans = [a_late_loan() for _ in range(LOANS)]
    bank.lend(*loans)
    month = f"{last_month():%Y-%m}"

    opened = bank.post("ledger", "/v1/month-ends", {"month": month}, who="adele")
    assert opened["left"] >= LOANS
    services.kill("ledger-1")
    services.kill("ledger-2")
    code, done = writeoff(env, "month-end", "--month", month, tenant=TENANT)
    again, same = writeoff(env, "month-end", "--month", month, tenant=TENANT)

    assert (code, done["state"], done["left"]) == (0, "CLOSED", 0)
    assert (again, same) == (0, done)
    assert done["proposed"] >= LOANS
    assert {accruals(bank, loan["loan_id"]) for loan in loans[::50]} == {1}
    code, shown = writeoff(env, "month-end", "show", month, tenant=TENANT)
    proposed = {row["loan_id"] for row in shown["of_loans"]}
    assert {loan["loan_id"] for loan in loans} <= proposed
    code, clocks = writeoff(env, "month-end", "due", "--breached", tenant=TENANT)
    assert {loan["loan_id"] for loan in loans} <= {row["loan_id"] for row in clocks["loans"]}


def test_a_month_that_is_not_over_is_refused(env: stack.Env, bank: Bank) -> None:
    month = f"{datetime.now(UTC).date():%Y-%m}"

    code, told = writeoff(env, "month-end", "--month", month, tenant=TENANT)
    bad, wrong = writeoff(env, "month-end", "--month", "2026-13", tenant=TENANT)

    assert (code, told["error"]["code"]) == (3, "MONTH_NOT_OVER")
    assert (bad, wrong["error"]["code"]) == (2, "INVALID_FIELDS")


def test_a_clock_is_told_from_the_shell(env: stack.Env, bank: Bank) -> None:
    told = {"product": "MORTGAGE", "segment": "PERSONAL"}
    loan, line = a_late_loan(**told), a_late_loan(product="CREDIT_LINE")
    bank.lend(loan, line)
    day = last_month().isoformat()

    noted, answer = writeoff(
        env, "month-end", "valuation", loan["loan_id"], "--value", "0.01", "--on", day,
        tenant=TENANT,
    )  # fmt: skip
    refused, why = writeoff(env, "month-end", "re-age", line["loan_id"], "--on", day, tenant=TENANT)
    _, clocks = writeoff(env, "month-end", "due", tenant=TENANT)

    assert (noted, answer["result"]) == (0, "noted")
    assert (refused, why["error"]["code"]) == (3, "REAGING_NEEDS_PAYMENTS")
    [clock] = [row for row in clocks["loans"] if row["loan_id"] == loan["loan_id"]]
    assert (clock["cause"], clock["case"]) == ("180 DPD", None)
    assert float(clock["loss"]) == pytest.approx(float(clock["outstanding"]) - 0.01)


def test_a_loss_is_reported_from_the_shell_and_the_policy_it_names_is_shown(
    env: stack.Env, bank: Bank
) -> None:
    loan = a_late_loan()
    bank.lend(loan)

    code, told = writeoff(
        env, "loans", "post", loan["loan_id"], "report_charge_off", "percent=50", tenant=TENANT
    )
    journals = bank.get("ledger", f"/v1/loans/{loan['loan_id']}")["journals"]
    shown, policy = writeoff(env, "policies", "show", journals[-1]["policy_version"], tenant=TENANT)

    assert (code, told["result"], told["effect"]) == (0, "reported", "REPORT_LINE")
    assert journals[-1]["command"] == "report_charge_off"
    assert journals[-1]["amount"] == told["amount"]
    assert (shown, policy["in_force"]) == (0, True)
    assert 'method = "direct"' in policy["text"]
