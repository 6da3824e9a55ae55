"""Numbers as the command lines take them."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def number_from(least: int) -> Callable[[str], int]:
    """Give a reader of one whole number that is not less than this."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or int(text) < least:
            raise ArgumentTypeError(f"a whole number from {least} on is meant, not {text!r}")
        return int(text)

    return read


def numbers_from(least: int) -> Callable[[str], tuple[int, ...]]:
    """Give a reader of whole numbers between commas, none less than this, none twice."""
    number = number_from(least)

    def read(text: str) -> tuple[int, ...]:
        found = tuple(number(word.strip()) for word in text.split(","))
        if len(set(found)) != len(found):
            raise ArgumentTypeError(f"a number stands twice in {text!r}")
        return found

    return read
