"""The dialect: the few things that an .avsc file of ours may say.

Records and enums, one a file; text, whole numbers and yes or no; uuid, date and timestamp-micros;
lists, and things that may be missing. No fractions, no bytes, no maps: only what a reader in any
language has an exact type for.
"""

import json
import keyword
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = "writeoff"
META = f"{ROOT}.common.Meta"

PLAIN = {"string": "str", "long": "int", "int": "int", "boolean": "bool"}
LOGICAL = {
    ("string", "uuid"): "Uuid",
    ("int", "date"): "Days",
    ("long", "timestamp-micros"): "Micros",
}
TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
FIELD_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
SYMBOL = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
TAKEN = {
    *("str", "int", "bool", "list", "dict", "bytes", "tuple", "object", "range", "len", "self"),
    *("to_avro", "from_avro", "to_binary", "from_binary"),
}

SYMBOLS_MAX = 64
"""An enum's number then takes one byte, which the generated code relies on."""


class DialectError(Exception):
    """A schema says something that the dialect does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """What a field holds: a plain or named type, perhaps in a list, perhaps missing."""

    name: str
    python: str
    named: bool = False
    many: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record."""

    name: str
    type: Type
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A record (with fields) or an enum (with symbols)."""

    full_name: str
    doc: str
    source: dict[str, Any]
    fields: tuple[Field, ...] = ()
    symbols: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """Return whose it is: the last part of the namespace."""
        return self.full_name.split(".")[-2]

    @property
    def name(self) -> str:
        """Return the name without its namespace."""
        return self.full_name.split(".")[-1]

    @property
    def uses(self) -> tuple[str, ...]:
        """Return the full names of the types in its fields."""
        return tuple(f.type.name for f in self.fields if f.type.named)


def read(home: Path) -> dict[str, Named]:
    """Return every type below a folder by full name, users after what they use."""
    sources: dict[str, dict[str, Any]] = {}
    for path in sorted(home.glob("*/*.avsc")):
        try:
            source = json.loads(path.read_text())
        except json.JSONDecodeError as error:
            raise DialectError(f"{path}: not JSON: {error}") from None
        sources[_full_name(path, source)] = source
    types = {name: _named(name, source, sources=sources) for name, source in sources.items()}
    _check_top_records(types)
    return _in_order(types)


def top_records(types: dict[str, Named]) -> dict[str, Named]:
    """Return the records that no other one holds: what is said on topics."""
    used = {name for kind in types.values() for name in kind.uses}
    return {name: kind for name, kind in types.items() if kind.fields and name not in used}


def schema_text(full_name: str, types: dict[str, Named]) -> str:
    """Return a schema that needs no other: each named type is told once, where it is first used."""
    told: set[str] = set()

    def inline(source: Any) -> Any:
        match source:
            case str() if source in types and source not in told:
                told.add(source)
                return inline(types[source].source)
            case dict():
                return {k: v if k in {"doc", "default"} else inline(v) for k, v in source.items()}
            case list():
                return [inline(part) for part in source]
            case _:
                return source

    return json.dumps(inline(full_name), separators=(",", ":"), ensure_ascii=False)


def _full_name(path: Path, source: Any) -> str:
    where = f"{path.parent.name}/{path.name}"
    if not isinstance(source, dict):
        raise DialectError(f"{where}: not a schema of one named type")
    expected = f"{ROOT}.{path.parent.name}", path.stem
    if (source.get("namespace"), source.get("name")) != expected:
        raise DialectError(f"{where}: must say namespace {expected[0]} and name {expected[1]}")
    if not TYPE_NAME.fullmatch(path.stem):
        raise DialectError(f"{where}: {path.stem} is not a CamelCase name")
    return ".".join(expected)


def _named(full_name: str, source: dict[str, Any], *, sources: dict[str, Any]) -> Named:
    doc = source.get("doc", "")
    if not doc:
        raise DialectError(f"{full_name}: has no doc")
    match source.get("type"):
        case "enum":
            _only(full_name, source, {"type", "name", "namespace", "doc", "symbols", "default"})
            symbols = _symbols(full_name, source)
            return Named(full_name=full_name, doc=doc, source=source, symbols=symbols)
        case "record":
            _only(full_name, source, {"type", "name", "namespace", "doc", "fields"})
            fields = tuple(_field(full_name, f, sources=sources) for f in source.get("fields", ()))
            names = [field.name for field in fields]
            if not names or len(names) != len(set(names)):
                raise DialectError(f"{full_name}: has no fields, or one twice")
            return Named(full_name=full_name, doc=doc, source=source, fields=fields)
        case other:
            raise DialectError(f"{full_name}: is neither record nor enum but {other}")


def _only(where: str, source: dict[str, Any], allowed: set[str]) -> None:
    if strange := source.keys() - allowed:
        raise DialectError(f"{where}: the dialect has no {', '.join(sorted(strange))}")


def _symbols(full_name: str, source: dict[str, Any]) -> tuple[str, ...]:
    symbols = tuple(source.get("symbols", ()))
    if len(symbols) > SYMBOLS_MAX:
        raise DialectError(f"{full_name}: has more than {SYMBOLS_MAX} symbols")
    for symbol in symbols:
        if not SYMBOL.fullmatch(symbol):
            raise DialectError(f"{full_name}: {symbol!r} is not an UPPER_CASE symbol")
    if len(symbols) != len(set(symbols)):
        raise DialectError(f"{full_name}: has a symbol twice")
    if source.get("default") not in symbols:
        raise DialectError(f"{full_name}: an enum has a default among its symbols")
    return symbols


def _field(record: str, source: dict[str, Any], *, sources: dict[str, Any]) -> Field:
    name = str(source.get("name"))
    where = f"{record}.{name}"
    _only(where, source, {"name", "type", "default", "doc"})
    if not FIELD_NAME.fullmatch(name) or keyword.iskeyword(name) or name in TAKEN:
        raise DialectError(f"{where}: is not a snake_case name that Python can take")
    kind = _type(where, source.get("type"), sources=sources)
    fallback = {"default": None} if kind.nullable else {"default": []} if kind.many else {}
    if {k: v for k, v in source.items() if k == "default"} != fallback:
        said = f"default {json.dumps(fallback['default'])}" if fallback else "no default"
        raise DialectError(f"{where}: must have {said}")
    return Field(name=name, type=kind, doc=source.get("doc", ""))


def _type(where: str, source: Any, *, sources: dict[str, Any]) -> Type:
    match source:
        case ["null", dict() | str() as inner]:
            one = _one(where, inner, sources=sources)
            return Type(name=one.name, python=one.python, named=one.named, nullable=True)
        case {"type": "array", "items": items}:
            _only(where, source, {"type", "items"})
            one = _one(where, items, sources=sources)
            return Type(name=one.name, python=one.python, named=one.named, many=True)
        case _:
            return _one(where, source, sources=sources)


def _one(where: str, source: Any, *, sources: dict[str, Any]) -> Type:
    match source:
        case str() if source in PLAIN:
            return Type(name=source, python=PLAIN[source])
        case str() if source in sources:
            return Type(name=source, python=source.split(".")[-1], named=True)
        case {"type": str() as plain, "logicalType": str() as logical, **rest} if not rest:
            if python := LOGICAL.get((plain, logical)):
                return Type(name=plain, python=python)
        case _:
            pass
    raise DialectError(f"{where}: the dialect has no type {json.dumps(source)}")


def _check_top_records(types: dict[str, Named]) -> None:
    for full_name, kind in top_records(types).items():
        first = kind.fields[0]
        if first.name != "meta" or first.type != Type(name=META, python="Meta", named=True):
            raise DialectError(f"{full_name}: no record holds it, so it must begin with meta")


def _in_order(types: dict[str, Named]) -> dict[str, Named]:
    ordered: dict[str, Named] = {}

    def place(name: str, *, above: tuple[str, ...]) -> None:
        if name in above:
            raise DialectError(f"{name}: holds itself")
        for used in types[name].uses:
            place(used, above=(*above, name))
        ordered.setdefault(name, types[name])

    for name in types:
        place(name, above=())
    return ordered
