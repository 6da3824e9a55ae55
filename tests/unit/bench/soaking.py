"""A soak that nobody ran: minutes in which all is well."""

from typing import Any

MIB, GIB = 1 << 20, 1 << 30
ROW_BYTES = 800


def a_minute(number: int, **changed: Any) -> dict[str, Any]:
    """Make a minute of a soak."""
    return {
        "minute": number,
        "closed": 24_000,
        "p50_ms": 20.0,
        "p99_ms": 60.0,
        "memory_mib": {"case-1": 100.0, "kafka": 600.0},
        "open_files": {"case-1": 40},
        "plan_ms": {"case": 0.2},
        "tables": {
            "case.mesh.lane": {"bytes": MIB, "rows": 6, "dead": 100, "autovacuums": number},
            "case.public.wcase": {
                **{"bytes": GIB + number * ROW_BYTES * 24_000, "rows": 5 + number * 24_000},
                **{"dead": 0, "autovacuums": 0},
            },
            "case.public.few": {"bytes": 16_384, "rows": 3, "dead": 3, "autovacuums": 0},
        },
    } | changed
