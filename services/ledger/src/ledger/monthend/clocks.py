"""The due-by clock of a loan: how bad it is at a day, and by when its loss must be taken. Pure."""

import tomllib
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Self

from ledger.monthend.known import Notice, NoticeKind, Valuation

DAYS_MAX = 3_650
"""Ten years: longer than any claim lives."""

KEYS = frozenset({
    "version", "substandard_days", "open_end", "mortgage", "loss_days", "notice_days",
    "loan_to_value_percent", "re_ageing",
})  # fmt: skip


class ClocksWrong(ValueError):
    """What is wrong with the clocks, by key."""


class Ending(StrEnum):
    """How a product ends, which says how long it may be late."""

    CLOSED_END = "closed_end"
    OPEN_END = "open_end"
    MORTGAGE = "mortgage"


class Standard(StrEnum):
    """How a loan is classified."""

    PASS = "PASS"  # noqa: S105 - a class of loans
    SUBSTANDARD = "SUBSTANDARD"
    LOSS = "LOSS"
    UNKNOWN = "UNKNOWN"
    """The loan system told nothing of arrears."""


class Due(NamedTuple):
    """By when a loss must be taken, because of what."""

    due_by: date
    trigger: str
    """120 DPD, 180 DPD, or the kind of a notice."""
    reached: date
    """From this day on the loan is a loss."""
    loss_minor: int = 0
    """What of it: all, or what collateral does not cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrears:
    """What is known of a loan's clock at a day."""

    is_told: bool
    """Whether the loan system told of arrears at all."""
    oldest_unpaid: date | None
    notices: tuple[Notice, ...] = ()
    outstanding_minor: int = 0
    valuation: Valuation | None = None
    """Of its collateral; none: there is none, or nobody told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """A loan's clock at a day."""

    standard: Standard
    due: Due | None
    days_late: int
    """Days past due-by: a breach, where something is still outstanding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReAgeing:
    """How seldom, and after how much, the clock of an open-end loan may begin anew."""

    months_between: int
    most: int
    """Times, in `within_months`."""
    within_months: int
    payments: int
    """That stand, since the last time or since the loan came in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """One version of the days."""

    version: str
    substandard_days: int
    loss_days: Mapping[Ending, int]
    notice_days: Mapping[NoticeKind, int]
    open_end: frozenset[str]
    mortgage: frozenset[str]
    loan_to_value_percent: int
    """A mortgage of at most this part of its collateral's value is late, but not substandard."""
    re_ageing: ReAgeing

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
        elif told or (
            days >= self.substandard_days and not self._is_well_covered(arrears, product)
        ):
            standard = Standard.SUBSTANDARD
        else:
            standard = Standard.PASS if arrears.is_told else Standard.UNKNOWN
        late = max((day - due.due_by).days, 0) if due else 0
        return Classified(standard=standard, due=due, days_late=late)

    def _triggers(self, arrears: Arrears, product: str) -> Iterator[Due]:
        held_minor = arrears.outstanding_minor
        covered_minor = self._covered_minor(arrears, product)
        is_covered = covered_minor is not None and covered_minor >= held_minor
        if (oldest := arrears.oldest_unpaid) and not is_covered:
            days = self.loss_days[self.ending(product)]
            reached = oldest + timedelta(days=days)
            loss_minor = held_minor - (covered_minor or 0)
            yield Due(month_end(reached), f"{days} DPD", reached, loss_minor)
        for notice in arrears.notices:
            due_by = notice.received + timedelta(days=self.notice_days[notice.kind])
            yield Due(due_by, notice.kind.value, due_by, held_minor)

    def _covered_minor(self, arrears: Arrears, product: str) -> int | None:
        """Give what collateral leaves out of a loss by days; none where none is counted."""
        valuation = arrears.valuation
        counts = self.ending(product) is Ending.MORTGAGE or (valuation and valuation.is_assured)
        return valuation.net_minor if valuation and counts else None

    def _is_well_covered(self, arrears: Arrears, product: str) -> bool:
        if arrears.valuation is None or self.ending(product) is not Ending.MORTGAGE:
            return False
        most_minor = self.loan_to_value_percent * arrears.valuation.value_minor
        return 100 * arrears.outstanding_minor <= most_minor

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
            loan_to_value_percent=_days(table["loan_to_value_percent"], "loan_to_value_percent"),
            re_ageing=_re_ageing(table["re_ageing"]),
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


def _re_ageing(given: object) -> ReAgeing:
    names = [each.name for each in fields(ReAgeing)]
    if not isinstance(given, dict) or sorted(given) != sorted(names):
        raise ClocksWrong(f"re_ageing: needs {', '.join(names)}, and nothing else")
    return ReAgeing(**{name: _days(given[name], f"re_ageing.{name}") for name in names})


def _days(given: object, key: str) -> int:
    if type(given) is not int or not 0 <= given <= DAYS_MAX:
        raise ClocksWrong(f"{key}: not a whole number from 0 to {DAYS_MAX}")
    return given
