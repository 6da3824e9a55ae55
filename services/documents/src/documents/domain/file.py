"""The evidence kept of one loan: its documents, what its cases need, references that attest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal
from uuid import UUID

from mesh.tasks import Task

type RequirementState = Literal["OPEN", "MET"]
type Basis = Literal["VERIFIED", "SUPPLIED", "ATTESTED", "MADE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the rules look at of a case as it was reviewed."""

    kind: str
    segment: str
    product: str
    reason: str
    amount_minor: int
    currency: str
    usd_rate: Fraction | None
    """US dollars for one unit of the currency; none: the amount counts as above every limit."""
    channel: str
    has_guarantor: bool
    litigation: str
    legal_code: str | None
    collection_ceases: bool
    maker: str
    approval_reference: str | None
    heard: str
    """All terms as text, as they came: said on to the next service, not looked into here."""


@dataclass(frozen=True, slots=True)
class Supplied:
    """A document that came with a request."""

    document: str
    sha256: str
    dated: date
    source: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the loan for which a document agent vouches."""

    document_id: UUID
    document: str
    sha256: str | None
    dated: date
    agent: str
    legal_code: str | None
    """Of a court paper: the legal status that it is about."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An approval reference of the loan."""

    reference: str
    attests: bool
    expires: date
    """The last day on which it counts."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One document that a rule asks of a case."""

    document: str
    rule: str
    state: RequirementState = "OPEN"
    basis: Basis | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        """Assert that what is met says why."""
        assert (self.state == "MET") == (self.basis is not None), "met has a basis, open has none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifying:
    """A case whose documents are looked for."""

    case_id: UUID
    reason: str
    maker: str
    legal_code: str | None
    approval_reference: str | None
    heard: str
    requirements: tuple[Requirement, ...]
    agent: str | None = None
    """Who verified a document for it."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Give the documents that are still wanted."""
        return tuple(r.document for r in self.requirements if r.state == "OPEN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A case that has all that it needs."""

    case_id: UUID
    requirements: tuple[Requirement, ...]
    agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """A case that ended before its documents were complete."""

    case_id: UUID
    requirements: tuple[Requirement, ...]
    agent: str | None


type Case = Verifying | Completed | Abandoned


@dataclass(frozen=True, slots=True)
class LoanFile:
    """All evidence of one loan."""

    documents: Mapping[UUID, Document] = field(default_factory=dict)
    cases: Mapping[UUID, Case] = field(default_factory=dict)
    references: Mapping[str, Reference] = field(default_factory=dict)
    tasks: Mapping[UUID, Task] = field(default_factory=dict)

    def task_of(self, case_id: UUID) -> Task | None:
        """Give the open task of a case."""
        open_tasks = (t for t in self.tasks.values() if t.case_id == case_id and not t.closed_at)
        return next(open_tasks, None)
