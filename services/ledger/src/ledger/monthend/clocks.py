"""The due-by clock of a loan: how bad it is at a day, and by when its loss must be taken. Pure."""

import tomllib
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Self

DAYS_MAX = 3_650
"""Ten years: longer than any claim lives."""

KEYS = frozenset({
    "version", "substandard_days", "open_end", "mortgage", "loss_days", "notice_days",
})  # fmt: skip


class ClocksWrong(ValueError):
    """What is wrong with the clocks, by key."""


class Ending(StrEnum):
    """How a product ends, which says how long it may be late."""

    CLOSED_END = "closed_end"
    OPEN_END = "open_end"
    MORTGAGE = "mortgage"


class NoticeKind(StrEnum):
    """What a bank is told of a borrower and must act upon."""

    BANKRUPTCY = "BANKRUPTCY"
    FRAUD = "FRAUD"
    DEATH = "DEATH"


class Standard(StrEnum):
    """How a loan is classified."""

    PASS = "PASS"  # noqa: S105 - a class of loans
    SUBSTANDARD = "SUBSTANDARD"
    LOSS = "LOSS"
    UNKNOWN = "UNKNOWN"
    """The loan system told nothing of arrears."""


class Notice(NamedTuple):
    """That a bank was told something, and when: on receipt, or discovery."""

    kind: NoticeKind
    received: date


class Due(NamedTuple):
    """By when a loss must be taken, because of what."""

    due_by: date
    trigger: str
    """120 DPD, 180 DPD, or the kind of a notice."""
    reached: date
    """From this day on the loan is a loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrears:
    """What is known of a loan's clock at a day."""

    is_told: bool
    """Whether the loan system told of arrears at all."""
    oldest_unpaid: date | None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """A loan's clock at a day."""

    standard: Standard
    due: Due | None
    days_late: int
    """Days past due-by: a breach, where something is still outstanding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """One version of the days."""

    version: str
    substandard_days: int
    loss_days: Mapping[Ending, int]
    notice_days: Mapping[NoticeKind, int]
    open_end: frozenset[str]
    mortgage: frozenset[str]

    def ending(self, product: str) -> Ending:
        """Say how a product ends."""
        if product in self.mortgage:
            return Ending.MORTGAGE
        return Ending.OPEN_END if product in self.open_end else Ending.CLOSED_END

    def classify(self, arrears: Arrears, product: str, day: date) -> Classified:
        """Say how a loan stands at a day. The earliest trigger counts."""
        due = min(self._triggers(arrears, product), default=None)
        oldest = arrears.oldest_unpaid
        days = max((day - oldest).days, 0) if oldest else 0
        told = [notice for notice in arrears.notices if notice.received <= day]
        if due is not None and due.reached <= day:
            standard = Standard.LOSS
        elif days >= self.substandard_days or told:
            standard = Standard.SUBSTANDARD
        else:
            standard = Standard.PASS if arrears.is_told else Standard.UNKNOWN
        late = max((day - due.due_by).days, 0) if due else 0
        return Classified(standard=standard, due=due, days_late=late)

    def _triggers(self, arrears: Arrears, product: str) -> Iterator[Due]:
        if oldest := arrears.oldest_unpaid:
            days = self.loss_days[self.ending(product)]
            reached = oldest + timedelta(days=days)
            yield Due(month_end(reached), f"{days} DPD", reached)
        for notice in arrears.notices:
            due_by = notice.received + timedelta(days=self.notice_days[notice.kind])
            yield Due(due_by, notice.kind.value, due_by)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file of clocks. Raises ClocksWrong naming the key."""
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ClocksWrong(str(error)) from error
        if strange := sorted(table.keys() ^ KEYS):
            raise ClocksWrong(f"{strange[0]}: {'unknown' if strange[0] in table else 'missing'}")
        if not isinstance(table["version"], str) or not table["version"]:
            raise ClocksWrong("version: no text")
        open_end, mortgage = (_products(table, key) for key in ("open_end", "mortgage"))
        if both := sorted(open_end & mortgage):
            raise ClocksWrong(f"mortgage: {both[0]} is open_end as well")
        return cls(
            version=table["version"],
            substandard_days=_days(table["substandard_days"], "substandard_days"),
            loss_days=_table(table, "loss_days", tuple(Ending)),
            notice_days=_table(table, "notice_days", tuple(NoticeKind)),
            open_end=open_end,
            mortgage=mortgage,
        )


def month_end(day: date) -> date:
    """Give the last day of a day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def _products(table: Mapping[str, Any], key: str) -> frozenset[str]:
    given = table[key]
    if not isinstance(given, list) or not all(isinstance(name, str) and name for name in given):
        raise ClocksWrong(f"{key}: not a list of products")
    return frozenset(given)


def _table[E: StrEnum](table: Mapping[str, Any], key: str, names: Sequence[E]) -> dict[E, int]:
    given = table[key]
    if not isinstance(given, dict) or sorted(given) != sorted(names):
        raise ClocksWrong(f"{key}: needs {', '.join(names)}, and nothing else")
    return {name: _days(given[name], f"{key}.{name}") for name in names}


def _days(given: object, key: str) -> int:
    if type(given) is not int or not 0 <= given <= DAYS_MAX:
        raise ClocksWrong(f"{key}: not a number of days from 0 to {DAYS_MAX}")
    return given
