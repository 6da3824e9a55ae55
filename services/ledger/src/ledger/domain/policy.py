"""Policy: which general-ledger code takes what, which reasons there are, what is closed. Data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from ledger.domain.clock import DayCount
from ledger.domain.money import COMPONENTS, PLACE, Component, Rounding


class Book(StrEnum):
    """The bank's book, and two memo books: what left it and is still owed, what is owed in all."""

    BNK = "BNK"
    CO = "CO"
    CUST = "CUST"


class Method(StrEnum):
    """Who bears a loss of principal: the result, or the allowance."""

    DIRECT = "direct"
    ALLOWANCE = "allowance"


class NonAccrual(StrEnum):
    """When the bank's book stops to earn: never, or while a lot stands, recovered or not."""

    NEVER = "NEVER"
    CHARGE_OFF = "CHARGE_OFF"


RECEIVABLE, CHARGE_OFF, WRITE_OFF = (
    tuple(f"{family}_{component.name}" for component in COMPONENTS)
    for family in ("RECEIVABLE", "CHARGE_OFF", "WRITE_OFF")
)
"""Roles by component. Each is mapped by itself, or by its family for all components."""

FAMILY = {
    **dict.fromkeys(RECEIVABLE, "RECEIVABLE"),
    **dict.fromkeys(CHARGE_OFF, "CHARGE_OFF"),
    **dict.fromkeys(WRITE_OFF, "WRITE_OFF"),
}

CONTRA = "CONTRA"
OPENING = "OPENING"
"""Takes the other side of opening balances, so that the trial balance is zero from the start."""

BNK_ROLES = (
    *RECEIVABLE, *CHARGE_OFF, *WRITE_OFF, "CASH", "INTEREST_INCOME", "FEE_INCOME", "RECOVERY",
    "MEMO_INTEREST", "GOODWILL", "OVERPAYMENT", "UNEARNED_INTEREST", "DEFERRED_INCOME", "FRAUD",
    "ALLOWANCE", "PROVISION", "REFINANCE", OPENING,
)  # fmt: skip
MEMO = tuple(component.name for component in COMPONENTS)
ROLES: Mapping[Book, tuple[str, ...]] = {
    Book.BNK: BNK_ROLES,
    Book.CO: (*MEMO, CONTRA),
    Book.CUST: (*MEMO, CONTRA),
}

_UNREACHED = {
    Method.DIRECT: {"ALLOWANCE", "PROVISION"},
    Method.ALLOWANCE: {"RECOVERY", "CHARGE_OFF_PRINCIPAL", "WRITE_OFF_PRINCIPAL"},
}

_USUAL_ORDER = (
    Component.PENALTIES,
    Component.FEES,
    Component.TAX,
    Component.INTEREST,
    Component.PRINCIPAL,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """The codes that a reason has of its own, where it has."""

    charge_off: str | None = None
    write_off: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of a tenant's policy. A role that it does not map is its own code."""

    version: str
    method: Method
    rounding: Rounding
    accounts: Mapping[Book, Mapping[str, str]]
    non_accrual: NonAccrual = NonAccrual.NEVER
    day_count: DayCount = DayCount.ACT_365
    waterfall: Mapping[Book, tuple[Component, ...]] = field(
        default_factory=lambda: MappingProxyType(dict.fromkeys(Book, _USUAL_ORDER))
    )
    """In which order a payment pays the components, in each book."""
    reasons: Mapping[str, Reason] = field(default_factory=lambda: MappingProxyType({}))
    approval_required: frozenset[str] = frozenset()
    """Commands that need an approval."""
    closed_through: date | None = None
    """Last day of the last closed period."""
    products: Mapping[str, "Policy"] = field(default_factory=lambda: MappingProxyType({}))
    """Of products that have a policy of their own."""
    earlier: Mapping[str, "Policy"] = field(default_factory=lambda: MappingProxyType({}))
    """The versions before this one, by name: what was posted under one is replayed under it."""
    _codes: dict[tuple[Book, str], str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look every role up once."""
        codes = {(b, role): self._mapped(b, role) or role for b in Book for role in ROLES[b]}
        object.__setattr__(self, "_codes", codes)

    def of(self, product: str) -> "Policy":
        """Give the policy of a product."""
        return self.products.get(product, self)

    def at(self, version: str) -> "Policy":
        """Give this tenant's and product's policy of a version; an unknown one is a bug."""
        return self if version == self.version else self.earlier[version]

    def editions(self) -> Iterator["Policy"]:
        """Give every policy that a posting can have been made under: products, earlier versions."""
        for edition in (self, *self.earlier.values()):
            yield edition
            yield from edition.products.values()

    def closed(self, through: date | None) -> "Policy":
        """Give the same policy with another last closed day."""
        return replace(self, closed_through=through)

    def code(self, book: Book, role: str) -> str:
        """Give the general-ledger code of a role."""
        return self._codes[book, role]

    def bnk(self, role: str) -> str:
        """Give the code of a role of the bank's book."""
        return self._codes[Book.BNK, role]

    def charge_off_account(self, component: Component, *, reason: str | None, fraud: bool) -> str:
        """Give the code that bears a charge-off. Interest and fees reverse income, always."""
        if component is not Component.PRINCIPAL:
            return self.bnk(CHARGE_OFF[PLACE[component]])
        own = self.reasons[reason].charge_off if reason else None
        if own:
            return own
        if fraud:
            return self.bnk("FRAUD")
        allowance = self.method is Method.ALLOWANCE
        return self.bnk("ALLOWANCE" if allowance else "CHARGE_OFF_PRINCIPAL")

    def write_off_account(self, component: Component, *, reason: str | None) -> str:
        """Give the code that bears a write-off. Fraud does not matter here."""
        own = self.reasons[reason].write_off if reason else None
        if own:
            return own
        if component is Component.PRINCIPAL and self.method is Method.ALLOWANCE:
            return self.bnk("ALLOWANCE")
        return self.bnk(WRITE_OFF[PLACE[component]])

    @property
    def allowance_code(self) -> str | None:
        """Give the code of the allowance; none where the policy keeps none."""
        return self.bnk("ALLOWANCE") if self.method is Method.ALLOWANCE else None

    def recovery_account(self) -> str:
        """Give the code that gains by a recovery, for every component, of fraud loans too."""
        return self.bnk("ALLOWANCE" if self.method is Method.ALLOWANCE else "RECOVERY")

    def unmapped(self) -> Iterator[str]:
        """Name the roles that a posting can reach and that have no account."""
        for book, roles in ROLES.items():
            for role in roles:
                unreached = book is Book.BNK and role in _UNREACHED[self.method]
                if not unreached and not self._mapped(book, role):
                    yield f"{book}.{role}"

    def _mapped(self, book: Book, role: str) -> str | None:
        accounts = self.accounts.get(book, {})
        return accounts.get(role) or accounts.get(FAMILY.get(role, role))
