"""Whether what is read every minute stays as it is: least squares over the minutes. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

READINGS_MIN = 5
"""Fewer readings say nothing about a slope."""

SETTLE_SHARE, SETTLE_MINUTES_MAX = 0.25, 5
"""The first minutes are not judged: caches and buffers fill up to their size."""

ERRORS = 3.0
"""A slope within so many of its standard errors is as good as none; there are a hundred series."""

MOVING = ("lane", "input", "output", "due")
"""The mesh's tables that turn over and do not grow with the cases that were closed."""

ROWS_MIN = 500
"""Of fewer rows that came in a minute the bytes a row say nothing: tables grow by whole pages."""


type Name = tuple[str, str]
"""What is measured, a key of LIMITS, and of what."""

type Readings = list[tuple[float, float]]
"""(minute, value)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is no drift yet."""

    share_per_h: float
    """Of the mean, in an hour."""
    nothing: float
    """A rise over the whole run that is no more than this is nothing."""
    unit: str


LIMITS = {
    "p50": Limit(share_per_h=0.25, nothing=3.0, unit="ms"),
    "p99": Limit(share_per_h=0.25, nothing=15.0, unit="ms"),
    "memory": Limit(share_per_h=0.10, nothing=16.0, unit="MiB"),
    "files": Limit(share_per_h=0.05, nothing=8.0, unit="open"),
    "size": Limit(share_per_h=0.10, nothing=2.0, unit="MiB"),
    "row": Limit(share_per_h=0.25, nothing=32.0, unit="bytes a new row"),
    "dead": Limit(share_per_h=0.50, nothing=20_000.0, unit="dead rows"),
    "plan": Limit(share_per_h=0.25, nothing=0.1, unit="ms a plan"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Where a series goes."""

    begin: float
    end: float
    """Where the fitted line begins and ends."""
    mean: float
    per_h: float
    error_per_h: float
    """The standard error of the slope."""
    drifts: bool

    @property
    def share_per_h(self) -> float:
        """Return the slope in shares of the mean."""
        return self.per_h / self.mean if self.mean else 0.0


def trend(readings: Sequence[tuple[float, float]], limit: Limit) -> Trend | None:
    """Fit a line to (minute, value); none of too few. Only what rises drifts."""
    if len(readings) < READINGS_MIN:
        return None
    hours = [minute / 60 for minute, _ in readings]
    values = [value for _, value in readings]
    count, mean_h, mean = len(values), sum(hours) / len(hours), sum(values) / len(values)
    spread = sum((h - mean_h) ** 2 for h in hours)
    per_h = sum((h - mean_h) * (v - mean) for h, v in zip(hours, values, strict=True)) / spread
    line = [mean + per_h * (h - mean_h) for h in hours]
    off = sum((v - fitted) ** 2 for v, fitted in zip(values, line, strict=True))
    error_per_h = sqrt(off / (count - 2) / spread)
    rise = line[-1] - line[0]
    return Trend(
        begin=line[0],
        end=line[-1],
        mean=mean,
        per_h=per_h,
        error_per_h=error_per_h,
        drifts=(
            rise > limit.nothing
            and per_h > limit.share_per_h * mean
            and per_h > ERRORS * error_per_h
        ),
    )


def series(minutes: Sequence[Mapping[str, Any]]) -> dict[Name, Readings]:
    """Turn the minutes of a soak into series.

    The first minutes are left out, as long as the caches fill.
    """
    settled = min(SETTLE_MINUTES_MAX, int(len(minutes) * SETTLE_SHARE))
    found: dict[Name, Readings] = {}
    for before, minute in zip([None, *minutes], minutes, strict=False):
        if minute["minute"] > settled:
            for name, value in (*_values(minute), *_grown(before, minute)):
                found.setdefault(name, []).append((minute["minute"], value))
    return found


def trends(minutes: Sequence[Mapping[str, Any]]) -> dict[Name, Trend]:
    """Fit a line to each series that is long enough."""
    fitted = {name: trend(line, LIMITS[name[0]]) for name, line in series(minutes).items()}
    return {name: each for name, each in fitted.items() if each is not None}


def _values(minute: Mapping[str, Any]) -> Iterator[tuple[Name, float]]:
    yield ("p50", "cases"), minute["p50_ms"]
    yield ("p99", "cases"), minute["p99_ms"]
    for kind, group in (("memory", "memory_mib"), ("files", "open_files"), ("plan", "plan_ms")):
        for name, value in minute[group].items():
            yield (kind, name), value
    for name, table in minute["tables"].items():
        if moves(name):
            yield ("size", name), table["bytes"] / (1 << 20)
        yield ("dead", name), table["dead"]


def _grown(
    before: Mapping[str, Any] | None, minute: Mapping[str, Any]
) -> Iterator[tuple[Name, float]]:
    """Give what a row took of the tables that grow with what is done."""
    tables = before["tables"] if before else {}
    for name, table in minute["tables"].items():
        old = tables.get(name)
        if old and not moves(name) and (rows := table["rows"] - old["rows"]) >= ROWS_MIN:
            yield ("row", name), (table["bytes"] - old["bytes"]) / rows


def moves(name: str) -> bool:
    """Say whether a table, as `case.mesh.lane`, turns over."""
    _, schema, short = name.split(".", 2)
    return schema == "mesh" and short in MOVING
