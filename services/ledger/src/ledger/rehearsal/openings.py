"""What a scenario begins with: loans and an allowance, brought in by opening entries."""

from datetime import date, datetime
from uuid import UUID

from mesh.service import Message, derive

from ledger.domain.events import LoanImported, Provisioned
from ledger.domain.opening import opening
from ledger.domain.policy import OPENING, Book, Policy
from ledger.domain.posting import Entry, EntryKind, Line, Lines
from ledger.rehearsal.messages import to_loan


def open_loan(message: Message, policy: Policy, *, now: datetime) -> LoanImported:
    """Bring a loan in."""
    entry_id = derive(message.message_id, "entry")
    loan = to_loan(message.body, entry_id=entry_id, policy=policy)
    what = loan.particulars
    lines = opening(loan, policy=policy)
    entry = _entry(entry_id, what.opened, what.currency, policy=policy, lines=lines, now=now)
    return LoanImported(loan, entry)


def open_allowance(message: Message, policy: Policy, *, now: datetime) -> Provisioned:
    """Bring an allowance in; it may be overdrawn."""
    amount_minor: int = message.body["amount_minor"]
    sides = (policy.bnk(OPENING), policy.bnk("ALLOWANCE"))
    debited, credited = sides if amount_minor > 0 else sides[::-1]
    lines = (
        Line(Book.BNK, debited, debit_minor=abs(amount_minor)),
        Line(Book.BNK, credited, credit_minor=abs(amount_minor)),
    )
    entry = _entry(
        derive(message.message_id, "entry"),
        date.fromisoformat(message.body["date"]),
        message.body["currency"],
        policy=policy,
        lines=lines if amount_minor else (),
        now=now,
    )
    return Provisioned(entry, amount_minor, amount_minor)


def _entry(
    entry_id: UUID, day: date, currency: str, *, policy: Policy, lines: Lines, now: datetime
) -> Entry:
    transaction_id = derive(entry_id, "transaction")
    return Entry(
        entry_id=entry_id,
        transaction_id=transaction_id,
        tx=str(transaction_id),
        kind=EntryKind.OPENING,
        command="open",
        value_date=day,
        booked_at=now,
        currency=currency,
        policy_version=policy.version,
        lines=lines,
    )
