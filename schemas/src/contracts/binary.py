"""Avro's numbers as bytes and back, for the straight-line code of the records.

Everything in Avro that has no fixed size begins with a number: seven bits a byte, least first, the
sign folded into the lowest bit. Nearly all of them take one byte, and the records read those
themselves; this module has the rest.
"""

_MORE, _BITS, _ODD = 0x80, 0x7F, 0x01
_FURTHER_BYTES_MAX = 9
_FOLDED_MAX = (1 << 64) - 1
SPECIAL = _MORE | _ODD
"""A length's first byte with one of these bits is not a small length: ask `length`."""

_LONG_MAX = 1 << 63
_INT_MAX = 1 << 31
_SMALL = range(-64, 8192)


class _Numbers(dict[int, bytes]):
    """The bytes of every long; the small ones are ready made."""

    def __missing__(self, value: int) -> bytes:
        if not -_LONG_MAX <= value < _LONG_MAX:
            raise ValueError(f"{value} does not fit a long")
        return _bytes_of(value)


def _bytes_of(value: int) -> bytes:
    rest = (value << 1) ^ (value >> 63)
    out: list[int] = []
    while rest >= _MORE:
        out.append(rest & _BITS | _MORE)
        rest >>= 7
    out.append(rest)
    return bytes(out)


NUMBER = _Numbers({value: _bytes_of(value) for value in _SMALL})
"""The bytes of a long, or of a length."""

BOOLEAN = {False: b"\x00", True: b"\x01"}
BOOLEAN_OF = {0: False, 1: True}
NONE, SOME = b"\x00", b"\x02"
PRESENT = {0: False, 2: True}
"""What the first byte of a nullable says."""

END = b"\x00"
"""A list's last block."""


def number(data: bytes, at: int) -> tuple[int, int]:
    """Return the long that begins here, and where the next thing begins."""
    rest = data[at]
    at += 1
    if rest < _MORE:
        return (rest >> 1) ^ -(rest & 1), at
    rest &= _BITS
    shift = 7
    for byte in data[at : at + _FURTHER_BYTES_MAX]:
        at += 1
        if byte < _MORE:
            rest |= byte << shift
            if rest > _FOLDED_MAX:
                break
            return (rest >> 1) ^ -(rest & 1), at
        rest |= (byte & _BITS) << shift
        shift += 7
    raise ValueError("a number without an end, or of more than 64 bits")


def small(data: bytes, at: int) -> tuple[int, int]:
    """Return the int that begins here, and where the next thing begins."""
    value, at = number(data, at)
    if not -_INT_MAX <= value < _INT_MAX:
        raise ValueError(f"{value} does not fit an int")
    return value, at


def int_bytes(value: int) -> bytes:
    """Return the bytes of an int."""
    if not -_INT_MAX <= value < _INT_MAX:
        raise ValueError(f"{value} does not fit an int")
    return NUMBER[value]


def length(data: bytes, at: int) -> tuple[int, int]:
    """Return the length that begins here, doubled as in its one-byte form, and where it ends."""
    value, at = number(data, at)
    if value < 0:
        raise ValueError("a text shorter than nothing")
    return value << 1, at


def count(data: bytes, at: int) -> tuple[int, int]:
    """Return how many items the block here has (0: the list is over), and where they begin."""
    value, at = number(data, at)
    if value < 0:
        _, at = number(data, at)
    return abs(value), at
