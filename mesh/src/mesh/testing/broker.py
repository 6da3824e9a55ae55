"""A broker in memory: partitions are arrays of records with offsets and timestamps of its own.

A topic made again is another topic; what retention removed is gone; who may not write is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mesh.ports import OutboxRow, Record
from mesh.service import micros


class Fetcher(Protocol):
    """Who wants to know that something happened to a topic."""

    who: str

    def look(self, topic: str) -> None:
        """Something happened to a topic."""
        ...


@dataclass(slots=True)
class Partition:
    """Records from `start` on."""

    start: int = 0
    records: list[Record] = field(default_factory=list[Record])

    @property
    def end(self) -> int:
        """Give the offset of the next record."""
        return self.start + len(self.records)


@dataclass(slots=True)
class Topic:
    """A topic as long as it lives."""

    topic_id: str
    partitions: list[Partition]


class Broker:
    """Topics, and who fetches from them."""

    def __init__(self, topics: Mapping[str, int], *, clock: Callable[[], datetime]) -> None:
        """Make topics: name → partitions. `clock` stamps the records."""
        self._clock = clock
        self._made = 0
        self.topics: dict[str, Topic] = {}
        self.fetchers: set[Fetcher] = set()
        self.forbidden: set[tuple[str, str]] = set()
        """(group, topic): who may not write there."""
        self.advised: dict[tuple[str, str, int], int] = {}
        for name, partitions in topics.items():
            self.create(name, partitions)

    def create(self, name: str, partitions: int) -> None:
        """Make a topic; one of the same name that is gone was another one."""
        assert name not in self.topics, f"{name} is there"
        self._made += 1
        self.topics[name] = Topic(f"topic-{self._made}", [Partition() for _ in range(partitions)])

    def delete(self, name: str) -> None:
        """Remove a topic with all that is in it."""
        del self.topics[name]
        self._wake(name)

    def trim(self, name: str, partition: int, *, before: int) -> None:
        """Remove the records before an offset, as retention does."""
        found = self.topics[name].partitions[partition]
        gone = min(before, found.end) - found.start
        assert gone >= 0, "what is gone stays gone"
        found.records = found.records[gone:]
        found.start += gone

    def append(
        self,
        name: str,
        partition: int,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Mapping[str, bytes] | None = None,
    ) -> Record:
        """Write a record as anybody may; gives it with its offset."""
        found = self.topics[name].partitions[partition]
        at_ms = micros(self._clock()) // 1000
        record = Record(name, partition, found.end, key, value, dict(headers or {}), at_ms)
        found.records.append(record)
        self._wake(name)
        return record

    def records(self, name: str) -> list[Record]:
        """Give all that lies in a topic, partition by partition."""
        return [record for part in self.topics[name].partitions for record in part.records]

    def may_write(self, group: str, row: OutboxRow) -> bool:
        """Say whether the row's partition is there and open to the group."""
        found = self.topics.get(row.topic)
        there = found is not None and row.lane < len(found.partitions)
        return there and (group, row.topic) not in self.forbidden

    def _wake(self, name: str) -> None:
        for fetcher in sorted(self.fetchers, key=lambda log: log.who):
            fetcher.look(name)
