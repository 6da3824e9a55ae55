"""The six functions around those of the ledger: months' ends, and the periods that they close.

A month has a key of its own. Each of its loans hears in its own lane that the month is over: the
ledger accrues it like any other posting, and behind that it is aged and classified. What is closed
is known to every loan's state; a turn that posts into the past makes sure that it still was open.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from mesh.service import (
    Answer,
    Change,
    Key,
    Message,
    Reader,
    Said,
    Service,
    Told,
    Transaction,
)

from ledger.around import Around, Changes, Wanted
from ledger.domain.events import (
    AllowanceState,
    AskRefused,
    ChargeOffReported,
    LoanState,
    Posted,
    Provisioned,
)
from ledger.monthend import closing, month, telling, wire
from ledger.monthend.clocks import Clocks
from ledger.monthend.closing import Closing, LoanClosed
from ledger.monthend.known import NOTHING_KNOWN, Known
from ledger.monthend.month import KIND, MonthState
from ledger.monthend.telling import CLOCK, ClockState

ALREADY = "ALREADY_ACCRUED"

type Of = Mapping[Key, Collection[date]]


class MonthStore(Protocol):
    """Where months are kept."""

    async def closed(self, reader: Reader, tenants: Collection[str]) -> dict[str, date]:
        """Give tenants' last closed days."""
        ...

    async def months(self, reader: Reader, keys: Sequence[Key]) -> dict[Key, MonthState]:
        """Give months with their progress."""
        ...

    async def clocks(self, reader: Reader, keys: Sequence[Key]) -> dict[Key, ClockState]:
        """Give what the bank was told."""
        ...

    async def gone_through(self, reader: Reader, of: Of) -> dict[Key, set[date]]:
        """Say in which of these months each loan was gone through."""
        ...

    async def paid(self, reader: Reader, of: Of) -> dict[Key, dict[date, int]]:
        """Give what was paid on each loan up to these days."""
        ...

    async def known(self, reader: Reader, keys: Sequence[Key]) -> dict[Key, Known]:
        """Give what the bank was told of each loan."""
        ...

    async def proposed(self, reader: Reader, keys: Sequence[Key]) -> dict[Key, frozenset[date]]:
        """Give by which days each loan's loss was to be taken that was proposed."""
        ...

    async def still_open(self, tx: Transaction, earliest: Mapping[str, date]) -> None:
        """Have the turn taken again if a period from these days on was closed meanwhile."""
        ...

    async def add_loans(self, tx: Transaction, changes: Sequence[Change[Any, Any]]) -> None:
        """Keep that loans were gone through."""
        ...

    async def save_months(self, tx: Transaction, changes: Sequence[Change[Any, Any]]) -> None:
        """Keep what became of months."""
        ...

    async def save_clocks(self, tx: Transaction, changes: Sequence[Change[Any, Any]]) -> None:
        """Keep what the bank was told."""
        ...


