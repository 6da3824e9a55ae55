"""The allowance for losses, a tenant's: what moves it, and how a provision fills it."""

from collections.abc import Iterable
from datetime import datetime

from ledger.domain.ask import Ask
from ledger.domain.command import Provision
from ledger.domain.events import AllowanceState, Provisioned
from ledger.domain.policy import Book, Policy
from ledger.domain.posting import Entry, EntryKind, Line, Lines
from ledger.domain.refusal import Refusal, refuse
from ledger.domain.rules import broken_as_asked


def allowance_moved(lines: Iterable[Line], policy: Policy) -> int:
    """Give by how much lines raise the allowance: all that moves on its code counts."""
    code = policy.bnk("ALLOWANCE")
    return sum(
        line.credit_minor - line.debit_minor
        for line in lines
        if line.code == code and line.book is Book.BNK
    )


def provide(
    state: AllowanceState, ask: Ask, *, currency: str, policy: Policy, booked_at: datetime
) -> Provisioned | Refusal:
    """Say what a provision posts, or why nothing. It never replays."""
    asked = ask.asked
    if ask.currency is not None and ask.currency != currency:
        return refuse("CURRENCY_MISMATCH")
    if isinstance(asked, Refusal):
        return asked
    assert isinstance(asked, Provision), "all others are a loan's"
    if code := broken_as_asked(asked, ask, policy):
        return refuse(code)
    if asked.target_minor is None:
        assert asked.amount_minor is not None, "one of the two is there"
        amount_minor = asked.amount_minor
    else:
        amount_minor = asked.target_minor - state.balance_minor
    lines = provision_lines(amount_minor, policy)
    entry = entry_of(
        ask, lines, amount_minor, currency=currency, policy=policy, booked_at=booked_at
    )
    return Provisioned(entry, amount_minor, state.balance_minor + allowance_moved(lines, policy))


def entry_of(
    ask: Ask, lines: Lines, amount_minor: int, *, currency: str, policy: Policy, booked_at: datetime
) -> Entry:
    """Give the entry of what moves the allowance at most, and no loan."""
    return Entry(
        entry_id=ask.entry_id,
        transaction_id=ask.transaction_id,
        tx=ask.tx,
        kind=EntryKind.POST,
        command=ask.name,
        value_date=ask.value_date,
        booked_at=booked_at,
        currency=currency,
        policy_version=policy.version,
        lines=lines,
        amount_minor=amount_minor,
    )


def provision_lines(amount_minor: int, policy: Policy) -> tuple[Line, ...]:
    """Give the lines that raise the allowance, or lower it; none when it stays."""
    if amount_minor == 0:
        return ()
    up, down = ("PROVISION", "ALLOWANCE") if amount_minor > 0 else ("ALLOWANCE", "PROVISION")
    return (
        Line(Book.BNK, policy.bnk(up), debit_minor=abs(amount_minor)),
        Line(Book.BNK, policy.bnk(down), credit_minor=abs(amount_minor)),
    )
