"""A mapped file is sent to a door in chunks; what comes of each line is counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from writeoff.door import Doors, Json
from writeoff.exits import Exit, Trouble
from writeoff.mapping.mapping import Form, Mapped, Mapping, Problem, map_file, read_mapping
from writeoff.money import grouped, written
from writeoff.session import Session
from writeoff.show import pairs, table

CHUNK = 500
"""What a door takes at once."""

SHOWN_MAX = 20
"""More lines than a person reads; --json has all."""

PENDING = "pending"
"""A door's answer for a line whose lane has not heard it yet: sent again, it tells more."""

ROUNDS_MAX = 12
"""A door waits 10 s in each: two minutes for a service that is just being started again."""

type Send = Callable[[list[Mapped]], Iterable[Json]]


@dataclass(slots=True)
class Tally:
    """What became of a file's lines."""

    rows: int = 0
    results: Counter[str] = field(default_factory=Counter[str])
    refused: list[Json] = field(default_factory=list[Json])
    broken: list[Problem] = field(default_factory=list[Problem])
    sums: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    answers: list[Json] = field(default_factory=list[Json])

    @property
    def exit_code(self) -> Exit:
        """What a script is told."""
        return Exit.REFUSED if self.refused or self.broken else Exit.OK

    def to_json(self) -> Json:
        """Return it for machines."""
        return {
            "rows": self.rows,
            "results": dict(sorted(self.results.items())),
            "refused": self.refused,
            "broken": [
                {"line": p.line, "field": p.field, "code": p.code, "message": p.message}
                for p in self.broken
            ],
            "sums": self.totals,
        }

    @property
    def totals(self) -> dict[str, str]:
        """The sums as decimal strings."""
        return {currency: written(total, currency) for currency, total in sorted(self.sums.items())}


@dataclass(frozen=True, slots=True)
class Batch:
    """A file and the mapping that reads it."""

    file: Path
    mapping: Mapping
    money: tuple[str, ...]
    """The fields whose sum tells that the file was read right."""

    @property
    def title(self) -> str:
        """Name the file for a person."""
        return self.file.name


def open_batch(file: Path, mapping: Path, form: Form, *, money: tuple[str, ...]) -> Batch:
    """Read the mapping; the file is read line by line when it is sent."""
    return Batch(file, read_mapping(mapping, form), money)


def open_doors(session: Session, batch: Batch, *roles: str) -> Doors:
    """Open the doors for the tenant of --tenant, else of the mapping."""
    if session.tenant is None and batch.mapping.tenant is None:
        raise Trouble(
            f"whose data is it? Neither {batch.mapping.path} nor the command names a tenant",
            next_step='write tenant = "…" into the mapping, or give --tenant',
            exit_code=Exit.USAGE,
        )
    return session.doors(*roles, tenant=batch.mapping.tenant)


def run(session: Session, batch: Batch, send: Send | None, *, today: date) -> Tally:
    """Map every line and send the good ones; without `send`, only map."""
    tally = Tally()
    with session.progress(f"reading {batch.title}") as done:
        lines = _good(map_file(batch.mapping, batch.file, today=today), tally, batch)
        for chunk in _chunks(lines):
            tally.rows += len(chunk)
            if send is not None:
                for answer in send(chunk):
                    _count(tally, answer)
            done(tally.rows)
    return tally


def until_answered(rows: list[Mapped], ask: Callable[[list[Json]], list[Json]]) -> list[Json]:
    """Send rows until each has its answer; what is still pending then counts as refused."""
    told: dict[int, Json] = {}
    left = [{"line": row.line} | row.values for row in rows]
    for _ in range(ROUNDS_MAX):
        told |= {int(answer["line"]): answer for answer in ask(left)}
        left = [row for row in left if told[row["line"]]["result"] == PENDING]
        if not left:
            break
    late = {"result": "refused", "code": "NO_ANSWER", "message": "not heard in time: send it again"}
    return [a | late if a["result"] == PENDING else a for a in told.values()]


def show(session: Session, batch: Batch, tally: Tally, extra: Json | None = None) -> None:
    """Tell what became of the file."""
    data = (
        {"file": str(batch.file), "tenant": session.tenant or batch.mapping.tenant}
        | tally.to_json()
        | (extra or {})
    )

    def render(out: Console) -> None:
        told: dict[str, object] = {"lines read": tally.rows, **dict(sorted(tally.results.items()))}
        told |= {f"sum {currency}": grouped(total) for currency, total in tally.totals.items()}
        for name, value in (extra or {}).items():
            told |= value if isinstance(value, dict) else {name: value}
        out.print(pairs(batch.title, told))
        _render_refused(out, tally.refused)
        _render_broken(out, tally.broken)

    session.show(data, render)


def _good(lines: Iterable[Mapped | Problem], tally: Tally, batch: Batch) -> Iterator[Mapped]:
    for line in lines:
        if isinstance(line, Problem):
            tally.broken.append(line)
            continue
        currency = str(line.values.get("currency", ""))
        for name in batch.money:
            if name in line.values:
                amount = Decimal(line.values[name])
                tally.sums[currency] = tally.sums.get(currency, Decimal(0)) + amount
        yield line


def _chunks(lines: Iterator[Mapped]) -> Iterator[list[Mapped]]:
    while chunk := list(islice(lines, CHUNK)):
        yield chunk


def _count(tally: Tally, answer: Json) -> None:
    tally.answers.append(answer)
    tally.results[str(answer["result"])] += 1
    if answer["result"] == "refused":
        tally.refused.append(answer)


def _render_refused(out: Console, refused: list[Json]) -> None:
    if refused:
        shown: list[tuple[Any, ...]] = [
            (r.get("line"), _name(r), r.get("code"), r.get("message")) for r in refused[:SHOWN_MAX]
        ]
        out.print(table(_some("refused", refused), (">line", "which", "code", "why"), shown))


def _render_broken(out: Console, broken: list[Problem]) -> None:
    if broken:
        shown = [(p.line, p.field, p.code, p.message) for p in broken[:SHOWN_MAX]]
        out.print(table(_some("broken", broken), (">line", "field", "code", "why"), shown))


def _name(answer: Json) -> object:
    return next((answer[n] for n in ("loan_id", "reference", "request_id") if answer.get(n)), None)


def _some(what: str, rows: list[Any]) -> str:
    more = f" (the first {SHOWN_MAX} of them; --json tells all)" if len(rows) > SHOWN_MAX else ""
    return f"{len(rows)} {what}{more}"
