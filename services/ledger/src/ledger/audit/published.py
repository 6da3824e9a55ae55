"""The file that heads are published to: one JSON object a line, only appended to.

It belongs where who can change the books cannot change it. What a crash cut off stays as it is, and
the head that it was to be is written once more, whole.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.audit.head import Signed


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line, or a record, that holds no head."""

    where: str
    why: str


class HeadsFile:
    """The file as who appends to it sees it."""

    def __init__(self, path: Path) -> None:
        """Append to `path`."""
        self._path = path

    def open(self) -> dict[int, int]:
        """Give the highest number of each lane in it; it is made if need be. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.open("ab").close()
        known: dict[int, int] = {}
        for found in read(self._path):
            if isinstance(found, Signed):
                head = found.head
                known[head.lane] = max(known.get(head.lane, 0), head.number)
        return known

    def append(self, heads: Sequence[Signed]) -> None:
        """Write heads; when it returns, they are on the disk. Raises OSError."""
        lines = b"".join(_line(each) for each in heads)
        with self._path.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 1))
            was_cut_off = file.read(1) not in (b"", b"\n")
            file.write(b"\n" + lines if was_cut_off else lines)
            file.flush()
            os.fsync(file.fileno())


def read(path: Path) -> Iterator[Signed | Unreadable]:
    """Give what each line holds, what holds no head last. Raises OSError.

    A last line without an end is being written. A line that was cut off is no matter when a later
    one begins with all of it.
    """
    broken: dict[bytes, Unreadable] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            for start in [start for start in broken if line.startswith(start)]:
                del broken[start]
            try:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("it is no JSON object")
                yield Signed.from_json(row)
            except ValueError as error:
                broken[line[:-1]] = Unreadable(f"{path}, line {number}", str(error))
    yield from broken.values()


def _line(signed: Signed) -> bytes:
    return json.dumps(signed.to_json(), separators=(",", ":")).encode() + b"\n"
