"""The other side of the ports: a log and a store in memory, in a time of their own.

async def story() -> None:
    broker, database = Broker({"writeoff.case.v1": 6}, clock=virtual.now), Database()
    instance = virtual.Process("case-1")
    ...

virtual.run(story(), seed=7)
"""

from mesh.testing.broker import Broker
from mesh.testing.database import Database
from mesh.testing.faults import Fate, Faults, Sending
from mesh.testing.memory_log import MemoryLog
from mesh.testing.memory_rows import Rows
from mesh.testing.memory_states import MemoryStates
from mesh.testing.memory_store import MemoryStore
from mesh.testing.schemas import MemorySchemas

__all__ = [
    "Broker",
    "Database",
    "Fate",
    "Faults",
    "MemoryLog",
    "MemorySchemas",
    "MemoryStates",
    "MemoryStore",
    "Rows",
    "Sending",
]
