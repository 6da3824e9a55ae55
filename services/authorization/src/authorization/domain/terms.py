"""What is asked for, as far as authority looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from hashlib import sha256
from typing import Any, Literal

type Flag = Literal["fraud", "related_party", "collection_ceases"]


KINDS = (
    "WRITE_OFF",
    "CHARGE_OFF",
    "REMOVAL",
    "REVERSAL",
    "RECOVERY",
    "PAY_OFF",
    "REFINANCE",
)
"""What a case, and so a reference, can ask for."""

LOSSES = frozenset({"WRITE_OFF", "CHARGE_OFF"})
"""What takes a claim out of the bank's book: these add up when authority is looked for."""

CORRECTIONS = frozenset({"REMOVAL", "REVERSAL"})
"""What takes back, in part or whole, what was posted before."""

LOSS_OF_UNDO = {"write_off": "WRITE_OFF", "charge_off": "CHARGE_OFF"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Minor units by component, in the ledger's order."""

    principal_minor: int
    interest_minor: int
    fees_minor: int
    penalties_minor: int
    tax_minor: int

    def __str__(self) -> str:
        """Give the amounts in their order, as a hash of terms has them."""
        return ",".join(str(getattr(self, field.name)) for field in fields(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTerms:
    """What only some kinds ask for; the order of the fields is that of the hash."""

    transaction_id: str | None = None
    """REVERSAL: which one is taken back."""
    undo: str | None = None
    """REVERSAL: the last charge_off or write_off is, instead."""
    cause: str | None = None
    new_loan_id: str | None = None
    rate: str | None = None
    percent: str | None = None
    components: Components | None = None


def kind_terms(told: Mapping[str, Any]) -> KindTerms:
    """Read them by name, as a record's fields or a store have them."""
    parts = told["components"]
    rest = {name: value for name, value in told.items() if name != "components"}
    return KindTerms(**rest, components=Components(**parts) if parts else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a case asks for, as it was reviewed."""

    kind: str
    scope: str
    amount_minor: int
    currency: str
    reason: str
    date: date
    segment: str
    product: str
    flags: frozenset[Flag] = frozenset()
    maker: str
    sanctioner: str | None = None
    """Who approved the loan when it was made."""
    sanction_level: int | None = None
    approval_reference: str | None = None
    of_kind: KindTerms | None = None


@dataclass(frozen=True, slots=True)
class Approver:
    """Who approved, at which level."""

    id: str
    level: int


def terms_hash(terms: Terms, *, tenant: str, loan_id: str) -> str:
    """Give what an approval covers: any change of these voids it.

    SHA-256, in hex, of `tenant|loan_id|kind|amount_minor|currency|scope|reason|date`, behind it
    `|name=value` of each term that only some kinds have: the ledger works it out as well.
    """
    parts = [
        tenant,
        loan_id,
        terms.kind,
        str(terms.amount_minor),
        terms.currency,
        terms.scope,
        terms.reason,
        terms.date.isoformat(),
    ]
    for field in fields(terms.of_kind) if terms.of_kind else ():
        value = getattr(terms.of_kind, field.name)
        if value is not None:
            parts.append(f"{field.name}={value}")
    return sha256("|".join(parts).encode()).hexdigest()
