"""Write contracts/records from the .avsc files: classes, and straight-line code to bytes and back.

generate.py             writes schemas/src/contracts/records
generate.py --check     says whether what is there is what would be written (exit 1: it is not)
generate.py --release   keeps today's schemas in schemas/released/<version>, to check against
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts.dialect import (
    LOGICAL,
    DialectError,
    Field,
    Named,
    Type,
    read,
    schema_text,
    top_records,
)

HOME = Path(__file__).resolve().parent
RECORDS = HOME / "src" / "contracts" / "records"

LINE_MAX = 100
HEAD = '"""{doc}\n\nGenerated from the .avsc files by schemas/generate.py: change those.\n"""\n'
OFFERS = {
    "collections.abc": {"Mapping"},
    "dataclasses": {"dataclass", "field"},
    "typing": {"Any", "ClassVar", "Literal"},
    "contracts.binary": {
        *("BOOLEAN", "BOOLEAN_OF", "END", "NONE", "NUMBER", "PRESENT", "SOME", "SPECIAL"),
        *("count", "int_bytes", "length", "number", "small"),
    },
    "contracts.records.schemas": {"SCHEMAS"},
    "contracts.types": set(LOGICAL.values()),
}


def render(types: dict[str, Named]) -> dict[str, str]:
    """Return the generated modules by file name."""
    owners = sorted({kind.owner for kind in types.values()})
    files = {f"{owner}.py": _module(owner, types) for owner in owners}
    files["schemas.py"] = _schemas(types)
    files["__init__.py"] = _index(top_records(types))
    return files


# --- modules ------------------------------------------------------------------------------------


def _index(top: dict[str, Named]) -> str:
    owners = {kind.owner for kind in top.values()}
    return _text(
        HEAD.format(doc="What may be said: one module an owner."),
        _import("contracts.records", owners),
        "from contracts.types import Record\n",
        "RECORDS: dict[str, type[Record]] = {",
        *(f'    "{name}": {kind.owner}.{kind.name},' for name, kind in top.items()),
        "}",
        '"""What is said on topics, by full name."""',
    )


def _schemas(types: dict[str, Named]) -> str:
    records = [name for name, kind in types.items() if kind.fields]
    return _text(
        HEAD.format(doc="The Avro schema of every record, as it is registered."),
        "SCHEMAS: dict[str, str] = {",
        *(f"    {name!r}: {schema_text(name, types)!r}," for name in records),
        "}",
    )


def _module(owner: str, types: dict[str, Named]) -> str:
    mine = [kind for kind in types.values() if kind.owner == owner]
    body = "\n\n\n".join("\n".join(_record(k, types) if k.fields else _enum(k)) for k in mine)
    return _text(
        HEAD.format(doc=f"What {owner} says."), *_imports(owner, types, body=body), "\n", body
    )


def _imports(owner: str, types: dict[str, Named], *, body: str) -> Iterator[str]:
    """Say where the words of a module's code come from."""
    offers = {module: set(names) for module, names in OFFERS.items()}
    for kind in types.values():
        if kind.owner != owner:
            offers.setdefault(f"contracts.records.{kind.owner}", set()).update(_words(kind))
    code = "\n".join(line for line in body.splitlines() if not line.strip().startswith('"""'))
    spoken = set(re.findall(r"[A-Za-z_]+", code))
    for ours in (False, True):
        modules = sorted(module for module in offers if module.startswith("contracts.") == ours)
        yield from (_import(m, offers[m] & spoken) for m in modules if offers[m] & spoken)
        yield from () if ours else [""]


def _import(module: str, names: set[str]) -> str:
    listed = sorted(names, key=lambda name: (not name.isupper(), name))
    line = f"from {module} import {', '.join(listed)}"
    lines = "".join(f"    {name},\n" for name in listed)
    return line if len(line) <= LINE_MAX else f"from {module} import (\n{lines})"


def _words(kind: Named) -> tuple[str, ...]:
    upper = _upper(kind)
    return (kind.name,) if kind.fields else (kind.name, f"{upper}_BYTES", f"{upper}_OF")


