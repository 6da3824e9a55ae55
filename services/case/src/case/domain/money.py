"""Amounts as people write them: decimal text on one side, whole minor units on the other."""

import re
from dataclasses import dataclass

from mesh.currency import DECIMALS

_DECIMAL = re.compile(r"(-?)(\d{1,15})(?:\.(\d+))?", re.ASCII)
"""At most 15 digits before the point: with three decimals that still fits 64 bits."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not done: a stable code, and a sentence for whoever asked."""

    code: str
    message: str


def to_minor(text: str, currency: str) -> int | Refusal:
    """Read decimal text as minor units of the currency; never rounds."""
    decimals = DECIMALS.get(currency)
    if decimals is None:
        return Refusal("CURRENCY_MISMATCH", f"currency: {currency} is none of ISO 4217")
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return Refusal("INVALID_FIELDS", f"amount: {text!r} is not a decimal number")
    sign, units, rest = match[1], match[2], match[3] or ""
    if len(rest) > decimals:
        return Refusal("AMOUNT_SCALE", f"amount: {currency} has {decimals} decimals")
    minor = int(units + rest.ljust(decimals, "0"))
    return -minor if sign else minor


def to_text(amount_minor: int, currency: str) -> str:
    """Write minor units as decimal text with the currency's decimals; unknown ones have two."""
    decimals = DECIMALS.get(currency, 2)
    sign = "-" if amount_minor < 0 else ""
    digits = str(abs(amount_minor)).rjust(decimals + 1, "0")
    if decimals == 0:
        return sign + digits
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
