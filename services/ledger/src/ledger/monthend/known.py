"""What a bank knows of a loan beside its books: notices, the worth of collateral, re-ageing."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


class NoticeKind(StrEnum):
    """What a bank is told of a borrower and must act upon."""

    BANKRUPTCY = "BANKRUPTCY"
    FRAUD = "FRAUD"
    DEATH = "DEATH"


class Notice(NamedTuple):
    """That a bank was told something, and when: on receipt, or discovery."""

    kind: NoticeKind
    received: date


class Valuation(NamedTuple):
    """What a loan's collateral is worth, in minor units of the loan's currency."""

    valued_on: date
    value_minor: int
    cost_minor: int
    """Of selling it."""
    is_assured: bool = False
    """It is being taken back, so its worth counts whatever the product."""

    @property
    def net_minor(self) -> int:
        """Give what a sale would bring."""
        return max(self.value_minor - self.cost_minor, 0)


class Reaging(NamedTuple):
    """That a loan system told another oldest unpaid due date; none: nothing is unpaid."""

    reaged_on: date
    oldest_unpaid: date | None


@dataclass(frozen=True, slots=True)
class Known:
    """All of it, of one loan."""

    notices: tuple[Notice, ...] = ()
    valuations: tuple[Valuation, ...] = ()
    reagings: tuple[Reaging, ...] = ()

    def valuation(self, day: date) -> Valuation | None:
        """Give the latest valuation that there was at a day."""
        there = (each for each in self.valuations if each.valued_on <= day)
        return max(there, key=lambda each: each.valued_on, default=None)

    def reaging(self, day: date) -> Reaging | None:
        """Give the latest re-ageing that there was at a day."""
        there = (each for each in self.reagings if each.reaged_on <= day)
        return max(there, key=lambda each: each.reaged_on, default=None)


NOTHING_KNOWN = Known()
