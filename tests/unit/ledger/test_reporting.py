"""A loss that is reported: by amount or percentage, provided for or a line, and no loan moves."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from ledger.domain.ask import Ask
from ledger.domain.decide import Report, decide, evolve
from ledger.domain.events import AskRefused, ChargeOffReported, LoanState
from ledger.domain.loan import Loan, Status
from ledger.domain.money import Components
from ledger.domain.policy import Method, Policy
from ledger.domain.policyfile import Policies
from ledger.domain.reporting import read_report
from ledger.settings import own_policy

from .door import ROW, MemoryLedger, a_loan, as_, take_in

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = NOW.date()
DIRECT = Policies.parse(own_policy()).everybody
ALLOWANCE = replace(DIRECT, method=Method.ALLOWANCE)
OWED = Components(principal=90_000, interest=10_001)
LOAN = a_loan(OWED)


def asking(day: date = TODAY, currency: str | None = None, **fields: Any) -> Report:
    return Report(
        Ask(
            name="report_charge_off",
            asked=read_report(fields, decimals=2),
            value_date=day,
            today=TODAY,
            tx="T1",
            transaction_id=UUID(int=1),
            entry_id=UUID(int=2),
            currency=currency,
        )
    )


def reported(
    command: Report, loan: Loan | None = LOAN, *, policy: Policy = DIRECT, **state: Any
) -> Any:
    [event] = decide(LoanState(loan, **state), command, now=NOW, policy=policy)
    return event


def test_under_the_allowance_method_a_report_is_provided_for() -> None:
    told = reported(asking(percent="50"), policy=ALLOWANCE)

    assert isinstance(told, ChargeOffReported)
    assert told.is_provision
    assert told.outstanding_minor == 100_001
    assert told.entry.amount_minor == 50_001
    moved = [(line.code, line.debit_minor, line.credit_minor) for line in told.entry.lines]
    assert moved == [("PROVISION", 50_001, 0), ("ALLOWANCE", 0, 50_001)]


def test_under_the_direct_method_a_report_is_an_entry_without_lines() -> None:
    told = reported(asking(amount="1000.01"))

    assert not told.is_provision
    assert (told.entry.amount_minor, told.entry.lines) == (100_001, ())


def test_a_report_moves_no_loan_and_is_no_transaction() -> None:
    state = LoanState(LOAN)

    [told] = decide(state, asking(amount="10"), now=NOW, policy=ALLOWANCE)

    assert isinstance(told, ChargeOffReported)
    assert evolve(state, told) == state
    assert told.entry.asked is None


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "INVALID_FIELDS"),
        ({"amount": "1", "percent": "1"}, "INVALID_FIELDS"),
        ({"full": True}, "INVALID_FIELDS"),
        ({"amount": "1", "reason": "AGED"}, "INVALID_FIELDS"),
        ({"amount": "ten"}, "INVALID_FIELDS"),
        ({"amount": "0"}, "AMOUNT_NOT_POSITIVE"),
        ({"amount": "-1"}, "AMOUNT_NOT_POSITIVE"),
        ({"amount": "1.001"}, "AMOUNT_SCALE"),
        ({"percent": "0"}, "PERCENT_OUT_OF_RANGE"),
        ({"percent": "100.01"}, "PERCENT_OUT_OF_RANGE"),
        ({"percent": "0.0000001"}, "NOTHING_OUTSTANDING"),
        ({"amount": "1000.02"}, "AMOUNT_EXCEEDS_OUTSTANDING"),
        ({"amount": "1", "currency": "EUR"}, "CURRENCY_MISMATCH"),
        ({"amount": "1", "day": date(2026, 11, 25)}, "FUTURE_DATE"),
        ({"amount": "1", "day": date(2025, 12, 31)}, "DATE_BEFORE_OPENING"),
    ],
)  # fmt: skip
def test_what_cannot_be_reported_is_refused(fields: dict[str, Any], code: str) -> None:
    told = reported(asking(**fields))

    assert isinstance(told, AskRefused)
    assert told.refusal.code == code


def test_the_loan_must_be_there_active_and_open_at_that_day() -> None:
    asked = asking(amount="1", day=date(2026, 10, 31))
    off = replace(LOAN, bnk=Components(), co=OWED)

    assert reported(asked, None).refusal.code == "UNKNOWN_LOAN"
    assert reported(asked, closed_through=date(2026, 10, 31)).refusal.code == "PERIOD_CLOSED"
    assert reported(asked, off).refusal.code == "NOTHING_OUTSTANDING"
    later = replace(LOAN, last_transaction=date(2026, 11, 1))
    assert reported(asked, later).refusal.code == "DATE_BEFORE_LAST_TRANSACTION"
    lost = replace(off, status=Status.CLOSED_WRITTEN_OFF)
    assert reported(asked, lost).refusal.code == "ALREADY_WRITTEN_OFF"
    pending = replace(LOAN, status=Status.PENDING)
    assert reported(asked, pending).refusal.code == "LOAN_NOT_ACTIVE"


async def test_the_door_answers_with_the_figure_and_its_effect(
    client: aiohttp.ClientSession, ledger: MemoryLedger
) -> None:
    await take_in(client, ROW)
    path, body = "/v1/loans/LN-1/report-charge-off", {"date": "2026-11-20", "percent": "12.5"}

    async with client.post(path, json=body, headers=as_("bea")) as response:
        told = await response.json()
    async with client.post(path, json=body, headers=as_("ana")) as response:
        assert response.status == 403

    assert {name: told[name] for name in ("result", "amount", "outstanding", "effect")} == {
        "result": "reported",
        "amount": "112.50",
        "outstanding": "900.00",
        "effect": "REPORT_LINE",
    }
    assert ledger.heard[-1] == "ReportChargeOff"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("LN-9", {"amount": "1.00"}, 404, "UNKNOWN_LOAN"),
        ("LN-1", {"amount": "1.00", "percent": "1"}, 400, "INVALID_FIELDS"),
        ("LN-1", {"percent": "101"}, 422, "PERCENT_OUT_OF_RANGE"),
        ("LN-1", {"amount": "900.01"}, 422, "AMOUNT_EXCEEDS_OUTSTANDING"),
        ("LN-1", {"amount": "1.00", "portions": {}}, 400, "INVALID_FIELDS"),
    ],
)
async def test_the_door_tells_a_refusal_by_its_code(
    client: aiohttp.ClientSession, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    await take_in(client, ROW)
    asked = {"date": "2026-11-20", **body}

    async with client.post(
        f"/v1/loans/{path}/report-charge-off", json=asked, headers=as_("bea")
    ) as response:
        told = await response.json()

    assert (response.status, told["error"]["code"]) == (status, code)
