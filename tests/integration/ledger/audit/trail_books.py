"""Books whose journal is sealed: filled as the ledger does, and open to who owns the tables."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledger.audit.examining import Report, examine
from ledger.audit.sealing import BLOCK_MAX, Block, Chain, decide
from ledger.audit.signing import Keys, Signer, id_of
from ledger.audit.verifying import Published
from ledger.store.audit import Chains

NOW = datetime(2026, 11, 24, 12, 0, 0, 500_000, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
KEYS = Keys({id_of(KEY.public_key()): KEY.public_key()})
SIGNER = Signer(KEY)
FORGER = Signer(Ed25519PrivateKey.from_private_bytes(b"\x08" * 32))
CHAINS = Chains()

KNOWN = {
    "tenant": "demo",
    "loan_id": "LN-1",
    "case_id": None,
    "grant_id": None,
    "tx": None,
    "reverses": None,
    "kind": "POST",
    "command": "write_off",
    "asked": None,
    "reason": "AGED",
    "amount_minor": 100,
    "value_date": date(2026, 11, 20),
    "booked_at": NOW,
    "currency": "USD",
    "policy_version": "1",
    "actor": "mesh/ledger",
}


type Row = dict[str, Any]


def entry_of(entry_id: UUID, *, lane: int, line_count: int) -> Row:
    own = {"entry_id": entry_id, "transaction_id": uuid4(), "cause_id": uuid4()}
    return KNOWN | own | {"lane": lane, "line_count": line_count}


def line_of(entry_id: UUID, place: int, *, code: str, amount: int) -> Row:
    """The first line of an entry is its debit, the second its credit."""
    own = {"entry_id": entry_id, "place": place, "code": code}
    sides = {"debit_minor": amount * (1 - place), "credit_minor": amount * place}
    return {"book": "BNK", "component": None, "holds": False} | own | sides


class Books:
    """The ledger's tables as its runtime role sees them."""

    def __init__(
        self, connection: asyncpg.Connection, columns: Mapping[str, Sequence[str]]
    ) -> None:
        self.connection = connection
        self.columns = columns

    async def fetch(self, query: str, *args: object) -> Sequence[Any]:
        return await self.connection.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await self.connection.execute(query, *args)

    async def copy(
        self, table: str, *, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
    ) -> None:
        await self.connection.copy_records_to_table(table, records=rows, columns=list(columns))

    async def post(self, count: int = 1, *, lane: int = 0, **changed: Any) -> list[UUID]:
        """Post entries of two lines each, in one statement a table."""
        ids = [uuid4() for _ in range(count)]
        journal = [entry_of(i, lane=lane, line_count=2) | changed for i in ids]
        code = str(changed.get("command", "WRITE_OFF"))
        amount = changed.get("amount_minor") or 100
        lines = [
            line_of(i, place, code=f"{code}-{place}", amount=amount)
            for i in ids
            for place in (0, 1)
        ]
        await self.write(journal, lines)
        return ids

    async def write(self, journal: Sequence[Row], lines: Sequence[Row]) -> None:
        """Add entries with their lines, in one transaction, as a turn does."""
        async with self.connection.transaction():
            for table, rows in (("journal", journal), ("journal_line", lines)):
                names = [name for name in self.columns[table] if name != "seq"]
                values = [tuple(row[name] for name in names) for row in rows]
                await self.copy(table, columns=names, rows=values)

    async def seal(self, lane: int = 0, *, most: int = BLOCK_MAX) -> Block | None:
        """Seal a lane's next block, as a look and a turn do."""
        last = (await CHAINS.last(self, [lane])).get(lane)
        after_seq = last.last_seq if last else 0
        seal = await CHAINS.fresh(self, lane, after_seq=after_seq, most=most)
        if seal is None:
            return None
        [block] = decide(Chain(lane, last), seal, now=NOW, signer=SIGNER)
        await CHAINS.add(self, [block])
        return block

    async def examine(self, *told: Published, now: datetime = NOW) -> Report:
        return await examine(self, keys=KEYS, published=told, now=now)

    async def told(self, *told: Published) -> list[tuple[str, int | None, int | None, UUID | None]]:
        findings = (await self.examine(*told)).findings
        return [(f.code.value, f.lane, f.block, f.entry_id) for f in findings]


async def columns_of(connection: asyncpg.Connection, table: str) -> list[str]:
    rows = await connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0"
        " AND NOT attisdropped ORDER BY attnum",
        table,
    )
    return [row["attname"] for row in rows]


@asynccontextmanager
async def tampering(owner_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Open the books to their owner, triggers off; on again afterwards."""
    owner = await asyncpg.connect(owner_dsn)
    tables = ("journal", "journal_line", "audit_block")
    try:
        for table in tables:
            await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield owner
        for table in tables:
            await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    finally:
        await owner.close()


def published(*blocks: Block | None) -> Published:
    it = Published("the file")
    heads = [block.signed for block in blocks if block is not None]
    assert list(it.take(heads, KEYS)) == []
    return it
