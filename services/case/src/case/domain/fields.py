"""Which fields a request of each kind has, and what they look like."""

import re
from collections.abc import Mapping
from dataclasses import fields

from case.domain.terms import (
    CHARGE_OFF,
    FULL,
    KINDS,
    NOTHING,
    PARTIAL,
    RECOVERY,
    REFINANCE,
    REMOVAL,
    REVERSAL,
    TAKING,
    WRITE_OFF,
    KindTerms,
    Request,
)

REASON_LENGTH_MAX = 200
NOTES_LENGTH_MAX = 2_000
REFERENCE_LENGTH_MAX = 64
"""As the API has them: one request is the same by every way in."""

LEGAL_CODES = frozenset(str(code) for code in range(10, 22))
"""10 summons … 20 receiver, 21 settled or discharged."""

NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)
ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
WORD = re.compile(r"[A-Z_]{1,32}", re.ASCII)
"""None of them holds what parts the terms in their hash."""

FORMS: Mapping[str, re.Pattern[str]] = {
    "transaction_id": ID,
    "undo": re.compile(r"charge_off|write_off"),
    "cause": WORD,
    "new_loan_id": ID,
    "rate": re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII),
    "percent": NUMBER,
}

FIELDS: Mapping[str, frozenset[str]] = {
    WRITE_OFF: frozenset({"percent", "components"}),
    CHARGE_OFF: frozenset({"percent", "components"}),
    REMOVAL: frozenset({"percent", "components", "cause"}),
    REVERSAL: frozenset({"transaction_id", "undo", "cause"}),
    REFINANCE: frozenset({"new_loan_id", "rate"}),
}
"""What a kind may say beyond an amount; a kind that is not here: nothing."""


def wrong_field(request: Request) -> str | None:
    """Name the first field that is missing, unknown to the kind, or of no possible form."""
    r = request
    wrong = {
        "kind": r.kind not in KINDS,
        "scope": r.scope not in (FULL, PARTIAL) or (r.kind == REVERSAL and r.scope != FULL),
        "date": r.date is None,
        "reason": not 0 < len(r.reason.strip()) <= REASON_LENGTH_MAX,
        "litigation": r.litigation not in ("N", "L", "P"),
        "legal_code": r.legal_code is not None and r.legal_code not in LEGAL_CODES,
        "approval_reference": r.approval_reference is not None
        and not 0 < len(r.approval_reference) <= REFERENCE_LENGTH_MAX,
        "notes": r.notes is not None and len(r.notes) > NOTES_LENGTH_MAX,
    }
    of_kind = r.of_kind or NOTHING
    return (
        next((field for field, bad in wrong.items() if bad), None)
        or _wrong_of_kind(r.kind, of_kind)
        or _wrong_take(r, of_kind)
    )


def _wrong_of_kind(kind: str, of_kind: KindTerms) -> str | None:
    """Name a field that the kind does not have, lacks, or has in no possible form."""
    known = FIELDS.get(kind, frozenset())
    for field in fields(of_kind):
        name, value = field.name, getattr(of_kind, field.name)
        form = FORMS.get(name)
        if value is None:
            if kind == REFINANCE and name in known:
                return name
        elif name not in known or (form and not form.fullmatch(value)):
            return name
    if kind == REVERSAL and (of_kind.transaction_id is None) == (of_kind.undo is None):
        return "transaction_id"
    return None


def _wrong_take(request: Request, of_kind: KindTerms) -> str | None:
    """Name what says how much, where it is missing or said twice."""
    shares = (of_kind.percent, of_kind.components)
    said = sum(value is not None for value in (request.amount_minor, *shares))
    if request.kind in TAKING and request.scope == FULL:
        return "percent" if any(value is not None for value in shares) else None
    if request.kind in TAKING:
        return None if said == 1 else "amount"
    needs_amount = request.kind == RECOVERY or request.scope == PARTIAL
    return "amount" if needs_amount and said == 0 else None
