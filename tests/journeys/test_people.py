"""Where policy wants a person, a task waits; whoever may not do it is told why."""

from pathlib import Path
from typing import Any

import pytest

import stack

from .bank import (
    COMPLETE,
    DECLINED,
    SERVICES,
    Bank,
    Json,
    a_line,
    a_loan,
)
from .waiting import eventually

pytestmark = pytest.mark.stack

CASE, DOCUMENTS, AUTHORIZATION = "case", "documents", "authorization"
NOTIFICATIONS = "notifications"


def reviewed(bank: Bank, loan: Json, *, by: str = "ben", **asked: Any) -> str:
    """Have a request handed in by ana and reviewed by another; gives its case."""
    [told] = bank.submit(a_line(loan, **asked))
    case_id = told["case_id"]
    answer = bank.work(CASE, bank.task(CASE, case_id), "complete", who=by, note="as agreed")
    assert answer.status_code == 200, answer.text
    return case_id


def in_need_of_approval(bank: Bank, loan: Json, **asked: Any) -> str:
    """Bring a case to the authorizers; gives its id."""
    case_id = reviewed(bank, loan, reason="UNCOLLECTIBLE", **asked)
    task = bank.task(DOCUMENTS, case_id)
    answer = bank.work(DOCUMENTS, task, "complete", who="dora", all=True)
    assert answer.status_code == 200, answer.text
    return case_id


def refusal(bank: Bank, service: str, task: Json, verb: str, **more: Any) -> tuple[int, str]:
    """Give status and code of what a person may not do."""
    answer = bank.work(service, task, verb, **more)
    return answer.status_code, answer.json()["error"]["code"]


def test_an_agents_request_is_reviewed_verified_and_approved_by_people(bank: Bank) -> None:
    loan = a_loan(principal="4000.00")
    bank.lend(loan)

    case_id = in_need_of_approval(bank, loan)
    task = bank.task(AUTHORIZATION, case_id)
    assert (task["queue"], task["level_min"]) == ("AUTH-L1", 1)
    answer = bank.work(AUTHORIZATION, task, "complete", who="l1-amy", decision="approve")

    assert answer.status_code == 200, answer.text
    assert bank.closed(loan["loan_id"])["state"] == COMPLETE
    shown = bank.case(case_id)
    who = {(entry["what"], entry["actor_id"]) for entry in shown["timeline"]}
    assert ("CaseReviewed", "ben") in who
    assert shown["work_notes"][0]["by"] == "ben"
    assert shown["posting"]["approvers"] == [{"id": "l1-amy", "level": 1}]


def test_the_reviewer_corrects_what_was_asked_for(bank: Bank) -> None:
    loan = a_loan(principal="80.00")
    bank.lend(loan)
    [told] = bank.submit(a_line(loan, reason="they moved away"))
    task = bank.task(CASE, told["case_id"])

    too_much = refusal(bank, CASE, task, "complete", who="ana", scope="PARTIAL", amount="80.01")
    answer = bank.work(
        CASE, task, "complete", who="ana", scope="PARTIAL", amount="79.99", reason="SMALL_BALANCE"
    )

    assert too_much == (409, "AMOUNT_EXCEEDS_OUTSTANDING")
    assert answer.status_code == 200, answer.text
    assert bank.closed(loan["loan_id"])["amount"] == "79.99"


def test_a_large_amount_takes_two_different_people_of_enough_level(bank: Bank) -> None:
    loan = a_loan(principal="60000.00")
    bank.lend(loan)
    case_id = in_need_of_approval(bank, loan)

    first = bank.task(AUTHORIZATION, case_id)
    too_low = refusal(bank, AUTHORIZATION, first, "complete", who="l1-amy", decision="approve")
    one = bank.work(AUTHORIZATION, first, "complete", who="l3-cleo", decision="approve")
    second = bank.task(AUTHORIZATION, case_id, but=(first["task_id"],))
    again = refusal(bank, AUTHORIZATION, second, "complete", who="l3-cleo", decision="approve")
    assert bank.journals(case_id) == []
    other = bank.work(AUTHORIZATION, second, "complete", who="l3-cal", decision="approve")

    assert too_low == (403, "ROLE_NEEDED")
    assert one.status_code == 200, one.text
    assert again == (403, "MAKER_IS_CHECKER")
    assert other.status_code == 200, other.text
    assert bank.closed(loan["loan_id"])["state"] == COMPLETE
    assert len(bank.journals(case_id)) == 1


