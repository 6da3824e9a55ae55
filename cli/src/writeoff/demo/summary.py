"""The last run's summary: kept in the stack's folder, and drawn."""

import json
from pathlib import Path

from rich.console import Console

from writeoff.door import Json
from writeoff.show import pairs, table
from writeoff.verbs import report

FILE = "demo.json"


def kept(directory: Path) -> Json | None:
    """Return the last run's summary; none if there was none."""
    path = directory / FILE
    return json.loads(path.read_text()) if path.is_file() else None


def keep(directory: Path, summary: Json) -> None:
    """Keep a run's summary, whole or not at all."""
    fresh = directory / f".{FILE}.new"
    fresh.write_text(json.dumps(summary, indent=1) + "\n")
    fresh.replace(directory / FILE)


def is_over(summary: Json) -> bool:
    """Say whether every case was over when the run ended."""
    closed = sum(count for _, state, _, count in summary["outcomes"] if state.startswith("Closed"))
    return closed == summary["cases"]


def render(out: Console, summary: Json) -> None:
    """Draw it: what was asked and what came of it, then the books."""
    title = f"demo of {summary['at']}: run {summary['run'] + 1} of seed {summary['seed']}"
    out.rule(title, align="left")
    columns = ("what was asked", "how it ended", "code", ">cases")
    out.print(table("", columns, summary["outcomes"]))
    repeats = {k: v for k, v in summary["asked"].items() if k in NO_CASES}
    if repeats:
        rows = [(what, count, NO_CASES[what]) for what, count in repeats.items()]
        out.print(table("made no case", ("what was asked", ">requests", "because"), rows))
    if summary["tasks"]:
        out.print(table("people did", ("task", ">times"), summary["tasks"].items()))
    told = [
        (name, each["cases"], _seconds(each["p50_ms"]), _seconds(each["p99_ms"]))
        for name, each in summary["latency"].items()
    ]
    out.print(table("from request to CaseClosed", ("cases", ">count", ">p50", ">p99"), told))
    out.rule("the tenant's books", align="left")
    report.render(out, summary["report"])
    out.print(pairs("this run", {"requests": summary["requests"], "loans": summary["loans"]}))


NO_CASES = {
    "the same again": "a request is known by its id: the same answer, nothing else",
    "the id again, another amount": "ID_REUSED",
    "for a foreign tenant": "SOURCE_NOT_ALLOWED",
}
"""Requests that open no case of their own, and why."""


def _seconds(ms: int | None) -> str:
    if ms is None:
        return ""
    return f"{ms} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"
