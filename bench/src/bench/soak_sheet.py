"""The tables of a soak: its minutes, and what drifts. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.drift import ERRORS, LIMITS, Trend, moves, trends
from bench.sheets import Sheet, figure

MIB = 1 << 20


def drifting(found: Mapping[str, Any]) -> list[str]:
    """Name what drifts."""
    return [
        f"{kind} {name}" for (kind, name), each in trends(found["minutes"]).items() if each.drifts
    ]


def minutes_sheet(found: Mapping[str, Any]) -> Sheet:
    """Lay out what each minute was like."""
    columns = (
        "minute", "closed", "p50 ms", "p99 ms", "memory MiB", "open files", "moving tables MiB",
        "other tables MiB", "dead rows", "ms a plan", "autovacuums",
    )  # fmt: skip
    run = found["run"]
    remarks = [f"{figure(run['per_s'])} cases a second ({run['why']}), mails included."]
    rows = [_minute(minute) for minute in found["minutes"]]
    return Sheet(title="soak, by minute", columns=columns, rows=rows, remarks=remarks)


def trends_sheet(found: Mapping[str, Any]) -> Sheet:
    """Lay out where each kind of figure goes: all that drift, and of the others the steepest."""
    fitted = trends(found["minutes"])
    chosen: list[tuple[tuple[str, str], Trend]] = []
    for kind in LIMITS:
        of_kind = [(name, each) for name, each in fitted.items() if name[0] == kind]
        of_kind.sort(key=lambda item: (item[1].drifts, item[1].share_per_h), reverse=True)
        chosen += [item for item in of_kind if item[1].drifts] or of_kind[:1]
    columns = ("what", "begin", "end", "unit", "an hour", "limit an hour", "verdict")
    drifts = drifting(found)
    verdict = f"Drifts: {', '.join(drifts)}." if drifts else "Nothing drifts."
    remarks = [
        f"Least squares over {len(found['minutes'])} minutes without the first ones;"
        f" of {len(fitted)} series those that drift, else the steepest of a kind."
        f" What drifts rises faster than its limit, beyond {ERRORS:.0f} standard errors,"
        " and by more than what is nothing.",
        verdict if fitted else "Too few minutes to judge: run it longer.",
    ]
    rows = [_trend(name, each) for name, each in chosen]
    return Sheet(title="soak, drift", columns=columns, rows=rows, remarks=remarks)


def _minute(minute: Mapping[str, Any]) -> tuple[str, ...]:
    tables: Mapping[str, Mapping[str, int]] = minute["tables"]
    moving = [each for name, each in tables.items() if moves(name)]
    others = [each for name, each in tables.items() if not moves(name)]
    plans: Sequence[float] = list(minute["plan_ms"].values())
    return (
        str(minute["minute"]),
        f"{minute['closed']:,}",
        figure(minute["p50_ms"]),
        figure(minute["p99_ms"]),
        figure(sum(minute["memory_mib"].values())),
        f"{sum(minute['open_files'].values()):,.0f}",
        figure(sum(each["bytes"] for each in moving) / MIB),
        figure(sum(each["bytes"] for each in others) / MIB),
        f"{sum(each['dead'] for each in tables.values()):,}",
        figure(sum(plans) / len(plans) if plans else None),
        f"{sum(each['autovacuums'] for each in tables.values()):,}",
    )


def _trend(name: tuple[str, str], each: Trend) -> tuple[str, ...]:
    kind, whose = name
    limit = LIMITS[kind]
    return (
        f"{kind} {whose}",
        figure(each.begin),
        figure(each.end),
        limit.unit,
        f"{each.share_per_h:+.0%}",
        f"{limit.share_per_h:.0%}, {figure(limit.nothing)} {limit.unit}",
        "drifts" if each.drifts else "flat",
    )
