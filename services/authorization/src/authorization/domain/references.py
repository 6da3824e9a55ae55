"""Approval references: grants given before the request, for one loan, used once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from authorization.domain.matrix import Need
from authorization.domain.terms import Approver, Terms

type Standing = Literal["ISSUED", "RESERVED", "CONSUMED", "REVOKED"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A grant given before the request."""

    reference: str
    loan_id: str
    kind: str
    amount_max_minor: int
    currency: str
    reasons: frozenset[str]
    """Empty: all."""
    approvers: tuple[Approver, ...]
    issued: date
    expires: date
    """The last day on which it can be decided upon."""
    attests_documents: bool
    issued_by: str
    standing: Standing = "ISSUED"
    case_id: UUID | None = None
    """The case that holds or has used it."""

    def __post_init__(self) -> None:
        """Assert what must hold of every reference."""
        assert self.amount_max_minor > 0
        assert self.issued <= self.expires
        assert self.approvers, "a reference names who approved"
        assert (self.case_id is not None) == (self.standing in ("RESERVED", "CONSUMED"))

    def is_same_grant(self, other: "Reference") -> bool:
        """Say whether two grant the same, wherever they stand and whoever entered them."""
        return self._content() == other._content()

    def _content(self) -> tuple[object, ...]:
        return (
            self.reference,
            self.loan_id,
            self.kind,
            self.amount_max_minor,
            self.currency,
            self.reasons,
            frozenset(self.approvers),
            self.issued,
            self.expires,
            self.attests_documents,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What a case wants of a reference."""

    case_id: UUID
    loan_id: str
    terms: Terms
    need: Need
    makers: frozenset[str]
    """Who made, reviewed or verified the case."""
    is_attested: bool
    """The case's documents were met by the reference."""
    is_attestable: bool
    """The case's reason lets a reference stand in for documents."""
    today: date


type Rule = Callable[[Reference, Use], bool]

REFUSALS: tuple[tuple[str, Rule], ...] = (
    ("APPROVAL_REVOKED", lambda r, _: r.standing == "REVOKED"),
    ("APPROVAL_EXPIRED", lambda r, use: r.expires < use.today),
    ("APPROVAL_USED", lambda r, use: r.case_id not in (None, use.case_id)),
    ("APPROVAL_OTHER_LOAN", lambda r, use: r.loan_id != use.loan_id),
    ("APPROVAL_OTHER_KIND", lambda r, use: r.kind != use.terms.kind),
    ("APPROVAL_OTHER_REASON", lambda r, use: bool(r.reasons) and use.terms.reason not in r.reasons),
    (
        "APPROVAL_AMOUNT",
        lambda r, use: (
            r.currency != use.terms.currency or r.amount_max_minor < use.terms.amount_minor
        ),
    ),
    ("MAKER_IS_CHECKER", lambda r, use: any(a.id in use.makers for a in r.approvers)),
    (
        "SANCTIONER_EXCLUDED",
        lambda r, use: any(a.id == use.terms.sanctioner for a in r.approvers),
    ),
    ("LEVEL_TOO_LOW", lambda r, use: not use.need.is_met_by(r.approvers)),
    (
        "APPROVAL_NOT_ATTESTED",
        lambda r, use: use.is_attested and not (use.is_attestable and r.attests_documents),
    ),
)
"""In this order; the first that applies is the answer. An unknown one never comes this far."""


def why_not(reference: Reference | None, use: Use) -> str | None:
    """Say with which code a named reference is refused; none: it covers the case."""
    if reference is None:
        return "APPROVAL_UNKNOWN"
    return next((code for code, applies in REFUSALS if applies(reference, use)), None)
