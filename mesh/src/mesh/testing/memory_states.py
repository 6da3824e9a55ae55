"""A service's own store in memory: whole states by key, in the database of its instance."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from mesh.service import Change, Key, Message, Reader, Transaction
from mesh.testing.memory_rows import Rows
from mesh.testing.memory_store import MemoryReader, MemoryTransaction


class MemoryStates[S]:
    """Loads and saves the states of any service."""

    def __init__(self, empty: Callable[[Key], S]) -> None:
        """`empty` makes the state of a key that nothing is known of."""
        self._empty = empty

    async def load(self, reader: Reader, wanted: Mapping[Key, Sequence[Message]]) -> dict[Key, S]:
        """Give a copy of every key's state."""
        assert isinstance(reader, MemoryReader), "a memory store's reader"
        await reader.store.faults.store(reader.store.who, "load")
        kept = reader.store.database.rows.states
        return {key: deepcopy(kept[key]) if key in kept else self._empty(key) for key in wanted}

    async def save(self, tx: Transaction, changes: Sequence[Change[S, Any]]) -> None:
        """Keep what the states are after the turn; seen by others when it is committed."""
        assert isinstance(tx, MemoryTransaction), "a memory store's transaction"
        tx.store.faults.save(tx.store.who, changes)
        kept = tx.store.database.rows.states
        after = {change.key: deepcopy(change.after) for change in changes}
        for change in changes:
            before = kept[change.key] if change.key in kept else self._empty(change.key)
            assert before == change.before, f"two wrote {change.key.text}: a lane has one writer"

        def keep(rows: Rows) -> None:
            rows.states.update(after)

        tx.staged.append(keep)