def _upper(kind: Named) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.name).upper()


# --- enums and records --------------------------------------------------------------------------


def _enum(kind: Named) -> Iterator[str]:
    upper, name = _upper(kind), kind.name
    symbols = ", ".join(f'"{symbol}"' for symbol in kind.symbols)
    each = f"for i, s in enumerate({upper}S)"
    yield f"type {name} = Literal[{symbols}]"
    yield f'"""{kind.doc}"""\n'
    yield f"{upper}S: tuple[{name}, ...] = ({symbols},)"
    yield f"{upper}_BYTES: dict[{name}, bytes] = {{s: NUMBER[i] {each}}}"
    yield f"{upper}_OF: dict[int, {name}] = {{2 * i: s {each}}}"


def _record(kind: Named, types: dict[str, Named]) -> Iterator[str]:
    name, fields = kind.name, kind.fields
    yield "@dataclass(slots=True, kw_only=True)"
    yield f"class {name}:"
    yield f'    """{kind.doc}"""\n'
    yield f'    FULL_NAME: ClassVar[str] = "{kind.full_name}"'
    yield "    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]\n"
    for field in fields:
        yield f"    {field.name}: {_annotation(field.type)}"
        yield from [f'    """{field.doc}"""'] if field.doc else []
    yield "\n    def to_binary(self) -> bytes:"
    yield '        """Return the record as an Avro body."""'
    yield '        return b"".join(('
    yield from (f"            {_bytes(field, types)}," for field in fields)
    yield "        ))"
    yield "\n    @staticmethod"
    yield f'    def from_binary(data: bytes, at: int) -> "tuple[{name}, int]":'
    yield '        """Return the record that begins here, and where the next thing begins."""'
    yield f"        self = {name}.__new__({name})"
    yield from _in(8, (line for field in fields for line in _reading(field, types)))
    yield "        return self, at"
    yield "\n    def to_avro(self) -> dict[str, object]:"
    yield '        """Return the record as Avro libraries take it."""'
    yield "        return {"
    yield from (f'            "{field.name}": {_to_avro(field, types)},' for field in fields)
    yield "        }"
    yield "\n    @staticmethod"
    yield f'    def from_avro(d: Mapping[str, Any]) -> "{name}":'
    yield '        """Return the record that an Avro library read."""'
    yield f"        return {name}("
    yield from (f"            {field.name}={_from_avro(field, types)}," for field in fields)
    yield "        )"


def _annotation(kind: Type) -> str:
    if kind.many:
        return f"list[{kind.python}] = field(default_factory=list[{kind.python}])"
    return f"{kind.python} | None = None" if kind.nullable else kind.python


# --- to bytes -----------------------------------------------------------------------------------


def _bytes(field: Field, types: dict[str, Named]) -> str:
    """Return the expressions for a field's bytes."""
    value, kind = f"self.{field.name}", field.type
    if kind.many:
        items = f"{' + '.join(_one_bytes(kind, types, 'each'))} for each in {value}"
        return f'b"".join((NUMBER[len({value})], *[{items}], END)) if {value} else END'
    one = _one_bytes(kind, types, value)
    if kind.nullable:
        return f"NONE if {value} is None else SOME + {' + '.join(one)}"
    return ", ".join(one)


def _one_bytes(kind: Type, types: dict[str, Named], value: str) -> tuple[str, ...]:
    if kind.named:
        named = types[kind.name]
        return (f"{value}.to_binary()" if named.fields else f"{_upper(named)}_BYTES[{value}]",)
    match kind.name:
        case "string":
            return f"NUMBER[len(s := {value}.encode())]", "s"
        case "long":
            return (f"NUMBER[{value}]",)
        case "int":
            return (f"int_bytes({value})",)
        case _:
            return (f"BOOLEAN[{value}]",)


# --- from bytes ---------------------------------------------------------------------------------


