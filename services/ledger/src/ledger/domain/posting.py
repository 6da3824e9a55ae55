"""Entries, and how a write-off makes one. Nothing posted is ever changed: what follows is added."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from ledger.domain.loan import Loan, Lot, LotKind, Status
from ledger.domain.money import Component, Components, Rounding, rounded, share
from ledger.domain.policy import CONTRA, OPENING, Book, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One side of a movement on one general-ledger code."""

    book: Book
    code: str
    component: Component | None = None
    debit_minor: int = 0
    credit_minor: int = 0

    def __post_init__(self) -> None:
        """Assert that a line moves money, to one side."""
        assert min(self.debit_minor, self.credit_minor) == 0, "a line has one side"
        assert max(self.debit_minor, self.credit_minor) > 0, "a line moves money"


class EntryKind(StrEnum):
    """Why an entry was made."""

    OPENING = "OPENING"
    POST = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A journal entry. Without lines it is still one: something was decided, no money moved."""

    entry_id: UUID
    transaction_id: UUID
    kind: EntryKind
    command: str
    value_date: date
    booked_at: datetime
    currency: str
    policy_version: str
    lines: tuple[Line, ...]
    case_id: UUID | None = None
    grant_id: UUID | None = None
    reason: str | None = None
    amount_minor: int | None = None
    """What was asked for; none: all that there is. A later fold of the history needs it."""

    def __post_init__(self) -> None:
        """Assert that it balances in each book."""
        for book in Book:
            sides = [x.debit_minor - x.credit_minor for x in self.lines if x.book is book]
            assert sum(sides) == 0, f"an entry balances in {book}"


@dataclass(frozen=True, slots=True)
class Full:
    """All the room."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount, shared by room."""

    amount_minor: int


@dataclass(frozen=True, slots=True)
class Percent:
    """A part of the room in hundredths, rounded by policy, then shared."""

    percent: Fraction


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount for each component."""

    parts: Components


type Take = Full | Amount | Percent | Parts


def asked(take: Take, room: Components, *, rounding: Rounding) -> int:
    """Give the whole amount that is asked for, in minor units, whether there is room or not."""
    match take:
        case Full():
            return room.total
        case Amount(amount_minor):
            return amount_minor
        case Percent(percent):
            return rounded(room.total * percent / 100, rounding)
        case Parts(parts):
            return parts.total


def taken(take: Take, room: Components, *, rounding: Rounding) -> Components:
    """Give what is taken of each component; there must be room for it."""
    if isinstance(take, Parts):
        return take.parts
    return share(asked(take, room, rounding=rounding), room)


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """What a write-off does to a loan, and the lines that say so."""

    loan: Loan
    lines: tuple[Line, ...]
    taken: Components
    """All of it, reclassified charge-offs included."""
    reclassified: Components


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When, why and in which entry something is posted."""

    entry_id: UUID
    value_date: date
    reason: str | None = None


def write_off(loan: Loan, take: Take, occasion: Occasion, *, policy: Policy) -> WrittenOff:
    """Move charge-offs and what is outstanding to the write-off accounts; close an empty loan."""
    reason = occasion.reason
    reclassified = loan.off(LotKind.CHARGE_OFF)
    parts = taken(take, loan.outstanding, rounding=policy.rounding)
    assert parts.fits(loan.outstanding), "nothing is taken that is not there"
    lots = tuple(_as_write_off(lot, occasion, policy) for lot in loan.lots)
    loss = [
        _lot(component, part, occasion, account=policy.write_off_account(component, reason=reason))
        for component, part in parts
        if part
    ]
    after = replace(
        loan,
        bnk=loan.bnk - parts,
        co=loan.co + parts,
        lots=lots + tuple(loss),
        last_transaction=occasion.value_date,
        version=loan.version + 1,
    )
    lines = [
        *_reclassify(loan.lots, lots),
        *(_debit(Book.BNK, x.account, x.standing_minor, x.component) for x in loss),
        *_receivables(parts, policy),
        *memo(Book.CO, parts, policy),
    ]
    if after.outstanding.total == 0:
        lines += _releases(after, reason, policy)
        after = _emptied(after)
    return WrittenOff(after, tuple(lines), reclassified + parts, reclassified)


