"""What is asked for, of which loan, and under which terms it stands after review."""

from dataclasses import astuple, dataclass
from datetime import date as Day
from datetime import datetime

WRITE_OFF = "WRITE_OFF"
CHARGE_OFF = "CHARGE_OFF"
REMOVAL = "REMOVAL"
REVERSAL = "REVERSAL"
RECOVERY = "RECOVERY"
PAY_OFF = "PAY_OFF"
REFINANCE = "REFINANCE"

KINDS = (WRITE_OFF, CHARGE_OFF, REMOVAL, REVERSAL, RECOVERY, PAY_OFF, REFINANCE)
"""What a case can ask for."""

LOSSES = frozenset({WRITE_OFF, CHARGE_OFF})
"""What takes a claim out of the bank's book: these claim what is outstanding."""

TAKING = frozenset({WRITE_OFF, CHARGE_OFF, REMOVAL})
"""What takes all there is, an amount, a percentage, or an amount of each component."""

FULL = "FULL"
PARTIAL = "PARTIAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Minor units by component."""

    principal_minor: int = 0
    interest_minor: int = 0
    fees_minor: int = 0
    penalties_minor: int = 0
    tax_minor: int = 0

    @property
    def parts(self) -> tuple[int, ...]:
        """Give the amounts alone, in the ledger's order."""
        return astuple(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindTerms:
    """What only some kinds ask for."""

    transaction_id: str | None = None
    """REVERSAL: what is taken back."""
    undo: str | None = None
    """REVERSAL: the last charge_off or write_off is, instead."""
    cause: str | None = None
    """REMOVAL, REVERSAL: the ledger takes a loss back for an ERROR only."""
    new_loan_id: str | None = None
    """REFINANCE: the loan that pays this one off."""
    rate: str | None = None
    """REFINANCE: percent a year of the new loan, decimal text."""
    percent: str | None = None
    """Of all there is to take, instead of the amount; decimal text."""
    components: Components | None = None
    """The same, an amount for each component."""


NOTHING = KindTerms()


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
    of_kind: KindTerms | None = None
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
    told_at: datetime | None = None
    """When the ledger told; none: by an earlier build."""


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
    of_kind: KindTerms | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Who approved, at which level."""

    id: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What the ledger booked for a case."""

    transaction_id: str
    """Of a REVERSAL: what it took back."""
    amount_minor: int
    currency: str
    balance_before_minor: int
    """Outstanding."""
    balance_after_minor: int
    approvers: tuple[Approver, ...] = ()
    booked_at: datetime | None = None
    """When the ledger told; the loan that it then left tells the same, or later."""
    instructed: str | None = None
    """The core banking system that has to book it too, and says so to the ledger."""
