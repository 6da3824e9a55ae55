"""A mapping file: read, checked, and applied to every line."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from writeoff.exits import Exit, Trouble
from writeoff.mapping.fields import LOAN, REFERENCE, REQUEST, Field, Kind
from writeoff.mapping.files import Broken, Row, read_rows
from writeoff.mapping.rules import BadRule, Rule, parse_rule
from writeoff.mapping.values import BadValue, value_of
from writeoff.money import written


@dataclass(frozen=True, slots=True)
class Form:
    """What a mapping makes of a line, and the part of the file that says how."""

    what: str
    section: str
    fields: dict[str, Field]


LOANS = Form("a loan", "fields", LOAN)
REQUESTS = Form("a request", "fields", REQUEST)
REFERENCES = Form("an approval reference", "issue", REFERENCE)

TOP_LEVEL = frozenset({"tenant", "delimiter", "only", "fields", "issue"})


@dataclass(frozen=True, slots=True)
class Only:
    """A filter: the lines whose column holds, or does not hold, one of these values."""

    column: str
    values: frozenset[str]
    holds: bool

    def takes(self, row: Row) -> bool:
        """Say whether the line counts."""
        return (str(row.cells.get(self.column, "")) in self.values) is self.holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How lines become what a door takes."""

    path: Path
    form: Form
    tenant: str | None
    delimiter: str
    only: tuple[Only, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A line's values, ready to be sent."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line."""

    line: int
    field: str | None
    code: str
    message: str


def read_mapping(path: Path, form: Form) -> Mapping:
    """Read a mapping, or say everything that is wrong with it."""
    table = _table(path)
    wrong = [f"unknown key {key!r}" for key in table if key not in TOP_LEVEL]
    section = table.get(form.section)
    if not isinstance(section, dict):
        raise _bad(path, [*wrong, f"it has no part [{form.section}], which tells {form.what}"])
    rules, complaints = _rules(section, form)
    wrong += complaints
    try:
        only = _only(table.get("only", []))
    except BadRule as bad:
        wrong.append(f"only: {bad}")
        only = ()
    delimiter = str(table.get("delimiter", ","))
    if len(delimiter) != 1:
        wrong.append(f"delimiter is one sign, not {delimiter!r}")
    if wrong:
        raise _bad(path, wrong)
    return Mapping(
        path=path,
        form=form,
        tenant=table.get("tenant"),
        delimiter=delimiter,
        only=only,
        rules=rules,
    )


def map_file(mapping: Mapping, path: Path, *, today: date) -> Iterator[Mapped | Problem]:
    """Yield every line that the filter takes: mapped, or what is wrong with it."""
    header, rows = read_rows(path, delimiter=mapping.delimiter)
    if header is not None:
        _check_columns(mapping, path, header)
    for row in rows:
        if isinstance(row, Broken):
            yield Problem(row.line, None, "BROKEN_LINE", row.message)
        elif all(only.takes(row) for only in mapping.only):
            yield from _map_row(mapping, row, today=today)


def _map_row(mapping: Mapping, row: Row, *, today: date) -> Iterator[Mapped | Problem]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for rule in mapping.rules:
        name = rule.field.name
        try:
            value = value_of(rule, row.cells, today=today)
        except BadValue as bad:
            problems.append(Problem(row.line, name, bad.code, bad.message))
            continue
        if value is not None:
            values[name] = value
        elif rule.field.needed:
            told = f" ({', '.join(rule.reads)})" if rule.reads else ""
            problems.append(Problem(row.line, name, "MISSING_VALUE", f"it is empty{told}"))
    if problems:
        yield from problems
    else:
        yield Mapped(row.line, _with_decimals(mapping.form, _with_segment(mapping.form, values)))


def _with_segment(form: Form, values: dict[str, Any]) -> dict[str, Any]:
    """A loan with a business name is a business's, whatever else the mapping says."""
    if form is LOANS:
        usual = "BUSINESS" if values.get("business_name") else values.get("segment", "PERSONAL")
        return values | {"segment": usual}
    return values


def _with_decimals(form: Form, values: dict[str, Any]) -> dict[str, Any]:
    """Write every amount with its currency's decimals."""
    currency = str(values.get("currency", ""))
    return {
        name: written(Decimal(value), currency) if form.fields[name].kind is Kind.MONEY else value
        for name, value in values.items()
    }


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except OSError as wrong:
        raise _bad(path, [f"it cannot be read: {wrong.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise _bad(path, [f"it is not TOML: {wrong}"]) from None


def _rules(section: dict[str, Any], form: Form) -> tuple[tuple[Rule, ...], list[str]]:
    """Return the rules that could be read, and what is wrong with the section."""
    rules: list[Rule] = []
    wrong: list[str] = []
    if strange := section.keys() - form.fields.keys():
        names = ", ".join(repr(name) for name in sorted(strange))
        wrong.append(f"{form.what} has no field {names}; it has {', '.join(form.fields)}")
    for name, given in section.items():
        field = form.fields.get(name)
        if field is None:
            continue
        try:
            rules.append(parse_rule(field, given))
        except BadRule as bad:
            wrong.append(f"{form.section}.{name}: {bad}")
    missing = [f.name for f in form.fields.values() if f.needed and f.name not in section]
    wrong += [f"[{form.section}] lacks {name!r}, which {form.what} needs" for name in missing]
    if form is LOANS and not section.keys() & {"business_name", "family_name"}:
        wrong.append("[fields] lacks a name: business_name, or given_name and family_name")
    if form is LOANS and not section.keys() & {"business_name", "segment"}:
        wrong.append("[fields] lacks 'segment', which a loan without a business name needs")
    return tuple(rules), wrong


def _only(given: Any) -> tuple[Only, ...]:
    tables: Sequence[Any] = given if isinstance(given, list) else [given]
    return tuple(_one_filter(table) for table in tables)


def _one_filter(given: Any) -> Only:
    if not isinstance(given, dict) or "column" not in given:
        raise BadRule("a filter is a table with a column, and `in` or `not_in`")
    table: dict[str, Any] = given
    unknown = table.keys() - {"column", "in", "not_in"}
    if unknown:
        raise BadRule(f"unknown key {', '.join(sorted(unknown))}")
    if ("in" in table) == ("not_in" in table):
        raise BadRule("give `in` or `not_in`, a list of values")
    values = table.get("in", table.get("not_in"))
    if not isinstance(values, list):
        raise BadRule("`in` and `not_in` are lists")
    return Only(str(table["column"]), frozenset(str(value) for value in values), "in" in table)


def _check_columns(mapping: Mapping, path: Path, header: Sequence[str]) -> None:
    """Refuse a file that lacks a column of the mapping, before any line is read."""
    used = [(only.column, "only") for only in mapping.only]
    used += [(column, rule.field.name) for rule in mapping.rules for column in rule.reads]
    lacking = {column: name for column, name in used if column not in header}
    if lacking:
        told = ", ".join(f"{column!r} (for {name})" for column, name in lacking.items())
        raise Trouble(
            f"{path} has no column {told}, which {mapping.path} names",
            next_step=f"its header (line 1) has: {', '.join(header)}",
            exit_code=Exit.USAGE,
        )


def _bad(path: Path, wrong: Sequence[str]) -> Trouble:
    return Trouble(
        f"{path}: " + "; ".join(wrong),
        next_step="examples/README.md tells what a mapping may say",
        exit_code=Exit.USAGE,
    )
