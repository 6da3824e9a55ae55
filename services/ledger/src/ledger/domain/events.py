"""What the ledger's decisions say, and the states that they are made on."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.domain.ask import Ask
from ledger.domain.command import Asked
from ledger.domain.history import History, Transaction
from ledger.domain.loan import Loan, Particulars
from ledger.domain.losses import Moved
from ledger.domain.posting import Entry, EntryKind
from ledger.domain.refusal import Refusal
from ledger.domain.row import Party, RowRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLoan:
    """A loan that a refinance opens: said on the old loan, heard on the new one."""

    loan_id: str
    particulars: Particulars
    amount_minor: int
    tx: str
    transaction_id: UUID
    entry_id: UUID
    """Of its own entry, on the new loan."""
    policy_version: str
    case_id: UUID | None = None
    grant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class LoanImported:
    """A loan came into the books with its opening entry."""

    loan: Loan
    entry: Entry


@dataclass(frozen=True, slots=True)
class RefinanceOpened:
    """A loan came into the books by the refinance of another one."""

    loan: Loan
    entry: Entry


@dataclass(frozen=True, slots=True)
class PartyImported:
    """A party was heard of, or what is known of it changed."""

    party: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A command is in the books."""

    ask: Ask
    asked: Asked
    """As asked; the amount of a pay-off or refinance is filled in."""
    entries: tuple[Entry, ...]
    """REVERSE newest first, then POST, then REPLAY oldest first."""
    loan: Loan
    """As it is now."""
    history: History | None
    """As it is now; none when it was not needed."""
    transaction: Transaction | None
    """The new one; none for reverse and undo."""
    gone: Transaction | None
    """What a reverse or undo took away, as it stood."""
    replayed: tuple[Transaction, ...]
    """Those that came out differently, as they stand now."""
    moved: Moved
    balance_before_minor: int
    """Outstanding."""
    opens: NewLoan | None = None

    @property
    def entry(self) -> Entry:
        """Give the command's own entry: the posting, or the reversal of what it took away."""
        own = self.transaction or self.gone
        assert own is not None, "something was posted or taken away"
        kind = EntryKind.POST if self.transaction else EntryKind.REVERSE
        return next(
            entry
            for entry in self.entries
            if entry.kind is kind and entry.transaction_id == own.transaction_id
        )


@dataclass(frozen=True, slots=True)
class Provisioned:
    """The allowance was moved, by an amount that is negative when it fell."""

    entry: Entry
    amount_minor: int
    balance_after_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOffReported:
    """A loss was reported of a loan, of which nothing moves."""

    ask: Ask
    entry: Entry
    """Provides for it; without lines where the policy keeps no allowance."""
    outstanding_minor: int
    is_provision: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRefused:
    """The grant or the ledger's rules forbid it: nothing was posted."""

    grant_id: UUID
    case_id: UUID
    refusal: Refusal
    at: datetime


@dataclass(frozen=True, slots=True)
class AskRefused:
    """The ledger's rules forbid what was asked at its own door. Only the caller hears of it."""

    ask: Ask
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class ImportUnchanged:
    """The same row again. Only the caller hears of it."""


@dataclass(frozen=True, slots=True)
class ImportRefused:
    """The row was not taken in. Only the caller hears of it."""

    refused: RowRefused


type Event = (
    LoanImported
    | PartyImported
    | RefinanceOpened
    | Posted
    | Provisioned
    | ChargeOffReported
    | PostingRefused
    | AskRefused
    | ImportUnchanged
    | ImportRefused
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A grant that the ledger has answered, for which case, and whether by a posting."""

    grant_id: UUID
    case_id: UUID
    posted: bool


@dataclass(frozen=True, slots=True)
class LoanState:
    """A loan, if there is one, and what was answered of the grants in question."""

    loan: Loan | None = None
    answered: frozenset[Answered] = frozenset()
    history: History | None = None
    """There where the past is needed (`needs_history`); none: not loaded."""
    taken: frozenset[str] = frozenset()
    """Ids of loans that exist or are promised, as far as a refinance names new ones."""
    closed_through: date | None = None
    """Last day of what was closed by a month's end, whatever the policy says."""


@dataclass(frozen=True, slots=True)
class AllowanceState:
    """A tenant's allowance in one currency, credit positive."""

    balance_minor: int = 0
    closed_through: date | None = None
    """As of a loan."""


@dataclass(frozen=True, slots=True)
class PartyState:
    """A party, if it is known. `version` rises by one with every change."""

    party: Party | None = None
    version: int = 0


type State = LoanState | AllowanceState | PartyState
