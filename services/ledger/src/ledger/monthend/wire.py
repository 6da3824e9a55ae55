"""The border of a month's end: commands of its doors ↔ the domain, and what is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, assert_never

from contracts.records import ledger
from contracts.types import from_date
from mesh.service import Answer, Key, Message, Outgoing, Said, Told

from ledger.monthend.closing import LoanClosed
from ledger.monthend.known import Notice, NoticeKind, Reaging
from ledger.monthend.month import (
    Close,
    Command,
    Event,
    MonthRefused,
    MonthStarted,
    MonthUnchanged,
    PeriodClosed,
    Start,
    read_month,
)
from ledger.monthend.telling import (
    ClockEvent,
    LoanReaged,
    NoticeTold,
    Telling,
    TellNotice,
    TellReaging,
    TellRefused,
    TellUnchanged,
    TellValuation,
    ValuationTold,
)

START, CLOSE, CLOSE_LOAN = "StartMonthEnd", "CloseMonth", "CloseLoan"
TELL, VALUE, RE_AGE = "TellNotice", "TellValuation", "TellReaging"

ACCRUE = "Accrue"
"""The ledger's own command that a month's end begins with on a loan."""

LEDGER = "writeoff.ledger.v1"


def to_command(message: Message) -> Command:
    """Hear what a door put in for a month."""
    through = through_of(message.body)
    by = message.by.id if message.by else message.actor.id
    return Close(through, by) if message.kind == CLOSE else Start(through, by)


def to_tell(message: Message) -> Telling:
    """Hear that the bank was told something."""
    body: Mapping[str, Any] = message.body
    match message.kind:
        case "TellValuation":
            return TellValuation(
                valued_on=date.fromisoformat(body["valued_on"]),
                value=body["value"],
                cost=body["cost"],
                is_assured=body["is_assured"],
            )
        case "TellReaging":
            oldest: str | None = body["oldest_unpaid"]
            reaged_on = date.fromisoformat(body["reaged_on"])
            return TellReaging(Reaging(reaged_on, date.fromisoformat(oldest) if oldest else None))
        case _:
            return TellNotice(
                Notice(NoticeKind(body["kind"]), date.fromisoformat(body["received"]))
            )


def through_of(body: Mapping[str, Any]) -> date:
    """Read a month that a door has checked: its last day."""
    through = read_month(body["month"])
    assert through is not None, "the door reads months"
    return through


def as_accrual(message: Message) -> Message:
    """Give the accrual that the end of a month asks of a loan; any other message as it is."""
    if message.kind != CLOSE_LOAN:
        return message
    through = through_of(message.body)
    body = {"fields": {}, "date": through.isoformat(), "currency": None}
    return replace(message, kind=ACCRUE, body=body)


def say_loan(event: LoanClosed) -> Said:
    """Answer that a loan was gone through."""
    return Answer(
        {
            "result": "closed",
            "standard": event.classified.standard.value,
            "proposed": event.is_proposed,
            "accrual_code": event.accrual_code,
        }
    )


def say_month(key: Key, told: Told[Event]) -> Sequence[Said]:
    """Say what became of a month."""
    match told.event:
        case MonthStarted():
            return (Answer({"result": "started"}),)
        case PeriodClosed(through=through, progress=progress):
            record = ledger.PeriodClosed(
                meta=told.meta(key),
                through=from_date(through),
                loans=progress.loans,
                accrued=progress.accrued,
                proposed=progress.proposed,
                breached=progress.breached,
            )
            return Outgoing(LEDGER, key.id, record), Answer({"result": "closed"})
        case MonthUnchanged(is_closed):
            return (Answer({"result": "closed" if is_closed else "started"}),)
        case MonthRefused(code, message):
            return (Answer({"message": message}, code),)
        case _:
            assert_never(told.event)


def say_clock(event: ClockEvent) -> Said:
    """Answer whether it was noted what the bank was told."""
    match event:
        case NoticeTold(notice):
            return _noted(notice.received)
        case ValuationTold(valuation):
            return _noted(valuation.valued_on)
        case LoanReaged(reaging):
            return _noted(reaging.reaged_on)
        case TellUnchanged(since):
            return Answer({"result": "unchanged", "since": since.isoformat()})
        case TellRefused(code, message):
            return Answer({"message": message}, code)
        case _:
            assert_never(event)


def _noted(since: date) -> Answer:
    return Answer({"result": "noted", "since": since.isoformat()})