def test_who_has_a_part_in_a_case_does_not_check_it(bank: Bank) -> None:
    loan = a_loan(principal="900.00")
    bank.lend(loan)
    # A back office holds the roles of a maker and of an authorizer of level 2.
    [told] = bank.submit(a_line(loan, reason="UNCOLLECTIBLE"), who="bea")
    case_id = told["case_id"]
    assert bank.work(CASE, bank.task(CASE, case_id), "complete", who="ana").status_code == 200
    task = bank.task(DOCUMENTS, case_id)
    assert bank.work(DOCUMENTS, task, "complete", who="dan", all=True).status_code == 200
    decision = bank.task(AUTHORIZATION, case_id)

    maker = [
        refusal(bank, AUTHORIZATION, decision, verb, who="bea", decision="approve")
        for verb in ("claim", "complete")
    ]
    another = bank.work(AUTHORIZATION, decision, "complete", who="bob", decision="approve")

    assert maker == [(403, "MAKER_IS_CHECKER")] * 2
    assert another.status_code == 200, another.text
    assert bank.closed(loan["loan_id"])["state"] == COMPLETE


def test_a_declined_case_is_over_and_nothing_is_booked(bank: Bank) -> None:
    loan = a_loan(principal="900.00")
    bank.lend(loan)
    case_id = in_need_of_approval(bank, loan)
    task = bank.task(AUTHORIZATION, case_id)

    unsaid = refusal(bank, AUTHORIZATION, task, "complete", who="l1-abe", decision="decline")
    answer = bank.work(
        AUTHORIZATION, task, "complete", who="l1-abe", decision="decline", comment="sue them first"
    )

    assert unsaid == (409, "INVALID_FIELDS")
    assert answer.status_code == 200, answer.text
    assert bank.closed(loan["loan_id"])["state"] == DECLINED
    assert bank.journals(case_id) == []
    assert "sue them first" in str(bank.case(case_id)["work_notes"])
    assert refusal(bank, AUTHORIZATION, task, "claim", who="l1-amy") == (409, "TASK_CLOSED")


def test_a_claimed_task_tells_who_has_it_until_he_gives_it_back(bank: Bank) -> None:
    loan = a_loan()
    bank.lend(loan)
    [told] = bank.submit(a_line(loan))
    task = bank.task(CASE, told["case_id"])

    assert bank.work(CASE, task, "claim", who="ana").status_code == 200
    assert bank.work(CASE, task, "claim", who="ana").status_code == 200
    conflict = bank.work(CASE, task, "claim", who="ben")
    assert conflict.status_code == 409
    assert conflict.json()["error"]["code"] == "TASK_CLAIMED"
    assert "ana" in conflict.json()["error"]["message"]
    assert refusal(bank, CASE, task, "release", who="ben") == (409, "TASK_CLAIMED")
    assert bank.work(CASE, task, "release", who="ana").status_code == 200
    assert bank.work(CASE, task, "claim", who="ben").status_code == 200
    assert bank.work(CASE, task, "complete", who="ben").status_code == 200
    assert bank.closed(loan["loan_id"])["state"] == COMPLETE


