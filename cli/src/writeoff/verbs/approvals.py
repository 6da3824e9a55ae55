"""`writeoff approvals`: take a register of approvals over."""

from collections.abc import Sequence

import typer

from writeoff.clock import today_utc
from writeoff.door import Doors, Json
from writeoff.exits import Exit, Trouble
from writeoff.mapping.mapping import REFERENCES, Mapped
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.verbs import sending
from writeoff.verbs.loans import Check, File, MappingFile, TimeoutS
from writeoff.verbs.waiting import until_held

app = typer.Typer(help="Approval references: issue those of a register.", no_args_is_help=True)

HELD_S = 120.0


@app.command("issue")
def issue(
    ctx: typer.Context,
    file: File,
    mapping: MappingFile,
    check: Check = False,
    timeout_s: TimeoutS = HELD_S,
) -> None:
    """Issue the approval references of a file's lines, as the mapping's part \\[issue] says.

    Ends when the documents service holds every reference. The approvers are named by the register;
    whoever runs this may not be one of them.
    """
    session = session_of(ctx)
    batch = sending.open_batch(file, mapping, REFERENCES, money=("amount",))
    today = today_utc()
    if check:
        tally = sending.run(session, batch, None, today=today)
        sending.show(session, batch, tally, {"check": "nothing was sent"})
        raise typer.Exit(int(tally.exit_code))
    with sending.open_doors(session, batch, "admin") as doors:
        tally = sending.run(session, batch, lambda rows: send(doors, rows), today=today)
        taken = [str(each["reference"]) for each in tally.answers if each["result"] != "refused"]
        missing = held(session, doors, taken, timeout_s=timeout_s)
    sending.show(session, batch, tally, {"held_by_documents": len(set(taken)) - len(missing)})
    if missing:
        session.note(f"documents does not hold {len(missing)} of them yet: look again later")
        raise typer.Exit(int(Exit.TIME_RAN_OUT))
    raise typer.Exit(int(tally.exit_code))


def send(doors: Doors, rows: list[Mapped]) -> list[Json]:
    """Send a chunk of references to authorization."""
    for row in rows:
        if any(approver.get("id") == doors.person for approver in row.values["approvers"]):
            raise Trouble(
                f"{doors.person} is an approver of line {row.line} and may not issue it",
                next_step="run it as somebody else: --as NAME",
                exit_code=Exit.USAGE,
            )

    def ask(part: list[Json]) -> list[Json]:
        return doors.post("authorization", "/v1/references", {"references": part})["results"]

    return sending.until_answered(rows, ask)


def held(
    session: Session, doors: Doors, references: Sequence[str], *, timeout_s: float
) -> list[str]:
    """Wait until documents holds these references; gives those that it does not."""

    def missing(part: Sequence[str]) -> Sequence[str]:
        return doors.post("documents", "/v1/references/held", {"references": list(part)})["missing"]

    return until_held(session, "waiting for documents", references, missing, timeout_s=timeout_s)
