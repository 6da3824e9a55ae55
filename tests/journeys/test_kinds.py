"""A loan through every kind of case: each with its terms, from the request to the books."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

import stack

from .bank import COMPLETE, Bank, Json, a_line, a_loan
from .cli import writeoff
from .outsiders import Upstream, a_request
from .waiting import eventually

pytestmark = pytest.mark.stack

EVIDENCE = {
    "document": "ERROR_EVIDENCE",
    "sha256": "ab" * 32,
    "dated": date.today().isoformat(),  # noqa: DTZ011 - a day on the bank's calendar
    "source": "core",
}
"""The loan system says itself that it was wrong: nobody has to look at it."""

ERROR = {"cause": "ERROR", "documents": [EVIDENCE], "reason": "keyed in twice"}


def opened(bank: Bank, loan: Json, kind: str, **asked: Any) -> str:
    """Ask by a file; gives the case."""
    [told] = bank.submit(a_line(loan, kind=kind, **asked), channel="FILE", who="adele")
    assert "code" not in told, told
    return told["case_id"]


def approve(bank: Bank, case_id: str, *, who: str, level: int) -> None:
    """Have one person decide, who sees what he decides on."""
    task = bank.task("authorization", case_id)
    assert task["level_min"] == level
    answer = bank.work("authorization", task, "complete", who=who, decision="approve")
    assert answer.status_code == 200, answer.text


def complete(bank: Bank, case_id: str) -> Json:
    """Wait until a case is over, and all is well; shows it."""

    def look() -> Json | None:
        case = bank.case(case_id)
        return case if case["closed_at"] else None

    case = eventually(look)
    assert case is not None
    assert (case["state"], case["code"]) == (COMPLETE, None), case["work_notes"]
    return case


def standing(bank: Bank, loan_id: str) -> tuple[str, str, str]:
    """Say what the books say of a loan: status, what is outstanding, what is charged off."""
    shown = bank.get("ledger", f"/v1/loans/{loan_id}")
    return shown["status"], shown["outstanding"], shown["totals"]["charged_off"]


def is_reconciled(env: stack.Env, case_ids: list[str]) -> bool:
    """Say whether nothing of these cases differs between the stores."""
    _, told = writeoff(env, "reconcile")
    differs = [each for each in told["differences"] if any(c in each["what"] for c in case_ids)]
    assert not differs, differs
    return True


def test_a_loss_is_taken_lessened_recovered_and_undone(env: stack.Env, bank: Bank) -> None:
    loan = a_loan()
    bank.lend(loan)
    loan_id = loan["loan_id"]

    off = opened(bank, loan, "CHARGE_OFF", scope="PARTIAL", percent="50")
    complete(bank, off)
    assert standing(bank, loan_id) == ("ACTIVE", "30.00", "30.00")

    back = opened(bank, loan, "REMOVAL", scope="PARTIAL", amount="10.00", **ERROR)
    approve(bank, back, who="l2-bo", level=2)
    complete(bank, back)
    assert standing(bank, loan_id) == ("ACTIVE", "40.00", "20.00")

    gone = opened(bank, loan, "WRITE_OFF")
    complete(bank, gone)
    assert standing(bank, loan_id) == ("CLOSED_WRITTEN_OFF", "0.00", "0.00")

    money = opened(bank, loan, "RECOVERY", scope="PARTIAL", amount="25.00", reason="paid in cash")
    paid = complete(bank, money)
    assert paid["posting"]["amount"] == "25.00"

    mistaken = paid["posting"]["transaction_id"]
    reversal = opened(bank, loan, "REVERSAL", transaction_id=mistaken, **ERROR)
    approve(bank, reversal, who="l2-bix", level=2)
    assert complete(bank, reversal)["posting"]["transaction_id"] == mistaken

    undone = opened(bank, loan, "REVERSAL", undo="write_off", **ERROR)
    asked = eventually(lambda: bank.get("authorization", f"/v1/cases/{undone}")["terms"])
    assert asked["of_kind"]["undo"] == "write_off"
    approve(bank, undone, who="bea", level=2)
    complete(bank, undone)
    assert standing(bank, loan_id) == ("ACTIVE", "40.00", "20.00")

    cases = [off, back, gone, money, reversal, undone]
    assert [len(bank.journals(case_id)) for case_id in cases] == [1] * 6
    assert is_reconciled(env, cases)


def test_an_upstreams_refinance_and_the_new_loans_pay_off(
    env: stack.Env, bank: Bank, upstream: Upstream
) -> None:
    loans = [a_loan() for _ in range(3)]
    bank.lend(*loans)
    new = {loan["loan_id"]: f"N-{uuid4().hex[:12]}" for loan in loans}
    nothing = dict.fromkeys(("transaction_id", "undo", "cause", "percent", "components"))
    for old, loan_id in new.items():
        of_kind = nothing | {"new_loan_id": loan_id, "rate": "7.25"}
        upstream.ask(a_request(bank.tenant, old, kind="REFINANCE", reason="new", of_kind=of_kind))
    upstream.flush()

    cases = {old: eventually(lambda old=old: bank.cases_of(old))[0]["case_id"] for old in new}
    for case_id in cases.values():
        approve(bank, case_id, who="l1-amy", level=1)
    for old, loan_id in new.items():
        shown = complete(bank, cases[old])
        assert shown["posting"]["amount"] == "60.00"
        assert shown["terms"]["of_kind"]["rate"] == "7.25"
        assert standing(bank, old) == ("CLOSED_REFINANCED", "0.00", "0.00")
        assert standing(bank, loan_id) == ("ACTIVE", "60.00", "0.00")

    told = {r["record"] for r in writeoff(env, "trace", cases[old])[1]["messages"]}
    assert {"WriteOffRequested", "AuthorizationGranted", "RefinancePosted"} <= told

    last = {"loan_id": new[loans[0]["loan_id"]], "currency": "USD"}
    paid = opened(bank, last, "PAY_OFF", reason="paid at the desk")
    complete(bank, paid)
    assert standing(bank, last["loan_id"])[0] == "CLOSED_OBLIGATIONS_MET"
    assert is_reconciled(env, [*cases.values(), paid])


def test_what_only_the_ledger_knows_ends_the_case_with_its_code(bank: Bank) -> None:
    loan = a_loan()
    bank.lend(loan)

    case_id = opened(bank, loan, "REVERSAL", transaction_id=str(uuid4()), amount="1.00", **ERROR)
    approve(bank, case_id, who="l2-bo", level=2)

    assert bank.closed(loan["loan_id"])["code"] == "UNKNOWN_TRANSACTION"
