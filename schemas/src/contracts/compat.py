"""What a schema may become: any old reader reads the new, any new reader reads the old.

The registry's FULL_TRANSITIVE, said without a registry and a little stricter: it also compares
logical types, which registries do not, and counts a record that is gone.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

type Json = dict[str, Any]


def violations(old: str, new: str) -> list[str]:
    """Return what breaks when one schema becomes the other, each naming the place."""
    before, after = (_named_types(json.loads(text)) for text in (old, new))
    found: list[str] = []
    for name, was in before.items():
        now = after.get(name)
        if now is None:
            continue  # whoever held it has lost or changed a field, and that is told there
        if was["type"] != now["type"]:
            found.append(f"{name}: was {was['type']}, is {now['type']}")
        elif was["type"] == "enum":
            found += _enum(name, was, now)
        else:
            found += _record(name, was, now)
    return found


def against(released: Path, records: Mapping[str, str]) -> list[str]:
    """Return what in these schemas (by full name) breaks with any version released so far."""
    found: list[str] = []
    for path in sorted(released.glob("*/*.avsc")):
        new = records.get(path.stem)
        problems = [f"{path.stem}: is gone"] if new is None else violations(path.read_text(), new)
        found += [f"since {path.parent.name}: {problem}" for problem in problems]
    return found


def _record(name: str, was: Json, now: Json) -> Iterator[str]:
    before, after = ({f["name"]: f for f in each["fields"]} for each in (was, now))
    for field in before.keys() - after.keys():
        if "default" not in before[field]:
            yield f"{name}.{field}: is gone, and had no default"
    for field in after.keys() - before.keys():
        if "default" not in after[field]:
            yield f"{name}.{field}: is new, and has no default"
    for field in before.keys() & after.keys():
        old, new = (_shape(each[field]["type"]) for each in (before, after))
        if old != new:
            yield f"{name}.{field}: was {json.dumps(old)}, is {json.dumps(new)}"
        elif ("default" in before[field]) != ("default" in after[field]):
            yield f"{name}.{field}: has won or lost its default"


def _enum(name: str, was: Json, now: Json) -> Iterator[str]:
    before, after = set(was["symbols"]), set(now["symbols"])
    if (gone := before - after) and "default" not in now:
        yield f"{name}: {', '.join(sorted(gone))} is gone, and there is no default"
    if (fresh := after - before) and "default" not in was:
        yield f"{name}: {', '.join(sorted(fresh))} is new, and there was no default"
    if was.get("default") != now.get("default"):
        yield f"{name}: default was {was.get('default')}, is {now.get('default')}"


def _named_types(schema: Any) -> dict[str, Json]:
    """Return every record and enum that a schema tells, by full name."""
    found: dict[str, Json] = {}
    match schema:
        case {"type": "record" | "enum"}:
            found[_name(schema)] = schema
            for field in schema.get("fields", ()):
                found |= _named_types(field["type"])
        case {"type": "array", "items": items}:
            found |= _named_types(items)
        case list():
            for part in cast(list[Any], schema):
                found |= _named_types(part)
        case _:
            pass
    return found


def _shape(schema: Any) -> Any:
    """Return a type with names for what is told elsewhere."""
    match schema:
        case {"type": "record" | "enum"}:
            return _name(schema)
        case {"type": "array", "items": items}:
            return {"type": "array", "items": _shape(items)}
        case list():
            return [_shape(part) for part in cast(list[Any], schema)]
        case _:
            return schema


def _name(schema: Json) -> str:
    return f"{schema['namespace']}.{schema['name']}"
