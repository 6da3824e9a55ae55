"""Day counts: how much of a year lies between two dates, exactly."""

from calendar import isleap, monthrange
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache


class DayCount(StrEnum):
    """By which convention interest runs."""

    ACT_365 = "ACT/365"
    ACT_360 = "ACT/360"
    ACT_ACT = "ACT/ACT"
    EUROPEAN_30_360 = "30E/360"
    MONTHS = "MONTHS"


def years(day: date, count: DayCount) -> Fraction:
    """Give where a date stands on the convention's clock, in years; only differences mean much."""
    match count:
        case DayCount.ACT_365:
            return Fraction(day.toordinal(), 365)
        case DayCount.ACT_360:
            return Fraction(day.toordinal(), 360)
        case DayCount.ACT_ACT:
            gone = day.toordinal() - date(day.year, 1, 1).toordinal()
            return day.year + Fraction(gone, 366 if isleap(day.year) else 365)
        case DayCount.EUROPEAN_30_360:
            return Fraction(360 * day.year + 30 * day.month + min(day.day, 30), 360)
        case DayCount.MONTHS:
            days = monthrange(day.year, day.month)[1]
            return Fraction((12 * day.year + day.month) * days + day.day - 1, 12 * days)


@lru_cache(maxsize=4096)
def growth(rate: str, start: date, end: date, count: DayCount) -> Fraction:
    """Give what one unit of principal earns at `rate`, percent a year as decimal text."""
    return Fraction(rate) * (years(end, count) - years(start, count)) / 100
