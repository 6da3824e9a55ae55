"""The doors by which a mesh is watched, and what a door promises when its process dies."""

import os
import signal
from functools import partial

import pytest

import stack

from ..stack_fixture import Stack  # noqa: TID252 - tests are no package
from .bank import SERVICES, Bank, Json, a_line, a_loan
from .waiting import eventually

pytestmark = pytest.mark.stack

METRICS = (
    "mesh_commit_latency_seconds_count",
    "mesh_lag_records{",
    "mesh_turn_messages_count",
    "mesh_turn_seconds_count",
    "mesh_repeats_skipped_total",
    "mesh_oldest_unacknowledged_seconds",
    "mesh_parked",
    "mesh_lanes{",
)
"""What an operator watches, by the beginning of its line."""


@pytest.mark.parametrize("service", SERVICES)
def test_machines_ask_without_a_token_how_a_process_is(
    env: stack.Env, bank: Bank, service: str
) -> None:
    for url in env.services[service]:
        assert bank.client.get(f"{url}/live").json() == {"live": True}
        assert bank.client.get(f"{url}/ready").json() == {"ready": True, "reasons": []}


@pytest.mark.parametrize("service", SERVICES)
def test_metrics_tell_what_an_operator_watches(env: stack.Env, bank: Bank, service: str) -> None:
    def look(url: str) -> bool:
        told = bank.client.get(f"{url}/metrics").text
        assert [name for name in METRICS if f"\n{name}" not in told] == []
        return True

    for url in env.services[service]:
        eventually(partial(look, url))


@pytest.mark.parametrize("service", SERVICES)
def test_each_lane_runs_in_one_process(env: stack.Env, bank: Bank, service: str) -> None:
    def look() -> bool:
        held = [
            lane["lane"]
            for instance in range(len(env.services[service]))
            for lane in lanes_of(bank, service, instance)
            if lane["state"] == "running"
        ]
        assert sorted(held) == list(range(env.lanes))
        return True

    eventually(look)
    nobody = bank.client.get(f"{env.services[service][0]}/lanes")
    assert nobody.status_code == 401


def lanes_of(bank: Bank, service: str, instance: int) -> list[Json]:
    """Give what an instance tells of its lanes."""
    answer = bank.ask("GET", service, "/lanes", who="oz", instance=instance)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_two_processes_share_the_lanes_evenly(bank: Bank) -> None:
    def look() -> bool:
        shares = [
            sum(lane["state"] == "running" for lane in lanes_of(bank, "ledger", instance))
            for instance in range(2)
        ]
        assert shares == [3, 3]
        return True

    eventually(look)


def test_a_command_whose_process_dies_before_the_answer_is_heard_once(
    services: Stack, bank: Bank
) -> None:
    loan = a_loan(principal="700.00")
    bank.lend(loan)
    [told] = bank.submit(a_line(loan, reason="AGED"), channel="FILE")
    task = bank.task("documents", told["case_id"])
    path = f"/v1/tasks/{task['task_id']}/complete"
    identity = {"Idempotency-Key": f"dora-{task['task_id']}"}

    def ask(body: Json, **headers: str) -> tuple[int, Json]:
        answer = bank.ask(
            "POST", "documents", path, who="dora", body=body, headers=identity | headers
        )
        return answer.status_code, answer.json()

    was = services.process("documents-1")
    bank.post("documents", "/v1/mesh/hold", {"why": "nothing is heard now"}, who="oz")
    # It is put, and nobody takes a turn: killed, the process has given no answer.
    assert ask({"all": True}, Prefer="respond-async") == (
        202,
        {"task_id": task["task_id"], "status": "PENDING"},
    )
    os.kill(was["pid"], signal.SIGKILL)
    services.until_ready("documents-1", restarts=was["restarts"] + 1)

    first = eventually(lambda: heard(ask({"all": True})))
    assert ask({"all": True}) == (200, first)
    other = ask({"all": True, "verified": []})
    assert (other[0], other[1]["error"]["code"]) == (409, "ID_REUSED")
    [closed] = bank.get("documents", "/v1/tasks", case=told["case_id"], state="closed")["tasks"]
    assert (closed["closed_by"], closed["result"]) == ("dora", "VERIFIED")
    bank.task("authorization", told["case_id"])


def heard(answer: tuple[int, Json]) -> Json:
    """Give the answer to a command that was heard."""
    assert answer[0] == 200, answer
    return answer[1]
