"""Schemas in memory: every record of the contracts has an id from the start."""

import asyncio
from collections.abc import Iterable

from contracts.records import RECORDS

from mesh.limits import SCHEMA_UNKNOWN_S


class MemorySchemas:
    """What a registry would tell."""

    def __init__(self) -> None:
        """Know all records as they are now, by the ids 1, 2, 3, … in order of their names."""
        self._writers: dict[int, tuple[str, str]] = {}
        self._ids: dict[str, int] = {}
        self._first_unknown: dict[int, float] = {}
        self.withheld: set[int] = set()
        """Ids that the registry does not know (yet)."""
        for name in sorted(RECORDS):
            self.register(name, RECORDS[name].SCHEMA)

    def register(self, full_name: str, schema: str) -> int:
        """Give a schema an id; the first one of a name is what is said under it."""
        schema_id = len(self._writers) + 1
        self._writers[schema_id] = (full_name, schema)
        self._ids.setdefault(full_name, schema_id)
        return schema_id

    def writer_of(self, schema_id: int) -> tuple[str, str] | None:
        """Give (full name, schema) of a known id."""
        return None if schema_id in self.withheld else self._writers.get(schema_id)

    def id_of(self, topic: str, full_name: str) -> int:
        """Give the id under which a record is said on a topic."""
        return self._ids[full_name]

    async def learn(self, ids: Iterable[int]) -> None:
        """Note which ids are not known, and since when."""
        now = asyncio.get_running_loop().time()
        for schema_id in ids:
            if self.writer_of(schema_id) is None:
                self._first_unknown.setdefault(schema_id, now)
            else:
                self._first_unknown.pop(schema_id, None)

    def given_up(self, schema_id: int) -> bool:
        """Say whether the registry has not known the id for long enough."""
        first = self._first_unknown.get(schema_id)
        if first is None:
            return False
        return asyncio.get_running_loop().time() - first > SCHEMA_UNKNOWN_S