class MonthEnds(Around):
    """A service whose months end."""

    def __init__(self, inner: Service[Any, Any], *, clocks: Clocks, months: MonthStore) -> None:
        """Close months beside `inner`."""
        super().__init__(inner, kinds=(KIND, CLOCK))
        self._clocks = clocks
        self._months = months

    def decide(self, state: Any, message: Message, *, now: datetime) -> Sequence[Any]:
        """Say what happens."""
        match state:
            case MonthState():
                return month.decide(state, wire.to_command(message), now=now)
            case ClockState():
                asked = wire.to_tell(message)
                return telling.tell(state, asked, clocks=self._clocks, now=now)
            case Closing() if message.kind == wire.CLOSE_LOAN:
                return self._close_loan(state, message, now=now)
            case Closing(inner=inner):
                return self._inner.decide(inner, message, now=now)
            case _:
                return self._inner.decide(state, message, now=now)

    def evolve(self, state: Any, event: Any) -> Any:
        """Apply an event."""
        match state, event:
            case MonthState(), _:
                return month.evolve(state, event)
            case ClockState(), _:
                return telling.told(state, event)
            case Closing(), LoanClosed():
                return closing.closed(state, event)
            case Closing(inner=inner), _:
                return closing.posted(state, self._inner.evolve(inner, event), event)
            case _:
                return self._inner.evolve(state, event)

    def say(self, change: Change[Any, Any]) -> Sequence[Said]:
        """Say what others must hear of one message's change."""
        match change.key.kind:
            case month.KIND:
                return [said for told in change.told for said in wire.say_month(change.key, told)]
            case telling.CLOCK:
                return [wire.say_clock(told.event) for told in change.told]
            case _:
                pass
        closed = [told.event for told in change.told if isinstance(told.event, LoanClosed)]
        if not closed:
            return self._inner.say(_of_books(change))
        books = _of_books(change)
        said = self._inner.say(books) if books.told else ()
        # Who asked for the month's end hears of that, not of the accrual.
        return [*(each for each in said if not isinstance(each, Answer)), wire.say_loan(closed[-1])]

    async def _load_own(self, reader: Reader, wanted: Wanted) -> dict[Key, Any]:
        states: dict[Key, Any] = {}
        if months := [key for key in wanted if key.kind == KIND]:
            states |= await self._months.months(reader, months)
        if told := [key for key in wanted if key.kind == CLOCK]:
            states |= await self._months.clocks(reader, told)
        return states

    async def _save_own(self, tx: Transaction, changes: Changes) -> None:
        if months := [change for change in changes if change.key.kind == KIND]:
            await self._months.save_months(tx, months)
        if clocks := [change for change in changes if change.key.kind == CLOCK]:
            await self._months.save_clocks(tx, clocks)

    async def _save_inner(self, tx: Transaction, changes: Changes) -> None:
        """Keep what the ledger posted, if its period still is open, and what was gone through."""
        if earliest := _earliest_in_the_past(changes):
            await self._months.still_open(tx, earliest)
        books = [known for change in changes if (known := _of_books(change)).told]
        if books:
            await self._inner.save(tx, books)
        if any(isinstance(told.event, LoanClosed) for change in changes for told in change.told):
            await self._months.add_loans(tx, changes)

    async def _load_inner(self, reader: Reader, wanted: Wanted) -> dict[Key, Any]:
        """Load what the ledger decides on, with what is closed and what a month's end must know."""
        accruing = {key: [wire.as_accrual(m) for m in messages] for key, messages in wanted.items()}
        states: dict[Key, Any] = await self._inner.load(reader, accruing)
        tenants = {key.tenant for key, state in states.items() if _has_periods(state)}
        closed = await self._months.closed(reader, sorted(tenants)) if tenants else {}
        for key, state in states.items():
            if key.tenant in closed and _has_periods(state):
                states[key] = replace(state, closed_through=closed[key.tenant])
        days = {
            key: {wire.through_of(m.body) for m in messages if m.kind == wire.CLOSE_LOAN}
            for key, messages in wanted.items()
        }
        ending = {key: of for key, of in days.items() if of}
        if not ending:
            return states
        done = await self._months.gone_through(reader, ending)
        paid = await self._months.paid(reader, ending)
        told = await self._months.known(reader, list(ending))
        before = await self._months.proposed(reader, list(ending))
        for key, of in ending.items():
            sums = {day: paid.get(key, {}).get(day, 0) for day in of}
            through = frozenset(done.get(key, ()))
            states[key] = Closing(
                states[key],
                through,
                sums,
                told.get(key, NOTHING_KNOWN),
                before.get(key, frozenset()),
            )
        return states

    def _close_loan(self, state: Closing, message: Message, *, now: datetime) -> Sequence[Any]:
        through = wire.through_of(message.body)
        if through in state.done or not closing.is_in_scope(state.inner.loan, through):
            return ()
        events = self._inner.decide(state.inner, wire.as_accrual(message), now=now)
        accrued_minor, code, after, kept = 0, None, state, list[Any]()
        for event in events:
            match event:
                case Posted(moved=moved):
                    accrued_minor = moved.earned_minor + moved.memo_minor
                    after = closing.posted(state, self._inner.evolve(state.inner, event), event)
                    kept.append(event)
                case AskRefused(_, refusal):
                    code = refusal.code
                case _:
                    raise AssertionError(f"an accrual gives no {type(event).__name__}")
        closed = closing.close(
            after,
            through,
            accrued_minor=accrued_minor,
            accrual_code=code,
            clocks=self._clocks,
        )
        return (*kept, closed)


def _has_periods(state: object) -> bool:
    return isinstance(state, LoanState | AllowanceState)


def _of_books(change: Change[Any, Any]) -> Change[Any, Any]:
    """Give a change as the ledger knows it: without what is a month's end."""
    if not isinstance(change.after, Closing):
        return change
    told = [each for each in change.told if not isinstance(each.event, LoanClosed)]
    return Change(change.key, change.lane, change.before.inner, change.after.inner, told)


def _earliest_in_the_past(changes: Sequence[Change[Any, Any]]) -> dict[str, date]:
    """Give by tenant the earliest day before this month that something is dated on.

    Only a month that is over is ever closed, so what is dated in this one needs no look.
    """
    earliest: dict[str, date] = {}
    for change in changes:
        for told in change.told:
            day = _dated(told)
            if day is not None and day <= told.at.date().replace(day=1) - timedelta(days=1):
                known = earliest.get(change.key.tenant, day)
                earliest[change.key.tenant] = min(known, day)
    return earliest


def _dated(told: Told[Any]) -> date | None:
    match told.event:
        case Posted(ask=ask):
            return ask.value_date
        case Provisioned(entry=entry) | ChargeOffReported(entry=entry):
            return entry.value_date
        case _:
            return None
