"""What the ledger decides: to post what is granted or asked, to take loans in, or not to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from ledger.domain.allowance import provide
from ledger.domain.answering import Held, answer
from ledger.domain.ask import Ask
from ledger.domain.events import (
    AllowanceState,
    Answered,
    AskRefused,
    ChargeOffReported,
    Event,
    ImportRefused,
    ImportUnchanged,
    LoanImported,
    LoanState,
    NewLoan,
    PartyImported,
    PartyState,
    Posted,
    PostingRefused,
    Provisioned,
    RefinanceOpened,
    State,
)
from ledger.domain.grant import Post, door, to_ask
from ledger.domain.history import History
from ledger.domain.loan import Loan
from ledger.domain.opening import open_refinanced, opened, opening
from ledger.domain.policy import Policy
from ledger.domain.posting import Entry, EntryKind
from ledger.domain.refusal import Refusal, refuse
from ledger.domain.reporting import report
from ledger.domain.row import LoanRow, Row, RowRefused, read_loan, read_party


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


@dataclass(frozen=True, slots=True)
class Provide:
    """Move the allowance of a currency; what is asked for is a provision."""

    ask: Ask
    currency: str


@dataclass(frozen=True, slots=True)
class Report:
    """Report a loss of a loan; what is asked for is a report."""

    ask: Ask


@dataclass(frozen=True, slots=True)
class OpenRefinanced:
    """Open the loan that a refinance, posted on another loan, makes."""

    new: NewLoan


type Command = Post | Ask | Provide | Report | OpenRefinanced | ImportLoan | ImportParty


def decide(state: State, command: Command, *, now: datetime, policy: Policy) -> Sequence[Event]:
    """Say what happens, by the tenant's policy. A grant that was answered before gives nothing."""
    match command:
        case Post():
            assert isinstance(state, LoanState)
            return _post(state, command, now=now, policy=policy)
        case Ask():
            assert isinstance(state, LoanState)
            done = _answer(state, command, now=now, policy=policy)
            return (AskRefused(command, done) if isinstance(done, Refusal) else done,)
        case Provide(ask, currency):
            assert isinstance(state, AllowanceState)
            policy = _with_closed(policy, ask, state.closed_through)
            given = provide(state, ask, currency=currency, policy=policy, booked_at=now)
            return (AskRefused(ask, given) if isinstance(given, Refusal) else given,)
        case Report(ask):
            assert isinstance(state, LoanState)
            through = state.closed_through
            told = report(state.loan, ask, policy=policy, closed_through=through, booked_at=now)
            return (AskRefused(ask, told) if isinstance(told, Refusal) else told,)
        case OpenRefinanced(new):
            assert isinstance(state, LoanState)
            if state.loan is not None:
                return ()
            at = policy.of(new.particulars.product).at(new.policy_version)
            return (RefinanceOpened(*open_refinanced(new, policy=at, booked_at=now)),)
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
        case LoanImported(loan) | RefinanceOpened(loan):
            assert isinstance(state, LoanState)
            return replace(state, loan=loan, history=History(loan))
        case Posted():
            assert isinstance(state, LoanState)
            answered, ask = state.answered, event.ask
            if ask.grant_id and ask.case_id:
                answered |= {Answered(ask.grant_id, ask.case_id, posted=True)}
            taken = state.taken | ({event.opens.loan_id} if event.opens else set())
            return replace(
                state, loan=event.loan, answered=answered, history=event.history, taken=taken
            )
        case PostingRefused():
            assert isinstance(state, LoanState)
            answered = Answered(event.grant_id, event.case_id, posted=False)
            return replace(state, answered=state.answered | {answered})
        case Provisioned():
            assert isinstance(state, AllowanceState)
            return replace(state, balance_minor=event.balance_after_minor)
        case PartyImported():
            assert isinstance(state, PartyState)
            return PartyState(event.party, state.version + 1)
        case ChargeOffReported() | ImportUnchanged() | ImportRefused() | AskRefused():
            return state
        case _:
            assert_never(event)


def _post(state: LoanState, post: Post, *, now: datetime, policy: Policy) -> Sequence[Event]:
    if any((a.grant_id, a.case_id) == (post.grant_id, post.case_id) for a in state.answered):
        return ()
    posted = [a for a in state.answered if a.posted]
    used = any(a.grant_id == post.grant_id or a.case_id == post.case_id for a in posted)
    done = door(post, used=used, now=now) or _answer(
        state, to_ask(post, today=now.date()), now=now, policy=policy
    )
    if isinstance(done, Refusal):
        return (PostingRefused(grant_id=post.grant_id, case_id=post.case_id, refusal=done, at=now),)
    return (done,)


def _answer(state: LoanState, ask: Ask, *, now: datetime, policy: Policy) -> Posted | Refusal:
    """Post what nothing forbids."""
    loan = state.loan
    if loan is None:
        return refuse("UNKNOWN_LOAN")
    held = Held(loan=loan, history=state.history, taken=state.taken)
    policy = _with_closed(policy.of(loan.particulars.product), ask, state.closed_through)
    return answer(held, ask, policy=policy, booked_at=now)


def _with_closed(policy: Policy, ask: Ask, closed_through: date | None) -> Policy:
    """Give the policy with what a month's end closed, where the command is dated in that."""
    is_closed = closed_through is not None and ask.value_date <= closed_through
    return policy.closed(closed_through) if is_closed else policy


def _import_loan(state: LoanState, command: ImportLoan, *, now: datetime, policy: Policy) -> Event:
    row = read_loan(command.row)
    if isinstance(row, RowRefused):
        return ImportRefused(row)
    if state.loan is not None:
        if state.loan.row_hash == row.row_hash:
            return ImportUnchanged()
        return ImportRefused(RowRefused("LOAN_EXISTS", "the loan is known by another row"))
    if row.loan_id in state.taken:
        return ImportRefused(RowRefused("LOAN_EXISTS", "a refinance opens a loan of this id"))
    policy = policy.of(row.particulars.product)
    loan = _opened(row, command, policy)
    entry = Entry(
        entry_id=command.entry_id,
        transaction_id=command.transaction_id,
        tx=str(command.transaction_id),
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
    """Make a loan of its row."""
    return opened(
        row.particulars,
        row.status,
        bnk=row.bnk,
        co=row.co,
        unearned_minor=row.unearned_minor,
        deferred_minor=row.deferred_minor,
        row_hash=row.row_hash,
        entry_id=command.entry_id,
        policy=policy,
    )


def _import_party(state: PartyState, command: ImportParty) -> Event:
    party = read_party(command.row)
    if isinstance(party, RowRefused):
        return ImportRefused(party)
    return ImportUnchanged() if state.party == party else PartyImported(party)
