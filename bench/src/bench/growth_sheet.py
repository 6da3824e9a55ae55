"""How cost grows: which variants are measured, and what is made of their figures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.own_stack import LANES, Shape
from bench.sheets import Sheet, figure

SPREAD_MAX = 0.20
"""Cases a second may differ by this share, however many wait."""

FLAT_SHARE, FLAT_MIB = 0.10, 16.0
"""Memory is flat when it grows by no more than either between the first and the last tenth."""

PARTS = ("waiting", "instances", "lanes", "loans")
WAITING, INSTANCES, MANY_LANES = (5_000, 20_000, 100_000), (1, 2, 4), (12, 48)
LOANS = (1_000_000,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One stack to measure on."""

    part: str
    value: int
    """Of what the part is about: cases that wait, instances, lanes, loans."""
    cases: int
    shape: Shape = field(default_factory=Shape)
    loans: int = 0
    """In the ledger besides those that are asked about."""

    @property
    def name(self) -> str:
        """Name it, as `20,000 waiting`."""
        return f"{self.value:,} {self.part}"


def variants(wished: Mapping[str, Sequence[int]], *, cases: int) -> list[Variant]:
    """List what is to be measured; a part that is not wished for has no variant."""
    found: list[Variant] = []
    for part in PARTS:
        for value in wished.get(part, ()):
            plain = Variant(part=part, value=value, cases=cases)
            match part:
                case "waiting":
                    found.append(replace(plain, cases=value))
                case "instances":
                    found.append(replace(plain, shape=Shape(instances=value)))
                case "lanes":
                    found.append(replace(plain, shape=Shape(lanes=value)))
                case _:
                    found.append(replace(plain, loans=value))
    return found


def is_flat(begin_mib: float, end_mib: float) -> bool:
    """Say whether memory stayed as it was, but for what is nothing."""
    return end_mib - begin_mib <= max(begin_mib * FLAT_SHARE, FLAT_MIB)


def most_grown(memory: Mapping[str, Sequence[float]]) -> str:
    """Name the process whose memory grew most."""
    return max(memory, key=lambda name: memory[name][1] - memory[name][0])


def merged(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Put rows of a run among those of earlier ones: the later one of the same variant counts."""
    rows = {(row["part"], row["value"]): row for row in (*old, *new)}
    return [rows[key] for key in sorted(rows, key=lambda key: (PARTS.index(key[0]), key[1]))]


def spread(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Return by what share cases a second differ over how many wait; none of fewer than two."""
    rates = [row["steady_cases_per_s"] for row in rows if row["part"] == "waiting"]
    return None if len(rates) < 2 else 1 - min(rates) / max(rates)


def sheet(rows: Sequence[Mapping[str, Any]]) -> Sheet:
    """Lay the rows out."""
    columns = (
        "variant", "cases", "cases/s", "CPU ms a case", "services MiB", "Kafka MiB",
        "PostgreSQL MiB", "grew most", "memory", "others' cores",
    )  # fmt: skip
    remarks = [
        f"{LANES} lanes, one instance of each service and no other loans, but for what the variant"
        " says; each on a stack of its own. Cases/s and memory: from the first to the last tenth.",
        f"Memory is flat: no process grew by more than {FLAT_SHARE:.0%} or {FLAT_MIB:.0f} MiB,"
        " whichever is more.",
    ]
    if (differ := spread(rows)) is not None:
        verdict = "kept" if differ <= SPREAD_MAX else "not kept"
        remarks.append(
            f"Cases/s differ by {differ:.0%} over the cases that wait"
            f" (wanted: at most {SPREAD_MAX:.0%}): {verdict}."
        )
    remarks += [
        f"{row['value']:,} loans came in by the import door at {row['imported_per_s']:,.0f} a"
        " second."
        for row in rows
        if "imported_per_s" in row
    ]
    return Sheet(title="growth", columns=columns, rows=[_row(row) for row in rows], remarks=remarks)


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    memory: Mapping[str, Sequence[float]] = row["memory_mib"]
    grown = most_grown(memory)
    services = [each for name, each in memory.items() if "-" in name]
    added = memory[grown][1] - memory[grown][0]
    return (
        f"{row['value']:,} {row['part']}",
        f"{row['cases']:,}",
        figure(row["steady_cases_per_s"]),
        figure(row["cpu_ms_per_case"]["total"]),
        f"{sum(each[0] for each in services):,.0f} → {sum(each[1] for each in services):,.0f}",
        " → ".join(figure(size) for size in memory["kafka"]),
        " → ".join(figure(size) for size in memory["postgres"]),
        f"{grown} {added:+.1f} MiB",
        "flat" if all(is_flat(*each) for each in memory.values()) else "grows",
        figure(row["others_cores"]),
    )
