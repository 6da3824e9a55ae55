"""What is measured of the mesh: a warm-up, rest, full load, mail, and a steady pace."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing

from contracts.records.case import CaseClosed
from contracts.records.notifications import NoticeSent

from bench.cpu import Meter, machine_ms
from bench.figures import SERVICES, Load, Pace, between_tenths
from bench.load import Upstream
from bench.own_stack import Failed, OwnStack, until
from bench.topic import NOTICES_TOPIC, Following, closings

type Told = Callable[[int], None]

CLOSED_MAX_S = 600.0
CLOSED_PER_S_MIN = 50
"""So slow a mesh is not well, and nobody waits for its last case."""

MAILED_MAX_S = 900.0

AFTERMATH_S = 1.0
"""What follows a closing (its status, the reference consumed) is part of the case's CPU time."""

REST_S = 10.0
CALM_S = 3.0

PACE_PER_S = 20
PACED_LEAD = 5 * PACE_PER_S
"""The first seconds of a pace are not measured: everything wakes up."""


def warm_up(mesh: OwnStack, loans: Sequence[str], told: Told) -> None:
    """Run cases that nobody measures, their mails included."""
    with closings(mesh.env) as closed:
        Upstream(mesh.env).ask(loans)
        closed.until(len(loans), seconds=CLOSED_MAX_S, told=told)
    until(lambda: not _pending(mesh), seconds=MAILED_MAX_S, what="mails of the warm-up")


def rest(mesh: OwnStack) -> float:
    """Return how much of one core the five services use together while nothing happens."""
    time.sleep(CALM_S)
    meter = Meter(mesh)
    before, start = meter.read(), time.monotonic()
    time.sleep(REST_S)
    used = meter.since(before)
    passed_ms = (time.monotonic() - start) * 1000
    return 100 * sum(used[service] for service in SERVICES) / passed_ms


def full_load(mesh: OwnStack, loans: Sequence[str], told: Told) -> Load:
    """Let requests wait while the case service is stopped, start it, and wait for the last case.

    The mail server must be away. Time runs from the service's readiness, or its first record if
    that was earlier, to the last CaseClosed, by the broker's clock, which is this machine's.
    """
    with closings(mesh.env) as closed:
        cases = mesh.instances("case")
        for name in cases:
            mesh.stop(name)
        Upstream(mesh.env).ask(loans)
        for name in cases:
            mesh.start(name)
        meter = Meter(mesh)
        for name in cases:
            mesh.until_ready(name)
        ready_ms, before, machine = time.time() * 1000, meter.read(), machine_ms()
        closed.until(len(loans), seconds=closed_max_s(len(loans)), told=told)
        time.sleep(AFTERMATH_S)
        used = meter.since(before)
        others_ms = machine_ms() - machine - sum(used.values())
        measured_ms = time.time() * 1000 - ready_ms
        _all_complete(closed)
        start_ms = min(ready_ms, closed.first_ms or ready_ms)
        return Load(
            cases=len(loans),
            seconds=(max(closed.moments_ms) - start_ms) / 1000,
            steady_per_s=between_tenths(closed.moments_ms),
            cpu_ms=used,
            others_cores=others_ms / measured_ms,
        )


def mails(mesh: OwnStack, told: Told) -> float:
    """Give the mail server back and return mails a second until no notice waits.

    The notifications service starts anew: the old one may wait a minute for the server.
    """
    with closing(Following(mesh.env, NOTICES_TOPIC, NoticeSent)) as sent:
        waiting = _pending(mesh)
        mesh.stop("notifications-1")
        mesh.start("mail")
        mesh.until_ready("mail")
        mesh.start("notifications-1")
        sent.until(waiting, seconds=MAILED_MAX_S, told=told)
        return between_tenths(sent.moments_ms)


def steady_pace(mesh: OwnStack, loans: Sequence[str]) -> Pace:
    """Ask for so many cases a second; return each one's time from request to CaseClosed.

    The first of the loans are a lead that is not measured. The mail server must be away.
    """
    lead, measured = loans[:PACED_LEAD], loans[PACED_LEAD:]
    upstream, meter = Upstream(mesh.env), Meter(mesh)
    with closings(mesh.env) as closed:
        upstream.ask(lead, per_s=PACE_PER_S)
        before = meter.read()
        upstream.ask(measured, per_s=PACE_PER_S)
        used = meter.since(before)
        closed.until(len(loans), seconds=CLOSED_MAX_S, told=lambda _: None)
        _all_complete(closed)
        ended_ms = {
            record.meta.loan_id: moment_ms
            for record, moment_ms in zip(closed.records(), closed.moments_ms, strict=True)
        }
    return Pace(
        took_ms=[ended_ms[loan] - upstream.taken_ms[loan] for loan in measured],
        cpu_ms=used,
    )


def closed_max_s(cases: int) -> float:
    """Say how long so many cases are waited for, in seconds."""
    return CLOSED_MAX_S + cases / CLOSED_PER_S_MIN


def _pending(mesh: OwnStack) -> int:
    """Return how many notices wait to be sent."""
    return mesh.call("notifications", "/v1/report")["notices"].get("PENDING", 0)


def _all_complete(closed: Following[CaseClosed]) -> None:
    others = [record.code for record in closed.records() if record.outcome != "COMPLETE"]
    if others:
        raise Failed(f"{len(others)} cases did not go straight through: {others[0]}")
