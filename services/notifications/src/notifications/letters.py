"""The print folder: a letter is a file, and whoever prints takes it from there."""

import asyncio
import os
from pathlib import Path


class PrintFolder:
    """Letters as files in a folder, each whole or not there at all."""

    def __init__(self, folder: Path) -> None:
        """Know the folder; it is made when the first letter comes."""
        self._folder = folder

    async def put(self, name: str, text: str) -> None:
        """Put a letter in; the same name again replaces it. Raises OSError."""
        await asyncio.to_thread(self._put, name, text)

    def _put(self, name: str, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}.unfinished"
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._folder / name)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            # Without this a power cut could take the name back after the proof was given.
            os.fsync(folder)
        finally:
            os.close(folder)
