"""The matrix as it is shipped: read from its file, checked as it is made."""

import tomllib
from collections.abc import Mapping
from fractions import Fraction
from importlib.resources import files
from typing import Any, cast

from authorization.domain.matrix import KindRow, Matrix, Modifier, Row
from authorization.domain.terms import Flag


def shipped_matrix() -> Matrix:
    """Read `matrix.toml`. Raises what is wrong with it: no service starts under half a policy."""
    return read_matrix((files("authorization") / "matrix.toml").read_text())


def read_matrix(text: str) -> Matrix:
    """Make a matrix of its text; numbers are exact."""
    data = tomllib.loads(text, parse_float=Fraction)
    return Matrix(
        version=data["version"],
        kinds=frozenset(data["kinds"]),
        reasons=frozenset(data["reasons"]),
        unattestable_reasons=frozenset(data["unattestable_reasons"]),
        rows=tuple(_to_row(row) for row in data["row"]),
        kind_rows={kind: _to_kind_row(row) for kind, row in data["kind"].items()},
        correction_level_min=data["correction_level_min"],
        modifiers=tuple(_to_modifier(modifier) for modifier in data["modifier"]),
        rates={currency: Fraction(rate) for currency, rate in data["rates"].items()},
        exposure_days=data["exposure_days"],
        grant_days=data["grant_days"],
        growth_percent=data["growth_percent"],
        growth_units_max=data["growth_units_max"],
        reference_days=data["reference_days"],
        reference_days_max=data["reference_days_max"],
        above_sanction=frozenset(data["above_sanction"]),
    )


def _to_row(row: Mapping[str, Any]) -> Row:
    return Row(
        name=row["name"],
        reasons=frozenset(row.get("reasons", ())),
        personal=_limit(row, "personal"),
        business=_limit(row, "business"),
        level=row["level"],
        people=row["people"],
    )


def _to_kind_row(row: Mapping[str, Any]) -> KindRow:
    return KindRow(free=Fraction(row["free"]) if "free" in row else None, level=row["level"])


def _to_modifier(modifier: Mapping[str, Any]) -> Modifier:
    return Modifier(
        name=modifier["name"],
        reasons=frozenset(modifier.get("reasons", ())),
        products=frozenset(modifier.get("products", ())),
        flags=frozenset(cast(list[Flag], modifier.get("flags", []))),
        with_flag=modifier.get("with_flag"),
        raises=modifier.get("raises", 0),
        level_min=modifier.get("level_min", 0),
        people_min=modifier.get("people_min", 0),
    )


def _limit(row: Mapping[str, Any], segment: str) -> Fraction | None:
    return Fraction(row[segment]) if segment in row else None
