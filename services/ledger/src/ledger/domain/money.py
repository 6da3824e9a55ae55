"""Money: whole minor units by component. Shares add up; rounding is exact and named."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Self

from mesh.currency import DECIMALS

PLAIN_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


class Component(StrEnum):
    """What a balance is made of, always in this order."""

    PRINCIPAL = "principal"
    INTEREST = "interest"
    FEES = "fees"
    PENALTIES = "penalties"
    TAX = "tax"


COMPONENTS = tuple(Component)
"""The same, quick to walk along."""

PLACE = {component: place for place, component in enumerate(COMPONENTS)}
"""Where a component stands in that order."""


class Rounding(StrEnum):
    """What becomes of half a minor unit."""

    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"


@dataclass(frozen=True, slots=True)
class Components:
    """Minor units by component."""

    principal: int = 0
    interest: int = 0
    fees: int = 0
    penalties: int = 0
    tax: int = 0

    def __iter__(self) -> Iterator[tuple[Component, int]]:
        return zip(COMPONENTS, self.minor, strict=True)

    def __add__(self, other: Self) -> "Components":
        return Components(
            self.principal + other.principal,
            self.interest + other.interest,
            self.fees + other.fees,
            self.penalties + other.penalties,
            self.tax + other.tax,
        )

    def __sub__(self, other: Self) -> "Components":
        return Components(
            self.principal - other.principal,
            self.interest - other.interest,
            self.fees - other.fees,
            self.penalties - other.penalties,
            self.tax - other.tax,
        )

    def plus(self, component: Component, amount_minor: int) -> "Components":
        """Give the same with another amount of one component."""
        minor = list(self.minor)
        minor[PLACE[component]] += amount_minor
        return Components(*minor)

    @property
    def minor(self) -> tuple[int, int, int, int, int]:
        """Give the amounts alone, in the order of the components."""
        return (self.principal, self.interest, self.fees, self.penalties, self.tax)

    @property
    def total(self) -> int:
        """Give the sum of all components, in minor units."""
        return self.principal + self.interest + self.fees + self.penalties + self.tax

    def fits(self, room: Self) -> bool:
        """Say whether no component is above its room."""
        return all(part <= most for part, most in zip(self.minor, room.minor, strict=True))


NOTHING = Components()


def share(amount_minor: int, room: Components) -> Components:
    """Share an amount by room: floored, what is left to the largest remainders, ties in order."""
    assert 0 <= amount_minor <= room.total, "an amount is shared within its room"
    if amount_minor == 0:
        return NOTHING
    parts = [divmod(most * amount_minor, room.total) for most in room.minor]
    floors = [floor for floor, _ in parts]
    by_remainder = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    for place in by_remainder[: amount_minor - sum(floors)]:
        floors[place] += 1
    return Components(*floors)


def pour(amount_minor: int, order: Sequence[Component], room: Components) -> Components:
    """Fill the components in `order`, each up to its room; there must be room for all of it."""
    assert 0 <= amount_minor <= room.total, "an amount is poured within its room"
    most = room.minor
    parts = [0, 0, 0, 0, 0]
    for component in order:
        place = PLACE[component]
        parts[place] = min(amount_minor, most[place])
        amount_minor -= parts[place]
    return Components(*parts)


def rounded(exact: Fraction, rounding: Rounding) -> int:
    """Give the whole minor units nearest to an exact amount of zero or more."""
    floor, rest = divmod(exact.numerator, exact.denominator)
    twice = 2 * rest - exact.denominator
    up = twice > 0 or (twice == 0 and (rounding is Rounding.HALF_UP or floor % 2 == 1))
    return floor + up


def exact_text(exact: Fraction) -> str:
    """Write an exact number as `n/d` in hexadecimal: Python writes no endless decimal text."""
    return f"{exact.numerator:x}/{exact.denominator:x}"


def read_exact(text: str) -> Fraction:
    """Read what `exact_text` wrote."""
    numerator, _, denominator = text.partition("/")
    return Fraction(int(numerator, 16), int(denominator, 16))


def to_minor(text: str, *, decimals: int) -> int | None:
    """Read a plain decimal string; none when it is none, or has more decimals than allowed."""
    if not PLAIN_DECIMAL.fullmatch(text):
        return None
    whole, _, fraction = text.partition(".")
    if len(fraction) > decimals:
        return None
    return int(whole + fraction.ljust(decimals, "0"))


def to_text(amount_minor: int, currency: str) -> str:
    """Write an amount as a decimal string with exactly the currency's decimals."""
    return decimal_text(amount_minor, DECIMALS[currency])


def decimal_text(amount_minor: int, decimals: int) -> str:
    """Write an amount as a decimal string with exactly so many decimals."""
    digits = str(abs(amount_minor)).rjust(decimals + 1, "0")
    sign = "-" if amount_minor < 0 else ""
    if decimals == 0:
        return sign + digits
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
