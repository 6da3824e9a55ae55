"""Which general-ledger codes mean what to a report: read from the policies, of all versions.

A code keeps its meaning when a policy gets a new version; a journal of last year is read by it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from ledger.domain.money import Component
from ledger.domain.policy import Book, Method, Policy

FRAUD = "FRAUD"
"""Role and reason: an operational loss, no credit loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Codes of the bank's book by what they hold."""

    unearned: frozenset[str]
    overpayment: frozenset[str]
    cash: frozenset[str]
    """Where a payment is debited: cash, and what the bank gives as goodwill."""
    loss: frozenset[str]
    """Credit losses of principal, the allowance among them."""
    fraud: frozenset[str]
    reversed_income: frozenset[str]
    """What bears interest, fees, penalties and tax that are charged or written off."""
    recovery: frozenset[str]
    allowance: frozenset[str]

    @classmethod
    def of(cls, policies: Iterable[Policy]) -> Self:
        """Gather what every version calls so."""
        known = tuple(policies)
        allowance = frozenset(
            policy.code(Book.BNK, "ALLOWANCE")
            for policy in known
            if policy.method is Method.ALLOWANCE
        )
        fraud = frozenset(code for policy in known for code in _fraud(policy)) - allowance
        return cls(
            unearned=_codes(known, "UNEARNED_INTEREST"),
            overpayment=_codes(known, "OVERPAYMENT"),
            cash=_codes(known, "CASH", "GOODWILL"),
            loss=frozenset(code for policy in known for code in _loss(policy)) - fraud,
            fraud=fraud,
            reversed_income=frozenset(code for policy in known for code in _reversed(policy)),
            recovery=_codes(known, "RECOVERY") | allowance,
            allowance=allowance,
        )


def _codes(policies: tuple[Policy, ...], *roles: str) -> frozenset[str]:
    return frozenset(policy.code(Book.BNK, role) for policy in policies for role in roles)


def _fraud(policy: Policy) -> Iterable[str]:
    yield policy.code(Book.BNK, FRAUD)
    if reason := policy.reasons.get(FRAUD):
        yield from filter(None, (reason.charge_off, reason.write_off))


def _loss(policy: Policy) -> Iterable[str]:
    principal = Component.PRINCIPAL
    yield policy.charge_off_account(principal, reason=None, fraud=False)
    yield policy.write_off_account(principal, reason=None)
    for reason in policy.reasons.values():
        yield from filter(None, (reason.charge_off, reason.write_off))


def _reversed(policy: Policy) -> Iterable[str]:
    for component in Component:
        if component is not Component.PRINCIPAL:
            yield policy.charge_off_account(component, reason=None, fraud=False)
            yield policy.write_off_account(component, reason=None)
    for reason in policy.reasons.values():
        yield from filter(None, (reason.write_off,))
