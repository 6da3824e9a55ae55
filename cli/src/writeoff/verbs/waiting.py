"""Waiting until another service holds what was sent."""

import time
from collections.abc import Callable, Sequence

from writeoff.session import Session

LOOK_S = 0.5
"""How often a door is asked again."""

ASKED_MAX = 500
"""What a door takes at once."""


def until_held(
    session: Session,
    text: str,
    wanted: Sequence[str],
    missing_of: Callable[[Sequence[str]], Sequence[str]],
    *,
    timeout_s: float,
) -> list[str]:
    """Wait until nothing is missing, and return what still was when the time ran out."""
    deadline = time.monotonic() + timeout_s
    left = list(dict.fromkeys(wanted))
    total = len(left)
    with session.progress(text, total=total) as done:
        while True:
            left = [
                each
                for at in range(0, len(left), ASKED_MAX)
                for each in missing_of(left[at : at + ASKED_MAX])
            ]
            done(total - len(left))
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(LOOK_S)
