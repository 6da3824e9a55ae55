"""CSV and JSON Lines, line by line: a broken line is told, and the others go on."""

import codecs
import csv
import io
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from writeoff.exits import Exit, Trouble

JOINED_MAX = 50
"""A quoted cell may hold line breaks; one of more lines is a quote that was never closed."""

JSON_LINES = frozenset({".jsonl", ".ndjson", ".json"})


@dataclass(frozen=True, slots=True)
class Row:
    """A line's cells by column, and the number of its first line, the header's being 1."""

    line: int
    cells: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no row."""

    line: int
    message: str


def read_rows(
    path: Path, *, delimiter: str = ","
) -> tuple[tuple[str, ...] | None, Iterator[Row | Broken]]:
    """Return the header (none: each line names its columns) and the lines after it."""
    if path.suffix.lower() in JSON_LINES:
        return None, _json_rows(_lines(path))
    lines = _lines(path)
    header = _header(path, lines, delimiter)
    return header, _csv_rows(lines, header, delimiter)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the file's lines with their numbers, without a byte-order mark."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
    except OSError as wrong:
        raise Trouble(
            f"{path} cannot be read: {wrong.strerror}",
            next_step="check the path",
            exit_code=Exit.USAGE,
        ) from None


def _header(path: Path, lines: Iterator[tuple[int, bytes]], delimiter: str) -> tuple[str, ...]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            names = _cells(line.decode(), delimiter)
        except (UnicodeDecodeError, csv.Error) as wrong:
            raise _no_header(path, f"line {number} is no header: {wrong}") from None
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise _no_header(path, f"its header names {', '.join(sorted(twice))} twice")
        return tuple(names)
    raise _no_header(path, "it is empty")


def _no_header(path: Path, why: str) -> Trouble:
    return Trouble(
        f"{path}: {why}",
        next_step="the first line of a CSV file (UTF-8) names its columns",
        exit_code=Exit.USAGE,
    )


def _csv_rows(
    lines: Iterator[tuple[int, bytes]], header: Sequence[str], delimiter: str
) -> Iterator[Row | Broken]:
    ahead: deque[tuple[int, bytes]] = deque()
    while True:
        first = ahead.popleft() if ahead else next(lines, None)
        if first is None:
            return
        if first[1].strip():
            yield _csv_row(first, ahead, lines, (header, delimiter))


def _csv_row(
    first: tuple[int, bytes],
    ahead: deque[tuple[int, bytes]],
    lines: Iterator[tuple[int, bytes]],
    form: tuple[Sequence[str], str],
) -> Row | Broken:
    """Read one record; lines after the first are taken only if they make it whole."""
    header, delimiter = form
    number, line = first
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return Broken(number, "not UTF-8")
    try:
        cells = _cells(text, delimiter)
    except csv.Error as wrong:
        cells = _joined(text, ahead, lines, (len(header), delimiter))
        if cells is None:
            return Broken(number, str(wrong))
    if len(cells) != len(header):
        return Broken(number, f"{len(cells)} cells, but the header names {len(header)}")
    return Row(number, dict(zip(header, cells, strict=True)))


def _joined(
    text: str,
    ahead: deque[tuple[int, bytes]],
    lines: Iterator[tuple[int, bytes]],
    form: tuple[int, str],
) -> list[str] | None:
    """Return the cells of a record that goes on over several lines; none if it never ends well.

    The lines looked at stay in `ahead` unless they belong to it, so an unclosed quote breaks its
    own line and not the rest of the file.
    """
    wanted, delimiter = form
    for taken in range(1, JOINED_MAX):
        if len(ahead) < taken:
            more = next(lines, None)
            if more is None:
                return None
            ahead.append(more)
        try:
            text += ahead[taken - 1][1].decode()
            cells = _cells(text, delimiter)
        except (UnicodeDecodeError, csv.Error):
            continue
        if len(cells) != wanted:
            return None
        for _ in range(taken):
            ahead.popleft()
        return cells
    return None


def _cells(text: str, delimiter: str) -> list[str]:
    """Split one record, or say what is wrong with it."""
    # StringIO keeps a break inside a quoted cell, and takes nothing but real line ends for one.
    lines = io.StringIO(text, newline="")
    records = list(csv.reader(lines, delimiter=delimiter, strict=True))
    if len(records) != 1:
        raise csv.Error("more than one record")
    if "\0" in text:
        raise csv.Error("a zero byte")
    return [cell.strip() for cell in records[0]]


def _json_rows(lines: Iterator[tuple[int, bytes]]) -> Iterator[Row | Broken]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            # Numbers stay as they were written: money never becomes a float.
            found: Any = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        except (UnicodeDecodeError, json.JSONDecodeError) as wrong:
            yield Broken(number, f"not JSON: {wrong}")
            continue
        if not isinstance(found, dict):
            yield Broken(number, "not a JSON object")
            continue
        yield Row(number, {str(key): _plain(value) for key, value in found.items()})


def _plain(value: Any) -> Any:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value.strip()
        case _:
            return value
