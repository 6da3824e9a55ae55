"""Reading a command from its fields, as a file, a door or a grant has them: rules 4 to 7.

Numbers are plain decimal strings. What is wrong is named by its field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ledger.domain.command import COMMANDS, Amount, Asked, Full, Parts, Percent
from ledger.domain.money import COMPONENTS, PLAIN_DECIMAL, Components, to_minor
from ledger.domain.refusal import Refusal, refuse

type Fields = Mapping[str, object]

DIGITS_MAX = 4000
"""Python reads no longer numbers from text; nobody owes them."""

TAKE = ("full", "amount", "percent", "components")
MONEY = ("amount", "target")


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a command. `one_of`: exactly one of these; an approval goes with any."""

    needed: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    one_of: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Give every field that the command may have."""
        return self.needed | self.optional | {*self.one_of, "approval"}


def _shape(*needed: str, optional: tuple[str, ...] = (), one_of: tuple[str, ...] = ()) -> Shape:
    return Shape(frozenset(needed), frozenset(optional), one_of)


SHAPES: Mapping[str, Shape] = {
    "charge_off": _shape(one_of=TAKE, optional=("reason",)),
    "write_off": _shape(one_of=TAKE, optional=("reason",)),
    "remove_charge_off": _shape(one_of=TAKE, optional=("cause",)),
    "reverse": _shape("of", optional=("cause",)),
    "undo": _shape("what", optional=("cause",)),
    "recover": _shape("amount"),
    "repay": _shape("amount", optional=("portions",)),
    "refund": _shape("amount", optional=("portions", "origin")),
    "goodwill_credit": _shape("amount", optional=("portions",)),
    "pay_off": _shape(optional=("amount",)),
    "credit_balance_refund": _shape("amount"),
    "accrue": _shape(),
    "provision": _shape(one_of=MONEY),
    "refinance": _shape("new_loan", "rate", optional=("amount",)),
}
"""Every command there is, with its fields."""


def read(name: str, fields: Fields, *, decimals: int) -> Asked | Refusal:
    """Read a command on money of so many decimals, or say why it cannot be one."""
    shape = SHAPES.get(name)
    if shape is None:
        return refuse("INVALID_FIELDS", f"unknown command {name[:64]}")
    if wrong := _wrong_fields(shape, fields) or _wrong_form(fields):
        return refuse("INVALID_FIELDS", wrong)
    if wrong := _not_positive(fields):
        return refuse("AMOUNT_NOT_POSITIVE", wrong)
    for field, text in _amounts(fields):
        if len(text.partition(".")[2]) > decimals:
            return refuse("AMOUNT_SCALE", field)
    percent = fields.get("percent")
    if isinstance(percent, str) and not 0 < Fraction(percent) <= 100:
        return refuse("PERCENT_OUT_OF_RANGE")
    return _made(name, fields, decimals)


def _wrong_fields(shape: Shape, fields: Fields) -> str | None:
    if unknown := sorted(fields.keys() - shape.known):
        return f"unknown field {unknown[0][:64]}"
    if missing := sorted(shape.needed - fields.keys()):
        return f"{missing[0]} is missing"
    if shape.one_of and sum(field in fields for field in shape.one_of) != 1:
        return f"needs exactly one of {', '.join(shape.one_of)}"
    return None


def _wrong_form(fields: Fields) -> str | None:
    for field, value in fields.items():
        match field:
            case "full":
                good = value is True
            case "amount" | "target" | "percent":
                good = _is_number(value)
            case "rate":
                good = _is_number(value) and _sign(str(value)) >= 0
            case "components" | "portions":
                good = _is_table(value)
            case "what":
                good = value in ("charge_off", "write_off")
            case "new_loan":
                good = isinstance(value, str) and value != ""
            case _:
                good = isinstance(value, str)
        if not good:
            return f"{field} is {FORMS.get(field, 'no text')}"
    return None


FORMS = {
    "full": "not true",
    "amount": "not a plain decimal string",
    "target": "not a plain decimal string",
    "percent": "not a plain decimal string",
    "rate": "not a plain decimal string of zero or more",
    "components": "not a table of plain decimal strings by component",
    "portions": "not a table of plain decimal strings by component",
    "what": "neither charge_off nor write_off",
    "new_loan": "no id",
}


def _is_number(value: object) -> bool:
    if not isinstance(value, str) or len(value) > DIGITS_MAX:
        return False
    return PLAIN_DECIMAL.fullmatch(value) is not None


def _is_table(value: object) -> bool:
    if not isinstance(value, Mapping) or not value:
        return False
    return value.keys() <= set(COMPONENTS) and all(map(_is_number, value.values()))


def _sign(text: str) -> int:
    if not text.strip("-0."):
        return 0
    return -1 if text.startswith("-") else 1


def _not_positive(fields: Fields) -> str | None:
    for field, text in _amounts(fields):
        sign = _sign(text)
        if sign < 0 or (sign == 0 and field != "target"):
            return field
    return None


def _amounts(fields: Fields) -> Iterator[tuple[str, str]]:
    """Give every amount with its field's name."""
    for field, value in fields.items():
        if isinstance(value, Mapping):
            for component, amount in value.items():
                yield f"{field}.{component}", str(amount)
        elif field in MONEY:
            yield field, str(value)


def _made(name: str, fields: Fields, decimals: int) -> Asked:
    """Make the command of fields that are as they must be."""
    given: dict[str, Any] = {}
    for field, value in fields.items():
        match field:
            case "full":
                given["take"] = Full()
            case "percent":
                given["take"] = Percent(Fraction(str(value)))
            case "components":
                given["take"] = Parts(_parts(value, decimals))
            case "amount" if "amount" in SHAPES[name].one_of and name != "provision":
                given["take"] = Amount(_minor(value, decimals))
            case "amount" | "target":
                given[f"{field}_minor"] = _minor(value, decimals)
            case "portions":
                given[field] = _parts(value, decimals)
            case "approval":
                pass
            case _:
                given[field] = value
    return COMMANDS[name](**given)


def _minor(value: object, decimals: int) -> int:
    amount_minor = to_minor(str(value), decimals=decimals)
    assert amount_minor is not None, "its form was looked at"
    return amount_minor


def _parts(value: object, decimals: int) -> Components:
    assert isinstance(value, Mapping), "its form was looked at"
    return Components(**{part: _minor(amount, decimals) for part, amount in value.items()})
