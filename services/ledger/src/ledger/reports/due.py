"""What of a loan is due, and since when: derived for reports, no posting depends on it.

The loan system tells the oldest unpaid due date and the instalment as of the day of the opening
balances. What was paid since moves that date on by whole months: 90 % of an instalment counts as
paid. Fees, penalties and tax are due when they are charged; an instalment takes interest first.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.money import Components

MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What the loan system told, and what was paid since."""

    is_told: bool
    """Whether it told of arrears at all; if not, nothing of this is known."""
    oldest_unpaid: date | None
    """None: nothing was unpaid."""
    instalment_minor: int | None = None
    """One month's; none: bills cannot be told apart."""
    expiry: date | None = None
    """With it everything is due."""
    paid_minor: int = 0
    """Money that was applied to what the customer owes, since."""


@dataclass(frozen=True, slots=True)
class Bill:
    """An unpaid bill: when it fell due and what of each component is still on it."""

    due_on: date
    parts: Components


def oldest_unpaid(schedule: Schedule, *, owed_minor: int) -> date | None:
    """Give the oldest due date that is not paid; none where nothing is, or nothing is owed."""
    if schedule.oldest_unpaid is None or owed_minor == 0:
        return None
    return add_months(schedule.oldest_unpaid, _instalments_paid(schedule))


def days_past_due(oldest: date | None, day: date) -> int:
    """Give the days from the oldest unpaid due date to a day; 0 if none is unpaid by then."""
    return max((day - oldest).days, 0) if oldest else 0


def months_in_arrears(oldest: date | None, day: date) -> int:
    """Give the whole months from the oldest unpaid due date, the day clipped to month end."""
    if oldest is None or day < oldest:
        return 0
    months = (day.year - oldest.year) * MONTHS + day.month - oldest.month
    return months - (add_months(oldest, months) > day)


def add_months(day: date, months: int) -> date:
    """Give the same day so many months later, or that month's last."""
    years, month = divmod(day.month - 1 + months, MONTHS)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def unpaid_bills(schedule: Schedule, held: Components, day: date) -> Iterator[Bill]:
    """Give the bills of one book that are unpaid at a day, oldest first.

    `held` is what the book holds, net of what is unearned. Without an instalment there are none.
    """
    first, instalment_minor = schedule.oldest_unpaid, schedule.instalment_minor
    left = held
    if first and instalment_minor:
        place = _instalments_paid(schedule)
        # On the oldest lies what was paid beyond whole instalments, or is missing of those before.
        amount_minor = (place + 1) * instalment_minor - max(schedule.paid_minor, 0)
        last = min(day, schedule.expiry or day)
        while (due_on := add_months(first, place)) <= last and left.principal + left.interest:
            parts = _instalment(left, amount_minor)
            yield Bill(due_on, parts)
            left -= parts
            amount_minor = instalment_minor
            place += 1
    yield from _at_once(schedule, left, day)


def _at_once(schedule: Schedule, left: Components, day: date) -> Iterator[Bill]:
    """Give what no instalment brings: the rest at expiry, and charges."""
    rest = Components(principal=left.principal, interest=left.interest)
    if schedule.instalment_minor and schedule.expiry and schedule.expiry <= day and rest.total:
        yield Bill(schedule.expiry, rest)
    charges = replace(left, principal=0, interest=0)
    if charges.total:
        yield Bill(day, charges)


def _instalment(left: Components, amount_minor: int) -> Components:
    interest = min(amount_minor, left.interest)
    return Components(interest=interest, principal=min(amount_minor - interest, left.principal))


def _instalments_paid(schedule: Schedule) -> int:
    """Give how many instalments what was paid covers, one of which 90 % is there included."""
    if not schedule.instalment_minor or schedule.paid_minor <= 0:
        return 0
    return (10 * schedule.paid_minor + schedule.instalment_minor) // (
        10 * schedule.instalment_minor
    )
