"""How one field is made of a line's cells: the rule, and its parser."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from writeoff.mapping.fields import Field, Kind

SOURCES = ("column", "template", "constant")

FORMS = {
    Kind.DATE: ("days_since", "pattern"),
    Kind.MONEY: ("thousands", "decimal"),
    Kind.NUMBER: ("thousands", "decimal"),
    Kind.WHOLE: ("thousands",),
    Kind.TEXTS: ("split",),
}
"""Which forms a field of a kind may have, besides those of every field."""

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class BadRule(ValueError):
    """A rule that says nothing sensible."""


@dataclass(frozen=True, slots=True)
class Template:
    """Text with columns in it: literal, column, literal, column, …, literal."""

    literals: tuple[str, ...]
    columns: tuple[str, ...]

    def fill(self, cells: Mapping[str, Any]) -> str:
        """Return the text for a line; empty when one of its columns is empty."""
        values = [str(cells.get(column, "")) for column in self.columns]
        if not all(values):
            return ""
        parts = [part for pair in zip(self.literals, values, strict=False) for part in pair]
        return "".join((*parts, self.literals[-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Where a field's value comes from, and how it is written there."""

    field: Field
    columns: tuple[str, ...] = ()
    """The first of them that is not empty counts."""
    template: Template | None = None
    constant: Any = None
    values: Mapping[str, Template] | None = None
    """What stands in the file, and what it means."""
    otherwise: Template | None = None
    """Meant by every value that `values` does not name."""
    default: Any = None
    """Taken when the file says nothing."""
    days_since: date | None = None
    pattern: str | None = None
    thousands: str = ""
    decimal: str = "."
    split: str = ";"

    @property
    def reads(self) -> tuple[str, ...]:
        """All columns that the rule may look at."""
        templates = [self.template, self.otherwise, *(self.values or {}).values()]
        inner = (column for each in templates if each for column in each.columns)
        return (*self.columns, *inner)


def parse_rule(field: Field, given: Any) -> Rule:
    """Read a rule: a table, or a bare value that every line has."""
    if not isinstance(given, dict):
        return Rule(field=field, constant=given)
    table: dict[str, Any] = given
    allowed = {*SOURCES, "values", "otherwise", "default", *FORMS.get(field.kind, ())}
    for key in table:
        if key not in allowed:
            raise BadRule(f"{key!r} is not a key here; {', '.join(sorted(allowed))} are")
    named = [source for source in SOURCES if source in table]
    if len(named) != 1:
        raise BadRule(f"give exactly one of {', '.join(SOURCES)}")
    if "otherwise" in table and "values" not in table:
        raise BadRule("`otherwise` goes with `values`")
    return Rule(
        field=field,
        columns=_columns(table.get("column", ())),
        template=parse_template(table["template"]) if "template" in table else None,
        constant=table.get("constant"),
        values=_values(table["values"]) if "values" in table else None,
        otherwise=parse_template(table["otherwise"]) if "otherwise" in table else None,
        default=table.get("default"),
        days_since=_day(table["days_since"]) if "days_since" in table else None,
        pattern=_pattern(table["pattern"]) if "pattern" in table else None,
        thousands=_mark(table.get("thousands", "")),
        decimal=_mark(table.get("decimal", ".")),
        split=str(table.get("split", ";")),
    )


def parse_template(given: Any) -> Template:
    """Read a template: `{Column}` stands for that column's cell, `{{` and `}}` for braces."""
    text = str(given)
    literals, columns = [""], list[str]()
    end = 0
    for place in _PLACE.finditer(text):
        literals[-1] += text[end : place.start()]
        end = place.end()
        match place.group():
            case "{{" | "}}" as double:
                literals[-1] += double[0]
            case "{" | "}":
                raise BadRule(f"a brace stands alone in {text!r}")
            case _:
                columns.append(place.group(1).strip())
                literals.append("")
    literals[-1] += text[end:]
    if not all(columns):
        raise BadRule(f"empty braces in {text!r}")
    return Template(tuple(literals), tuple(columns))


def _columns(given: Any) -> tuple[str, ...]:
    names: Sequence[Any] = given if isinstance(given, list | tuple) else (given,)
    return tuple(str(name) for name in names)


def _values(given: Any) -> dict[str, Template]:
    if not isinstance(given, dict) or not given:
        raise BadRule("`values` is a table: what stands in the file = what it means")
    table: dict[str, Any] = given
    return {str(key): parse_template(value) for key, value in table.items()}


def _day(given: Any) -> date:
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise BadRule(f"days_since is a date as 1960-01-01, not {given!r}") from None


def _pattern(given: Any) -> str:
    text = str(given)
    if "%" not in text:
        raise BadRule(f"a pattern is made of strptime's marks, as %d.%m.%Y; {text!r} has none")
    return text


def _mark(given: Any) -> str:
    text = str(given)
    if len(text) > 1 or text.isdigit():
        raise BadRule(f"a mark is one sign, not {text!r}")
    return text
