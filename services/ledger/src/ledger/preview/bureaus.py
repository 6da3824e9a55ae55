"""What a credit bureau is told of, by tenant and product: data, checked when it is read."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

SEGMENTS = ("PERSONAL", "BUSINESS")
PORTFOLIOS = ("I", "M", "C")
KEYS = frozenset({"reports", "segments", "portfolio"})
NAMES = ("tenant", "product")

type Whose = tuple[str | None, str | None]
"""Tenant and product; none: any."""


class BureausWrong(ValueError):
    """What is wrong with the file, by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bureau:
    """Whether loans are reported, and as what."""

    reports: bool
    segments: frozenset[str]
    """Of these only."""
    portfolio: str


@dataclass(frozen=True, slots=True)
class Bureaus:
    """Every tenant's and product's."""

    version: str
    _table: Mapping[str, Any]
    _special: Mapping[Whose, Mapping[str, Any]]

    def of(self, tenant: str, product: str) -> Bureau:
        """Give what holds for a tenant's product: each key from the closest that names it."""
        table = dict(self._table)
        for whose in ((None, product), (tenant, None), (tenant, product)):
            table |= self._special.get(whose, {})
        return Bureau(
            reports=table["reports"],
            segments=frozenset(table["segments"]),
            portfolio=table["portfolio"],
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file. Raises BureausWrong naming the key."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BureausWrong(str(error)) from error
        version, special = table.pop("version", None), table.pop("special", [])
        if not isinstance(version, str) or not version:
            raise BureausWrong("version: missing, or no text")
        if missing := sorted(KEYS - table.keys()):
            raise BureausWrong(f"{missing[0]}: missing")
        _check(table, "")
        if not isinstance(special, list) or not all(isinstance(each, dict) for each in special):
            raise BureausWrong("special: not a list of tables")
        found: dict[Whose, Mapping[str, Any]] = {}
        for number, each in enumerate(special, 1):
            whose, own = _special(each, f"special {number}: ")
            if whose in found:
                raise BureausWrong(f"special {number}: told twice")
            found[whose] = own
        return cls(version, table, found)


def _special(table: Mapping[str, Any], place: str) -> tuple[Whose, Mapping[str, Any]]:
    named = [table.get(name) for name in NAMES]
    given = [name for name in named if name is not None]
    if not given or not all(isinstance(name, str) and name for name in given):
        raise BureausWrong(f"{place}names a tenant, a product or both, as texts")
    own = {key: value for key, value in table.items() if key not in NAMES}
    _check(own, place)
    return (named[0], named[1]), own


def _check(table: Mapping[str, Any], place: str) -> None:
    for key, value in table.items():
        match key, value:
            case "reports", bool():
                good = True
            case "segments", list():
                good = all(each in SEGMENTS for each in value)
            case "portfolio", str():
                good = value in PORTFOLIOS
            case _:
                good = False
        if not good:
            what = f"{value!r} is not right" if key in KEYS else "unknown key"
            raise BureausWrong(f"{place}{key}: {what}")
