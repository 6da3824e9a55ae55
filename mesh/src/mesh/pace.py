"""Opens nothing new while much is on its way (lanes 6)."""

import asyncio
from collections.abc import Iterable
from typing import Any

from mesh.lane import Lane
from mesh.limits import COMPANY_S, ON_THE_WAY_BESIDE_MAX, ON_THE_WAY_MAX, TURN_MESSAGES_MAX
from mesh.service import Change, Paced, Reader, Service


class Pace:
    """How much a lane may take in from outside; everything where the service is not paced."""

    def __init__(self, service: Service[Any, Any]) -> None:
        """Pace a service that says what is on its way."""
        self._paced = service if isinstance(service, Paced) else None
        self._asked_at: dict[str, float] = {}

    async def count(self, reader: Reader, lane: int) -> int:
        """Count what is on its way in a lane just taken."""
        return await self._paced.count_on_the_way(reader, lane) if self._paced else 0

    def room(self, lane: Lane) -> int:
        """Say how many requests the lane may take in."""
        if not self._paced:
            return TURN_MESSAGES_MAX
        most = ON_THE_WAY_MAX if len(self._asked_at) < 2 else ON_THE_WAY_BESIDE_MAX
        return max(0, most - lane.on_the_way)

    def see(self, topics: Iterable[str]) -> None:
        """Know whose requests wait: several sources share one queue behind the case service."""
        now = asyncio.get_running_loop().time()
        self._asked_at.update(dict.fromkeys(topics, now))
        self._asked_at = {t: at for t, at in self._asked_at.items() if now - at < COMPANY_S}

    def moved(self, change: Change[Any, Any]) -> int:
        """Say how a change moves the count."""
        if self._paced is None:
            return 0
        return self._paced.on_the_way(change.after) - self._paced.on_the_way(change.before)
