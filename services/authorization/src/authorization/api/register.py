"""A register's entries of approval references, read line by line."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from mesh.people import Person
from pydantic import BaseModel, ConfigDict, Field

from authorization.domain.events import CommandRefused
from authorization.domain.issuing import why_not_issued
from authorization.domain.matrix import LEVEL_TOP, Matrix
from authorization.domain.references import Reference
from authorization.domain.terms import KINDS, Approver

FORMS: Mapping[str, re.Pattern[str]] = {
    "loan_id": re.compile(r"[A-Za-z0-9._:-]{1,64}"),
    "kind": re.compile("|".join(KINDS)),
    "currency": re.compile(r"[A-Z]{3}"),
    "amount": re.compile(r"-?[0-9]{1,15}(\.[0-9]+)?"),
    "issued": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "expires": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}

APPROVERS_MAX = 10
"""The matrix asks for two; a committee's vote names more."""


class ApproverLine(BaseModel):
    """Who approved, at which level."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^\S{1,64}$")
    level: int = Field(ge=1, le=LEVEL_TOP)


class Line(BaseModel):
    """An entry; amounts and dates are texts, so that a bad one is refused by itself."""

    model_config = ConfigDict(extra="forbid")

    line: int
    reference: str
    loan_id: str
    kind: str
    amount: str
    currency: str
    reasons: list[str] = []
    approvers: list[ApproverLine] = Field(max_length=APPROVERS_MAX)
    issued: str | None = None
    """Today, if it is left out."""
    expires: str | None = None
    """As long as the matrix says after it was issued, if it is left out."""
    attests_documents: bool = False


def read_line(
    line: Line, known: Reference | None, *, by: Person, matrix: Matrix, today: date
) -> Reference | CommandRefused:
    """Read an entry, or say why it is no reference: the field and a stable code.

    Days that are left out are those of the reference that is `known` under its number, so that
    the same entry is the same on another day.
    """
    for field, form in FORMS.items():
        text: str | None = getattr(line, field)
        if text is not None and not form.fullmatch(text):
            return CommandRefused("INVALID_FIELDS", f"{text[:64]!r} is no {field}", field)
    days = _days(line, known, matrix=matrix, today=today)
    amount_minor = _amount_minor(line, matrix)
    if isinstance(days, CommandRefused):
        return days
    if isinstance(amount_minor, CommandRefused):
        return amount_minor
    if not line.approvers:
        return CommandRefused("LEVEL_TOO_LOW", "nobody approved it", "approvers")
    reference = Reference(
        reference=line.reference,
        loan_id=line.loan_id,
        kind=line.kind,
        amount_max_minor=amount_minor,
        currency=line.currency,
        reasons=frozenset(line.reasons),
        approvers=tuple(Approver(each.id, each.level) for each in line.approvers),
        issued=days[0],
        expires=days[1],
        attests_documents=line.attests_documents,
        issued_by=by.id,
    )
    return why_not_issued(reference, by, matrix=matrix, today=today) or reference


def _days(
    line: Line, known: Reference | None, *, matrix: Matrix, today: date
) -> tuple[date, date] | CommandRefused:
    """Give the days of issue and expiry."""
    issued = _to_date(line.issued, known.issued if known else today)
    if issued is None:
        return CommandRefused("INVALID_FIELDS", "no such day", "issued")
    life = timedelta(days=matrix.reference_days)
    expires = _to_date(line.expires, known.expires if known else issued + life)
    if expires is None or expires < issued:
        return CommandRefused("INVALID_FIELDS", "no day on or after that of issue", "expires")
    return issued, expires


def _amount_minor(line: Line, matrix: Matrix) -> int | CommandRefused:
    """Give the amount in minor units."""
    units, _, decimals = line.amount.partition(".")
    places = len(str(matrix.minor_of_unit(line.currency))) - 1
    if len(decimals) > places:
        return CommandRefused("AMOUNT_SCALE", f"more decimals than {line.currency} has", "amount")
    amount_minor = int(units + decimals.ljust(places, "0"))
    if amount_minor <= 0:
        return CommandRefused("AMOUNT_NOT_POSITIVE", "an amount above zero is needed", "amount")
    return amount_minor


def _to_date(text: str | None, absent: date) -> date | None:
    """Read a day; none: there is no such day."""
    try:
        return absent if text is None else date.fromisoformat(text)
    except ValueError:
        return None
