"""`writeoff requests`: submit a file's requests, and wait for their cases."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated

import typer

from writeoff.clock import today_utc
from writeoff.door import Doors, Json
from writeoff.exits import Exit
from writeoff.mapping.mapping import REQUESTS, Mapped
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.verbs import sending
from writeoff.verbs.loans import Check, File, MappingFile

app = typer.Typer(help="Requests: submit those of a file.", no_args_is_help=True)

WAIT_S = 600.0

COMPLETE = "Closed Complete"

WAITED_MAX = 2_000
"""Cases that the door is asked about at once."""

LOOK_S = 0.3


@app.command("submit")
def submit(  # noqa: PLR0917 (options)
    ctx: typer.Context,
    file: File,
    mapping: MappingFile,
    wait: Annotated[bool, typer.Option("--wait", help="until every case is over or waits")] = False,
    timeout_s: Annotated[float, typer.Option("--timeout", metavar="S", help="of --wait")] = WAIT_S,
    check: Check = False,
) -> None:
    """Submit a request for every line that the mapping takes.

    The same request again gets the same answer and changes nothing. With --wait it ends when every
    case is over or waits for a person: exit 0 all Closed Complete, now or earlier; 3 some refused,
    or lines broken; 4 some wait; 5 time ran out.
    """
    session = session_of(ctx)
    batch = sending.open_batch(file, mapping, REQUESTS, money=("amount",))
    today = today_utc()
    if check:
        tally = sending.run(session, batch, None, today=today)
        sending.show(session, batch, tally, {"check": "nothing was sent"})
        raise typer.Exit(int(tally.exit_code))
    with sending.open_doors(session, batch, "admin", "loan_agent") as doors:
        tally = sending.run(session, batch, lambda rows: send(doors, rows), today=today)
        if not wait:
            sending.show(session, batch, tally)
            raise typer.Exit(int(tally.exit_code))
        case_ids = [str(a["case_id"]) for a in tally.answers if a.get("case_id")]
        standings = until_settled(session, doors, case_ids, timeout_s=timeout_s)
    states = Counter(str(each["state"]) for each in standings.values())
    waiting = sum(1 for each in standings.values() if each["waiting"])
    sending.show(session, batch, tally, {"cases": dict(sorted(states.items())), "waiting": waiting})
    raise typer.Exit(int(_exit_of(tally, standings)))


def send(doors: Doors, rows: list[Mapped]) -> list[Json]:
    """Send a chunk of requests to the case service."""
    body = {"requests": [{"line": r.line} | r.values for r in rows], "channel": "FILE"}
    results: list[Json] = doors.post("case", "/v1/requests", body)["results"]
    return [{"result": "refused" if each.get("code") else "accepted"} | each for each in results]


def until_settled(
    session: Session, doors: Doors, case_ids: Sequence[str], *, timeout_s: float
) -> dict[str, Json]:
    """Wait until every case is over or waits for a person; gives how each stands then, by its id.

    A case that is not there yet stands at none.
    """
    deadline = time.monotonic() + timeout_s
    standings: dict[str, Json] = {
        case_id: {"state": None, "waiting": False} for case_id in case_ids
    }
    with session.progress("cases settled", total=len(standings)) as done:
        left = list(standings)
        while left:
            for at in range(0, len(left), WAITED_MAX):
                body = {"cases": left[at : at + WAITED_MAX]}
                standings |= doors.post("case", "/v1/cases/wait", body)["cases"]
            left = [case_id for case_id, each in standings.items() if not is_settled(each)]
            done(len(standings) - len(left))
            if time.monotonic() > deadline:
                break
            if left:
                time.sleep(LOOK_S)
    return standings


def is_settled(standing: Json) -> bool:
    """Say whether a case is over, or waits for a person."""
    return str(standing["state"]).startswith("Closed") or bool(standing["waiting"])


def _exit_of(tally: sending.Tally, standings: dict[str, Json]) -> Exit:
    states = [str(each["state"]) for each in standings.values()]
    if not all(is_settled(each) for each in standings.values()):
        return Exit.TIME_RAN_OUT
    if tally.exit_code is not Exit.OK:
        return tally.exit_code
    if any(state.startswith("Closed") and state != COMPLETE for state in states):
        return Exit.REFUSED
    return Exit.OK if all(state == COMPLETE for state in states) else Exit.WAITING
