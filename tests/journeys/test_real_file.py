"""A real file of 300 loans, by the four commands of the front page."""

from pathlib import Path
from typing import Any

import pytest

import stack

from .bank import Bank
from .cli import writeoff

pytestmark = pytest.mark.stack

SBA = Path(__file__).parents[2] / "examples" / "sba"
FILE = str(SBA / "sba_foia_sample.csv")
LOANS, REQUESTS = ("--mapping", str(SBA / "loans.toml")), ("--mapping", str(SBA / "requests.toml"))

TENANT = "sba"
"""Nobody else's: on a mesh with nothing else in it these are all figures."""

FOUR_COMMANDS = (
    ("loans", "import", FILE, *LOANS),
    ("approvals", "issue", FILE, *REQUESTS),
    ("requests", "submit", FILE, *REQUESTS, "--wait"),
    ("report",),
)


def report(env: stack.Env) -> dict[str, Any]:
    """Give the figures that are promised, and those that must not move."""
    code, told = writeoff(env, "report", tenant=TENANT)
    assert code == 0, told
    return told


@pytest.fixture(scope="module")
def untouched(env: stack.Env) -> dict[str, Any]:
    """Check every file first: what stands in the mesh before anything is sent."""
    for words in FOUR_COMMANDS[:3]:
        checked = [word for word in words if word != "--wait"]
        code, told = writeoff(env, *checked, "--check", tenant=TENANT)
        assert code == 0, told
        assert told["rows"] == (300 if words[0] == "loans" else 120)
    return report(env)


@pytest.fixture(scope="module")
def once(env: stack.Env, untouched: dict[str, Any]) -> list[Any]:
    """Run the four commands; gives what each said."""
    return [answer_of(env, *words) for words in FOUR_COMMANDS]


def answer_of(env: stack.Env, *words: str) -> Any:
    code, told = writeoff(env, *words, tenant=TENANT)
    assert code == 0, told
    return told


def test_a_check_sends_nothing(untouched: dict[str, Any]) -> None:
    assert (untouched["written_off"], untouched["journals"], untouched["cases"]) == ({}, 0, {})


def test_the_report_holds_every_charge_off_to_the_cent(once: list[Any]) -> None:
    told = once[-1]
    assert told["written_off"] == {
        "USD": {
            "cases": 120,
            "principal": "7709487.00",
            "interest": "0.00",
            "fees": "0.00",
            "penalties": "0.00",
            "tax": "0.00",
        }
    }
    assert (told["refused"], told["waiting"]) == ({}, 0)
    assert told["trial_balance"] == {"USD": "0.00"}


def test_each_command_tells_what_became_of_the_lines(once: list[Any]) -> None:
    imported, issued, submitted, _ = once
    assert (imported["rows"], imported["held_by_case"]) == (300, 300)
    assert (issued["rows"], issued["held_by_documents"]) == (120, 120)
    assert (submitted["cases"], submitted["waiting"]) == ({"Closed Complete": 120}, 0)
    for told in (imported, issued, submitted):
        assert (told["broken"], told["refused"]) == ([], [])


def test_the_same_commands_again_change_no_figure(env: stack.Env, once: list[Any]) -> None:
    before = report(env)

    again = [answer_of(env, *words) for words in FOUR_COMMANDS]

    assert again[0]["results"] == {"unchanged": 300}
    assert again[1]["results"] == {"unchanged": 120}
    assert again[2]["cases"] == {"Closed Complete": 120}
    figures = ("written_off", "refused", "waiting", "trial_balance", "cases", "journals")
    assert {name: again[3][name] for name in figures} == {name: before[name] for name in figures}


def test_a_business_is_told_by_letter_under_its_own_name(
    env: stack.Env, once: list[Any], bank: Bank
) -> None:
    sba = Bank(env, TENANT, bank.client)
    [case] = sba.get("case", "/v1/cases", state="Closed Complete", limit=1)["cases"]
    held = sba.get("ledger", f"/v1/loans/{case['loan_id']}")
    assert (held["segment"], held["status"]) == ("BUSINESS", "CLOSED_WRITTEN_OFF")
    assert [n["channel"] for n in sba.notices(case["case_id"])] == ["LETTER"]