def _reading(field: Field, types: dict[str, Named]) -> Iterator[str]:
    """Return the statements that read a field."""
    target, kind = f"self.{field.name}", field.type
    if kind.many:
        yield f"{target} = []"
        yield "left, at = count(data, at)"
        yield "while left:"
        yield "    for _ in range(left):"
        yield from _in(8, _reading_one(kind, types, "each"))
        yield f"        {target}.append(each)"
        yield "    left, at = count(data, at)"
    elif kind.nullable:
        yield "at += 1"
        yield "if PRESENT[data[at - 1]]:"
        yield from _in(4, _reading_one(kind, types, target))
        yield "else:"
        yield f"    {target} = None"
    else:
        yield from _reading_one(kind, types, target)


def _reading_one(kind: Type, types: dict[str, Named], target: str) -> Iterator[str]:
    if kind.named and types[kind.name].fields:
        yield f"{target}, at = {kind.python}.from_binary(data, at)"
    elif kind.name == "string":
        yield "size = data[at]"
        yield "at += 1"
        yield "if size & SPECIAL:"
        yield "    size, at = length(data, at - 1)"
        yield f"{target} = data[at : (at := at + (size >> 1))].decode()"
    elif kind.name in {"long", "int"}:
        yield f"{target}, at = {'number' if kind.name == 'long' else 'small'}(data, at)"
    else:
        of = f"{_upper(types[kind.name])}_OF" if kind.named else "BOOLEAN_OF"
        yield f"{target} = {of}[data[at]]"
        yield "at += 1"


# --- to and from what Avro libraries take -------------------------------------------------------


def _to_avro(field: Field, types: dict[str, Named]) -> str:
    value, kind = f"self.{field.name}", field.type
    if not (kind.named and types[kind.name].fields):
        return value
    if kind.many:
        return f"[each.to_avro() for each in {value}]"
    made = f"{value}.to_avro()"
    return f"None if {value} is None else {made}" if kind.nullable else made


def _from_avro(field: Field, types: dict[str, Named]) -> str:
    value, kind = f'd["{field.name}"]', field.type
    if not (kind.named and types[kind.name].fields):
        return value
    if kind.many:
        return f"[{kind.python}.from_avro(each) for each in {value}]"
    made = f"{kind.python}.from_avro({value})"
    return f"None if {value} is None else {made}" if kind.nullable else made


def _in(spaces: int, lines: Iterable[str]) -> Iterator[str]:
    return (f"{' ' * spaces}{line}" for line in lines)


def _text(*parts: str) -> str:
    return "\n".join(parts) + "\n"


# --- the command --------------------------------------------------------------------------------


def differing(files: dict[str, str], folder: Path) -> list[str]:
    """Return the names of files that are not as they would be written, or too many."""
    there = {path.name: path.read_text() for path in folder.glob("*.py")}
    return sorted(name for name in files | there if files.get(name) != there.get(name))


def write(files: dict[str, str], folder: Path) -> None:
    """Make the folder's modules these and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.py"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text)


def release(types: dict[str, Named], folder: Path) -> Path:
    """Keep every record's schema under this version; a version is released once."""
    version = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["version"]
    kept = folder / version
    if kept.exists():
        raise DialectError(f"{version} is released already: raise the version in pyproject.toml")
    kept.mkdir(parents=True)
    for name in top_records(types):
        text = json.dumps(json.loads(schema_text(name, types)), indent=1, ensure_ascii=False)
        (kept / f"{name}.avsc").write_text(text + "\n")
    return kept


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Write contracts/records from the .avsc files.")
    parser.add_argument("--check", action="store_true", help="exit 1 when the files differ")
    parser.add_argument("--release", action="store_true", help="keep the schemas of this version")
    options = parser.parse_args()
    try:
        types = read(HOME)
        if options.release:
            print(f"kept in {release(types, HOME / 'released')}")
    except DialectError as error:
        print(error, file=sys.stderr)
        return 1
    files = render(types)
    if not options.check:
        write(files, RECORDS)
    elif stale := differing(files, RECORDS):
        print(f"run schemas/generate.py: {', '.join(stale)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
