"""The verbs `loans post`, `preview`, `transactions` and `allowance`: what they send and tell."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result
from writeoff.app import app

POSTED = {"result": "posted", "transaction_id": "t-1", "amount": "5.00", "currency": "USD"}
LOAN = {"loan_id": "LN-1", "tenant": "demo", "status": "ACTIVE"}


class Shell:
    """Types commands to a stack of one port."""

    def __init__(self, folder: Path, doors: Any) -> None:
        self._folder = folder
        doors.on("GET", "/v1/loans/LN-1", LOAN)

    def type(self, *args: str) -> Result:
        return CliRunner().invoke(app, [*args, "--stack-dir", str(self._folder)])


@pytest.fixture
def shell(stack_dir: Path, doors: Any) -> Shell:
    return Shell(stack_dir, doors)


def test_a_payment_is_sent_with_its_fields_and_its_request_id(shell: Shell, doors: Any) -> None:
    doors.on("POST", "/v1/loans/LN-1/goodwill-credit", POSTED)

    result = shell.type(
        "loans", "post", "LN-1", "goodwill_credit", "amount=5.00", "date=2026-11-20",
        'portions={"principal": "5.00"}', "--request-id", "r-1",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert "t-1" in result.output
    [(_, _, headers, body)] = [heard for heard in doors.heard if heard[0] == "POST"]
    assert headers["Idempotency-Key"] == "r-1"
    assert body == {"amount": "5.00", "date": "2026-11-20", "portions": {"principal": "5.00"}}


def test_the_date_is_today_unless_it_is_said(shell: Shell, doors: Any) -> None:
    doors.on("POST", "/v1/loans/LN-1/accrue", POSTED)

    shell.type("loans", "post", "LN-1", "accrue")

    [body] = doors.bodies("/v1/loans/LN-1/accrue")
    assert body.keys() == {"date"}


def test_a_payment_that_is_not_heard_yet_ends_with_5(shell: Shell, doors: Any) -> None:
    doors.on("POST", "/v1/loans/LN-1/repay", {"result": "pending"}, 202)

    assert shell.type("loans", "post", "LN-1", "repay", "amount=1").exit_code == 5


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("loans", "post", "LN-1", "write_off", "full=true"), "a loss needs a case"),
        (("loans", "post", "LN-1", "repay", "amount"), "is not KEY=VALUE"),
        (("loans", "post", "LN-1", "repay", "portions={"), "no JSON"),
        (("allowance", "provision", "EUR", "target=1.00"), "whose allowance?"),
    ],
)
def test_what_cannot_be_sent_is_told_before_it_is_sent(
    shell: Shell, doors: Any, args: tuple[str, ...], told: str
) -> None:
    result = shell.type(*args)

    assert result.exit_code == 2
    assert told in result.output
    assert [heard for heard in doors.heard if heard[0] == "POST"] == []


def test_a_provision_is_sent_for_the_tenant(shell: Shell, doors: Any) -> None:
    doors.on("POST", "/v1/allowance/EUR/provision", POSTED)

    result = shell.type("allowance", "provision", "EUR", "target=1.00", "--tenant", "demo")

    assert result.exit_code == 0, result.output
    assert doors.bodies("/v1/allowance/EUR/provision")[0]["target"] == "1.00"


def test_a_preview_is_drawn_and_a_refusal_ends_with_3(shell: Shell, doors: Any) -> None:
    books = {"BNK": {"principal": "9.00", "total": "9.00"}}
    state = {"books": books, "status": "X", "charged_off": "NONE", "outstanding": "9.00"}
    line = {"book": "BNK", "code": "6200", "component": "principal", "debit": "9.00"}
    journal = {
        "kind": "POST",
        "command": "write_off",
        "value_date": "2026-11-20",
        "loan_id": "LN-1",
        "lines": [line | {"credit": "0.00"}],
    }
    told = {
        "result": "would be posted",
        "command": "write_off",
        "journals": [journal],
        "before": state | {"overpaid": "0.00"},
        "after": state | {"overpaid": "0.00"},
        "bureau_record": {"status": "97"},
        "tax_form": {"why": "no identifiable event"},
    }
    doors.on("POST", "/v1/loans/LN-1/preview", told)
    drawn = shell.type("loans", "preview", "LN-1", "write_off", "full=true", "reason=AGED")
    refusal = {"result": "refused", "command": "x", "code": "INVALID_FIELDS", "message": "no"}
    doors.on("POST", "/v1/loans/LN-1/preview", refusal)
    refused = shell.type("loans", "preview", "LN-1", "x", "--json")

    assert drawn.exit_code == 0, drawn.output
    assert "6200" in drawn.output
    assert "no identifiable event" in drawn.output
    assert doors.bodies("/v1/loans/LN-1/preview")[0] | {"date": ""} == {
        "command": "write_off",
        "date": "",
        "full": True,
        "reason": "AGED",
    }
    assert refused.exit_code == 3
    assert json.loads(refused.stdout) == refusal


def test_transactions_are_listed_to_the_last_page(shell: Shell, doors: Any) -> None:
    one = {
        "transaction_id": "t-1",
        "command": "repay",
        "value_date": "2026-11-20",
        "booked_at": "2026-11-20T10:00:00Z",
        "amount": "5.00",
        "currency": "USD",
        "case_id": None,
        "stands": False,
        "taken_away": {"by": "reverse", "on": "2026-11-21", "cause": "bounced"},
    }
    pages = iter([{"transactions": [one], "after": 7}, {"transactions": [one], "after": None}])

    def page(_: dict[str, Any]) -> dict[str, Any]:
        return next(pages)

    doors.on("GET", "/v1/loans/LN-1/transactions", page)

    result = shell.type("loans", "transactions", "LN-1")

    assert "2 transactions of LN-1" in result.output
    assert "reverse on 2026-11-21, bounced" in result.output
