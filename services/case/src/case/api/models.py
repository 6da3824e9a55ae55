"""What may be asked at the door, as it is read at the border."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

REQUESTS_MAX = 500
"""A turn takes as many; a larger file is sent in parts."""

DOCUMENTS_MAX = 50
"""No rule asks for half as many."""

CASES_MAX = 5_000
LOANS_MAX = 5_000
"""Ids of one look: answered in a few milliseconds."""

FIRST = date(1900, 1, 1)
LAST = date(2199, 12, 31)

type Text64 = Annotated[str, StringConstraints(min_length=1, max_length=64)]
type LoanId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
type RequestId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]
type DecimalText = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,12})?$")]
type When = Annotated[date, Field(ge=FIRST, le=LAST)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DocumentLine(_Model):
    """A document that comes with a request."""

    document: Text64
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]
    dated: When
    source: Text64


class ComponentsLine(_Model):
    """An amount for each component, decimal text; what is left out is nothing."""

    principal: str | None = None
    interest: str | None = None
    fees: str | None = None
    penalties: str | None = None
    tax: str | None = None


class RequestLine(_Model):
    """One request: what is to be written off, or what else is to become of a loan."""

    line: int | None = None
    request_id: RequestId
    loan_id: LoanId
    kind: Literal[
        "WRITE_OFF", "CHARGE_OFF", "REMOVAL", "REVERSAL", "RECOVERY", "PAY_OFF", "REFINANCE"
    ] = "WRITE_OFF"
    scope: Literal["FULL", "PARTIAL"]
    amount: str | None = None
    """Decimal text."""
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    date: When
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    maker: Text64 | None = None
    """Who prepared it elsewhere: noted. Its maker here is who stands at the door."""
    litigation: Literal["N", "L", "P"] = "N"
    legal_code: Annotated[str, StringConstraints(pattern=r"^(1[0-9]|2[01])$")] | None = None
    legal_date: When | None = None
    fraud: bool = False
    related_party: bool = False
    collection_ceases: bool = False
    approval_reference: Text64 | None = None
    documents: Annotated[list[DocumentLine], Field(max_length=DOCUMENTS_MAX)] = []
    notes: Annotated[str, StringConstraints(max_length=1_900)] | None = None
    """A work note has 2,000 characters; who prepared it is told there, too."""
    transaction_id: LoanId | None = None
    """REVERSAL: what is taken back; or `undo`."""
    undo: Literal["charge_off", "write_off"] | None = None
    cause: Annotated[str, StringConstraints(pattern=r"^[A-Z_]{1,32}$")] | None = None
    """REMOVAL, REVERSAL."""
    new_loan_id: LoanId | None = None
    """REFINANCE; and `rate`, percent a year."""
    rate: DecimalText | None = None
    percent: DecimalText | None = None
    """Of all there is, instead of the amount; or `components`."""
    components: ComponentsLine | None = None


class Requests(_Model):
    """Requests of a file or an agent; each is read by itself: a broken one stops no other."""

    requests: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=REQUESTS_MAX)]
    channel: Literal["FILE", "AGENT"] = "FILE"
    check: bool = False


class CasesAsked(_Model):
    """Cases that somebody waits for."""

    cases: Annotated[list[UUID], Field(max_length=CASES_MAX)]


class LoansAsked(_Model):
    """Loans that somebody wants to be known here."""

    loans: Annotated[list[LoanId], Field(max_length=LOANS_MAX)]
