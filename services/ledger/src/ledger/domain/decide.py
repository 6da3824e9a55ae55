"""What the ledger decides: to take a loan or a party in, to post a grant, or not to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from ledger.domain.grant import Post, door, to_write_off
from ledger.domain.loan import Loan, Lot, LotKind
from ledger.domain.money import Components
from ledger.domain.policy import Policy
from ledger.domain.posting import Amount, Entry, EntryKind, Occasion, opening, write_off
from ledger.domain.row import LoanRow, Party, Row, RowRefused, read_loan, read_party
from ledger.domain.rules import Refusal, WriteOff, refusal


@dataclass(frozen=True, slots=True)
class ImportLoan:
    """Take a loan into the books, by the loan's part of a row."""

    row: Row
    entry_id: UUID
    transaction_id: UUID


@dataclass(frozen=True, slots=True)
class ImportParty:
    """Take a party in, by the party's part of a row."""

    row: Row


type Command = Post | ImportLoan | ImportParty


@dataclass(frozen=True, slots=True)
class LoanImported:
    """A loan came into the books with its opening entry."""

    loan: Loan
    entry: Entry


@dataclass(frozen=True, slots=True)
class PartyImported:
    """A party was heard of, or what is known of it changed."""

    party: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffPosted:
    """The loss is in the books; `loan` is what it left behind."""

    entry: Entry
    loan: Loan
    taken: Components
    reclassified: Components
    balance_before_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRefused:
    """The grant or the ledger's rules forbid it: nothing was posted."""

    grant_id: UUID
    case_id: UUID
    refusal: Refusal
    at: datetime


@dataclass(frozen=True, slots=True)
class ImportUnchanged:
    """The same row again. Only the caller hears of it."""


@dataclass(frozen=True, slots=True)
class ImportRefused:
    """The row was not taken in. Only the caller hears of it."""

    refused: RowRefused


