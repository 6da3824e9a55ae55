"""What this service is told besides the mesh's settings: its world, and its policy."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mesh.settings import World

from case.domain.policy import ByHand, Mode, Policy

MODES: tuple[Mode, ...] = ("OWN", "MANUAL")
KEYS = frozenset({"modes", "by_hand", "zones", "repossession_sources"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says to this service alone."""

    policy_file: Path | None
    """TOML; none: the policy as built in."""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings. Raises SystemExit naming a file that is not there."""
        name = environ.get("CASE_POLICY_FILE")
        if name and not Path(name).is_file():
            raise SystemExit(f"CASE_POLICY_FILE: there is no file {name}")
        return cls(policy_file=Path(name) if name else None)

    def policy(self, world: World) -> Policy:
        """Make the policy. Raises SystemExit naming what the file says wrongly."""
        told: dict[str, Any] = {}
        try:
            if self.policy_file:
                told = tomllib.loads(self.policy_file.read_text())
            return policy_of(told, world)
        except (ValueError, TypeError, AttributeError, ZoneInfoNotFoundError) as error:
            raise SystemExit(f"{self.policy_file}: {error}") from error


def policy_of(told: Mapping[str, Any], world: World) -> Policy:
    """Make a policy of a file's tables. Raises ValueError or TypeError where one is wrong."""
    unknown = told.keys() - KEYS
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    modes: dict[str, Mode] = told.get("modes", {})
    for product, mode in modes.items():
        if mode not in MODES:
            raise ValueError(f"modes.{product}: one of {', '.join(MODES)}")
    zones: dict[str, tzinfo] = {t: ZoneInfo(zone) for t, zone in told.get("zones", {}).items()}
    return Policy(
        sources={name: frozenset(source.tenants) for name, source in world.sources.items()},
        repossession_sources=frozenset(told.get("repossession_sources", [])),
        zones=zones,
        by_hand=tuple(ByHand(**exception) for exception in told.get("by_hand", [])),
        modes=modes,
    )
