"""A row of an import: the loan's part and the party's part, read and checked before anything else.

Whatever is wrong is told by field and rule, never by value: a row holds personal data.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256

from mesh.currency import DECIMALS

from ledger.domain.loan import Particulars, Status
from ledger.domain.money import Component, Components, to_minor

ID_FORM = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
EMAIL_FORM = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")

TEXT_MAX = 200
"""Characters of a name, an address or a code: what a notice can still print on a line."""

MINOR_DIGITS_MAX = 15
"""Digits of an amount in minor units: sums of a hundred loans still fit a signed 64-bit number."""

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)

LOAN_FIELDS = frozenset({
    "loan_id", "customer_id", "guarantor_id", "product", "segment", "currency", "status", "opened",
    "as_of", "accrued_to", "expiry", "rate", "days_past_due", "sanctioner", "sanction_level",
    "fraud", "unearned_interest", "deferred_income", "oldest_unpaid_due", "instalment",
    *(c.value for c in Component), *(f"charged_off_{c.value}" for c in Component),
})  # fmt: skip

PARTY_FIELDS = frozenset({
    "customer_id", "given_name", "family_name", "business_name", "email", "tax_id", "locale",
})  # fmt: skip

type Row = dict[str, str]
"""Column to text; a column without text is left out."""


@dataclass(frozen=True, slots=True)
class RowRefused:
    """Why a row is not taken in; `field` names the column, where it is one."""

    code: str
    message: str
    field: str | None = None


class _Bad(Exception):
    """Carries a refusal out of a reader of one field; never leaves this module."""

    def __init__(self, field: str, message: str, code: str = "INVALID_FIELDS") -> None:
        super().__init__(message)
        self.refused = RowRefused(code, f"{field}: {message}", field)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRow:
    """A loan as it comes into the books."""

    loan_id: str
    particulars: Particulars
    status: Status
    bnk: Components
    co: Components
    unearned_minor: int
    deferred_minor: int
    row_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A customer or guarantor: personal data, kept here and said on one topic only."""

    party_id: str
    given_name: str | None = None
    family_name: str | None = None
    business_name: str | None = None
    email: str | None = None
    tax_id: str | None = None
    locale: str | None = None


def split(row: Mapping[str, object]) -> tuple[Row, Row] | RowRefused:
    """Part a row as it came into the loan's and the party's; the loan's holds no personal data."""
    if unknown := sorted(row.keys() - LOAN_FIELDS - PARTY_FIELDS):
        return RowRefused("INVALID_FIELDS", f"unknown field {unknown[0][:64]}", unknown[0][:64])
    texts = {name: _text_of(value) for name, value in row.items()}
    given = {name: text for name, text in texts.items() if text}
    loan = {name: text for name, text in given.items() if name in LOAN_FIELDS}
    if "business_name" in given:
        loan["segment"] = "BUSINESS"
    return loan, {name: text for name, text in given.items() if name in PARTY_FIELDS}


def read_loan(row: Row) -> LoanRow | RowRefused:
    """Read the loan's part of a row."""
    try:
        return _loan(row)
    except _Bad as bad:
        return bad.refused


def read_party(row: Row) -> Party | RowRefused:
    """Read the party's part of a row: a business, or a person by at least one name."""
    try:
        return _party(row)
    except _Bad as bad:
        return bad.refused


def _loan(row: Row) -> LoanRow:
    currency = _needed(row, "currency")
    if currency not in DECIMALS:
        raise _Bad("currency", "not a currency of ISO 4217", "UNKNOWN_CURRENCY")
    bnk = Components(*(_money(row, c.value, currency) for c in Component))
    co = Components(*(_money(row, f"charged_off_{c.value}", currency) for c in Component))
    unearned_minor = _money(row, "unearned_interest", currency)
    if unearned_minor > bnk.interest:
        raise _Bad("unearned_interest", "above the interest")
    deferred_minor = _money(row, "deferred_income", currency)
    status = _choice(row, "status", tuple(Status))
    if status not in (Status.ACTIVE, Status.PENDING) and bnk.total + co.total + deferred_minor:
        raise _Bad("status", f"{status} needs zero balances", "CLOSED_WITH_BALANCE")
    return LoanRow(
        loan_id=_id(row, "loan_id"),
        particulars=_particulars(row, currency),
        status=Status(status),
        bnk=bnk,
        co=co,
        unearned_minor=unearned_minor,
        deferred_minor=deferred_minor,
        row_hash=_hash(row, currency),
    )


