"""The verbs against doors on a real port: what they send, what they tell, how they end."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result
from writeoff.app import app

LOANS = """
tenant = "sba"
[fields]
loan_id = { column = "Id" }
customer_id = { template = "P-{Id}" }
business_name = "Acme"
product = "BUSINESS_TERM_LOAN"
currency = "USD"
principal = { column = "Owed" }
interest = 0
fees = 0
penalties = 0
tax = 0
unearned_interest = 0
opened = "2020-01-01"
status = "ACTIVE"
"""

REQUESTS = """
tenant = "sba"
[fields]
request_id = { template = "R-{Id}" }
loan_id = { column = "Id" }
kind = "WRITE_OFF"
scope = "FULL"
currency = "USD"
date = "2020-01-02"
reason = "AGED"
[issue]
reference = { template = "APPR-2026-{Id}" }
loan_id = { column = "Id" }
kind = "WRITE_OFF"
amount = { column = "Owed" }
currency = "USD"
approvers = [{ id = "l4-deb", level = 4 }]
issued = "today"
expires = "today + 90"
attests_documents = true
"""


class Shell:
    """Types commands in a folder that holds a file and its mappings."""

    def __init__(self, folder: Path, doors: Any) -> None:
        self.folder = folder
        self.doors = doors
        (folder / "loans.toml").write_text(LOANS)
        (folder / "requests.toml").write_text(REQUESTS)
        self.write("Id,Owed", "001,10", "002,20")

    def write(self, *lines: str) -> None:
        (self.folder / "f.csv").write_text("\n".join(lines) + "\n")

    def type(self, *args: str) -> Result:
        files = {name: str(self.folder / name) for name in ("f.csv", "loans.toml", "requests.toml")}
        given = [files.get(arg, arg) for arg in args]
        return CliRunner().invoke(app, [*given, "--stack-dir", str(self.folder)])

    def told(self, *args: str) -> Any:
        return json.loads(self.type(*args, "--json").stdout)


@pytest.fixture
def shell(stack_dir: Path, doors: Any) -> Shell:
    return Shell(stack_dir, doors)


def imported(body: dict[str, Any]) -> dict[str, Any]:
    return {"results": [{**row, "result": "imported"} for row in body["rows"]]}


IMPORT = ("loans", "import", "f.csv", "--mapping", "loans.toml")
ISSUE = ("approvals", "issue", "f.csv", "--mapping", "requests.toml")
SUBMIT = ("requests", "submit", "f.csv", "--mapping", "requests.toml")


def test_loans_are_sent_for_the_mappings_tenant_as_the_first_admin(shell: Shell) -> None:
    shell.doors.on("POST", "/v1/loans/import", imported)
    shell.doors.on("POST", "/v1/loans/held", {"missing": []})

    result = shell.type(*IMPORT)

    assert result.exit_code == 0, result.output
    method, path, headers, body = shell.doors.heard[0]
    assert (method, path) == ("POST", "/v1/loans/import")
    assert headers["X-Tenant-ID"] == "sba"
    assert headers["Authorization"] == "Bearer token-of-adele"
    assert [row["loan_id"] for row in body["rows"]] == ["001", "002"]
    assert shell.doors.bodies("/v1/loans/held") == [{"loans": ["001", "002"]}]


def test_an_import_ends_when_the_case_service_holds_every_loan(shell: Shell) -> None:
    looks = iter([["001", "002"], ["002"], []])
    shell.doors.on("POST", "/v1/loans/import", imported)
    shell.doors.on("POST", "/v1/loans/held", lambda _: {"missing": next(looks)})

    assert shell.told(*IMPORT)["held_by_case"] == 2
    assert len(shell.doors.bodies("/v1/loans/held")) == 3


def test_an_import_that_is_not_held_in_time_ends_with_5(shell: Shell) -> None:
    shell.doors.on("POST", "/v1/loans/import", imported)
    shell.doors.on("POST", "/v1/loans/held", {"missing": ["002"]})

    assert shell.type(*IMPORT, "--timeout", "0").exit_code == 5


def test_a_line_that_was_not_heard_yet_is_sent_again(shell: Shell) -> None:
    answers = iter(["pending", "imported"])

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        result = next(answers)
        return {"results": [{**row, "result": result} for row in body["rows"]]}

    shell.doors.on("POST", "/v1/loans/import", answer)
    shell.doors.on("POST", "/v1/loans/held", {"missing": []})

    assert shell.told(*IMPORT)["results"] == {"imported": 2}
    assert len(shell.doors.bodies("/v1/loans/import")) == 2


def test_a_broken_line_is_told_by_its_number_and_the_others_are_imported(shell: Shell) -> None:
    shell.write("Id,Owed", "001,10", "002", "003,x", "004,40")
    shell.doors.on("POST", "/v1/loans/import", imported)
    shell.doors.on("POST", "/v1/loans/held", {"missing": []})

    result = shell.type(*IMPORT, "--json")

    assert result.exit_code == 3
    told = json.loads(result.stdout)
    assert [(each["line"], each["code"]) for each in told["broken"]] == [
        (3, "BROKEN_LINE"),
        (4, "NOT_A_NUMBER"),
    ]
    (body,) = shell.doors.bodies("/v1/loans/import")
    assert [row["loan_id"] for row in body["rows"]] == ["001", "004"]


def test_a_refused_line_is_told_with_its_code_and_ends_with_3(shell: Shell) -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        first, second = body["rows"]
        refused = {"result": "refused", "code": "LOAN_EXISTS", "message": "it is another row"}
        return {"results": [first | refused, second | {"result": "unchanged"}]}

    shell.doors.on("POST", "/v1/loans/import", answer)
    shell.doors.on("POST", "/v1/loans/held", {"missing": []})

    result = shell.type(*IMPORT)

    assert result.exit_code == 3
    assert "LOAN_EXISTS" in result.output
    assert shell.doors.bodies("/v1/loans/held") == [{"loans": ["002"]}]


@pytest.mark.parametrize("verb", [IMPORT, ISSUE, SUBMIT])
def test_check_reads_and_reports_and_sends_nothing(shell: Shell, verb: tuple[str, ...]) -> None:
    told = shell.told(*verb, "--check")

    assert told["rows"] == 2
    assert told["broken"] == []
    assert shell.doors.heard == []


def test_a_file_that_lacks_a_column_is_a_matter_of_usage_and_nothing_is_sent(shell: Shell) -> None:
    shell.write("Id,Due", "001,10")

    result = shell.type(*IMPORT)

    assert result.exit_code == 2
    assert "no column 'Owed' (for principal)" in result.output
    assert "next:" in result.output
    assert shell.doors.heard == []


def test_a_file_of_nobody_is_a_matter_of_usage(shell: Shell) -> None:
    (shell.folder / "loans.toml").write_text(LOANS.replace('tenant = "sba"', ""))

    result = shell.type(*IMPORT)

    assert result.exit_code == 2
    assert "give --tenant" in result.output


def test_approvals_are_issued_and_waited_for_at_documents(shell: Shell) -> None:
    shell.doors.on(
        "POST",
        "/v1/references",
        lambda body: {"results": [r | {"result": "issued"} for r in body["references"]]},
    )
    shell.doors.on("POST", "/v1/references/held", {"missing": []})

    told = shell.told(*ISSUE)

    assert told["results"] == {"issued": 2}
    assert told["sums"] == {"USD": "30.00"}
    assert shell.doors.bodies("/v1/references/held") == [
        {"references": ["APPR-2026-001", "APPR-2026-002"]}
    ]


def test_an_approver_may_not_issue_his_own_approvals(shell: Shell) -> None:
    result = shell.type(*ISSUE, "--as", "l4-deb")

    assert result.exit_code == 2
    assert "l4-deb is an approver of line 2" in result.output
    assert shell.doors.heard == []


def submitted(body: dict[str, Any]) -> dict[str, Any]:
    results = [
        {"line": r["line"], "request_id": r["request_id"], "case_id": r["loan_id"], "state": "Open"}
        for r in body["requests"]
    ]
    return {"results": results}


CLOSED = {"state": "Closed Complete", "waiting": False, "code": None}
REFUSED = {"state": "Closed Refused", "waiting": False, "code": "LOAN_NOT_ACTIVE"}
WAITS = {"state": "Open", "waiting": True, "code": None}
GOES_ON = {"state": "Open", "waiting": False, "code": None}


@pytest.mark.parametrize(
    ("first", "second", "exit_code"),
    [
        (CLOSED, CLOSED, 0),
        (CLOSED, REFUSED, 3),
        (WAITS, REFUSED, 3),
        (CLOSED, WAITS, 4),
        (REFUSED, GOES_ON, 5),
    ],
)
def test_waiting_ends_with_how_the_cases_stand(
    shell: Shell, first: dict[str, Any], second: dict[str, Any], exit_code: int
) -> None:
    shell.doors.on("POST", "/v1/requests", submitted)
    shell.doors.on("POST", "/v1/cases/wait", {"cases": {"001": first, "002": second}})

    result = shell.type(*SUBMIT, "--wait", "--timeout", "0")

    assert result.exit_code == exit_code, result.output


def test_waiting_goes_on_until_every_case_is_settled(shell: Shell) -> None:
    looks = iter([{}, {"001": CLOSED, "002": GOES_ON}, {"002": CLOSED}])
    shell.doors.on("POST", "/v1/requests", submitted)
    shell.doors.on("POST", "/v1/cases/wait", lambda _: {"cases": next(looks)})

    told = shell.told(*SUBMIT, "--wait")

    assert told["cases"] == {"Closed Complete": 2}
    assert [body["cases"] for body in shell.doors.bodies("/v1/cases/wait")] == [
        ["001", "002"],
        ["001", "002"],
        ["002"],
    ]


def test_a_request_that_the_door_refuses_ends_with_3(shell: Shell) -> None:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        _, second = submitted(body)["results"]
        broken = {"line": 2, "request_id": "R-001", "state": None, "code": "INVALID_FIELDS"}
        return {"results": [broken | {"message": "amount"}, second | {"state": "Open"}]}

    shell.doors.on("POST", "/v1/requests", answer)

    result = shell.type(*SUBMIT)

    assert result.exit_code == 3
    assert "INVALID_FIELDS" in result.output


def test_the_report_adds_up_over_tenants(shell: Shell) -> None:
    row = {"cases": 1, "principal": "10.10", "interest": "0.20"}
    shell.doors.on(
        "GET",
        "/v1/report",
        {
            "written_off": {"USD": row},
            "trial_balance": {"USD": "0.00", "JPY": "0"},
            "journals": 2,
            "refused": {"UNKNOWN_LOAN": 1},
            "waiting": 3,
            "declined": 0,
            "open": 3,
            "cases": {"Open": {"Case Review": 3}},
            "notices": {"SENT": 1},
        },
    )

    both, one = shell.told("report"), shell.told("report", "--tenant", "sba")

    assert both["written_off"] == {"USD": {"cases": 2, "principal": "20.20", "interest": "0.40"}}
    assert both["refused"] == {"UNKNOWN_LOAN": 2}
    assert both["waiting"] == 6
    assert both["trial_balance"] == {"JPY": "0", "USD": "0.00"}
    assert one["written_off"] == {"USD": row}
    assert shell.type("report").exit_code == 0


TASK = {
    "task_id": "7a1c0000-0000-0000-0000-000000000001",
    "tenant": "sba",
    "case_id": "c1",
    "loan_id": "001",
    "task": "loan authorization",
    "queue": "AUTH-L4",
    "role": "authorizer",
    "level_min": 4,
    "barred": ["ana"],
    "opened_at": "2026-11-24T10:00:00Z",
    "due_at": "2026-11-26T10:00:00Z",
    "claimed_by": None,
}


def test_a_task_is_completed_by_the_beginning_of_its_id_with_typed_fields(shell: Shell) -> None:
    tasks = iter([[], [], [TASK], [], []])
    path = f"/v1/tasks/{TASK['task_id']}/complete"
    shell.doors.on("GET", "/v1/tasks", lambda _: {"tasks": next(tasks)})
    shell.doors.on("POST", path, {"task_id": TASK["task_id"]})

    result = shell.type(
        *("tasks", "complete", "7a1c", "decision=APPROVE", "comment=as agreed", "all=true"),
        *("rejected=[]", "new_balance=10", "--as", "l4-deb"),
    )

    assert result.exit_code == 0, result.output
    assert shell.doors.bodies(path) == [
        {
            "decision": "APPROVE",
            "comment": "as agreed",
            "all": True,
            "rejected": [],
            "new_balance": "10",
        }
    ]
    assert shell.doors.heard[-1][2]["Authorization"] == "Bearer token-of-l4-deb"


def test_a_task_is_worked_on_by_somebody(shell: Shell) -> None:
    result = shell.type("tasks", "claim", "7a1c")

    assert result.exit_code == 2
    assert "--as NAME" in result.output


@pytest.mark.parametrize(("name", "count"), [("l4-deb", 1), ("ana", 0)])
def test_a_person_is_shown_the_tasks_that_he_may_work_on(
    shell: Shell, name: str, count: int
) -> None:
    tasks = iter([[TASK], [], [], [], []])
    shell.doors.on("GET", "/v1/tasks", lambda _: {"tasks": next(tasks)})

    assert len(shell.told("tasks", "list", "--as", name)["tasks"]) == count


def test_a_refusal_of_a_door_is_told_with_its_code_and_ends_with_3(shell: Shell) -> None:
    path = f"/v1/tasks/{TASK['task_id']}/claim"
    error = {"error": {"code": "MAKER_IS_CHECKER", "message": "ana has a part in this case"}}
    shell.doors.on("GET", "/v1/tasks", {"tasks": []})
    tasks = iter([[TASK], [], [], [], []])
    shell.doors.on("GET", "/v1/tasks", lambda _: {"tasks": next(tasks)})
    shell.doors.on("POST", path, error, status=403)

    result = shell.type("tasks", "claim", TASK["task_id"], "--as", "ana", "--json")

    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["code"] == "MAKER_IS_CHECKER"


@pytest.mark.parametrize(("status", "exit_code"), [(400, 2), (404, 1), (409, 3), (422, 3)])
def test_what_a_door_says_no_to_ends_by_what_kind_of_no_it_is(
    shell: Shell, status: int, exit_code: int
) -> None:
    error = {
        "error": {
            "code": "SOME_CODE",
            "message": "no",
            "fields": [{"field": "limit", "message": "1 to 1000"}],
        }
    }
    shell.doors.on("GET", "/v1/cases", error, status=status)

    result = shell.type("cases", "list")

    assert result.exit_code == exit_code
    assert "no (limit: 1 to 1000)" in result.output


def test_a_case_is_looked_for_in_every_tenant_and_told_if_it_is_nowhere(shell: Shell) -> None:
    error = {"error": {"code": "CASE_UNKNOWN", "message": "no such case"}}
    shell.doors.on("GET", "/v1/cases/WO-1", error, status=404)

    result = shell.type("cases", "show", "WO-1")

    assert result.exit_code == 1
    assert "no case WO-1" in result.output
    assert [headers["X-Tenant-ID"] for _, _, headers, _ in shell.doors.heard] == ["demo", "sba"]


def test_global_options_may_stand_anywhere(shell: Shell) -> None:
    shell.doors.on("GET", "/v1/cases", {"cases": []})
    before = ["--tenant", "sba", "--json", "cases", "list"]
    after = ["cases", "list", "--json", "--tenant=sba"]

    told = [
        CliRunner().invoke(app, [*args, "--stack-dir", str(shell.folder)]).stdout
        for args in (before, after)
    ]

    assert [json.loads(each) for each in told] == [{"cases": []}, {"cases": []}]


def test_without_a_stack_it_says_make_up_and_ends_with_6(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", "--stack-dir", str(tmp_path / "none")])

    assert result.exit_code == 6
    assert "make up" in result.output


def test_an_env_file_that_cannot_be_read_is_told(shell: Shell) -> None:
    (shell.folder / "env.json").write_text("{")

    result = shell.type("report")

    assert result.exit_code == 6
    assert "cannot be read" in result.output


def test_an_env_file_of_another_version_is_told(shell: Shell) -> None:
    (shell.folder / "env.json").write_text('{"lanes": 6}')

    result = shell.type("report")

    assert result.exit_code == 6
    assert "does not tell" in result.output


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("report", "--tenant", "nobody"), "no tenant 'nobody'"),
        (("report", "--as", "nobody"), "knows no 'nobody'"),
        (("mesh", "why", "nothing", "1"), "no service 'nothing'"),
    ],
)
def test_a_name_that_is_not_there_is_a_matter_of_usage(
    shell: Shell, args: tuple[str, ...], told: str
) -> None:
    result = shell.type(*args)

    assert result.exit_code == 2
    assert told in result.output


def test_a_service_that_does_not_answer_ends_with_6(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("writeoff.door.PAUSE_FIRST_S", 0.0)
    env = json.loads((shell.folder / "env.json").read_text())
    env["services"]["ledger"] = ["http://127.0.0.1:1"]
    (shell.folder / "env.json").write_text(json.dumps(env))

    result = shell.type("report")

    assert result.exit_code == 6
    assert "ledger does not answer" in result.output


def test_another_instance_is_asked_when_one_does_not_answer(shell: Shell) -> None:
    env = json.loads((shell.folder / "env.json").read_text())
    env["services"]["case"] = ["http://127.0.0.1:1", *env["services"]["case"]]
    (shell.folder / "env.json").write_text(json.dumps(env))
    shell.doors.on("GET", "/v1/cases", {"cases": []})

    assert shell.told("cases", "list") == {"cases": []}


def test_help_teaches_the_first_steps() -> None:
    result = CliRunner().invoke(app, ["--help"])

    assert result.exit_code == 0
    for told in ("First steps", "make up", "--mapping", "Exit codes"):
        assert told in result.output
