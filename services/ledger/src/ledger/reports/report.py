"""What every report is made of: when it is of, its columns, its rows, what it is refused for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID


class Amount(NamedTuple):
    """Money in a cell: written with exactly its currency's decimals."""

    minor: int
    currency: str


type Cell = str | int | date | datetime | UUID | Amount | None
type Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no report; `field` names what was asked wrongly, if it was a field."""

    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """How far a tenant's books reach, as the store's clock reads `now`."""

    first_day: date | None
    """The earliest value date; none: there are no books yet."""
    first_moment: datetime | None
    """When the first entry was booked."""
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Of which day a report is, and as known when. Both are included."""

    as_of: date
    known_at: datetime
    since: date | None = None
    """Of a report over a span of days: its first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above a report: the same head is the same report, byte for byte."""

    report: str
    tenant: str
    when: When
    columns: tuple[str, ...]
    asked: Mapping[str, str] = field(default_factory=dict[str, str])
    """What else was asked for."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Give names and values, in the order in which they are written."""
        yield "report", self.report
        yield "tenant", self.tenant
        if self.when.since:
            yield "from", self.when.since.isoformat()
        yield "as_of", self.when.as_of.isoformat()
        yield "known_at", moment_text(self.when.known_at)
        yield from self.asked.items()


def moment_text(moment: datetime) -> str:
    """Write a moment in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def when(
    books: Books,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
    since: date | None = None,
) -> When | Refused:
    """Say of when a report is: by default of today, as known now. Refuses what cannot be known."""
    known = known_at or books.now
    day = as_of or known.astimezone(UTC).date()
    if known > books.now:
        told = moment_text(books.now)
        return Refused("FUTURE_DATE", f"known_at: in the future; it is {told}", "known_at")
    if day > known.astimezone(UTC).date():
        told = known.astimezone(UTC).date().isoformat()
        today = f"on {told}, the day of known_at," if known_at else f"today, {told},"
        return Refused("FUTURE_DATE", f"as_of: {day} is in the future {today} in UTC", "as_of")
    if books.first_day is None or books.first_moment is None:
        return Refused("DATE_BEFORE_OPENING", "there are no books yet: import loans first")
    if day < books.first_day:
        told = f"as_of: {day} is before the books, which begin on {books.first_day}"
        return Refused("DATE_BEFORE_OPENING", told, "as_of")
    if known < books.first_moment:
        told = f"known_at: nothing was booked before {moment_text(books.first_moment)}"
        return Refused("DATE_BEFORE_OPENING", told, "known_at")
    if since is not None and since > day:
        return Refused("INVALID_FIELDS", f"from: {since} is after as_of, {day}", "from")
    return When(as_of=day, known_at=known, since=since)