def _particulars(row: Row, currency: str) -> Particulars:
    made = _date(row, "opened")
    opened = _if_given(row, "as_of", _date) or made
    if opened < made:
        raise _Bad("as_of", "before `opened`")
    accrued_to = _if_given(row, "accrued_to", _date) or opened
    if accrued_to > opened:
        raise _Bad("accrued_to", "after the day of the balances")
    return Particulars(
        customer_id=_id(row, "customer_id"),
        product=_limited(row, "product"),
        segment=_choice(row, "segment", ("PERSONAL", "BUSINESS")),
        currency=currency,
        opened=opened,
        accrued_to=accrued_to,
        rate=_rate(row),
        fraud=_if_given(row, "fraud", _flag) or False,
        guarantor_id=_if_given(row, "guarantor_id", _id),
        expiry=_if_given(row, "expiry", _date),
        days_past_due=_if_given(row, "days_past_due", partial(_number, least=0, most=100_000)),
        sanctioner=_if_given(row, "sanctioner", _id),
        sanction_level=_if_given(row, "sanction_level", partial(_number, least=1, most=5)),
        oldest_unpaid_due=_if_given(row, "oldest_unpaid_due", _date),
        instalment_minor=_if_given(row, "instalment", partial(_money, currency=currency)),
    )


def _party(row: Row) -> Party:
    if row.keys().isdisjoint({"given_name", "family_name", "business_name"}):
        raise _Bad("family_name", "missing, and no business name")
    texts = {name: _limited(row, name) for name in row.keys() - {"customer_id"}}
    if not EMAIL_FORM.fullmatch(texts.get("email", "none@none")):
        raise _Bad("email", "not an address")
    return Party(party_id=_id(row, "customer_id"), **texts)


def _text_of(value: object) -> str:
    """Give a value of a row as text; nothing and blanks are no value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value).strip()


def _needed(row: Row, field: str) -> str:
    if field not in row:
        raise _Bad(field, "missing")
    return row[field]


def _if_given[T](row: Row, field: str, read: Callable[[Row, str], T]) -> T | None:
    return read(row, field) if field in row else None


def _limited(row: Row, field: str) -> str:
    text = _needed(row, field)
    if len(text) > TEXT_MAX or any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise _Bad(field, f"more than {TEXT_MAX} characters, or a control character")
    return text


def _flag(row: Row, field: str) -> bool:
    return _choice(row, field, ("true", "false")) == "true"


def _id(row: Row, field: str) -> str:
    text = _needed(row, field)
    if not ID_FORM.fullmatch(text):
        raise _Bad(field, "1 to 64 of A-Z a-z 0-9 . _ : -")
    return text


def _choice(row: Row, field: str, choices: tuple[str, ...]) -> str:
    text = _needed(row, field)
    if text not in choices:
        raise _Bad(field, f"not one of {', '.join(choices)}")
    return text


def _money(row: Row, field: str, currency: str) -> int:
    """Read an amount of zero or more; a component that is left out is zero, principal never."""
    text = _needed(row, field) if field == "principal" else row.get(field, "0")
    amount_minor = to_minor(text, decimals=DECIMALS[currency])
    if amount_minor is None:
        raise _Bad(field, f"not a decimal number of at most {DECIMALS[currency]} decimals")
    if amount_minor < 0:
        raise _Bad(field, "negative")
    if amount_minor >= 10**MINOR_DIGITS_MAX:
        raise _Bad(field, "too large")
    return amount_minor


def _date(row: Row, field: str) -> date:
    try:
        day = date.fromisoformat(_needed(row, field))
    except ValueError:
        raise _Bad(field, "not a date as 2026-01-31") from None
    if not EARLIEST <= day <= LATEST:
        raise _Bad(field, "not between 1900 and 2200")
    return day


def _number(row: Row, field: str, *, least: int, most: int) -> int:
    text = row[field]
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most):
        raise _Bad(field, f"not a whole number from {least} to {most}")
    return int(text)


def _rate(row: Row) -> str:
    text = row.get("rate", "0")
    if len(text) > 20 or to_minor(text, decimals=10) is None or text.startswith("-"):
        raise _Bad("rate", "not a decimal number of zero or more")
    return text


def _hash(row: Row, currency: str) -> str:
    """Give SHA-256 of the row, money read, so that 10 and 10.00 are the same row."""
    money = {c.value for c in Component} | {f"charged_off_{c.value}" for c in Component}
    money |= {"unearned_interest", "deferred_income", *row.keys() & {"instalment"}}
    canonical = row | {field: str(_money(row, field, currency)) for field in money}
    return sha256("\n".join(f"{k}={v}" for k, v in sorted(canonical.items())).encode()).hexdigest()
