"""A bank is told something of a loan's clock: when it counts, and what is refused. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never

from mesh.currency import DECIMALS

from ledger.domain.money import to_minor
from ledger.monthend.clocks import Clocks, Ending
from ledger.monthend.known import Known, Notice, Reaging, Valuation
from ledger.reports.due import add_months

CLOCK = "clock"
"""Of the key of what a bank was told of a loan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """What a bank was told of a loan, and what of the loan bears on it."""

    is_known: bool = False
    """There is such a loan."""
    product: str = ""
    currency: str = "USD"
    opened: date = date.min
    known: Known = field(default_factory=Known)
    repaid_on: tuple[date, ...] = ()
    """Value dates of the customer's payments that stand."""


@dataclass(frozen=True, slots=True)
class TellNotice:
    """The bank was told something of the borrower."""

    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class TellValuation:
    """Collateral was valued; amounts are plain decimals."""

    valued_on: date
    value: str
    cost: str
    is_assured: bool


@dataclass(frozen=True, slots=True)
class TellReaging:
    """The loan system re-aged a loan."""

    reaging: Reaging


@dataclass(frozen=True, slots=True)
class NoticeTold:
    """It is noted when the bank was told: a later day for the same changes nothing."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class ValuationTold:
    """It is noted what collateral is worth; of one day the last word counts."""

    valuation: Valuation


@dataclass(frozen=True, slots=True)
class LoanReaged:
    """The loan's clock begins anew."""

    reaging: Reaging


@dataclass(frozen=True, slots=True)
class TellUnchanged:
    """It is known, a notice perhaps since an earlier day. Only the caller hears of it."""

    since: date


@dataclass(frozen=True, slots=True)
class TellRefused:
    """It cannot be so. Only the caller hears of it."""

    code: str
    message: str


type Telling = TellNotice | TellValuation | TellReaging
type ClockEvent = NoticeTold | ValuationTold | LoanReaged | TellUnchanged | TellRefused


def tell(
    state: ClockState, command: Telling, *, clocks: Clocks, now: datetime
) -> Sequence[ClockEvent]:
    """Note what the bank was told, or say why not."""
    if not state.is_known:
        return (TellRefused("UNKNOWN_LOAN", "no such loan"),)
    match command:
        case TellNotice(notice):
            return (_notice(state, notice, now.date()),)
        case TellValuation():
            return (_valuation(state, command, now.date()),)
        case TellReaging(reaging):
            return (_reaging(state, reaging, clocks, now.date()),)
        case _:
            assert_never(command)


def told(state: ClockState, event: ClockEvent) -> ClockState:
    """Apply what was told. Never fails: facts are not up for debate."""
    known = state.known
    match event:
        case NoticeTold(notice):
            others = (each for each in known.notices if each.kind is not notice.kind)
            known = replace(known, notices=(*others, notice))
        case ValuationTold(valuation):
            others = (each for each in known.valuations if each.valued_on != valuation.valued_on)
            known = replace(known, valuations=(*others, valuation))
        case LoanReaged(reaging):
            known = replace(known, reagings=(*known.reagings, reaging))
        case TellUnchanged() | TellRefused():
            return state
        case _:
            assert_never(event)
    return replace(state, known=known)


def _notice(state: ClockState, notice: Notice, today: date) -> ClockEvent:
    """Note a notice: the first day counts."""
    if notice.received > today:
        return TellRefused("FUTURE_DATE", "received: the date is after today")
    for each in state.known.notices:
        if each.kind is notice.kind and each.received <= notice.received:
            return TellUnchanged(each.received)
    return NoticeTold(notice)


def _valuation(state: ClockState, command: TellValuation, today: date) -> ClockEvent:
    if command.valued_on > today:
        return TellRefused("FUTURE_DATE", "valued_on: the date is after today")
    decimals = DECIMALS[state.currency]
    value_minor = to_minor(command.value, decimals=decimals)
    cost_minor = to_minor(command.cost, decimals=decimals)
    if value_minor is None or cost_minor is None:
        name = "value" if value_minor is None else "cost"
        why = f"{name}: a plain decimal with at most {decimals} decimals is needed"
        return TellRefused("AMOUNT_SCALE", why)
    if min(value_minor, cost_minor) < 0:
        name = "value" if value_minor < 0 else "cost"
        return TellRefused("AMOUNT_NOT_POSITIVE", f"{name}: below zero")
    valuation = Valuation(command.valued_on, value_minor, cost_minor, command.is_assured)
    if valuation in state.known.valuations:
        return TellUnchanged(valuation.valued_on)
    return ValuationTold(valuation)


def _reaging(state: ClockState, reaging: Reaging, clocks: Clocks, today: date) -> ClockEvent:
    """Let a clock begin anew, as seldom and after as many payments as the clocks allow."""
    on, rules, before = reaging.reaged_on, clocks.re_ageing, state.known.reagings
    if on > today:
        return TellRefused("FUTURE_DATE", "reaged_on: the date is after today")
    if reaging in before:
        return TellUnchanged(on)
    if clocks.ending(state.product) is not Ending.OPEN_END:
        return TellRefused("REAGING_NOT_OPEN_END", f"{state.product} is not open-end")
    latest = max((each.reaged_on for each in before), default=state.opened)
    if before and on < add_months(latest, rules.months_between):
        why = f"it was on {latest}: once in {rules.months_between} months"
        return TellRefused("REAGING_TOO_SOON", why)
    lately = [each for each in before if on < add_months(each.reaged_on, rules.within_months)]
    if len(lately) >= rules.most:
        why = f"{rules.most} times in {rules.within_months} months were used"
        return TellRefused("REAGING_TOO_OFTEN", why)
    payments = sum(latest < day <= on for day in state.repaid_on)
    if payments < rules.payments:
        why = f"{payments} payments since {latest}, {rules.payments} are needed"
        return TellRefused("REAGING_NEEDS_PAYMENTS", why)
    return LoanReaged(reaging)
