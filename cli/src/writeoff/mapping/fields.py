"""What a row of each form may and must hold."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a field's value is read."""

    TEXT = "text"
    MONEY = "money"
    DATE = "date"
    NUMBER = "number"
    WHOLE = "whole number"
    YES_NO = "yes or no"
    TEXTS = "list of texts"
    TABLE = "table"
    TABLES = "list of tables"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row that a door takes."""

    name: str
    kind: Kind
    needed: bool


def _fields(kind: Kind, needed: str, optional: str = "") -> Iterable[Field]:
    yield from (Field(name, kind, True) for name in needed.split())
    yield from (Field(name, kind, False) for name in optional.split())


def _by_name(*groups: Iterable[Field]) -> dict[str, Field]:
    return {field.name: field for group in groups for field in group}


LOAN = _by_name(
    _fields(
        Kind.TEXT,
        "loan_id customer_id product currency status",
        "given_name family_name business_name segment email tax_id locale guarantor_id sanctioner",
    ),
    _fields(Kind.MONEY, "principal interest fees penalties tax unearned_interest"),
    _fields(Kind.DATE, "opened", "as_of accrued_to expiry"),
    _fields(Kind.NUMBER, "", "rate"),
    _fields(Kind.WHOLE, "", "days_past_due sanction_level"),
    _fields(Kind.YES_NO, "", "fraud"),
)
"""A loan and its customer, as the ledger takes them over."""

REQUEST = _by_name(
    _fields(
        Kind.TEXT,
        "request_id loan_id kind scope currency reason",
        "maker litigation legal_code approval_reference notes "
        "transaction_id undo cause new_loan_id",
    ),
    _fields(Kind.MONEY, "", "amount"),
    _fields(Kind.NUMBER, "", "rate percent"),
    _fields(Kind.TABLE, "", "components"),
    _fields(Kind.DATE, "date", "legal_date"),
    _fields(Kind.YES_NO, "", "fraud related_party collection_ceases"),
    _fields(Kind.TABLES, "", "documents"),
)
"""A request for a write-off, or for what else a case can be about."""

REFERENCE = _by_name(
    _fields(Kind.TEXT, "reference loan_id kind currency"),
    _fields(Kind.MONEY, "amount"),
    _fields(Kind.DATE, "", "issued expires"),
    _fields(Kind.YES_NO, "attests_documents"),
    _fields(Kind.TEXTS, "", "reasons"),
    _fields(Kind.TABLES, "approvers"),
)
"""A register's entry of an approval that was given before the request."""
