"""Reading a policy: whatever is wrong with it is named by its key, and nothing wrong is loaded.

A file is one version: the policy of everybody, and under `special` what differs for a tenant, a
product, or a tenant's product. What a special names replaces; accounts and reasons are added to.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self

from ledger.domain.clock import DayCount
from ledger.domain.command import COMMANDS
from ledger.domain.money import Component, Rounding
from ledger.domain.policy import FAMILY, ROLES, Book, Method, NonAccrual, Policy, Reason

REQUIRED = frozenset({"method", "non_accrual", "day_count", "rounding", "waterfall"})
OPTIONAL = frozenset({"closed_through", "approval_required", "accounts", "reasons"})

type Table = Mapping[str, Any]
type Roles = Mapping[Book, Sequence[str]]


class PolicyWrong(ValueError):
    """What is wrong with a policy, by key."""


@dataclass(frozen=True, slots=True)
class Policies:
    """Every tenant's policy."""

    everybody: Policy
    tenants: Mapping[str, Policy]

    def of(self, tenant: str) -> Policy:
        """Give a tenant's policy."""
        return self.tenants.get(tenant, self.everybody)

    @classmethod
    def parse(cls, *texts: str) -> Self:
        """Read the versions of a policy, the one in force last. Raises PolicyWrong."""
        assert texts, "a policy has a version"
        *earlier, now = [_version(text) for text in texts]
        names = [version.everybody.version for version in (*earlier, now)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise PolicyWrong(f"policy: version {twice[0]} is there twice")
        tenants = sorted({name for version in (*earlier, now) for name in version.tenants})
        everybody = _behind([v.everybody for v in earlier], now.everybody)
        return cls(
            everybody,
            {name: _behind([v.of(name) for v in earlier], now.of(name)) for name in tenants},
        )


def version_of(text: str) -> str:
    """Give the version that a file of a policy names. Raises PolicyWrong."""
    try:
        version = tomllib.loads(text).get("version")
    except tomllib.TOMLDecodeError as error:
        raise PolicyWrong(f"policy: {error}") from error
    if not isinstance(version, str) or not version:
        raise PolicyWrong("policy: version is missing, or no text")
    return version


def read_policy(table: Table, *, version: str, roles: Roles = ROLES) -> Policy:
    """Read one policy, which may name these roles, from its table. Raises PolicyWrong."""
    if missing := sorted(REQUIRED - table.keys()):
        raise PolicyWrong(f"{missing[0]}: missing")
    if unknown := sorted(table.keys() - REQUIRED - OPTIONAL):
        raise PolicyWrong(f"{unknown[0]}: unknown key")
    return Policy(
        version=version,
        method=_choice(table, "method", Method),
        rounding=_choice(table, "rounding", Rounding),
        non_accrual=_choice(table, "non_accrual", NonAccrual),
        day_count=_choice(table, "day_count", DayCount),
        waterfall=_waterfalls(_table(table["waterfall"], "waterfall")),
        accounts=_accounts(_table(table.get("accounts", {}), "accounts"), roles),
        reasons=_reasons(_table(table.get("reasons", {}), "reasons")),
        approval_required=_commands(table.get("approval_required", [])),
        closed_through=_day(table.get("closed_through")),
    )


def _behind(earlier: Sequence[Policy], now: Policy) -> Policy:
    """Put earlier versions behind a policy, and behind that of each of its products."""
    products = sorted({name for policy in (*earlier, now) for name in policy.products})
    return replace(
        now,
        earlier={policy.version: policy for policy in earlier},
        products={
            name: replace(
                now.of(name),
                products={},
                earlier={policy.version: policy.of(name) for policy in earlier},
            )
            for name in products
        },
    )


def _version(text: str) -> Policies:
    version = version_of(text)
    table = tomllib.loads(text)
    del table["version"]
    try:
        specials = _specials(table.pop("special", []))
        everybody = _tenants_policy(table, specials, tenant=None, version=version)
        tenants = sorted({special["tenant"] for special in specials if "tenant" in special})
        return Policies(
            everybody,
            {
                name: _tenants_policy(table, specials, tenant=name, version=version)
                for name in tenants
            },
        )
    except PolicyWrong as wrong:
        raise PolicyWrong(f"policy {version}: {wrong}") from wrong


def _tenants_policy(
    table: Table, specials: Sequence[Table], *, tenant: str | None, version: str
) -> Policy:
    def of(product: str | None) -> Policy:
        policy = read_policy(_layered(table, specials, tenant, product), version=version)
        if missing := list(policy.unmapped()):
            whose = ", ".join(name for name in (tenant, product) if name)
            raise PolicyWrong(f"no account for {', '.join(missing)}{whose and f' ({whose})'}")
        return policy

    products = sorted({special["product"] for special in specials if "product" in special})
    return replace(of(None), products={product: of(product) for product in products})


def _specials(given: object) -> Sequence[Table]:
    if not isinstance(given, list):
        raise PolicyWrong("special: not a list of tables")
    specials = [_table(special, "special") for special in given]
    for special in specials:
        named = [special[key] for key in ("tenant", "product") if key in special]
        if not named or not all(isinstance(name, str) and name for name in named):
            raise PolicyWrong("special: names a tenant, a product or both, as texts")
    return sorted(specials, key=lambda special: {"tenant", "product"} <= special.keys())


def _layered(
    table: Table, specials: Sequence[Table], tenant: str | None, product: str | None
) -> Table:
    """Lay what differs for a tenant and product over what holds for everybody."""
    layered = dict(table)
    for special in specials:
        if special.get("tenant", tenant) == tenant and special.get("product", product) == product:
            for key, value in special.items():
                match key:
                    case "tenant" | "product":
                        pass
                    case "accounts" | "reasons":
                        layered[key] = _added(layered.get(key, {}), value)
                    case _:
                        layered[key] = value
    return layered


def _added(under: object, over: object) -> object:
    """Add a table to a table, table by table; what is no table replaces."""
    if not isinstance(under, Mapping) or not isinstance(over, Mapping):
        return over
    return {**under, **{key: _added(under.get(key), value) for key, value in over.items()}}


def _table(given: object, path: str) -> Table:
    if not isinstance(given, Mapping):
        raise PolicyWrong(f"{path}: not a table")
    return given


def _choice[E: StrEnum](table: Table, key: str, choices: type[E]) -> E:
    if table[key] not in list(choices):
        raise PolicyWrong(f"{key}: {table[key]!r} is not one of {', '.join(choices)}")
    return choices(table[key])


def _day(given: object) -> date | None:
    if given is None or (isinstance(given, date) and not isinstance(given, datetime)):
        return given
    raise PolicyWrong("closed_through: not a date")


def _commands(given: object) -> frozenset[str]:
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise PolicyWrong("approval_required: not a list of commands")
    if unknown := sorted(set(given) - COMMANDS.keys()):
        raise PolicyWrong(f"approval_required: unknown command {unknown[0]}")
    return frozenset(given)


def _waterfalls(table: Table) -> Mapping[Book, tuple[Component, ...]]:
    if sorted(table) != sorted(Book):
        raise PolicyWrong("waterfall: needs BNK, CO and CUST, and nothing else")
    for book, order in table.items():
        if not isinstance(order, list) or sorted(map(str, order)) != sorted(Component):
            raise PolicyWrong(f"waterfall.{book}: not an order of all five components")
    return {Book(book): tuple(map(Component, order)) for book, order in table.items()}


def _accounts(table: Table, roles: Roles) -> Mapping[Book, Mapping[str, str]]:
    accounts: dict[Book, Mapping[str, str]] = {}
    for book, given in table.items():
        if book not in list(Book):
            raise PolicyWrong(f"accounts.{book}: unknown book")
        codes = _table(given, f"accounts.{book}")
        known = {*roles[Book(book)], *(FAMILY.values() if book == Book.BNK else ())}
        for role, code in codes.items():
            if role not in known:
                raise PolicyWrong(f"accounts.{book}.{role}: unknown role")
            if not isinstance(code, str) or not code:
                raise PolicyWrong(f"accounts.{book}.{role}: the code is no text")
        accounts[Book(book)] = dict(codes)
    return accounts


def _reasons(table: Table) -> Mapping[str, Reason]:
    reasons: dict[str, Reason] = {}
    for name, given in table.items():
        codes = _table(given, f"reasons.{name}")
        if unknown := sorted(codes.keys() - {"charge_off", "write_off"}):
            raise PolicyWrong(f"reasons.{name}.{unknown[0]}: unknown key")
        for key, code in codes.items():
            if not isinstance(code, str) or not code:
                raise PolicyWrong(f"reasons.{name}.{key}: the code is no text")
        reasons[name] = Reason(**codes)
    return reasons
