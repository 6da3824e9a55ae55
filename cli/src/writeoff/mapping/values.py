"""A cell's text becomes the value that a door takes: dates ISO, money decimal strings."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from writeoff.mapping.fields import Kind
from writeoff.mapping.rules import Rule

YES = frozenset({"y", "yes", "true", "1"})
NO = frozenset({"n", "no", "false", "0"})

DAYS_MAX = 200_000
"""Five centuries: more is no count of days."""

_TODAY = re.compile(r"today(?:\s*([+-])\s*(\d{1,4})(?:\s*days)?)?")


class BadValue(ValueError):
    """A cell that does not hold what its field needs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def value_of(rule: Rule, cells: Mapping[str, Any], *, today: date) -> Any:
    """Return a field's value for a line; none when neither the line nor the rule gives one."""
    found = _found(rule, cells)
    if rule.values is not None and found not in ("", None):
        found = _meant(rule, str(found), cells)
    if found in ("", None):
        found = rule.default
    if found in ("", None):
        return None
    return _read(rule, found, today=today)


def _found(rule: Rule, cells: Mapping[str, Any]) -> Any:
    if rule.template is not None:
        return rule.template.fill(cells)
    if rule.columns:
        return next((cells[name] for name in rule.columns if cells.get(name)), "")
    return rule.constant


def _meant(rule: Rule, text: str, cells: Mapping[str, Any]) -> str:
    assert rule.values is not None
    template = rule.values.get(text, rule.otherwise)
    if template is None:
        known = ", ".join(rule.values)
        raise BadValue("UNKNOWN_VALUE", f"{text!r} is none of {known}, and there is no `otherwise`")
    return template.fill(cells)


def _read(rule: Rule, found: Any, *, today: date) -> Any:
    match rule.field.kind:
        case Kind.TEXT:
            return str(found)
        case Kind.DATE:
            return _date(rule, found, today=today).isoformat()
        case Kind.MONEY | Kind.NUMBER:
            return format(_number(rule, found), "f")
        case Kind.WHOLE:
            return _whole(rule, found)
        case Kind.YES_NO:
            return _yes_no(found)
        case Kind.TEXTS:
            return _texts(rule, found)
        case Kind.TABLE:
            return _table(found)
        case Kind.TABLES:
            return _tables(found)


def _date(rule: Rule, found: Any, *, today: date) -> date:
    if isinstance(found, date):
        return found
    text = str(found)
    relative = _TODAY.fullmatch(text)
    try:
        if relative:
            days = int(relative.group(2) or 0)
            return today + timedelta(days=-days if relative.group(1) == "-" else days)
        if rule.days_since is not None:
            days = int(text)
            if abs(days) > DAYS_MAX:
                raise ValueError
            return rule.days_since + timedelta(days=days)
        if rule.pattern is not None:
            return datetime.strptime(text, rule.pattern).date()  # noqa: DTZ007 (a date has no zone)
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadValue("NOT_A_DATE", f"{text!r} is not {_date_form(rule)}") from None


def _date_form(rule: Rule) -> str:
    if rule.days_since is not None:
        return f"a number of days since {rule.days_since.isoformat()}"
    return f"a date as {rule.pattern or 'YYYY-MM-DD'}"


def _number(rule: Rule, found: Any) -> Decimal:
    text = str(found)
    plain = text.replace(rule.thousands, "") if rule.thousands else text
    if rule.decimal != ".":
        plain = plain.replace(".", "?").replace(rule.decimal, ".")
    try:
        # Decimal also takes exponents and underscores: what a person writes has neither.
        if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", plain):
            raise InvalidOperation
        return Decimal(plain)
    except InvalidOperation:
        raise BadValue("NOT_A_NUMBER", f"{text!r} is not a number") from None


def _whole(rule: Rule, found: Any) -> int:
    number = _number(rule, found)
    if number != number.to_integral_value():
        raise BadValue("NOT_A_NUMBER", f"{found!r} is not a whole number")
    return int(number)


def _yes_no(found: Any) -> bool:
    text = str(found).lower()
    if text in YES:
        return True
    if text in NO:
        return False
    raise BadValue("NOT_YES_OR_NO", f"{found!r} is neither yes nor no")


def _texts(rule: Rule, found: Any) -> list[str]:
    parts: list[Any] = found if isinstance(found, list) else str(found).split(rule.split)
    return [str(part).strip() for part in parts if str(part).strip()]


def _table(found: Any) -> dict[str, str]:
    """Read a table of texts; numbers stay as they are written."""
    if isinstance(found, str):
        try:
            found = json.loads(found, parse_float=str, parse_int=str, parse_constant=str)
        except json.JSONDecodeError as wrong:
            raise BadValue("NOT_A_TABLE", f"not JSON: {wrong}") from None
    if not isinstance(found, dict):
        raise BadValue("NOT_A_TABLE", "not a table")
    return {str(key): str(value) for key, value in found.items()}


def _tables(found: Any) -> list[dict[str, Any]]:
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except json.JSONDecodeError as wrong:
            raise BadValue("NOT_A_LIST", f"not JSON: {wrong}") from None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadValue("NOT_A_LIST", "not a list of tables")
    return [
        {key: each[key].isoformat() if isinstance(each[key], date) else each[key] for key in each}
        for each in found
    ]
