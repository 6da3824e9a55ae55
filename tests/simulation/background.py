"""Work that goes on beside the story; what breaks it breaks the story."""

import asyncio
from collections.abc import Coroutine
from contextvars import copy_context
from typing import Any


class Background:
    """Tasks of a story."""

    def __init__(self) -> None:
        self._kept: set[asyncio.Task[Any]] = set()
        self._broken: list[BaseException] = []
        self._context = copy_context()

    def start[T](self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start something; it belongs to no process, whoever starts it."""
        task = asyncio.get_running_loop().create_task(work, context=self._context)
        self._kept.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._kept.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken.append(error)

    def check(self) -> None:
        """Raise what broke something."""
        if self._broken:
            raise self._broken[0]
