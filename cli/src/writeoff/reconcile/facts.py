"""What was found in the stores and on the topics, at one look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

type Digest = bytes
"""SHA-256 of a record's value."""


@dataclass(frozen=True, slots=True)
class Request:
    """An identity that the case service heard or was asked under."""

    message_id: str
    source: str
    tenant: str
    request_id: str
    case_id: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its service has it."""

    case_id: str
    case_number: str
    tenant: str
    source: str
    request_id: str
    state: str

    @property
    def is_closed(self) -> bool:
        """Say whether it is over."""
        return self.state.startswith("Closed")

    def __str__(self) -> str:
        """Name it for a person."""
        return f"case {self.case_number} ({self.case_id}, {self.state})"


@dataclass(frozen=True, slots=True)
class Keeper:
    """Something that a case waits for: an open task, a timer or a parked message."""

    service: str
    what: str
    """task, timer or parked."""
    name: str
    case_id: str


@dataclass(frozen=True, slots=True)
class Journal:
    """A posting of a case, and by how much its debits exceed its credits."""

    entry_id: str
    case_id: str | None
    imbalance_minor: int


@dataclass(frozen=True, slots=True, order=True)
class Ending:
    """A record that told how a case ended: its state, or that it was posted."""

    case_id: str
    state: str
    """POSTED, or the state that the case has since."""


POSTED = "posted"


@dataclass(frozen=True, slots=True)
class Refinance:
    """A loan that was paid off by a new one, and what that one was opened with. None: not yet."""

    transaction_id: str
    tenant: str
    loan_id: str
    amount_minor: int
    opened_minor: int | None


class Telling(StrEnum):
    """How far a notice has come."""

    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    NOT_YET_TRIED = "not yet tried"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that is due."""

    notice_id: str
    case_id: str
    telling: Telling
    why: str
    """What it waits for."""


@dataclass(frozen=True, slots=True)
class Input:
    """How far a service has heard a partition, and where its log ends. -1: not begun."""

    service: str
    topic: str
    partition: int
    next_offset: int
    end: int


@dataclass(frozen=True, slots=True)
class Output:
    """How far a service has spoken on a lane of a topic, and the broker acknowledged."""

    service: str
    topic: str
    lane: int
    last_seq: int
    acked_seq: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """Timers or commands of one kind that are due and were not heard yet."""

    service: str
    lane: int
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class TableKey:
    """A key of a table topic: what its writer's store says last, and what lies last there."""

    service: str
    topic: str
    key: str
    in_store: Digest | None
    on_topic: Digest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All of it."""

    sources: Mapping[str, frozenset[str]]
    """For which tenants each upstream may speak."""
    requests: list[Request] = field(default_factory=list[Request])
    cases: list[Case] = field(default_factory=list[Case])
    keepers: list[Keeper] = field(default_factory=list[Keeper])
    journals: list[Journal] = field(default_factory=list[Journal])
    refinances: list[Refinance] = field(default_factory=list[Refinance])
    granted: frozenset[str] = frozenset()
    """Cases that authority let be posted."""
    endings: frozenset[Ending] = frozenset()
    """All that was ever said, also by a store that went back since."""
    notices: list[Notice] = field(default_factory=list[Notice])
    inputs: list[Input] = field(default_factory=list[Input])
    outputs: list[Output] = field(default_factory=list[Output])
    overdue: list[Overdue] = field(default_factory=list[Overdue])
    table_keys: list[TableKey] = field(default_factory=list[TableKey])