def opening(loan: Loan, *, policy: Policy) -> tuple[Line, ...]:
    """Give the lines by which a loan comes into the books.

    Opening charge-offs were booked as a loss before: only the memo book holds them.
    """
    code = policy.code
    lines = [
        _debit(Book.BNK, code(Book.BNK, f"RECEIVABLE_{component.name}"), part, component)
        for component, part in loan.bnk
        if part
    ]
    if loan.unearned_minor:
        account = code(Book.BNK, "UNEARNED_INTEREST")
        lines.append(_credit(Book.BNK, account, loan.unearned_minor, Component.INTEREST))
    if loan.deferred_minor:
        lines.append(_credit(Book.BNK, code(Book.BNK, "DEFERRED_INCOME"), loan.deferred_minor))
    rest = loan.bnk.total - loan.unearned_minor - loan.deferred_minor
    if rest > 0:
        lines.append(_credit(Book.BNK, code(Book.BNK, OPENING), rest))
    if rest < 0:
        lines.append(_debit(Book.BNK, code(Book.BNK, OPENING), -rest))
    lines += memo(Book.CO, loan.co, policy)
    lines += memo(Book.CUST, loan.cust, policy)
    return tuple(lines)


def memo(book: Book, parts: Components, policy: Policy) -> Iterator[Line]:
    """Give the lines by which a memo book goes up."""
    for component, part in parts:
        if part:
            yield _debit(book, policy.code(book, component.name), part, component)
    if parts.total:
        yield _credit(book, policy.code(book, CONTRA), parts.total)


def _as_write_off(lot: Lot, occasion: Occasion, policy: Policy) -> Lot:
    """Give a standing charge-off lot as the write-off lot that it becomes; others as they are."""
    if lot.kind is LotKind.WRITE_OFF or lot.standing_minor == 0:
        return lot
    account = policy.write_off_account(lot.component, reason=occasion.reason)
    return _lot(lot.component, lot.standing_minor, occasion, account=account)


def _lot(component: Component, standing_minor: int, occasion: Occasion, *, account: str) -> Lot:
    return Lot(
        kind=LotKind.WRITE_OFF,
        component=component,
        account=account,
        standing_minor=standing_minor,
        made_on=occasion.value_date,
        entry_id=occasion.entry_id,
    )


def _reclassify(before: Sequence[Lot], after: Sequence[Lot]) -> Iterator[Line]:
    """Move lots between accounts; nothing where the account stays the same."""
    for old, new in zip(before, after, strict=True):
        if old.account != new.account:
            yield _debit(Book.BNK, new.account, new.standing_minor, new.component)
            yield _credit(Book.BNK, old.account, old.standing_minor, old.component)


def _receivables(parts: Components, policy: Policy) -> Iterator[Line]:
    """Take parts out of the bank's receivables."""
    for component, part in parts:
        if part:
            code = policy.code(Book.BNK, f"RECEIVABLE_{component.name}")
            yield _credit(Book.BNK, code, part, component)


def _releases(loan: Loan, reason: str | None, policy: Policy) -> Iterator[Line]:
    """Release what is unearned or deferred of a loan that this write-off empties."""
    unearned = Components(interest=loan.unearned_minor)
    if loan.unearned_minor:
        account = policy.code(Book.BNK, "UNEARNED_INTEREST")
        yield _debit(Book.BNK, account, loan.unearned_minor, Component.INTEREST)
        yield from _receivables(unearned, policy)
        interest = Component.INTEREST
        yield _debit(Book.CUST, policy.code(Book.CUST, CONTRA), unearned.total)
        code = policy.code(Book.CUST, interest.name)
        yield _credit(Book.CUST, code, unearned.total, interest)
    if loan.deferred_minor:
        loss = policy.write_off_account(Component.PRINCIPAL, reason=reason)
        yield _debit(Book.BNK, policy.code(Book.BNK, "DEFERRED_INCOME"), loan.deferred_minor)
        yield _credit(Book.BNK, loss, loan.deferred_minor, Component.PRINCIPAL)


def _emptied(loan: Loan) -> Loan:
    """Close a loan of which nothing is outstanding, what was released gone."""
    unearned = Components(interest=loan.unearned_minor)
    return replace(
        loan,
        status=Status.CLOSED_WRITTEN_OFF,
        bnk=loan.bnk - unearned,
        cust=loan.cust - unearned,
        unearned_minor=0,
        deferred_minor=0,
    )


def _debit(book: Book, code: str, amount_minor: int, component: Component | None = None) -> Line:
    return Line(book=book, code=code, component=component, debit_minor=amount_minor)


def _credit(book: Book, code: str, amount_minor: int, component: Component | None = None) -> Line:
    return Line(book=book, code=code, component=component, credit_minor=amount_minor)
