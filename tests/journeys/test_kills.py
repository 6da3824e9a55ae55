"""Processes die in the middle of 500 cases and Kafka forgets how far they had read: nothing is
lost, doubled or left lying.
"""

import mailbox
import os
import signal
from collections import defaultdict
from itertools import batched

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

import stack

from ..stack_fixture import Stack  # noqa: TID252 - tests are no package
from .bank import SERVICES, Bank, Json, a_loan
from .cli import writeoff
from .outsiders import Upstream, a_request
from .waiting import eventually

pytestmark = pytest.mark.stack

CASES = 500

VICTIMS = (
    "case-1",
    "documents-1",
    "authorization-1",
    "ledger-1",
    "notifications-1",
    "case-2",
    "ledger-2",
)

ALIVE_S = 90.0
"""A lease of 10 s runs out and a process starts again, on a machine where others build."""


def requests_of(bank: Bank, loans: list[Json]) -> list[Json]:
    """Make a request for each loan: every other one is approved beforehand."""
    approved = loans[::2]
    references = dict(
        zip([loan["loan_id"] for loan in approved], bank.approve(*approved), strict=True)
    )
    requests: list[Json] = []
    for loan in loans:
        reference = references.get(loan["loan_id"])
        reason = "UNCOLLECTIBLE" if reference else "SMALL_BALANCE"
        requests.append(
            a_request(bank.tenant, loan["loan_id"], reason=reason, approval_reference=reference)
        )
    return requests


def standing(bank: Bank) -> tuple[int, int]:
    """Count the tenant's cases that are under way, and those that are over."""
    report = eventually(lambda: bank.get("case", "/v1/report", instance=1), seconds=ALIVE_S)
    total = sum(count for by_stage in report["cases"].values() for count in by_stage.values())
    return report["open"], total - report["open"]


def kill_in_the_middle(bank: Bank, pid: int, *, waiting: int) -> None:
    """Kill a process while cases are under way, and wait until cases are closed again.

    `waiting`: so many cases of others are open, and wait for a person.
    """
    eventually(lambda: standing(bank)[0] > waiting, seconds=ALIVE_S)
    os.kill(pid, signal.SIGKILL)
    _, closed = standing(bank)
    eventually(lambda: standing(bank)[1] > closed, seconds=ALIVE_S)


def forget_offsets(env: stack.Env) -> None:
    """Delete the offsets of all services in Kafka, but of one set them back to the beginning."""
    admin = AdminClient(env.kafka_conf("admin"))
    first, *others = SERVICES
    for done in admin.delete_consumer_groups(others).values():
        done.result(20)
    places = [TopicPartition(f"writeoff.{name}.v1", 0, 0) for name in others]
    back = ConsumerGroupTopicPartitions(first, places)
    [done] = admin.alter_consumer_group_offsets([back]).values()
    done.result(20)


def test_500_cases_survive_the_death_of_every_process_and_the_loss_of_all_offsets(
    services: Stack, env: stack.Env, bank: Bank, upstream: Upstream
) -> None:
    loans = [a_loan() for _ in range(CASES)]
    bank.lend(*loans)
    requests = requests_of(bank, loans)
    waiting, _ = standing(bank)
    pids = {name: services.process(name)["pid"] for name in VICTIMS}

    parts = batched(requests, CASES // len(VICTIMS) + 1, strict=False)
    for name, part in zip(VICTIMS, parts, strict=True):
        for request in part:
            upstream.ask(request)
        upstream.flush()
        kill_in_the_middle(bank, pids[name], waiting=waiting)
        if name == "ledger-1":
            forget_offsets(env)

    bank.until_complete(*(loan["loan_id"] for loan in loans), seconds=180)
    for name in VICTIMS:
        services.until_ready(name, restarts=1)
    each_is_booked_once(bank, loans)
    each_is_told_and_a_repeat_is_known_as_one(env, bank, loans)
    code, told = writeoff(env, "reconcile")
    assert (code, told["clean"], told["differences"]) == (0, True, [])


def each_is_booked_once(bank: Bank, loans: list[Json]) -> None:
    wanted = {loan["loan_id"] for loan in loans}
    cases = [case for case in bank.all_cases() if case["loan_id"] in wanted]
    journals = {case["case_id"]: bank.journals(case["case_id"]) for case in cases}
    assert [case_id for case_id, booked in journals.items() if len(booked) != 1] == []


def each_is_told_and_a_repeat_is_known_as_one(
    env: stack.Env, bank: Bank, loans: list[Json]
) -> None:
    eventually(
        lambda: "PENDING" not in bank.get("notifications", "/v1/report")["notices"], seconds=ALIVE_S
    )
    ids: defaultdict[str, set[str]] = defaultdict(set)
    box = mailbox.Maildir(env.mail_dir, create=False)
    for mail in box:
        ids[str(mail["To"]).rpartition("<")[2].strip("> ")].add(str(mail["Message-ID"]))
    box.close()
    told = {loan["email"]: len(ids[loan["email"]]) for loan in loans}
    assert {email: count for email, count in told.items() if count != 1} == {}
