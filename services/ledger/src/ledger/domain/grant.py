"""An authority grant at the ledger's door: is it good, unused, and for these very terms?"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from mesh.currency import DECIMALS

from ledger.domain.ask import Ask
from ledger.domain.asked import read
from ledger.domain.money import Components, decimal_text
from ledger.domain.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTerms:
    """What only some kinds ask for."""

    transaction_id: str | None = None
    """REVERSAL: which one is taken back."""
    undo: str | None = None
    """REVERSAL: the last charge_off or write_off is, instead."""
    cause: str | None = None
    new_loan_id: str | None = None
    rate: str | None = None
    percent: str | None = None
    """Of what there is, instead of the amount; or by component:"""
    components: Components | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was approved."""

    kind: str
    scope: str
    amount_minor: int
    currency: str
    reason: str
    date: date
    of_kind: KindTerms | None = None


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
    """Give SHA-256, in hex, of `tenant|loan_id|kind|amount_minor|currency|scope|reason|date`.

    Behind it `|name=value` of each term that only some kinds have, in the order of KindTerms.
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
        if isinstance(value, Components):
            value = ",".join(map(str, value.minor))
        if value is not None:
            parts.append(f"{field.name}={value}")
    return sha256("|".join(parts).encode()).hexdigest()


def to_ask(post: Post, *, today: date) -> Ask:
    """Read a grant as the command that it allows. Terms that make none are INVALID_FIELDS."""
    name, given = _command(post.terms)
    decimals = DECIMALS.get(post.terms.currency, 2)
    return Ask(
        name=name,
        asked=read(name, given, decimals=decimals),
        value_date=post.terms.date,
        today=today,
        tx=str(post.transaction_id),
        transaction_id=post.transaction_id,
        entry_id=post.entry_id,
        currency=post.terms.currency,
        approval=str(post.grant_id),
        limit_minor=post.amount_max_minor,
        case_id=post.case_id,
        grant_id=post.grant_id,
    )


def _command(terms: Terms) -> tuple[str, dict[str, object]]:
    """Give a command's name and the fields that are given of it."""
    of_kind = terms.of_kind or KindTerms()
    amount = decimal_text(terms.amount_minor, DECIMALS.get(terms.currency, 2))
    given: Mapping[str, object]
    match terms.kind:
        case "WRITE_OFF" | "CHARGE_OFF":
            name = terms.kind.lower()
            given = _take(terms, of_kind, amount) | {"reason": terms.reason}
        case "REMOVAL":
            name = "remove_charge_off"
            given = _take(terms, of_kind, amount) | {"cause": of_kind.cause}
        case "REVERSAL" if of_kind.undo is not None:
            name, given = "undo", {"what": of_kind.undo, "cause": of_kind.cause}
        case "REVERSAL":
            name, given = "reverse", {"of": of_kind.transaction_id, "cause": of_kind.cause}
        case "RECOVERY":
            name, given = "recover", {"amount": amount}
        case "PAY_OFF":
            name, given = "pay_off", {"amount": None if terms.scope == "FULL" else amount}
        case "REFINANCE":
            owed = {"amount": None if terms.scope == "FULL" else amount}
            given = owed | {"new_loan": of_kind.new_loan_id, "rate": of_kind.rate}
            name = "refinance"
        case kind:
            name, given = kind, {}
    return name, {field: value for field, value in given.items() if value is not None}


def _take(terms: Terms, of_kind: KindTerms, amount: str) -> dict[str, object]:
    """Give how much is taken; no known scope: nothing, and so no command."""
    match terms.scope:
        case "FULL":
            return {"full": True}
        case "PARTIAL" if of_kind.percent is not None:
            return {"percent": of_kind.percent}
        case "PARTIAL" if of_kind.components is not None:
            decimals = DECIMALS.get(terms.currency, 2)
            parts = {
                str(component): decimal_text(part, decimals)
                for component, part in of_kind.components
                if part
            }
            return {"components": parts}
        case "PARTIAL":
            return {"amount": amount}
        case _:
            return {}


def door(post: Post, *, used: bool, now: datetime) -> Refusal | None:
    """Say what is wrong with the grant itself; none when it is good."""
    if now >= post.expires_at:
        return Refusal("GRANT_EXPIRED", "the grant has ended")
    if used:
        return Refusal("GRANT_USED", "the grant, or its case, was posted before")
    if post.terms_hash != terms_hash(post.tenant, post.loan_id, post.terms):
        return Refusal("TERMS_CHANGED", "the terms are not those that were approved")
    return None
