"""Stores in memory that know of their service what its database would."""

from collections.abc import Sequence
from typing import Any

from case.domain.case import LoanFile as CaseFile
from ledger.domain.events import LoanImported, Posted
from ledger.domain.posting import Entry
from mesh.lanes import lane_of
from mesh.service import Change, Key, Reader, Transaction
from mesh.testing import MemoryStates, Rows
from mesh.testing.memory_store import MemoryReader, MemoryTransaction


class CaseFiles(MemoryStates[CaseFile]):
    """Counts what is on its way, as the database does."""

    def __init__(self, *, lanes: int) -> None:
        super().__init__(lambda key: CaseFile(tenant=key.tenant, loan_id=key.id))
        self._lanes = lanes

    async def count_on_the_way(self, reader: Reader, lane: int) -> int:
        assert isinstance(reader, MemoryReader)
        files = reader.store.database.rows.states.items()
        return sum(
            case.is_on_the_way
            for key, file in files
            if lane_of(key.text, lanes=self._lanes) == lane
            for case in file.cases.values()
        )


class Books(MemoryStates[Any]):
    """Keeps each journal entry once beside the loans and parties, as the database does."""

    async def save(self, tx: Transaction, changes: Sequence[Change[Any, Any]]) -> None:
        await super().save(tx, changes)
        assert isinstance(tx, MemoryTransaction)
        made = [
            (Key(change.key.tenant, str(entry.entry_id), "entry"), entry)
            for change in changes
            for told in change.told
            for entry in _entries(told.event)
        ]
        kept = tx.store.database.rows.states
        assert not any(key in kept for key, _ in made), "an entry is made once"

        def keep(rows: Rows) -> None:
            rows.states.update(made)

        tx.staged.append(keep)


def _entries(event: object) -> Sequence[Entry]:
    match event:
        case LoanImported():
            return (event.entry,)
        case Posted():
            return event.entries
        case _:
            return ()
