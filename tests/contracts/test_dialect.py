"""The dialect: what an .avsc file may not say, and that it is told where."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from contracts.dialect import DialectError, read, schema_text, top_records

META = {"name": "meta", "type": "writeoff.common.Meta"}
ENUM = {"type": "enum", "name": "Kind", "namespace": "writeoff.common", "doc": "Kinds."}


def named(name: str, *fields: Any, owner: str = "case", **more: Any) -> dict[str, Any]:
    said = {"type": "record", "name": name, "namespace": f"writeoff.{owner}", "doc": "It is."}
    return said | {"fields": list(fields)} | more


def field(type_: Any, name: str = "thing", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_} | more


@pytest.fixture
def home(tmp_path: Path) -> Path:
    put(tmp_path, named("Meta", field("string", "tenant"), owner="common"))
    return tmp_path


def put(home: Path, schema: dict[str, Any]) -> None:
    folder = home / schema["namespace"].split(".")[-1]
    folder.mkdir(exist_ok=True)
    (folder / f"{schema['name']}.avsc").write_text(json.dumps(schema))


def refused(home: Path, *schemas: dict[str, Any], because: str) -> None:
    for schema in schemas:
        put(home, schema)
    with pytest.raises(DialectError, match=re.escape(because)):
        read(home)


@pytest.mark.parametrize(
    "type_",
    [
        *("float", "double", "bytes", "null"),
        {"type": "map", "values": "string"},
        {"type": "fixed", "name": "F", "size": 16},
        {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
        {"type": "string", "logicalType": "decimal"},
        {"type": "long", "logicalType": "timestamp-millis"},
        {"type": "long", "logicalType": "date"},
        {"type": "record", "name": "Inner", "fields": []},
        {"type": "array", "items": ["null", "string"]},
        {"type": "array", "items": {"type": "array", "items": "string"}},
        ["string", "null"],
        ["null", "string", "long"],
        ["null", {"type": "array", "items": "string"}],
        ["null", ["null", "string"]],
        "writeoff.common.Nobody",
        "Meta",
    ],
    ids=json.dumps,
)
def test_a_type_outside_the_dialect_is_refused_with_its_field(home: Path, type_: Any) -> None:
    refused(
        home,
        named("CaseOpened", META, field(type_)),
        because="writeoff.case.CaseOpened.thing: the dialect has no type",
    )


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        (field(["null", "string"]), "must have default null"),
        (field(["null", "string"], default=""), "must have default null"),
        (field({"type": "array", "items": "string"}), "must have default []"),
        (field("string", default="x"), "must have no default"),
        (field("string", default=None), "must have no default"),
    ],
)
def test_only_what_may_be_missing_has_a_default(home: Path, wrong: Any, because: str) -> None:
    refused(
        home, named("CaseOpened", META, wrong), because=f"writeoff.case.CaseOpened.thing: {because}"
    )


@pytest.mark.parametrize("name", ["caseId", "case-id", "_id", "class", "self", "str", "", "a__b"])
def test_a_field_has_a_name_that_python_can_take(home: Path, name: str) -> None:
    refused(
        home,
        named("CaseOpened", META, field("string", name)),
        because=f"writeoff.case.CaseOpened.{name}: is not a snake_case name",
    )


@pytest.mark.parametrize("name", ["caseOpened", "Case_Opened", "1Case"])
def test_a_record_has_a_camel_case_name(home: Path, name: str) -> None:
    refused(home, named(name, META), because=f"{name} is not a CamelCase name")


def test_a_file_says_the_name_and_owner_of_its_place(home: Path) -> None:
    put(home, named("CaseOpened", META))
    (home / "case" / "CaseOpened.avsc").rename(home / "case" / "CaseClosed.avsc")

    refused(
        home, because="case/CaseClosed.avsc: must say namespace writeoff.case and name CaseClosed"
    )


def test_a_record_on_a_topic_begins_with_meta(home: Path) -> None:
    refused(
        home,
        named("CaseOpened", field("string"), META),
        because="writeoff.case.CaseOpened: no record holds it, so it must begin with meta",
    )


def test_a_record_inside_another_needs_no_meta(home: Path) -> None:
    put(home, named("Part", field("string"), owner="common"))
    put(home, named("CaseOpened", META, field("writeoff.common.Part")))

    assert list(top_records(read(home))) == ["writeoff.case.CaseOpened"]


@pytest.mark.parametrize(
    ("more", "because"),
    [
        ({"symbols": ["A", "B"]}, "an enum has a default among its symbols"),
        ({"symbols": ["A", "B"], "default": "C"}, "an enum has a default among its symbols"),
        ({"symbols": ["A", "A"], "default": "A"}, "has a symbol twice"),
        ({"symbols": ["a"], "default": "a"}, "'a' is not an UPPER_CASE symbol"),
        ({"symbols": [f"S{n}" for n in range(65)], "default": "S0"}, "has more than 64 symbols"),
        ({"symbols": ["A"], "default": "A", "aliases": ["X"]}, "the dialect has no aliases"),
    ],
)
def test_an_enum_can_always_grow(home: Path, more: dict[str, Any], because: str) -> None:
    refused(home, ENUM | more, because=f"writeoff.common.Kind: {because}")


def test_a_record_cannot_hold_itself(home: Path) -> None:
    a = named("A", META, field("writeoff.case.B"))
    b = named("B", META, field("writeoff.case.A"))

    refused(home, a, b, because="holds itself")


def test_a_field_is_told_once(home: Path) -> None:
    refused(home, named("A", META, field("string"), field("long")), because="has no fields, or one")


def test_everything_is_explained(home: Path) -> None:
    refused(home, named("A", META, doc=""), because="writeoff.case.A: has no doc")


def test_nothing_else_is_said_about_a_field(home: Path) -> None:
    refused(
        home,
        named("A", META, field("string", aliases=["old"])),
        because="writeoff.case.A.thing: the dialect has no aliases",
    )


def test_a_schema_tells_each_type_once_and_then_by_name(home: Path) -> None:
    put(home, named("Part", field("string"), owner="common"))
    part = field("writeoff.common.Part", "first"), field("writeoff.common.Part", "second")
    put(home, named("CaseOpened", META, *part))

    told = json.loads(schema_text("writeoff.case.CaseOpened", read(home)))

    assert told["fields"][1]["type"]["name"] == "Part"
    assert told["fields"][2]["type"] == "writeoff.common.Part"
