"""Who else books what is posted, by tenant and product: data, checked when it is read."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

ACKNOWLEDGE_MINUTES_MAX = 7 * 24 * 60
"""A core that is silent for a week is no integration: MANUAL says so."""

KEYS = frozenset({"mode", "core", "acknowledge_minutes", "not_instructed"})
NAMES = frozenset({"tenant", "product"})


class RoutesWrong(ValueError):
    """What is wrong with the routes, by key."""


class Mode(StrEnum):
    """Which system is the loan system."""

    OWN = "OWN"
    CORE = "CORE"
    MANUAL = "MANUAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What becomes of a posting beside the ledger."""

    mode: Mode = Mode.OWN
    core: str | None = None
    """Which core banking system; none but in mode CORE."""
    acknowledge_minutes: int = 15
    """How long it may be silent before a person is asked."""
    not_instructed: frozenset[str] = frozenset()
    """Commands that the loan system does by itself."""

    def instructs(self, command: str, *, has_case: bool) -> bool:
        """Say whether a posting is to be booked elsewhere too.

        Where a person does it, the case asks him for what is posted on a case.
        """
        match self.mode:
            case Mode.OWN:
                return False
            case Mode.CORE:
                return command not in self.not_instructed
            case Mode.MANUAL:
                return command not in self.not_instructed and not has_case


@dataclass(frozen=True, slots=True)
class Routes:
    """Every tenant's and product's route."""

    version: str
    everybody: Route
    special: Mapping[tuple[str | None, str | None], Route]
    """By tenant and product; none: any."""

    def of(self, tenant: str, product: str) -> Route:
        """Give the route that fits most closely."""
        for place in ((tenant, product), (tenant, None), (None, product)):
            if place in self.special:
                return self.special[place]
        return self.everybody

    @property
    def cores(self) -> frozenset[str]:
        """Name the core banking systems that are instructed."""
        return frozenset(r.core for r in (self.everybody, *self.special.values()) if r.core)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file of routes. Raises RoutesWrong naming the key."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise RoutesWrong(str(error)) from error
        version, special = table.pop("version", None), table.pop("special", [])
        if not isinstance(version, str) or not version:
            raise RoutesWrong("version: missing, or no text")
        if not isinstance(special, list) or not all(isinstance(each, dict) for each in special):
            raise RoutesWrong("special: not a list of tables")
        return cls(version, _route(table, "routes"), _specials(table, special))


def _specials(
    table: Mapping[str, Any], special: Sequence[Mapping[str, Any]]
) -> dict[tuple[str | None, str | None], Route]:
    found: dict[tuple[str | None, str | None], Route] = {}
    for number, each in enumerate(special, 1):
        place = f"special {number}"
        named = {name: each[name] for name in NAMES & each.keys()}
        if not named or not all(isinstance(name, str) and name for name in named.values()):
            raise RoutesWrong(f"{place}: names a tenant, a product or both, as texts")
        whose = (named.get("tenant"), named.get("product"))
        if whose in found:
            raise RoutesWrong(f"{place}: told twice")
        own = {key: value for key, value in each.items() if key not in NAMES}
        # A mode of its own has a core of its own, or none.
        under = {key: value for key, value in table.items() if key != "core" or "mode" not in own}
        found[whose] = _route({**under, **own}, place)
    return found


def _route(table: Mapping[str, Any], place: str) -> Route:
    if unknown := sorted(table.keys() - KEYS):
        raise RoutesWrong(f"{place}: {unknown[0]}: unknown key")
    mode, core = table.get("mode", "OWN"), table.get("core")
    if mode not in list(Mode):
        raise RoutesWrong(f"{place}: mode: {mode!r} is not one of {', '.join(Mode)}")
    if (mode == Mode.CORE) != (isinstance(core, str) and bool(core)) or not (
        core is None or isinstance(core, str)
    ):
        raise RoutesWrong(f"{place}: core: mode CORE names one, and no other mode does")
    minutes = table.get("acknowledge_minutes", 15)
    if type(minutes) is not int or not 1 <= minutes <= ACKNOWLEDGE_MINUTES_MAX:
        raise RoutesWrong(f"{place}: acknowledge_minutes: not 1 to {ACKNOWLEDGE_MINUTES_MAX}")
    silent = table.get("not_instructed", [])
    if not isinstance(silent, list) or not all(isinstance(name, str) for name in silent):
        raise RoutesWrong(f"{place}: not_instructed: not a list of commands")
    return Route(
        mode=Mode(mode),
        core=core,
        acknowledge_minutes=minutes,
        not_instructed=frozenset(silent),
    )
