"""An authority grant at the ledger's door: is it good, unused, and for these very terms?"""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from ledger.domain.posting import Amount, Full, Take
from ledger.domain.rules import Refusal, WriteOff


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was approved."""

    kind: str
    scope: str
    amount_minor: int
    currency: str
    reason: str
    date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A grant was heard: post it, if it may be."""

    tenant: str
    loan_id: str
    case_id: UUID
    grant_id: UUID
    terms: Terms
    terms_hash: str
    amount_max_minor: int
    expires_at: datetime
    entry_id: UUID
    """What the entry will be called, derived from the grant's message."""
    transaction_id: UUID
    """What outsiders call the posting, derived from the case."""


def terms_hash(tenant: str, loan_id: str, terms: Terms) -> str:
    """Give SHA-256, in hex, of `tenant|loan_id|kind|amount_minor|currency|scope|reason|date`."""
    text = "|".join((
        tenant,
        loan_id,
        terms.kind,
        str(terms.amount_minor),
        terms.currency,
        terms.scope,
        terms.reason,
        terms.date.isoformat(),
    ))  # fmt: skip
    return sha256(text.encode()).hexdigest()


def to_write_off(terms: Terms) -> WriteOff:
    """Read terms as a write-off. Another kind, or no known scope, takes nothing."""
    take: Take | None = None
    if terms.kind == "WRITE_OFF" and terms.scope == "FULL":
        take = Full()
    elif terms.kind == "WRITE_OFF" and terms.scope == "PARTIAL":
        take = Amount(terms.amount_minor)
    return WriteOff(take=take, currency=terms.currency, reason=terms.reason, date=terms.date)


def door(post: Post, *, used: bool, now: datetime) -> Refusal | None:
    """Say what is wrong with the grant itself; none when it is good."""
    if now >= post.expires_at:
        return Refusal("GRANT_EXPIRED", "the grant has ended")
    if used:
        return Refusal("GRANT_USED", "the grant, or its case, was posted before")
    if post.terms_hash != terms_hash(post.tenant, post.loan_id, post.terms):
        return Refusal("TERMS_CHANGED", "the terms are not those that were approved")
    return None
