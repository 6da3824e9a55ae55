"""Opens nothing new while much is on its way (lanes 6)."""

from typing import Any

from mesh.lane import Lane
from mesh.limits import ON_THE_WAY_MAX, TURN_MESSAGES_MAX
from mesh.service import Change, Paced, Reader, Service


class Pace:
    """How much a lane may take in from outside; everything where the service is not paced."""

    def __init__(self, service: Service[Any, Any]) -> None:
        """Pace a service that says what is on its way."""
        self._paced = service if isinstance(service, Paced) else None

    async def count(self, reader: Reader, lane: int) -> int:
        """Count what is on its way in a lane just taken."""
        return await self._paced.count_on_the_way(reader, lane) if self._paced else 0

    def room(self, lane: Lane) -> int:
        """Say how many requests the lane may take in."""
        return max(0, ON_THE_WAY_MAX - lane.on_the_way) if self._paced else TURN_MESSAGES_MAX

    def moved(self, change: Change[Any, Any]) -> int:
        """Say how a change moves the count."""
        if self._paced is None:
            return 0
        return self._paced.on_the_way(change.after) - self._paced.on_the_way(change.before)
