"""What is asked for, as far as authority looks at it."""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class Approver:
    """Who approved, at which level."""

    id: str
    level: int


def terms_hash(terms: Terms, *, tenant: str, loan_id: str) -> str:
    """Give what an approval covers: any change of these voids it."""
    parts = (
        tenant,
        loan_id,
        terms.kind,
        str(terms.amount_minor),
        terms.currency,
        terms.scope,
        terms.reason,
        terms.date.isoformat(),
    )
    return sha256("|".join(parts).encode()).hexdigest()
