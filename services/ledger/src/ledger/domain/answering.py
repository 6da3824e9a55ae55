"""What a command does to a loan's books: refused, or posted, with all that follows from it.

A loan is the fold of the transactions that stand over its opening, by (date, arrival). A command
dated at or after all of them is applied to the loan as it is; another one, and one that takes a
transaction away, folds the history anew from its place on. Whatever comes out differently is
reversed, the newest first, and posted again, the oldest first; what stays the same stands.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid5

from ledger.domain.applying import apply
from ledger.domain.ask import Ask
from ledger.domain.command import (
    Adding,
    Asked,
    PayOff,
    Provision,
    Refinance,
    ReportChargeOff,
    Reverse,
    Undo,
)
from ledger.domain.events import NewLoan, Posted
from ledger.domain.history import History, Transaction
from ledger.domain.loan import Loan, Particulars
from ledger.domain.losses import Moved
from ledger.domain.places import PLACED
from ledger.domain.policy import Policy
from ledger.domain.posting import Entry, EntryKind, mirrored, summed
from ledger.domain.refusal import Refusal, refuse
from ledger.domain.rules import NOW, broken_as_asked
from ledger.domain.situation import Situation, broken
from ledger.domain.stages import STAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A loan as decide holds it: with its history where that is needed."""

    loan: Loan
    history: History | None
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Redone:
    """What a change of the past made of the transactions behind it."""

    loan: Loan
    before: tuple[Transaction, ...] = ()
    """Those that come out differently, as they stood, oldest first."""
    after: tuple[Transaction, ...] = ()
    """The same, as they come out now."""


def answer(held: Held, ask: Ask, *, policy: Policy, booked_at: datetime) -> Posted | Refusal:
    """Say what a command posts on a loan, or why nothing."""
    asked = ask.asked
    if ask.currency is not None and ask.currency != held.loan.particulars.currency:
        return refuse("CURRENCY_MISMATCH")
    if isinstance(asked, Refusal):
        return asked
    assert not isinstance(asked, Provision | ReportChargeOff), "these are no transaction"
    gone = _named(held.history, asked)
    now = Situation(held.loan, asked, policy, ask, held.history, gone, held.taken)
    if code := broken_as_asked(asked, ask, policy) or broken(NOW, now):
        return refuse(code)
    books = _Books(held, ask, policy, booked_at)
    if isinstance(asked, Reverse | Undo):
        assert gone is not None, "what is taken away was found"
        return books.take_away(gone)
    return books.add(_with_amount(asked, held.loan))


def needs_history(loan: Loan | None, ask: Ask) -> bool:
    """Say whether a command looks into the loan's past, so that its history must be there."""
    if loan is None or isinstance(ask.asked, Refusal):
        return False
    if isinstance(ask.asked, Reverse | Undo):
        return True
    return loan.last_date is not None and ask.value_date < loan.last_date


def fold(loan: Loan, transactions: Iterable[Transaction], policy: Policy) -> Loan:
    """Apply transactions that stand, in the order of the history, each by its own policy."""
    for each in transactions:
        at = policy.at(each.policy_version)
        loan = apply(loan, each.asked, at, day=each.value_date, entry_id=each.entry_id).loan
    return loan


def _named(history: History | None, asked: Asked) -> Transaction | None:
    """Find what is to be taken away."""
    match asked:
        case Reverse(of=tx):
            assert history is not None, "a reversal needs the history"
            return history.named(tx)
        case Undo(what=what):
            assert history is not None, "an undo needs the history"
            return history.latest(what)
        case _:
            return None


def _with_amount(asked: Adding, loan: Loan) -> Adding:
    """Fill in what a pay-off or refinance amounts to."""
    if isinstance(asked, PayOff | Refinance) and asked.amount_minor is None:
        return replace(asked, amount_minor=loan.customer.total)
    return asked


