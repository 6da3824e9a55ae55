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
from .faults import ALL, FIXED, Series, only
from .load import Load, prepare
from .recovery import Recovery, keep, measure
from .running import RECOVERED_S, Running, Scene

WANTED = os.environ.get("FAULTS", "")
"""A regular expression for the names of the faults that are wanted; nothing: the fixed ones."""

CHOSEN = only(WANTED) if WANTED else FIXED

pytestmark = [pytest.mark.stack, pytest.mark.timeout(3_600)]


@pytest.mark.parametrize("series", CHOSEN, ids=lambda series: series.name)
def test_every_case_is_closed_once_whatever_befalls_the_mesh(
    series: Series, grounds: Grounds
) -> None:
    at = grounds.give(small_disk=series.small_disk)
    try:
        recoveries = befall(at, Bank(at.env, grounds.tenant(), at.client), series)
    except BaseException:
        grounds.leave(name=series.name)
        raise
    if series.forgets:
        grounds.leave()
    print(*recoveries, sep="\n")
    if WANTED:
        keep(recoveries, order=[fault.name for each in ALL for fault in each.faults])


def befall(at: Running, bank: Bank, series: Series) -> list[Recovery]:
    """Let faults happen amid cases, and see that nothing is lost, doubled or left lying."""
    loans, requests = prepare(bank, series.cases)
    mails = mail_files(at.env)
    load = Load(at.upstream(), requests, per_s=series.cases / series.lasts_s)
    listed: list[str] = []
    spans: list[tuple[float, float]] = []
    with Closings(at.env, [loan["loan_id"] for loan in loans]) as closings, load:
        scene = Scene(at, bank, closings, load)
        for fault in series.faults:
            scene.until_cases_close()
            began = time.time()
            listed += fault.happen(scene, *fault.to) or []
            spans.append((began, time.time()))
            if fault == series.faults[-1]:
                load.faults_are_over()
            scene.until_caught_up()
        closings.until(series.cases, seconds=2 * RECOVERED_S)
    assert series.forgets or closings.closed_again() == {}
    otherwise = ended_otherwise(bank, loans)
    assert series.forgets or otherwise == []
    again = each_is_told_once(at.env, bank, loans, mails)
    at.until_well()
    only_these_differ(at.env, listed + otherwise)
    return [
        measure(fault.name, closings.seen, asked=load.asked, span=span, mails_again=again)
        for fault, span in zip(series.faults, spans, strict=True)
    ]


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
