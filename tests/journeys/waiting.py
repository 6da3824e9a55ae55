"""Waiting for what is to come to pass: a condition and a deadline, never a sleep and a hope."""

import time
from collections.abc import Callable

import httpx

LOOK_S = 0.1
SECONDS = 60.0
"""A case takes a fraction of a second; a machine on which others build takes many times that."""


def eventually[T](look: Callable[[], T], *, seconds: float = SECONDS) -> T:
    """Look until something is seen, and give it; what a look asserts or cannot reach may yet come.

    Fails with the last look.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = look()
        except (AssertionError, httpx.TransportError):
            if time.monotonic() > deadline:
                raise
        else:
            if seen:
                return seen
            assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {seen!r}"
        time.sleep(LOOK_S)
