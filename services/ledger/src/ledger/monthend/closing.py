"""What a month's end does to one loan: accrue, age, classify, propose. Pure.

The accrual is a posting like any other and is decided where all are; here stands the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from ledger.domain.events import LoanState, Posted
from ledger.domain.loan import Loan, Status
from ledger.domain.policy import Book
from ledger.monthend.clocks import Arrears, Classified, Clocks
from ledger.monthend.known import NOTHING_KNOWN, Known, Notice, NoticeKind
from ledger.reports import due
from ledger.reports.ageing import aged, schedule_of

PAYMENTS = frozenset({"repay", "refund", "goodwill_credit", "pay_off", "recover"})
"""What is money for the customer's instalments."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A loan at the end of a month, or of several."""

    inner: LoanState
    done: frozenset[date] = frozenset()
    """Months, by their last day, in which it was gone through."""
    paid: Mapping[date, int] = field(default_factory=lambda: MappingProxyType({}))
    """Minor units of the customer's money up to those days, since its clock began."""
    known: Known = NOTHING_KNOWN
    """What the bank was told of it."""
    proposed: frozenset[date] = frozenset()
    """By which days a loss was to be taken that other months' ends proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanClosed:
    """A loan was gone through at a month's end. Amounts are in minor units."""

    through: date
    product: str
    segment: str
    currency: str
    accrued_minor: int
    """Interest that was posted up to that day, memo interest too."""
    accrual_code: str | None
    """Why nothing was accrued."""
    outstanding_minor: int
    loss_minor: int
    """What of it is a loss that is due."""
    oldest_unpaid: date | None
    days_past_due: int | None
    classified: Classified
    is_proposed: bool
    """Its loss is due, and was not proposed before for that day."""
    clocks_version: str


def close(
    closing: Closing,
    through: date,
    *,
    accrued_minor: int,
    accrual_code: str | None,
    clocks: Clocks,
) -> LoanClosed:
    """Age and classify a loan that was accrued."""
    loan = closing.inner.loan
    assert loan is not None, "a loan is there"
    arrears, days = arrears_of(
        loan, paid_minor=closing.paid.get(through, 0), known=closing.known, day=through
    )
    what = loan.particulars
    classified = clocks.classify(arrears, what.product, through)
    outstanding_minor = loan.outstanding.total
    due = classified.due
    loss_minor = due.loss_minor if due and due.due_by <= through else 0
    is_new = due is not None and due.due_by not in closing.proposed
    return LoanClosed(
        through=through,
        product=what.product,
        segment=what.segment,
        currency=what.currency,
        accrued_minor=accrued_minor,
        accrual_code=accrual_code,
        outstanding_minor=outstanding_minor,
        loss_minor=loss_minor,
        oldest_unpaid=arrears.oldest_unpaid,
        days_past_due=days,
        classified=classified,
        is_proposed=loss_minor > 0 and is_new,
        clocks_version=clocks.version,
    )


def arrears_of(
    loan: Loan, *, paid_minor: int, known: Known, day: date
) -> tuple[Arrears, int | None]:
    """Say what is known of a loan's clock at a day, and its days past due; none: not told.

    `paid_minor`: the customer's money since the clock began, at the latest re-ageing.
    """
    what, notices, reaging = loan.particulars, known.notices, known.reaging(day)
    told: dict[str, Any] = {
        "oldest_unpaid_due": what.oldest_unpaid_due,
        "days_past_due": what.days_past_due,
        "opened": what.opened,
        "instalment_minor": what.instalment_minor,
        "expiry": what.expiry,
        "paid_minor": paid_minor,
    }
    if reaging:
        told |= {"oldest_unpaid_due": reaging.oldest_unpaid, "days_past_due": 0}
    how = aged(schedule_of(told), owed_minor=loan.customer.total, day=day)
    if what.fraud and all(notice.kind is not NoticeKind.FRAUD for notice in notices):
        # When it was discovered nobody told: at the latest when the loan came into the books.
        notices = (*notices, Notice(NoticeKind.FRAUD, what.opened))
    return (
        Arrears(
            is_told=how.days is not None,
            oldest_unpaid=how.oldest,
            notices=notices,
            outstanding_minor=loan.outstanding.total,
            valuation=known.valuation(day),
        ),
        due.days_past_due(how.oldest, day) if how.days is not None else None,
    )


def is_in_scope(loan: Loan | None, through: date) -> bool:
    """Say whether a month's end concerns a loan."""
    return loan is not None and loan.status is Status.ACTIVE and loan.particulars.opened <= through


def closed(state: Closing, event: LoanClosed) -> Closing:
    """Apply that a loan was gone through."""
    due = event.classified.due
    proposed = {due.due_by} if event.is_proposed and due else set[date]()
    return replace(state, done=state.done | {event.through}, proposed=state.proposed | proposed)


def posted(state: Closing, inner: LoanState, event: object) -> Closing:
    """Apply what else happened to the loan: money moves its clock."""
    paid = dict(state.paid)
    if isinstance(event, Posted):
        for entry in event.entries:
            if entry.command in PAYMENTS:
                moved = sum(
                    line.credit_minor - line.debit_minor
                    for line in entry.lines
                    if line.book is Book.CUST and line.holds
                )
                for day in paid:
                    reaging = state.known.reaging(day)
                    began = reaging.reaged_on if reaging else date.min
                    paid[day] += moved if began < entry.value_date <= day else 0
    return replace(state, inner=inner, paid=paid)
