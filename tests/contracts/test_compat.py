"""What a schema may become, each violation once, and today's schemas against the released ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracts.catalogue import RECORDS
from contracts.compat import against, violations
from contracts.register import INCOMPATIBLE, OK, RELEASED, check

KIND = {
    "type": "enum",
    "name": "Kind",
    "namespace": "writeoff.common",
    "symbols": ["A", "B", "UNKNOWN"],
    "default": "UNKNOWN",
}
MONEY = {
    "type": "record",
    "name": "Money",
    "namespace": "writeoff.common",
    "fields": [{"name": "amount_minor", "type": "long"}],
}
DATE = {"type": "int", "logicalType": "date"}


def schema(*fields: dict[str, Any], name: str = "CaseOpened") -> str:
    said = {"type": "record", "name": name, "namespace": "writeoff.case", "fields": fields}
    return json.dumps(said)


def field(name: str, type_: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_} | more


MAYBE = field("maybe", ["null", "string"], default=None)
MUST = field("must", "string")
WHERE = "writeoff.case.CaseOpened"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ([MUST], [MUST, field("more", "string")], f"{WHERE}.more: is new, and has no default"),
        ([MUST, MAYBE], [MAYBE], f"{WHERE}.must: is gone, and had no default"),
        ([field("a", "int")], [field("a", "long")], f'{WHERE}.a: was "int", is "long"'),
        (
            [field("a", "string")],
            [field("a", ["null", "string"], default=None)],
            f'{WHERE}.a: was "string", is ["null", "string"]',
        ),
        (
            [field("a", "int")],
            [field("a", DATE)],
            f'{WHERE}.a: was "int", is {{"type": "int", "logicalType": "date"}}',
        ),
        (
            [field("a", {"type": "array", "items": "string"})],
            [field("a", {"type": "array", "items": "long"})],
            f"{WHERE}.a: was",
        ),
        (
            [field("a", KIND)],
            [field("a", KIND | {"name": "Sort"})],
            f'{WHERE}.a: was "writeoff.common.Kind", is "writeoff.common.Sort"',
        ),
        ([field("a", "int", default=0)], [field("a", "int")], "has won or lost its default"),
        (
            [field("a", KIND)],
            [field("a", KIND | {"default": "B"})],
            "writeoff.common.Kind: default was UNKNOWN, is B",
        ),
        (
            [field("a", MONEY)],
            [field("a", MONEY | {"fields": [field("amount_minor", "int")]})],
            'writeoff.common.Money.amount_minor: was "long", is "int"',
        ),
        (
            [field("a", MONEY | {"name": "Kind"})],
            [field("a", KIND)],
            "writeoff.common.Kind: was record, is enum",
        ),
    ],
)
def test_a_change_that_some_reader_cannot_live_with_is_told(old: Any, new: Any, told: str) -> None:
    found = violations(schema(*old), schema(*new))

    assert len(found) == 1
    assert told in found[0]


def test_a_rename_is_a_field_gone_and_a_field_new() -> None:
    found = violations(schema(field("a", "string")), schema(field("b", "string", aliases=["a"])))

    assert sorted(found) == [
        f"{WHERE}.a: is gone, and had no default",
        f"{WHERE}.b: is new, and has no default",
    ]


def without_default() -> dict[str, Any]:
    return {key: value for key, value in KIND.items() if key != "default"}


def test_a_symbol_more_needs_a_default_in_yesterdays_readers() -> None:
    grown = without_default() | {"symbols": ["A", "B", "C", "UNKNOWN"]}

    found = violations(schema(field("a", without_default())), schema(field("a", grown)))

    assert found == ["writeoff.common.Kind: C is new, and there was no default"]


def test_a_symbol_less_needs_a_default_in_todays_readers() -> None:
    shrunk = without_default() | {"symbols": ["A", "UNKNOWN"]}

    found = violations(schema(field("a", without_default())), schema(field("a", shrunk)))

    assert found == ["writeoff.common.Kind: B is gone, and there is no default"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([MUST], [MUST, MAYBE]),
        ([MUST, MAYBE], [MUST]),
        ([MUST, MAYBE], [MAYBE, MUST]),
        ([MUST], [MUST | {"doc": "said better"}]),
        ([field("a", KIND)], [field("a", KIND | {"symbols": ["A", "UNKNOWN", "C"]})]),
        ([MUST], [MUST, field("amount", ["null", MONEY], default=None)]),
    ],
)
def test_a_change_that_every_reader_can_live_with_is_fine(old: Any, new: Any) -> None:
    assert violations(schema(*old), schema(*new)) == []
    assert violations(schema(*new), schema(*old)) == []


@pytest.fixture
def released(tmp_path: Path) -> Callable[[str, str], None]:
    def keep(version: str, text: str) -> None:
        (tmp_path / version).mkdir(exist_ok=True)
        (tmp_path / version / f"{WHERE}.avsc").write_text(text)

    return keep


def test_every_released_version_counts_and_not_only_the_last(
    released: Callable[[str, str], None], tmp_path: Path
) -> None:
    released("0.1.0", schema(MUST, field("old", "string")))
    released("0.2.0", schema(MUST))

    assert against(tmp_path, {WHERE: schema(MUST)}) == [
        f"since 0.1.0: {WHERE}.old: is gone, and had no default"
    ]


def test_a_record_that_is_gone_is_told(
    released: Callable[[str, str], None], tmp_path: Path
) -> None:
    released("0.1.0", schema(MUST))

    assert against(tmp_path, {}) == [f"since 0.1.0: {WHERE}: is gone"]


def test_todays_schemas_can_live_with_every_release() -> None:
    assert against(RELEASED, {name: kind.SCHEMA for name, kind in RECORDS.items()}) == []
    assert check(RELEASED) == OK


def test_no_release_at_all_is_no_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path) == INCOMPATIBLE
    assert "nothing is released there" in capsys.readouterr().err


def test_the_check_names_what_it_found(
    released: Callable[[str, str], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    released("0.1.0", schema(field("vanished", "string")))

    assert check(tmp_path) == INCOMPATIBLE
    assert f"since 0.1.0: {WHERE}.vanished: is gone" in capsys.readouterr().err
