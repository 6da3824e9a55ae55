"""What is made of measurements: percentiles, rates, ratios, the result and its table. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.sheets import Sheet

SERVICES = ("case", "documents", "authorization", "ledger", "notifications")
PARTS = (*SERVICES, "kafka", "postgres")

HOPS = 6
"""Kafka round trips of a straight-through case, from its request to CaseClosed."""

NOTES = {
    "throughput": "all cases ÷ time from the case service's /ready to the last CaseClosed",
    "notifications": "mail server away: recording notices and looking for due ones, no sending",
    "latency": "broker's clock, request to CaseClosed, at 20 cases/s; mail server away",
    "ledger": "grants waiting, nothing else running: WriteOffPosted a second by the broker's clock",
    "asyncpg": "ten cases in flight, five transactions each in five databases, connections kept",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the mesh did under full load."""

    cases: int
    seconds: float
    steady_per_s: float
    """Cases a second between the first and the last tenth."""
    cpu_ms: Mapping[str, float]
    """By part, of all cases together."""
    others_cores: float
    """Cores that whatever else ran on this machine took away; it should be near 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the mesh did at a steady pace."""

    took_ms: Sequence[float]
    cpu_ms: Mapping[str, float]
    """By part, of all cases together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floors:
    """What the same commits and hops cost with nothing around them."""

    kafka_rtt_ms: float
    pg_commit_ms: float
    asyncpg_cases_per_s: float
    asyncpg_p50_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is measured beside the cases."""

    mails_per_s: float
    idle_percent: float
    """Of one core, the five services together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """How fast the ledger posts write-offs."""

    lane_per_s: float
    """Journals a second of the ledger alone: from waiting grants to what it says of them."""
    saved_per_s: float
    """Journals a second of the save statements alone, in transactions of a full turn."""
    copied_per_s: float
    """The same rows a second by COPY into tables without constraints, so many journals' worth."""
    lines: float
    """Of a journal."""


def percentile(values: Sequence[float], share: int) -> float:
    """Return the least value that so many of a hundred do not pass; there must be one."""
    assert values, "no percentile of nothing"
    assert 0 < share <= 100
    return sorted(values)[-(-len(values) * share // 100) - 1]


def between_tenths(moments_ms: Sequence[float]) -> float:
    """Return events a second from the end of the first tenth to the begin of the last."""
    ordered = sorted(moments_ms)
    first, last = len(ordered) // 10, len(ordered) * 9 // 10
    if last <= first:
        return 0.0
    passed_ms = ordered[last] - ordered[first]
    return (last - first) * 1000 / max(passed_ms, 1.0)


def result(load: Load, pace: Pace, floors: Floors, rest: Rest, books: Books) -> dict[str, Any]:
    """Lay out everything that was measured, as `.bench/latest.json` has it."""
    per_s = load.cases / load.seconds
    p50_ms = percentile(pace.took_ms, 50)
    floor_ms = floors.asyncpg_p50_ms + HOPS * floors.kafka_rtt_ms
    told = {
        "throughput": {"cases_per_s": per_s},
        "latency": {"p50_ms": p50_ms, "p99_ms": percentile(pace.took_ms, 99)},
        "cpu_ms_per_case": per_case(load.cpu_ms, load.cases),
        "paced_cpu_ms_per_case": per_case(pace.cpu_ms, len(pace.took_ms)),
        "floors": {
            "kafka_rtt_ms": floors.kafka_rtt_ms,
            "pg_commit_ms": floors.pg_commit_ms,
            "asyncpg_cases_per_s": floors.asyncpg_cases_per_s,
            "asyncpg_p50_ms": floors.asyncpg_p50_ms,
        },
        "ratios": {
            "throughput_vs_asyncpg": per_s / floors.asyncpg_cases_per_s,
            "p50_vs_floor": p50_ms / floor_ms,
        },
        "mail": {"per_s": rest.mails_per_s},
        "idle": {"cpu_percent": rest.idle_percent},
        "ledger": {
            "journals_per_s": books.lane_per_s,
            "lines_per_s": books.lane_per_s * books.lines,
            "saved_per_s": books.saved_per_s,
            "copied_per_s": books.copied_per_s,
            "save_vs_copy": books.saved_per_s / books.copied_per_s,
            "lane_vs_copy": books.lane_per_s / books.copied_per_s,
        },
        "run": {
            "cases": load.cases,
            "steady_cases_per_s": load.steady_per_s,
            "others_cores": load.others_cores,
            "paced_cases": len(pace.took_ms),
        },
    }
    rounded = {name: _rounded(group) for name, group in told.items()}
    return {**rounded, "notes": NOTES}


def sheet(found: Mapping[str, Any]) -> Sheet:
    """Lay a result out, with what is wanted beside it."""
    rows: list[tuple[str, ...]] = []
    for path, wanted in ROWS:
        group, _, name = path.partition(".")
        rows.append((path, f"{found[group][name]:,.2f}", wanted))
    return Sheet(title="bench", columns=("figure", "measured", "wanted"), rows=rows)


ROWS = (
    ("throughput.cases_per_s", ""),
    ("run.steady_cases_per_s", ""),
    ("floors.asyncpg_cases_per_s", ""),
    ("ratios.throughput_vs_asyncpg", "at least 2.5, aim 5"),
    ("latency.p50_ms", ""),
    ("latency.p99_ms", ""),
    ("floors.asyncpg_p50_ms", ""),
    ("floors.kafka_rtt_ms", ""),
    ("floors.pg_commit_ms", ""),
    ("ratios.p50_vs_floor", "at most 4, aim 3"),
    *((f"cpu_ms_per_case.{part}", "") for part in PARTS),
    ("cpu_ms_per_case.total", "at most 1.3, aim 0.7"),
    ("paced_cpu_ms_per_case.total", "at most 12"),
    ("idle.cpu_percent", "at most 5"),
    ("mail.per_s", ""),
    ("ledger.journals_per_s", "at least 2,000"),
    ("ledger.lines_per_s", ""),
    ("ledger.save_vs_copy", "at least 0.25"),
    ("ledger.lane_vs_copy", "at least 0.04"),
    ("run.others_cores", "0: nothing else ran"),
)


def per_case(cpu_ms: Mapping[str, float], cases: int) -> dict[str, float]:
    """Share out CPU milliseconds by part over cases, and add their total."""
    return {
        **{part: cpu_ms[part] / cases for part in PARTS},
        "total": sum(cpu_ms[part] for part in PARTS) / cases,
    }


def _rounded(group: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in group.items()}
