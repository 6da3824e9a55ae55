"""Values of the domain as JSON and back: what a column keeps that nobody asks for by its parts."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson


def dump(value: object) -> str:
    """Write a dataclass, or a mapping of plain values and dataclasses, as JSON."""
    return orjson.dumps(value, default=_plain).decode()


def build[T](cls: type[T], told: Mapping[str, Any]) -> T:
    """Make a dataclass of what `dump` wrote of it."""
    return cls(**read(cls, told))


def read(cls: type[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """Read some fields of a dataclass from what `dump` wrote of them."""
    readers = _readers(cls)
    return {name: readers[name](value) for name, value in told.items()}


def _plain(value: object) -> object:
    """Sort a set of words; all else orjson knows itself."""
    return sorted(cast(frozenset[str], value))


@cache
def _readers(cls: type[Any]) -> Mapping[str, Callable[[Any], Any]]:
    """Give the reader of each field; made once for a class."""
    hints = get_type_hints(cls)
    return {f.name: _reader(hints[f.name]) for f in fields(cls)}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """Give what turns JSON into a value of the type."""
    if get_origin(hint) is UnionType:
        [inner] = [_reader(part) for part in get_args(hint) if part is not NoneType]
        return lambda value: None if value is None else inner(value)
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda value: tuple(item(each) for each in value)
    if get_origin(hint) is frozenset:
        item = _reader(get_args(hint)[0])
        return lambda value: frozenset(item(each) for each in value)
    if hint is UUID:
        return UUID
    if hint is date:
        return date.fromisoformat
    if hint is datetime:
        return datetime.fromisoformat
    if hint in (str, int, bool):
        return lambda value: value
    return lambda value: build(hint, value)
