"""Policy: which general-ledger code takes what, which reasons there are, what is closed. Data."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from ledger.domain.money import Component, Rounding


class Book(StrEnum):
    """The bank's book, and two memo books: what left it and is still owed, what is owed in all."""

    BNK = "BNK"
    CO = "CO"
    CUST = "CUST"


class Method(StrEnum):
    """Who bears a loss of principal: the result, or the allowance."""

    DIRECT = "direct"
    ALLOWANCE = "allowance"


FAMILIES = ("RECEIVABLE", "CHARGE_OFF", "WRITE_OFF")
"""A role of a family is mapped by itself, or by its family for all components."""

CONTRA = "CONTRA"
OPENING = "OPENING"
"""Takes the other side of opening balances, so that the trial balance is zero from the start."""

SINGLE_ROLES = ("UNEARNED_INTEREST", "DEFERRED_INCOME", "FRAUD", OPENING)


@dataclass(frozen=True, slots=True)
class Reason:
    """The codes that a reason has of its own, where it has."""

    charge_off: str | None = None
    write_off: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the policy. A role that it does not map is its own code."""

    version: str
    method: Method
    rounding: Rounding
    accounts: Mapping[Book, Mapping[str, str]]
    reasons: Mapping[str, Reason] = field(default_factory=lambda: MappingProxyType({}))
    closed_through: date | None = None
    """Last day of the last closed period."""

    def code(self, book: Book, role: str) -> str:
        """Give the general-ledger code of a role."""
        return self._mapped(book, role) or role

    def charge_off_account(self, component: Component, *, reason: str | None, fraud: bool) -> str:
        """Give the code that bears a charge-off. Interest and fees reverse income, always."""
        if component is not Component.PRINCIPAL:
            return self.code(Book.BNK, f"CHARGE_OFF_{component.name}")
        own = self.reasons[reason].charge_off if reason else None
        if own:
            return own
        if fraud:
            return self.code(Book.BNK, "FRAUD")
        allowance = self.method is Method.ALLOWANCE
        return self.code(Book.BNK, "ALLOWANCE" if allowance else "CHARGE_OFF_PRINCIPAL")

    def write_off_account(self, component: Component, *, reason: str | None) -> str:
        """Give the code that bears a write-off. Fraud does not matter here."""
        own = self.reasons[reason].write_off if reason else None
        if own:
            return own
        if component is Component.PRINCIPAL and self.method is Method.ALLOWANCE:
            return self.code(Book.BNK, "ALLOWANCE")
        return self.code(Book.BNK, f"WRITE_OFF_{component.name}")

    def unmapped(self) -> Iterator[str]:
        """Name the roles that a posting can reach and that have no account."""
        for book, role in self._reachable():
            if not self._mapped(book, role):
                yield f"{book}.{role}"

    def _mapped(self, book: Book, role: str) -> str | None:
        accounts = self.accounts.get(book, {})
        family = next((name for name in FAMILIES if role.startswith(f"{name}_")), role)
        return accounts.get(role) or accounts.get(family)

    def _reachable(self) -> Iterator[tuple[Book, str]]:
        for component in Component:
            for family in FAMILIES:
                yield Book.BNK, f"{family}_{component.name}"
            yield Book.CO, component.name
            yield Book.CUST, component.name
        yield Book.CO, CONTRA
        yield Book.CUST, CONTRA
        for role in SINGLE_ROLES:
            yield Book.BNK, role
        if self.method is Method.ALLOWANCE:
            yield Book.BNK, "ALLOWANCE"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a policy file, or say (ValueError) what is wrong with it."""
        table: dict[str, Any] = tomllib.loads(text)
        known = {"version", "method", "rounding", "closed_through", "accounts", "reasons"}
        if unknown := table.keys() - known:
            raise ValueError(f"policy: unknown keys {sorted(unknown)}")
        try:
            policy = cls(
                version=table["version"],
                method=Method(table["method"]),
                rounding=Rounding(table["rounding"]),
                closed_through=table.get("closed_through"),
                accounts={Book(book): codes for book, codes in table["accounts"].items()},
                reasons={name: Reason(**codes) for name, codes in table["reasons"].items()},
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"policy: {error}") from error
        if missing := list(policy.unmapped()):
            raise ValueError(f"policy {policy.version}: no account for {', '.join(missing)}")
        return policy
