"""Who works from a shell: finds his tasks, does them, and sees what was said of a case."""

import pytest

import stack

from .bank import COMPLETE, SERVICES, Bank, a_line, a_loan
from .cli import writeoff

pytestmark = pytest.mark.stack


def test_people_bring_a_case_to_its_end_from_the_shell(env: stack.Env, bank: Bank) -> None:
    loan = a_loan(principal="800.00")
    bank.lend(loan)
    [told] = bank.submit(a_line(loan, reason="they moved away"))
    steps = (
        ("case", "ben", ("reason=UNCOLLECTIBLE", "note=nobody there")),
        ("documents", "dora", ("all=true",)),
        ("authorization", "l1-amy", ("decision=APPROVE",)),
    )

    for service, who, fields in steps:
        task_id = bank.task(service, told["case_id"])["task_id"]
        code, listed = writeoff(env, "tasks", "list", "--case", told["case_id"], "--as", who)
        assert (code, [task["task_id"] for task in listed["tasks"]]) == (0, [task_id])
        assert writeoff(env, "tasks", "claim", task_id, "--as", who)[0] == 0
        assert writeoff(env, "tasks", "complete", task_id, *fields, "--as", who)[0] == 0

    assert bank.closed(loan["loan_id"])["state"] == COMPLETE
    code, shown = writeoff(env, "cases", "show", told["case_number"])
    assert (code, shown["state"], shown["code"]) == (0, COMPLETE, None)
    what_was_said_is_told_in_order(env, bank, told["case_id"])


def what_was_said_is_told_in_order(env: stack.Env, bank: Bank, case_id: str) -> None:
    code, told = writeoff(env, "trace", case_id)
    assert code == 0
    messages = told["messages"]
    said_by = {message["topic"].split(".")[1] for message in messages}
    assert said_by >= set(SERVICES)
    known = {message["event_id"]: place for place, message in enumerate(messages)}
    for place, message in enumerate(messages):
        assert known.get(message["causation_id"], -1) < place, message["record"]
    order = [message["record"] for message in messages]
    milestones = (
        "CaseOpened",
        "CaseReviewed",
        "VerificationCompleted",
        "AuthorizationRequested",
        "AuthorizationGranted",
        "WriteOffPosted",
        "NoticesRecorded",
        "CaseClosed",
    )
    assert [record for record in order if record in milestones] == list(milestones)
    assert bank.tenant == told["tenant"]


def test_who_may_not_do_a_task_is_told_so_and_his_exit_code_says_it(
    env: stack.Env, bank: Bank
) -> None:
    loan = a_loan()
    bank.lend(loan)
    [told] = bank.submit(a_line(loan))
    task_id = bank.task("case", told["case_id"])["task_id"]

    code, listed = writeoff(env, "tasks", "list", "--case", told["case_id"], "--as", "dora")
    refused, why = writeoff(env, "tasks", "complete", task_id, "--as", "dora")
    nobody, who = writeoff(env, "tasks", "complete", task_id)

    assert (code, listed["tasks"]) == (0, [])
    assert (refused, why["error"]["code"]) == (3, "ROLE_NEEDED")
    assert (nobody, who["error"]["code"]) == (2, "USAGE")
    assert writeoff(env, "tasks", "complete", task_id, "--as", "ben")[0] == 0
