"""A tenant's month: begun, gone through loan by loan, closed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import assert_never

from ledger.monthend.clocks import month_end

KIND = "month_end"
"""Of the key of a tenant's month; its id is as 2026-10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The work on one month."""

    through: date
    """Its last day."""
    started_at: datetime
    started_by: str
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is."""

    loans: int = 0
    """Gone through."""
    left: int = 0
    accrued: int = 0
    refused: int = 0
    """On which interest could not be accrued, for another reason than that it was before."""
    proposed: int = 0
    breached: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthState:
    """One month of a tenant."""

    run: Run | None = None
    closed_through: date | None = None
    """The tenant's last closed day."""
    earliest_open: date | None = None
    """The last day of the earliest month that is begun and not closed."""
    progress: Progress = Progress()


@dataclass(frozen=True, slots=True)
class Start:
    """Begin a month's end."""

    through: date
    by: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close a month that was gone through."""

    through: date
    by: str


@dataclass(frozen=True, slots=True)
class MonthStarted:
    """A month's end is begun."""

    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodClosed:
    """Nothing is dated in the month any more."""

    through: date
    by: str
    at: datetime
    progress: Progress


@dataclass(frozen=True, slots=True)
class MonthUnchanged:
    """It was done before. Only the caller hears of it."""

    is_closed: bool


@dataclass(frozen=True, slots=True)
class MonthRefused:
    """It cannot be done. Only the caller hears of it."""

    code: str
    message: str


type Command = Start | Close
type Event = MonthStarted | PeriodClosed | MonthUnchanged | MonthRefused


def read_month(text: str) -> date | None:
    """Give the last day of a month as 2026-10; none where it is none."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return month_end(first) if text == f"{first:%Y-%m}" else None


def decide(state: MonthState, command: Command, *, now: datetime) -> Sequence[Event]:
    """Say what happens to a month."""
    match command:
        case Start():
            return (_start(state, command, now=now),)
        case Close():
            return (_close(state, command, now=now),)
        case _:
            assert_never(command)


def evolve(state: MonthState, event: Event) -> MonthState:
    """Apply a fact. Never fails: facts are not up for debate."""
    match event:
        case MonthStarted(run):
            return replace(state, run=run)
        case PeriodClosed(through=through, at=at):
            assert state.run is not None, "what is closed was begun"
            return replace(state, run=replace(state.run, closed_at=at), closed_through=through)
        case MonthUnchanged() | MonthRefused():
            return state
        case _:
            assert_never(event)


def _start(state: MonthState, command: Start, *, now: datetime) -> Event:
    if state.run is not None:
        return MonthUnchanged(is_closed=state.run.closed_at is not None)
    if command.through >= now.date():
        return MonthRefused("MONTH_NOT_OVER", "the month is not over yet")
    if state.closed_through is not None and command.through <= state.closed_through:
        return MonthRefused("PERIOD_CLOSED", f"closed through {state.closed_through}")
    if state.earliest_open is not None:
        return MonthRefused("EARLIER_MONTH_OPEN", f"{state.earliest_open:%Y-%m} is not closed yet")
    return MonthStarted(Run(through=command.through, started_at=now, started_by=command.by))


def _close(state: MonthState, command: Close, *, now: datetime) -> Event:
    if state.run is None:
        return MonthRefused("MONTH_NOT_STARTED", "the month's end was not begun")
    if state.run.closed_at is not None:
        return MonthUnchanged(is_closed=True)
    if left := state.progress.left:
        return MonthRefused("LOANS_LEFT", f"{left} loans were not gone through yet")
    return PeriodClosed(through=command.through, by=command.by, at=now, progress=state.progress)
