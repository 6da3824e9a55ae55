"""Money as people and files write it: decimal strings with the currency's own decimals."""

from decimal import Decimal

from mesh.currency import DECIMALS

DECIMALS_USUAL = 2


def decimals_of(currency: str) -> int:
    """Return the number of decimals of a currency."""
    return DECIMALS.get(currency, DECIMALS_USUAL)


def written(amount: Decimal, currency: str) -> str:
    """Write an amount with at least the currency's decimals; if it has more, the ledger says no."""
    assert amount.is_finite()
    sign, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)
    decimals = decimals_of(currency)
    if -exponent >= decimals:
        return format(amount, "f")
    whole = Decimal((sign, digits, exponent)).scaleb(decimals)
    return minor_written(int(whole), currency)


def minor_written(amount_minor: int, currency: str) -> str:
    """Write an amount of minor units."""
    decimals = decimals_of(currency)
    sign = "-" if amount_minor < 0 else ""
    digits = str(abs(amount_minor)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def grouped(amount: str) -> str:
    """Write a decimal string for the eye: thousands apart."""
    return f"{Decimal(amount):,f}"
