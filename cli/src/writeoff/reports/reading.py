"""A report is read as it comes, in constant memory; its rows are counted and must be all there."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import httpx

from writeoff.door import Doors, Json
from writeoff.exits import Exit, Trouble
from writeoff.session import Session

SHOWN_MAX = 200
"""More rows than a person reads; --csv and --json have all."""

type Sink = Callable[[bytes], object]


class Reading(Protocol):
    """Counts the rows of a report while its bytes go by."""

    @property
    def count(self) -> int:
        """Give how many rows went by."""
        ...

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        ...


class CsvReading:
    """Counts records: line ends outside of quotes, less the line of names."""

    def __init__(self) -> None:
        self._quotes = 0
        self._lines = 0

    @property
    def count(self) -> int:
        """Give how many rows went by."""
        return max(self._lines - 1, 0)

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        pieces = chunk.split(b'"')
        outside = pieces[self._quotes % 2 :: 2]
        self._lines += sum(piece.count(b"\n") for piece in outside)
        self._quotes += len(pieces) - 1


@dataclass(slots=True)
class JsonReading:
    """Counts the lines between the head and the tail, and keeps the first of them."""

    shown_max: int = 0
    count: int = 0
    head: Json = field(default_factory=dict[str, object])
    tail: Json = field(default_factory=dict[str, object])
    shown: list[Json] = field(default_factory=list[Json])
    _left: bytes = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        *lines, self._left = (self._left + chunk).split(b"\n")
        for line in lines:
            self._line(line)

    def _line(self, line: bytes) -> None:
        if not self.head:
            self.head = json.loads(line + b"]}")
        elif line.startswith(b"]"):
            self.tail = json.loads(b"{" + line.removeprefix(b"],"))
        else:
            self.count += 1
            if self.count <= self.shown_max:
                self.shown.append(json.loads(line.removesuffix(b",")))


def read(
    session: Session, doors: Doors, name: str, asked: Json, *, reading: Reading, sink: Sink
) -> int:
    """Read a report to its end and give how many rows it has. Raises Trouble if it is not whole."""
    form = "csv" if isinstance(reading, CsvReading) else "json"
    with doors.opened("ledger", f"/v1/reports/{name}", **asked, format=form) as response:
        wanted = int(response.headers["Report-Rows"])
        with session.progress(f"reading {name}", total=wanted) as done:
            try:
                for chunk in response.iter_bytes():
                    reading.feed(chunk)
                    sink(chunk)
                    done(reading.count)
            except httpx.TransportError as error:
                raise _not_whole(name, reading.count, wanted, f": {error}") from error
    if reading.count != wanted or _told(reading, wanted) != wanted:
        raise _not_whole(name, reading.count, wanted)
    return wanted


@contextmanager
def written(path: Path) -> Generator[BinaryIO]:
    """Write a file that is there when it is whole, and not before."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise Trouble(
            f"{path} cannot be written: {error.strerror}",
            next_step="give --out a file in a folder that you may write to",
            exit_code=Exit.USAGE,
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _told(reading: Reading, wanted: int) -> int:
    """Give the count that stands in the report itself; in CSV there is none."""
    return reading.tail.get("count", -1) if isinstance(reading, JsonReading) else wanted


def _not_whole(name: str, count: int, wanted: int, why: str = "") -> Trouble:
    return Trouble(
        f"the {name} broke off after {count} of {wanted} rows{why}",
        next_step="ask for it again; nothing was changed by it",
    )