@dataclass(frozen=True, slots=True)
class _Books:
    """One command at work on one loan's books."""

    held: Held
    ask: Ask
    policy: Policy
    booked_at: datetime

    def add(self, asked: Adding) -> Posted | Refusal:
        """Put a command into the history, at its place."""
        ask, loan = self.ask, self.held.loan
        later: Sequence[Transaction] = ()
        if needs_history(loan, ask):
            standing = self.history.standing()
            later = [each for each in standing if each.value_date > ask.value_date]
            loan = fold(self.history.opened, standing[: len(standing) - len(later)], self.policy)
        if code := broken(PLACED, Situation(loan, asked, self.policy, ask)):
            return refuse(code)
        done = apply(loan, asked, self.policy, day=ask.value_date, entry_id=ask.entry_id)
        redone = self._redo(done.loan, later)
        if isinstance(redone, Refusal):
            return redone
        new = Transaction(
            tx=ask.tx,
            transaction_id=ask.transaction_id,
            arrival=self.held.loan.arrivals + 1,
            value_date=ask.value_date,
            asked=asked,
            policy_version=self.policy.version,
            entry_id=ask.entry_id,
            lines=done.lines,
            amount_minor=done.moved.amount_minor,
        )
        return self._posted(asked, redone, moved=done.moved, new=new)

    def take_away(self, gone: Transaction) -> Posted | Refusal:
        """Let the history go on as if a transaction had never been."""
        limit_minor, asked = self.ask.limit_minor, self.ask.asked
        if limit_minor is not None and gone.amount_minor > limit_minor:
            return refuse("GRANT_EXCEEDED")
        standing = self.history.standing()
        place = standing.index(gone)
        loan = fold(self.history.opened, standing[:place], self.policy)
        redone = self._redo(loan, standing[place + 1 :])
        if isinstance(redone, Refusal):
            return redone
        assert not isinstance(asked, Refusal)
        return self._posted(asked, redone, moved=Moved(amount_minor=gone.amount_minor), gone=gone)

    @property
    def history(self) -> History:
        """Give the history; it is there when the past changes."""
        assert self.held.history is not None, "a change of the past needs the history"
        return self.held.history

    def _redo(self, loan: Loan, later: Iterable[Transaction]) -> Redone | Refusal:
        """Apply anew what follows; what it cannot bear is refused, nothing is clipped."""
        before: list[Transaction] = []
        after: list[Transaction] = []
        for each in later:
            policy = self.policy.at(each.policy_version)
            if code := broken((*STAGE, *PLACED), Situation(loan, each.asked, policy)):
                return refuse("REPLAY_REFUSED", f"{each.tx} would be {code}")
            done = apply(loan, each.asked, policy, day=each.value_date, entry_id=each.entry_id)
            if summed(done.lines) != summed(each.lines):
                entry_id = uuid5(self.ask.entry_id, f"{EntryKind.REPLAY}/{each.arrival}")
                done = apply(loan, each.asked, policy, day=each.value_date, entry_id=entry_id)
                before.append(each)
                amount_minor = done.moved.amount_minor
                after.append(
                    replace(each, entry_id=entry_id, lines=done.lines, amount_minor=amount_minor)
                )
            loan = done.loan
        return Redone(loan, tuple(before), tuple(after))

    def _posted(
        self,
        asked: Asked,
        redone: Redone,
        *,
        moved: Moved,
        new: Transaction | None = None,
        gone: Transaction | None = None,
    ) -> Posted:
        was, ask = self.held.loan, self.ask
        away = (gone, *redone.before) if gone else redone.before
        entries = [self._entry(each, EntryKind.REVERSE) for each in reversed(away)]
        if new:
            entries.append(self._entry(new, EntryKind.POST))
        entries += [self._entry(each, EntryKind.REPLAY) for each in redone.after]
        changed = [*redone.after, *((new,) if new else ())]
        if gone:
            changed.append(replace(gone, standing=False))
        history, loan = self.held.history, redone.loan
        arrivals = was.arrivals + (new is not None)
        if loan.arrivals != arrivals or loan.version != was.version + 1:
            loan = replace(loan, arrivals=arrivals, version=was.version + 1)
        return Posted(
            ask=ask,
            asked=asked,
            entries=tuple(entries),
            loan=loan,
            history=history.with_these(changed) if history else None,
            transaction=new,
            gone=gone,
            replayed=redone.after,
            moved=moved,
            balance_before_minor=was.outstanding.total,
            opens=self._new_loan(asked) if isinstance(asked, Refinance) else None,
        )

    def _entry(self, of: Transaction, kind: EntryKind) -> Entry:
        ask, is_reverse = self.ask, kind is EntryKind.REVERSE
        return Entry(
            entry_id=uuid5(ask.entry_id, f"{kind}/{of.arrival}") if is_reverse else of.entry_id,
            transaction_id=of.transaction_id,
            tx=of.tx,
            kind=kind,
            command=of.asked.name,
            value_date=of.value_date,
            booked_at=self.booked_at,
            currency=self.held.loan.particulars.currency,
            policy_version=of.policy_version,
            lines=mirrored(of.lines) if is_reverse else of.lines,
            case_id=ask.case_id,
            grant_id=ask.grant_id,
            reason=getattr(of.asked, "reason", None),
            amount_minor=of.amount_minor,
            asked=of.asked if kind is EntryKind.POST else None,
            reverses=of.entry_id if is_reverse else None,
        )

    def _new_loan(self, asked: Refinance) -> NewLoan:
        ask, what = self.ask, self.held.loan.particulars
        assert asked.amount_minor is not None, "the amount was filled in"
        return NewLoan(
            loan_id=asked.new_loan,
            particulars=Particulars(
                customer_id=what.customer_id,
                guarantor_id=what.guarantor_id,
                product=what.product,
                segment=what.segment,
                currency=what.currency,
                opened=ask.value_date,
                accrued_to=ask.value_date,
                rate=asked.rate,
            ),
            amount_minor=asked.amount_minor,
            tx=ask.tx,
            transaction_id=ask.transaction_id,
            entry_id=uuid5(ask.entry_id, "new loan"),
            policy_version=self.policy.version,
            case_id=ask.case_id,
            grant_id=ask.grant_id,
        )
