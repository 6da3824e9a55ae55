"""What a flood does to a neighbour: its figures and their table. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.figures import percentile
from bench.sheets import Sheet, figure

RATIO_MAX = 10.0
"""The neighbour's p99 during a flood over its quiet one stays under this."""


def calm(took_ms: Sequence[float]) -> dict[str, Any]:
    """Return what the neighbour sees while nothing else happens."""
    return {
        "asked": len(took_ms),
        "p50_ms": round(percentile(took_ms, 50), 1),
        "p99_ms": round(percentile(took_ms, 99), 1),
    }


def flooded(
    took_ms: Sequence[float], quiet: Mapping[str, Any], *, sent: int, seconds: float
) -> dict[str, Any]:
    """Return what the neighbour sees of requests that it sends beside a flood."""
    found = calm(took_ms)
    return {
        "sent": sent,
        "seconds": round(seconds, 1),
        **found,
        "ratio_p99": round(found["p99_ms"] / max(quiet["p99_ms"], 0.1), 2),
    }


def sheet(found: Mapping[str, Any]) -> Sheet:
    """Lay a result out."""
    quiet = found["quiet"]
    rows = [("quiet", "", "", str(quiet["asked"]), *_latency(quiet), "")]
    rows += [
        (
            name,
            f"{each['sent']:,}",
            figure(each["seconds"]),
            str(each["asked"]),
            *_latency(each),
            f"{each['ratio_p99']:.1f}",
        )
        for name, each in found["floods"].items()
    ]
    columns = (
        "flood", "records", "worked off in s", "neighbour asked", "p50 ms", "p99 ms", "p99 ÷ quiet",
    )  # fmt: skip
    worst = max(each["ratio_p99"] for each in found["floods"].values())
    verdict = "kept" if worst < RATIO_MAX else "not kept"
    remarks = [
        "One tenant floods its own source at once; the other asks for 20 cases a second by its own."
        " Latency, request to CaseClosed, of those asked until the flood was worked off, or for as"
        " long as in the quiet if that is more.",
        f"Wanted: p99 under {RATIO_MAX:.0f} times the quiet one: {verdict} ({worst:.1f}).",
    ]
    return Sheet(title="a flood beside a neighbour", columns=columns, rows=rows, remarks=remarks)


def _latency(each: Mapping[str, Any]) -> tuple[str, str]:
    return figure(each["p50_ms"]), figure(each["p99_ms"])
