"""Persons: who stands behind a command. The door makes sure of it; `decide` uses it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Person:
    """A person by a pseudonymous id, what he may do, and for which tenants (`*`: all)."""

    id: str
    roles: frozenset[str]
    level: int = 0
    """Rank of an authorizer, 1–5; 0: none."""
    tenants: frozenset[str] = frozenset({"*"})

    def may_act_for(self, tenant: str) -> bool:
        """Say whether the tenant is one of his."""
        return "*" in self.tenants or tenant in self.tenants

    def is_any(self, roles: Iterable[str]) -> bool:
        """Say whether he holds one of the roles."""
        return not self.roles.isdisjoint(roles)

    def to_json(self) -> dict[str, Any]:
        """Give what a command carries of him."""
        return {"id": self.id, "roles": sorted(self.roles), "level": self.level}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what a command carries."""
        return cls(id=data["id"], roles=frozenset(data["roles"]), level=data["level"])
