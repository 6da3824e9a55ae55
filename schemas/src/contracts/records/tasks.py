"""What tasks says.

Generated from the .avsc files by schemas/generate.py: change those.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from contracts.binary import NONE, NUMBER, PRESENT, SOME, SPECIAL, length, number
from contracts.records.common import Meta
from contracts.records.schemas import SCHEMAS
from contracts.types import Micros, Uuid


@dataclass(slots=True, kw_only=True)
class TaskClosed:
    """A person is not needed any more."""

    FULL_NAME: ClassVar[str] = "writeoff.tasks.TaskClosed"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    task_id: Uuid
    task: str
    result: str
    closed_by: str | None = None
    """none: the mesh"""

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.task_id.encode())], s,
            NUMBER[len(s := self.task.encode())], s,
            NUMBER[len(s := self.result.encode())], s,
            NONE if self.closed_by is None else SOME + NUMBER[len(s := self.closed_by.encode())] + s,
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[TaskClosed, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = TaskClosed.__new__(TaskClosed)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.task_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.task = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.result = data[at : (at := at + (size >> 1))].decode()
        at += 1
        if PRESENT[data[at - 1]]:
            size = data[at]
            at += 1
            if size & SPECIAL:
                size, at = length(data, at - 1)
            self.closed_by = data[at : (at := at + (size >> 1))].decode()
        else:
            self.closed_by = None
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "task_id": self.task_id,
            "task": self.task,
            "result": self.result,
            "closed_by": self.closed_by,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "TaskClosed":
        """Return the record that an Avro library read."""
        return TaskClosed(
            meta=Meta.from_avro(d["meta"]),
            task_id=d["task_id"],
            task=d["task"],
            result=d["result"],
            closed_by=d["closed_by"],
        )


@dataclass(slots=True, kw_only=True)
class TaskOpened:
    """A person is needed."""

    FULL_NAME: ClassVar[str] = "writeoff.tasks.TaskOpened"
    SCHEMA: ClassVar[str] = SCHEMAS[FULL_NAME]

    meta: Meta
    task_id: Uuid
    task: str
    """as loan authorization"""
    queue: str
    due_at: Micros

    def to_binary(self) -> bytes:
        """Return the record as an Avro body."""
        return b"".join((
            self.meta.to_binary(),
            NUMBER[len(s := self.task_id.encode())], s,
            NUMBER[len(s := self.task.encode())], s,
            NUMBER[len(s := self.queue.encode())], s,
            NUMBER[self.due_at],
        ))

    @staticmethod
    def from_binary(data: bytes, at: int) -> "tuple[TaskOpened, int]":
        """Return the record that begins here, and where the next thing begins."""
        self = TaskOpened.__new__(TaskOpened)
        self.meta, at = Meta.from_binary(data, at)
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.task_id = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.task = data[at : (at := at + (size >> 1))].decode()
        size = data[at]
        at += 1
        if size & SPECIAL:
            size, at = length(data, at - 1)
        self.queue = data[at : (at := at + (size >> 1))].decode()
        self.due_at, at = number(data, at)
        return self, at

    def to_avro(self) -> dict[str, object]:
        """Return the record as Avro libraries take it."""
        return {
            "meta": self.meta.to_avro(),
            "task_id": self.task_id,
            "task": self.task,
            "queue": self.queue,
            "due_at": self.due_at,
        }

    @staticmethod
    def from_avro(d: Mapping[str, Any]) -> "TaskOpened":
        """Return the record that an Avro library read."""
        return TaskOpened(
            meta=Meta.from_avro(d["meta"]),
            task_id=d["task_id"],
            task=d["task"],
            queue=d["queue"],
            due_at=d["due_at"],
        )
