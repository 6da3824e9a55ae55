"""`writeoff audit`: an auditor's trail over the journals, checked and handed on."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from ledger.audit.examining import NoProof, Report, examine, prove
from ledger.audit.finding import Code, Finding
from ledger.audit.head import Signed
from ledger.audit.published import HeadsFile
from ledger.audit.service import AUDIT
from ledger.audit.signing import Keys
from ledger.audit.verifying import Published
from ledger.store import audit as store
from mesh.service import Reader
from rich.console import Console

from writeoff.audit import reading
from writeoff.door import Json
from writeoff.exits import Exit, Trouble
from writeoff.root import session_of
from writeoff.session import Session
from writeoff.show import pairs, table

app = typer.Typer(
    help="For auditors: is the journal what was posted? Proofs, and heads to keep elsewhere.",
    no_args_is_help=True,
)

SHOWN_MAX = 50

KeyFile = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="trusted public keys (PEM); none: the stack's"),
]


@app.command("verify")
def verify(
    ctx: typer.Context,
    heads: Annotated[
        list[Path] | None,
        typer.Option("--heads", metavar="FILE", help="your own copy of heads; may be repeated"),
    ] = None,
    key: KeyFile = None,
    topic: Annotated[
        bool, typer.Option("--topic/--no-topic", help="read the topic's heads too")
    ] = True,
) -> None:
    """Hash the journal anew and compare it with the sealed blocks and their published heads.

    Finds a changed, removed, added or reordered entry, a cut tail, a full rewrite and a forged
    signature. Exit 1, with a list, if anything is found.
    """
    session = session_of(ctx)
    started = time.monotonic()
    trusted = _keys(session, key)
    found: list[Finding] = []
    # What is published was committed before: read first, all of it is in the store's snapshot.
    places = _published(session, heads or (), trusted, found, with_topic=topic)
    report = _examine(session, trusted, places)
    found += report.findings
    data = {
        "ok": not found,
        "entries": sum(lane.entries + lane.unsealed for lane in report.lanes),
        "unsealed": sum(lane.unsealed for lane in report.lanes),
        "blocks": sum(lane.blocks for lane in report.lanes),
        "published": [{"place": each.name, "heads": each.count} for each in places],
        "keys": sorted(trusted.by_id),
        "findings": [each.to_json() for each in found],
        "seconds": round(time.monotonic() - started, 1),
    }
    session.show(data, lambda out: _render(out, data, found))
    if found:
        raise typer.Exit(int(Exit.FAILED))


@app.command("heads")
def heads(
    ctx: typer.Context,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="append what this file does not hold yet"),
    ] = None,
    key: KeyFile = None,
) -> None:
    """Tell the newest published head of each lane, and keep a copy of all where you trust it."""
    session = session_of(ctx)
    trusted = _keys(session, key)
    known = _open(HeadsFile(to)) if to else {}
    fresh: list[Signed] = []
    newest: dict[int, Signed] = {}
    for each in reading.of_topic(session.env):
        if not isinstance(each, Signed) or not trusted.is_true(each):
            continue  # `verify` tells what cannot be believed
        head = each.head
        newest[head.lane] = each
        if head.number > known.get(head.lane, 0):
            known[head.lane] = head.number
            fresh.append(each)
    if to:
        HeadsFile(to).append(fresh)
    data: Json = {
        "heads": [newest[lane].to_json() for lane in sorted(newest)],
        "appended": len(fresh) if to else 0,
    }
    columns = ("lane", ">number", ">first", ">count", "sealed_at", "root", "key_id")

    def render(out: Console) -> None:
        rows = [[row[name.lstrip(">")] for name in columns] for row in data["heads"]]
        out.print(table(f"newest heads on {AUDIT}", columns, rows))
        if to:
            out.print(f"{len(fresh)} heads appended to {to}", highlight=False)

    session.show(data, render)


@app.command("prove")
def prove_entry(
    ctx: typer.Context,
    entry: Annotated[UUID, typer.Argument(metavar="ENTRY", help="an entry's id")],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="write the proof to a file")
    ] = None,
) -> None:
    """Prove that one journal entry is in a sealed block, to somebody who sees nothing else."""
    session = session_of(ctx)

    async def look(reader: Reader) -> Json | NoProof:
        found = await prove(reader, entry)
        return found if isinstance(found, NoProof) else found.to_json()

    made = reading.in_snapshot(session.env, look)
    if isinstance(made, NoProof):
        raise Trouble(
            f"entry {entry} cannot be proved: {made.why}",
            next_step="`writeoff audit verify` tells what else was changed"
            if made.is_sealed
            else "`writeoff loans show LOAN --json` tells the ids of its entries",
            exit_code=Exit.FAILED if made.is_sealed else Exit.USAGE,
        )
    if to:
        to.write_text(json.dumps(made, indent=1) + "\n")
    head = made["head"]
    told = {
        "entry": str(entry),
        "block": f"{head['number']} of lane {head['lane']}, sealed {head['sealed_at']}",
        "root": head["root"],
        "written to": str(to) if to else None,
    }
    session.show(made, lambda out: out.print(pairs("proof", told)))


@app.command("check")
def check(
    ctx: typer.Context,
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="a file of `audit prove`")],
    key: KeyFile = None,
) -> None:
    """Check a proof. It needs the proof and the public key only: no books, no topic."""
    session = session_of(ctx)
    made = reading.proof(proof)
    trusted = _keys(session, key)
    why = made.wrong(trusted)
    if why:
        raise Trouble(
            f"the proof does not hold: {why}",
            next_step="ask for the proof, and for the ledger's public key, once more",
        )
    shown = json.loads(made.text)
    head = made.signed.to_json()
    data = {"ok": True, "entry": shown, "head": head}
    told = {name: value for name, value in shown.items() if name != "lines"}
    told |= {"sealed": f"block {head['number']} of lane {head['lane']}, {head['sealed_at']}"}
    lines = [list(line.values()) for line in shown["lines"]]

    def render(out: Console) -> None:
        out.print(pairs("the proof holds", told))
        if lines:
            out.print(table("lines", list(shown["lines"][0]), lines))

    session.show(data, render)


def _keys(session: Session, given: Path | None) -> Keys:
    return reading.trusted_keys(lambda: session.directory, given)


def _published(
    session: Session,
    heads: Sequence[Path],
    keys: Keys,
    findings: list[Finding],
    *,
    with_topic: bool,
) -> list[Published]:
    env = session.env
    places = [
        reading.take(str(path), reading.of_file(path), keys, findings)
        for path in reading.heads_files(env, heads)
    ]
    if with_topic:
        places.append(reading.take(AUDIT, reading.of_topic(env), keys, findings))
    return places


def _examine(session: Session, keys: Keys, places: Sequence[Published]) -> Report:
    async def look(reader: Reader) -> Report:
        total = await store.count(reader)
        with session.progress("hashing entries", total=total) as done:
            return await examine(
                reader, keys=keys, published=places, now=datetime.now(UTC), tell=done
            )

    return reading.in_snapshot(session.env, look)


def _open(file: HeadsFile) -> dict[int, int]:
    try:
        return file.open()
    except OSError as error:
        raise Trouble(
            f"the file of heads cannot be written: {error}",
            next_step="name a file that you may write with --to",
            exit_code=Exit.USAGE,
        ) from None


def _render(out: Console, data: Json, found: Sequence[Finding]) -> None:
    if found:
        rows = [
            (each.code.value, each.lane, each.block, each.entry_id, each.message)
            for each in found[:SHOWN_MAX]
        ]
        more = f", the first {SHOWN_MAX}; --json tells all" if len(found) > SHOWN_MAX else ""
        title = f"{len(found)} findings{more}"
        out.print(table(title, ("code", ">lane", ">block", "id", "what"), rows))
        out.print(f"next: {_next_step(found)}", highlight=False, soft_wrap=True)
    told: dict[str, object] = {"entries": data["entries"], "blocks": data["blocks"]}
    told |= {"not sealed yet": data["unsealed"]} if data["unsealed"] else {}
    told |= {f"heads in {each['place']}": each["heads"] for each in data["published"]}
    told |= {"signed by": ", ".join(data["keys"])}
    title = "the journal is what was posted" if not found else "the journal is not what was posted"
    out.print(pairs(f"{title} ({data['seconds']} s)", told))
    if not any(each["heads"] for each in data["published"]):
        out.print("nothing published was read: a cut tail or a full rewrite would not show")


def _next_step(found: Sequence[Finding]) -> str:
    codes = Counter(each.code for each in found)
    if set(codes) <= {Code.UNSEALED}:
        return "`writeoff mesh lanes ledger` tells whether the lane stands still"
    if set(codes) <= {Code.TOLD_TWICE, Code.REWRITTEN, Code.CUT_TAIL}:
        return "was the store restored from a backup? If not, somebody rewrote it: keep the heads"
    return "stop posting (`writeoff mesh hold ledger`), keep store, topic and files as they are"