def test_a_wrong_role_opens_no_door_and_does_no_task(bank: Bank) -> None:
    loan = a_loan()
    bank.lend(loan)
    [told] = bank.submit(a_line(loan))
    task = bank.task(CASE, told["case_id"])

    asked = {"requests": [a_line(loan)], "channel": "AGENT"}
    shut = [
        bank.ask("POST", "case", "/v1/requests", who="dora", body=asked),
        bank.ask("POST", "ledger", "/v1/loans/import", who="ana", body={"rows": []}),
        bank.ask("POST", "authorization", "/v1/references", who="bea", body={"references": []}),
        bank.ask("GET", "case", "/v1/cases", who="oz"),
    ]

    assert refusal(bank, CASE, task, "complete", who="otto") == (403, "ROLE_NEEDED")
    for answer in shut:
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ROLE_NEEDED")
    assert bank.work(CASE, task, "complete", who="ben").status_code == 200


def test_who_names_himself_wrongly_is_told_nothing(bank: Bank, env: stack.Env) -> None:
    for service in SERVICES:
        nobody = bank.client.get(f"{env.services[service][0]}/v1/tasks")
        assert (nobody.status_code, nobody.json()["error"]["code"]) == (401, "TOKEN_NEEDED")


def test_another_tenants_case_answers_like_an_unknown_one(
    bank: Bank, tenants: Any, env: stack.Env
) -> None:
    loan = a_loan(principal="900.00")
    bank.lend(loan)
    case_id = reviewed(bank, loan, reason="UNCOLLECTIBLE")
    bank.task(DOCUMENTS, case_id)
    other = Bank(env, next(tenants), bank.client)
    unknown = "00000000-0000-4000-8000-000000000000"

    for service, path in (
        (CASE, "/v1/cases/{}"),
        (CASE, "/v1/status/{}"),
        (DOCUMENTS, "/v1/cases/{}/requirements"),
        (AUTHORIZATION, "/v1/cases/{}"),
    ):
        theirs = other.ask("GET", service, path.format(case_id))
        nobodys = other.ask("GET", service, path.format(unknown))
        assert theirs.status_code == 404, path
        assert theirs.content == nobodys.content, path
    hidden = other.ask("GET", "ledger", f"/v1/loans/{loan['loan_id']}")
    assert hidden.content == other.ask("GET", "ledger", "/v1/loans/L-none").content
    assert other.cases_of(loan["loan_id"]) == []
    assert other.get(DOCUMENTS, "/v1/tasks", case=case_id)["tasks"] == []


def test_who_has_no_mail_address_gets_a_letter(env: stack.Env, bank: Bank) -> None:
    loan = a_loan(email="")
    bank.lend(loan)

    [told] = bank.submit(a_line(loan), channel="FILE")

    case = bank.closed(loan["loan_id"])
    assert case["state"] == COMPLETE
    notices = eventually(lambda: [n for n in bank.notices(told["case_id"]) if n["state"] == "SENT"])
    assert [n["channel"] for n in notices] == ["LETTER"]
    letter = (Path(env.print_dir) / notices[0]["provider_id"]).read_text()
    assert letter.startswith(f"Ada {loan['family_name']}\n")
    assert "USD 60.00" in letter
    assert case["case_number"] in letter


def test_a_notice_that_must_not_be_sent_is_a_task_of_the_back_office(bank: Bank) -> None:
    loan = a_loan()
    bank.lend(loan)
    [reference] = bank.approve(loan)

    [told] = bank.submit(
        a_line(loan, reason="DECEASED", approval_reference=reference), channel="FILE"
    )

    # A notice holds nobody's case.
    assert bank.closed(loan["loan_id"])["state"] == COMPLETE
    [notice] = bank.notices(told["case_id"])
    assert (notice["state"], notice["rule"]) == ("SUPPRESSED", "DECEASED")
    task = bank.task(NOTIFICATIONS, told["case_id"])
    assert (task["queue"], task["role"]) == ("CORRESPONDENCE", "back_office")
    sent = refusal(bank, NOTIFICATIONS, task, "complete", who="bea", decision="resend")
    assert sent == (409, "NOTICE_SUPPRESSED")
    answer = bank.work(NOTIFICATIONS, task, "complete", who="bea", decision="undeliverable")
    assert answer.status_code == 200, answer.text
