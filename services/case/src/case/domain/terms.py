"""What is asked for, of which loan, and under which terms it stands after review."""

from dataclasses import dataclass
from datetime import date as Day

WRITE_OFF = "WRITE_OFF"
FULL = "FULL"
PARTIAL = "PARTIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that came with a request."""

    document: str
    sha256: str
    dated: Day
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asked for, as it came: its values may be impossible, intake says so."""

    loan_id: str
    request_id: str
    channel: str
    source: str
    """The upstream, or the door: `file`, `agent`."""
    kind: str
    scope: str
    amount_minor: int | None = None
    currency: str | None = None
    date: Day | None = None
    reason: str
    """Code or free text."""
    maker: str
    litigation: str = "N"
    legal_code: str | None = None
    legal_date: Day | None = None
    fraud: bool = False
    related_party: bool = False
    collection_ceases: bool = False
    approval_reference: str | None = None
    documents: tuple[Document, ...] = ()
    notes: str | None = None
    entitled: bool = False
    """Whether its maker may submit REPOSSESSION_FAILED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """The loan as the ledger last told; `version` is (incarnation, number) of that telling."""

    version: tuple[int, int]
    customer_id: str
    guarantor_id: str | None = None
    product: str
    segment: str
    currency: str
    status: str
    opened: Day
    outstanding_minor: int
    charged_off_minor: int
    """Standing charge-off lots."""
    last_transaction: Day | None = None
    sanctioner: str | None = None
    sanction_level: int | None = None
    fraud: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What stands after review: the next services need no join and no question."""

    case_number: str
    customer_id: str
    guarantor_id: str | None
    product: str
    segment: str
    kind: str
    scope: str
    amount_minor: int
    currency: str
    usd_rate: str | None
    reason: str
    date: Day
    channel: str
    source: str
    maker: str
    sanctioner: str | None
    sanction_level: int | None
    litigation: str
    legal_code: str | None
    legal_date: Day | None
    fraud: bool
    related_party: bool
    collection_ceases: bool
    outstanding_minor: int
    charged_off_minor: int
    approval_reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Who approved, at which level."""

    id: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What the ledger booked for a case."""

    transaction_id: str
    amount_minor: int
    currency: str
    balance_before_minor: int
    """Outstanding."""
    balance_after_minor: int
    approvers: tuple[Approver, ...] = ()
