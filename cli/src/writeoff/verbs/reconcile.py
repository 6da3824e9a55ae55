"""`writeoff reconcile`: prove that nothing was lost, doubled or left lying."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from writeoff.door import Json
from writeoff.exits import Exit
from writeoff.reconcile.checks import CHECKS, QUIET, Difference, differences, not_yet_tried, unquiet
from writeoff.reconcile.facts import Facts
from writeoff.reconcile.stores import read_stores
from writeoff.reconcile.topics import read_endings, read_inputs, read_tables
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import pairs, table
from writeoff.stackenv import StackEnv
from writeoff.verbs import mesh

QUIET_S = 60.0
"""What takes longer to come to rest than this is not on its way, but stuck."""

LOOK_S = 1.0

SHOWN_MAX = 50


def reconcile(
    ctx: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="say keys of table topics again that differ")
    ] = False,
    quiet_s: Annotated[
        float, typer.Option("--quiet", metavar="S", help="wait so long for things to come to rest")
    ] = QUIET_S,
) -> None:
    """Compare the five stores and the topics. Exit 1, with a list, if anything differs.

    Every request has one case; every case is over or waits for something; every posted case was
    granted and has one journal that balances; what was said of it stands; every notice is told or
    listed; nothing is unheard or unacknowledged; the table topics equal the stores.
    """
    session = session_of(ctx)
    started = time.monotonic()
    facts, found = _when_quiet(session, started + quiet_s)
    repaired: dict[str, int] = {}
    if repair and found:
        repaired = _repair(session, facts)
        if repaired:
            facts, found = _when_quiet(session, time.monotonic() + quiet_s)
    data = {
        "clean": not found,
        "differences": [{"check": each.check, "what": each.what} for each in found],
        "not_yet_tried": not_yet_tried(facts),
        "repaired": repaired,
        "counts": _counts(facts),
        "seconds": round(time.monotonic() - started, 1),
    }
    session.show(data, lambda out: _render(out, data, found))
    if found:
        raise typer.Exit(int(Exit.FAILED))


def _when_quiet(session: Session, deadline: float) -> tuple[Facts, list[Difference]]:
    """Look until nothing differs, nothing moves or the time is over; gives the last look."""
    before: list[Difference] | None = None
    with session.progress("comparing stores and topics") as done:
        looks = 0
        while True:
            facts = look(session.env, with_tables=False)
            is_last = time.monotonic() > deadline
            is_quiet = not unquiet(facts)
            # Whole tables are read when the rest is quiet, or when there is no other chance.
            if is_quiet or is_last:
                facts = look(session.env, with_tables=True)
            found = differences(facts)
            if is_last or not found or (is_quiet and found == before):
                return facts, found
            before = found if is_quiet else None
            looks += 1
            done(looks)
            time.sleep(LOOK_S)


def look(env: StackEnv, *, with_tables: bool) -> Facts:
    """Read the stores and where the logs end; with tables also all that was said there."""
    # Stores first: what is said meanwhile then shows as behind in a log, and is looked at again.
    stores = read_stores(env)
    mesh_stores = stores.by_service
    return Facts(
        sources={name: frozenset(row["tenants"]) for name, row in env.sources.items()},
        requests=stores.requests,
        cases=stores.cases,
        journals=stores.journals,
        refinances=stores.refinances,
        granted=stores.granted,
        notices=stores.notices,
        keepers=[each for store in mesh_stores.values() for each in store.keepers],
        outputs=[each for store in mesh_stores.values() for each in store.outputs],
        overdue=[each for store in mesh_stores.values() for each in store.overdue],
        inputs=read_inputs(env, mesh_stores),
        table_keys=read_tables(env, mesh_stores) if with_tables else [],
        endings=read_endings(env) if with_tables else frozenset(),
    )


def _repair(session: Session, facts: Facts) -> dict[str, int]:
    """Let the writers of differing table topics say their keys again; gives how many each said."""
    topics = sorted({(k.service, k.topic) for k in facts.table_keys if k.in_store != k.on_topic})
    return {topic: mesh.resay_all(session, service, topic) for service, topic in topics}


def _counts(facts: Facts) -> Json:
    return {
        "cases": len(facts.cases),
        "open": sum(1 for case in facts.cases if not case.is_closed),
        "journals": len(facts.journals),
        "notices": len(facts.notices),
        "inputs": len(facts.inputs),
        "outputs": len(facts.outputs),
        "table_keys": len(facts.table_keys),
    }


def _render(out: Console, data: Json, found: Sequence[Difference]) -> None:
    counts = Counter(each.check for each in found)
    rows = [
        (name, (check.__doc__ or "").strip(), f"{counts[name]} differ" if counts[name] else "ok")
        for name, check in CHECKS.items()
    ]
    out.print(table("reconcile", ("check", "what must be true", "found"), rows))
    if found:
        shown = [(each.check, each.what) for each in found[:SHOWN_MAX]]
        more = f", the first {SHOWN_MAX}; --json tells all" if len(found) > SHOWN_MAX else ""
        out.print(table(f"{len(found)} differences{more}", ("check", "what"), shown))
        out.print(f"next: {_next_step(data, found)}", highlight=False, soft_wrap=True)
    waiting = data["not_yet_tried"]
    told: dict[str, object] = dict(data["counts"])
    told |= {"notices not yet tried": len(waiting)} if waiting else {}
    told |= {f"said again on {topic}": n for topic, n in data["repaired"].items()}
    out.print(pairs(f"compared in {data['seconds']} s", told))


def _next_step(data: Json, found: Sequence[Difference]) -> str:
    checks = {each.check for each in found}
    if checks == {"tables match"} and not data["repaired"]:
        return "`writeoff reconcile --repair` says these keys again"
    if checks <= {*QUIET, "tables match"}:
        return "`writeoff mesh lanes` tells which lane stands still; `mesh why SERVICE LANE` why"
    return "`writeoff trace CASE` shows what was said of a case; `writeoff mesh parked` what lies"
