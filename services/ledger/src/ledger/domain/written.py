"""A command as a store keeps it: JSON, exact, in minor units; read again it is the same command."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

from ledger.domain.command import COMMANDS, Adding, Amount, Full, Parts, Percent
from ledger.domain.money import Components, exact_text, read_exact


def to_json(asked: Adding) -> dict[str, Any]:
    """Give what a command asks for as JSON; what is not said is left out."""
    values = {field.name: getattr(asked, field.name) for field in fields(asked)}
    return {name: _json(value) for name, value in values.items() if value is not None}


def from_json(name: str, written: Mapping[str, Any]) -> Adding:
    """Read a command that becomes a transaction, by its name and what `to_json` gave."""
    return cast("Adding", COMMANDS[name](**{key: _value(key, x) for key, x in written.items()}))


def _json(value: object) -> Any:
    match value:
        case Full():
            return {"full": True}
        case Amount(amount_minor):
            return {"amount_minor": amount_minor}
        case Percent(percent):
            return {"percent": exact_text(percent)}
        case Parts(parts):
            return {"parts": list(parts.minor)}
        case Components():
            return list(value.minor)
        case _:
            return value


def _value(key: str, written: Any) -> Any:
    match key, written:
        case "take", {"full": True}:
            return Full()
        case "take", {"amount_minor": int(amount_minor)}:
            return Amount(amount_minor)
        case "take", {"percent": str(percent)}:
            return Percent(read_exact(percent))
        case "take", {"parts": list(parts)}:
            return Parts(Components(*parts))
        case "portions", list(parts):
            return Components(*parts)
        case _:
            return written