type Event = (
    LoanImported | PartyImported | WriteOffPosted | PostingRefused | ImportUnchanged | ImportRefused
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


@dataclass(frozen=True, slots=True)
class PartyState:
    """A party, if it is known. `version` rises by one with every change."""

    party: Party | None = None
    version: int = 0


type State = LoanState | PartyState


def decide(state: State, command: Command, *, now: datetime, policy: Policy) -> Sequence[Event]:
    """Say what happens. A grant that was answered before gives nothing."""
    match command:
        case Post():
            assert isinstance(state, LoanState)
            return _post(state, command, now=now, policy=policy)
        case ImportLoan():
            assert isinstance(state, LoanState)
            return (_import_loan(state, command, now=now, policy=policy),)
        case ImportParty():
            assert isinstance(state, PartyState)
            return (_import_party(state, command),)
        case _:
            assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Apply a fact. Never fails: facts are not up for debate."""
    match event:
        case LoanImported():
            assert isinstance(state, LoanState)
            return replace(state, loan=event.loan)
        case WriteOffPosted():
            assert isinstance(state, LoanState)
            assert event.entry.grant_id is not None
            assert event.entry.case_id is not None
            answered = Answered(event.entry.grant_id, event.entry.case_id, posted=True)
            return LoanState(event.loan, state.answered | {answered})
        case PostingRefused():
            assert isinstance(state, LoanState)
            answered = Answered(event.grant_id, event.case_id, posted=False)
            return replace(state, answered=state.answered | {answered})
        case PartyImported():
            assert isinstance(state, PartyState)
            return PartyState(event.party, state.version + 1)
        case ImportUnchanged() | ImportRefused():
            return state
        case _:
            assert_never(event)


def _post(state: LoanState, post: Post, *, now: datetime, policy: Policy) -> Sequence[Event]:
    if any((a.grant_id, a.case_id) == (post.grant_id, post.case_id) for a in state.answered):
        return ()
    posted = [a for a in state.answered if a.posted]
    used = any(a.grant_id == post.grant_id or a.case_id == post.case_id for a in posted)
    ask = to_write_off(post.terms)
    refused = (
        door(post, used=used, now=now)
        or refusal(state.loan, ask, policy=policy, today=now.date())
        or _exceeded(state.loan, post)
    )
    if refused:
        return (
            PostingRefused(grant_id=post.grant_id, case_id=post.case_id, refusal=refused, at=now),
        )
    assert state.loan is not None
    return (_posted(state.loan, post, ask, now=now, policy=policy),)


def _posted(
    loan: Loan, post: Post, ask: WriteOff, *, now: datetime, policy: Policy
) -> WriteOffPosted:
    """Post what nothing forbids."""
    assert ask.take is not None
    occasion = Occasion(entry_id=post.entry_id, value_date=ask.date, reason=ask.reason)
    done = write_off(loan, ask.take, occasion, policy=policy)
    entry = Entry(
        entry_id=post.entry_id,
        transaction_id=post.transaction_id,
        kind=EntryKind.POST,
        command="write_off",
        value_date=ask.date,
        booked_at=now,
        currency=ask.currency,
        policy_version=policy.version,
        lines=done.lines,
        case_id=post.case_id,
        grant_id=post.grant_id,
        reason=ask.reason,
        amount_minor=ask.take.amount_minor if isinstance(ask.take, Amount) else None,
    )
    return WriteOffPosted(
        entry=entry,
        loan=done.loan,
        taken=done.taken,
        reclassified=done.reclassified,
        balance_before_minor=loan.outstanding.total,
    )


def _exceeded(loan: Loan | None, post: Post) -> Refusal | None:
    """Say whether the posting would be above what the grant covers."""
    assert loan is not None
    amount_minor = post.terms.amount_minor
    if post.terms.scope == "FULL":
        amount_minor = loan.outstanding.total + loan.off(LotKind.CHARGE_OFF).total
    if amount_minor <= post.amount_max_minor:
        return None
    return Refusal("GRANT_EXCEEDED", "the loss is above what was granted")


def _import_loan(state: LoanState, command: ImportLoan, *, now: datetime, policy: Policy) -> Event:
    row = read_loan(command.row)
    if isinstance(row, RowRefused):
        return ImportRefused(row)
    if state.loan is not None:
        if state.loan.row_hash == row.row_hash:
            return ImportUnchanged()
        return ImportRefused(RowRefused("LOAN_EXISTS", "the loan is known by another row"))
    loan = _opened(row, command, policy)
    entry = Entry(
        entry_id=command.entry_id,
        transaction_id=command.transaction_id,
        kind=EntryKind.OPENING,
        command="import",
        value_date=row.particulars.opened,
        booked_at=now,
        currency=row.particulars.currency,
        policy_version=policy.version,
        lines=opening(loan, policy=policy),
    )
    return LoanImported(loan, entry)


def _opened(row: LoanRow, command: ImportLoan, policy: Policy) -> Loan:
    """Make a loan of its row; what was charged off before is lots without a reason."""
    fraud = row.particulars.fraud
    lots = tuple(
        Lot(
            kind=LotKind.CHARGE_OFF,
            component=component,
            account=policy.charge_off_account(component, reason=None, fraud=fraud),
            standing_minor=part,
            made_on=row.particulars.opened,
            entry_id=command.entry_id,
        )
        for component, part in row.co
        if part
    )
    return Loan(
        particulars=row.particulars,
        row_hash=row.row_hash,
        status=row.status,
        bnk=row.bnk,
        co=row.co,
        cust=row.bnk + row.co,
        unearned_minor=row.unearned_minor,
        deferred_minor=row.deferred_minor,
        lots=lots,
    )


def _import_party(state: PartyState, command: ImportParty) -> Event:
    party = read_party(command.row)
    if isinstance(party, RowRefused):
        return ImportRefused(party)
    return ImportUnchanged() if state.party == party else PartyImported(party)
