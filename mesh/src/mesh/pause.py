"""Pauses between tries: they grow and are jittered (lanes 25)."""

import asyncio
import random

from mesh.limits import PAUSE_MAX_S

FIRST_S = 0.05


class Pause:
    """Waits longer each time until reset."""

    def __init__(self, *, first_s: float = FIRST_S, max_s: float = PAUSE_MAX_S) -> None:
        """Start with `first_s`, never wait longer than `max_s`."""
        self._first_s = first_s
        self._max_s = max_s
        self._next_s = first_s

    def reset(self) -> None:
        """Start from the first pause again."""
        self._next_s = self._first_s

    async def wait(self) -> None:
        """Wait, and make the next pause longer."""
        pause_s = self._next_s * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
        self._next_s = min(self._next_s * 2, self._max_s)
        await asyncio.sleep(pause_s)
