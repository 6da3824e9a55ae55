"""What was measured: kept as JSON by fault, and told as a page."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from .closings import Closing

PROJECT = Path(__file__).parents[2]
KEPT = PROJECT / ".faults" / "latest.json"
PAGE = PROJECT / "docs" / "recovery.md"

HEAD = """\
# Recovery times

<!-- Written by `make faults` from what it measured: run that, do not write here. -->

Each fault befell a mesh with two instances of case and ledger and one of each other service, while
an upstream asked for write-offs at a steady rate; faults of one kind came one after the other, each
when the mesh had recovered from the last. Afterwards every case was closed complete, once;
`writeoff reconcile` found nothing; every notice had gone out, and a mail that went out again bore
the Message-ID of the first. Where a store forgot what it had said (restored, promoted), cases may
have ended otherwise than was said: `reconcile` listed exactly those. A fault that is not here was
not tried, or is not withstood yet. Times run from the end of the fault, by the broker's clock.

- **first**: until a case was closed that was asked for when the fault was over. Of a service with
  two instances one was hit: cases of the other's lanes closed all the time.
- **every lane**: until such a case had closed in each of the six lanes.
- **caught up**: until all cases were closed that had been asked for before.

"""

COLUMNS = ("fault", "cases", "a second", "first, s", "every lane, s", "caught up, s", "on")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """How a mesh came back from one fault."""

    fault: str
    cases: int
    """Of its whole series, as the mails."""
    asked_per_s: float
    lasted_s: float
    first_s: float
    every_lane_s: float
    caught_up_s: float
    mails_again: int


def times(
    closings: Iterable[Closing], *, asked: Mapping[str, float], ended: float
) -> tuple[float, float, float]:
    """Give seconds from the fault's end: to the first new case, in every lane, to the last old one.

    `asked`: loan → when; all moments in seconds since 1970. A case is new if it was asked for when
    the fault was over.
    """
    first: dict[int, float] = {}
    caught_up = ended
    for each in sorted(closings, key=lambda closing: closing.at):
        if asked[each.loan_id] >= ended:
            first.setdefault(each.lane, each.at)
        else:
            caught_up = max(caught_up, each.at)
    return min(first.values()) - ended, max(first.values()) - ended, caught_up - ended


def measure(
    fault: str,
    closings: Iterable[Closing],
    *,
    asked: Mapping[str, float],
    span: tuple[float, float],
    mails_again: int,
) -> Recovery:
    """Tell how a mesh came back from a fault that lasted from one moment to another."""
    began, ended = span
    first_s, every_lane_s, caught_up_s = times(closings, asked=asked, ended=ended)
    before = [moment for moment in asked.values() if moment < ended]
    return Recovery(
        fault=fault,
        cases=len(asked),
        asked_per_s=round((len(before) - 1) / (max(before) - min(before)), 1),
        lasted_s=round(ended - began, 1),
        first_s=round(first_s, 1),
        every_lane_s=round(every_lane_s, 1),
        caught_up_s=round(caught_up_s, 1),
        mails_again=mails_again,
    )


def keep(recoveries: Iterable[Recovery], *, order: Iterable[str]) -> None:
    """Keep what was measured beside what was before, and write the page. `order`: of all faults."""
    kept = json.loads(KEPT.read_text())["faults"] if KEPT.exists() else {}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    kept |= {each.fault: asdict(each) | {"at": now} for each in recoveries}
    faults = {name: kept[name] for name in order if name in kept}
    KEPT.parent.mkdir(exist_ok=True)
    told = {"cores": os.cpu_count(), "faults": faults}
    KEPT.write_text(json.dumps(told, indent=1) + "\n")
    PAGE.write_text(page(faults))


def page(faults: Mapping[str, Mapping[str, object]]) -> str:
    """Tell all that was measured."""
    rows = [
        (
            *(row["fault"], row["cases"], row["asked_per_s"]),
            *(row["first_s"], row["every_lane_s"], row["caught_up_s"], str(row["at"])[:10]),
        )
        for row in faults.values()
    ]
    lines = [COLUMNS, ("---", *("---:" for _ in COLUMNS[1:])), *rows]
    table = "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
    return f"{HEAD}Measured on {os.cpu_count()} cores.\n\n{table}\n"
