"""Whatever befalls it in the middle of thousands of cases, the mesh closes each of them once."""

import os
import time
from collections import Counter, defaultdict
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from pathlib import Path

import pytest

import stack

from ..journeys.bank import COMPLETE, Bank, Json  # noqa: TID252 - tests are no package
from ..journeys.cli import writeoff  # noqa: TID252
from ..journeys.waiting import eventually  # noqa: TID252
from .closings import Closings
from .conftest import Grounds
from .faults import FAULTS, FIXED, Fault
from .load import Load, prepare
from .recovery import Recovery, keep, times
from .running import RECOVERED_S, Running, Scene

ALL = os.environ.get("FAULTS") == "all"
CHOSEN = FAULTS if ALL else FIXED

SPARE_S = 25.0
"""Cases are asked for this much longer than a fault lasts, half of it before."""

pytestmark = [pytest.mark.stack, pytest.mark.timeout(3_600)]


@pytest.mark.parametrize("fault", CHOSEN, ids=lambda fault: fault.name)
def test_every_case_is_closed_once_whatever_befalls_the_mesh(
    fault: Fault, grounds: Grounds
) -> None:
    at = grounds.give(small_disk=fault.small_disk)
    try:
        recovery = befall(at, Bank(at.env, grounds.tenant(), at.client), fault)
    except BaseException:
        grounds.leave(name=fault.name)
        raise
    if fault.forgets:
        grounds.leave()
    print(recovery)
    if ALL:
        keep(recovery, order=[fault.name for fault in FAULTS])


def befall(at: Running, bank: Bank, fault: Fault) -> Recovery:
    """Let a fault happen amid cases, and see that nothing is lost, doubled or left lying."""
    loans, requests = prepare(bank, fault.cases)
    mails = mail_files(at.env)
    load = Load(at.upstream(), requests, per_s=fault.cases / (fault.lasts_s + SPARE_S))
    with Closings(at.env, [loan["loan_id"] for loan in loans]) as closings, load:
        closings.until(fault.cases // 10, seconds=RECOVERED_S)
        began = time.time()
        listed = fault.happen(Scene(at, bank, closings, load), *fault.to) or []
        ended = time.time()
        load.fault_is_over()
        closings.until(fault.cases, seconds=2 * RECOVERED_S)
    assert fault.forgets or closings.closed_again() == {}
    otherwise = ended_otherwise(bank, loans)
    assert fault.forgets or otherwise == []
    again = each_is_told_once(at.env, bank, loans, mails)
    at.until_well()
    only_these_differ(at.env, listed + otherwise)
    first_s, every_lane_s, caught_up_s = times(
        [c for c in closings.seen if c.loan_id in load.asked], asked=load.asked, ended=ended
    )
    return Recovery(
        fault=fault.name,
        cases=fault.cases,
        asked_per_s=round(load.per_s, 1),
        lasted_s=round(ended - began, 1),
        first_s=round(first_s, 1),
        every_lane_s=round(every_lane_s, 1),
        caught_up_s=round(caught_up_s, 1),
        mails_again=again,
    )


def ended_otherwise(bank: Bank, loans: list[Json]) -> list[str]:
    """Name the cases that are not closed complete; fails if a loan has not exactly one case."""
    wanted = {loan["loan_id"] for loan in loans}
    cases = [case for case in bank.all_cases() if case["loan_id"] in wanted]
    assert Counter(case["loan_id"] for case in cases) == Counter(wanted)
    return [case["case_id"] for case in cases if case["state"] != COMPLETE]


def each_is_told_once(env: stack.Env, bank: Bank, loans: list[Json], mails: set[Path]) -> int:
    """See that each customer has one mail, or the same again; gives how many came again."""
    eventually(
        lambda: "PENDING" not in bank.get("notifications", "/v1/report")["notices"],
        seconds=RECOVERED_S,
    )
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for file in mail_files(env) - mails:
        mail = BytesHeaderParser().parsebytes(file.read_bytes())
        ids[parseaddr(mail["To"])[1]].append(mail["Message-ID"])
    told = {loan["email"]: len(set(ids[loan["email"]])) for loan in loans}
    assert {address: count for address, count in told.items() if count != 1} == {}
    return sum(len(each) for each in ids.values()) - len(loans)


def only_these_differ(env: stack.Env, listed: list[str]) -> None:
    """See that stores and topics are of one mind but on these cases, and that those are listed."""
    code, told = writeoff(env, "reconcile", "--quiet", "120")
    found = {
        each["what"]: [case for case in listed if case in each["what"]]
        for each in told["differences"]
    }
    assert [what for what, cases in found.items() if not cases] == []
    assert {case for cases in found.values() for case in cases} == set(listed)
    assert code == (1 if listed else 0)


def mail_files(env: stack.Env) -> set[Path]:
    """List the mails that were caught, a file each."""
    return set((Path(env.mail_dir) / "new").iterdir())
