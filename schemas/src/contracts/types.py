"""The raw types of records, and the way from them to Python's own and back."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Protocol

type Uuid = str
"""A UUID as text, lower case with hyphens."""

type Days = int
"""A date, as days since 1970-01-01."""

type Micros = int
"""A moment, as microseconds since 1970-01-01T00:00Z."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Record(Protocol):
    """What every generated record has."""

    FULL_NAME: ClassVar[str]
    SCHEMA: ClassVar[str]

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        ...

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[Record, int]":
        """Return the record that begins here, and where the next thing begins."""
        ...

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        ...

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "Record":
        """Return the record that an Avro library read."""
        ...


def to_date(days: Days) -> date:
    """Return the date of a count of days."""
    return date.fromordinal(days + _EPOCH_DAY)


def from_date(day: date) -> Days:
    """Return the count of days of a date."""
    return day.toordinal() - _EPOCH_DAY


def to_datetime(micros: Micros) -> datetime:
    """Return the moment, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def from_datetime(moment: datetime) -> Micros:
    """Return the count of microseconds of a moment, whatever its zone; it must have one."""
    assert moment.tzinfo is not None, "a moment without a zone is a guess"
    return (moment - _EPOCH) // _MICROSECOND
