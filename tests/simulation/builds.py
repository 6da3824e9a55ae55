"""A bad build of one service: some messages break it, some it saves wrongly, one kills it.

Which ones follows from the message, so the same message breaks every instance until a good build
is there.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zlib import crc32

from mesh.service import Change, Message

BROKEN_OF, REFUSED_OF, DEADLY_OF = 6, 12, 4
"""One message in so many."""


class Killed(BaseException):
    """What the process met ends it."""


class Builds:
    """Which build runs, and what is bad in it."""

    def __init__(self, *, seed: int) -> None:
        self._salt = seed
        self.bad: str | None = None
        """The service whose build is bad."""
        self.is_deadly = False
        """One message kills: the first that comes after the build."""
        self.killer: UUID | None = None

    def deciding(self, name: str, decide: Any, *, die: Callable[[], None]) -> Any:
        """Give what decides in a process that may run a bad build."""

        def may_break(state: Any, message: Message, *, now: datetime) -> Sequence[Any]:
            if name == self.bad:
                self._break(message, die)
            return decide(state, message, now=now)

        return may_break

    def _break(self, message: Message, die: Callable[[], None]) -> None:
        if self.is_deadly and self.killer is None and self._is_one_in(DEADLY_OF, message):
            self.killer = message.message_id
        if message.message_id == self.killer:
            die()
            raise Killed
        if self._is_one_in(BROKEN_OF, message):
            raise ValueError("a bad build")

    def refuses(self, name: str, changes: Sequence[Change[Any, Any]]) -> bool:
        """Say whether the store refuses what a bad build saves of a message."""
        return name == self.bad and any(
            self._is_one_in(REFUSED_OF, told.message, "saved")
            for change in changes
            for told in change.told
        )

    def _is_one_in(self, count: int, message: Message, what: str = "decided") -> bool:
        return crc32(f"{self._salt}/{what}/{message.message_id}".encode()) % count == 0
