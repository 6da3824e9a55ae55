"""The auditor's trail in the store: blocks as they are sealed, and the journal as it is checked."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from mesh.service import Reader, Transaction

from ledger.audit.entry import text_of
from ledger.audit.head import Head, Signed
from ledger.audit.sealing import Block, Leaves, Seal, Unsealed

LAST = """
SELECT b.lane, b.number, b.first, b.count, b.last_seq, b.entry_form, b.root, b.previous,
       b.sealed_at, b.key_id, b.signature
FROM unnest($1::int[]) AS k(lane)
CROSS JOIN LATERAL (
    SELECT * FROM audit_block WHERE lane = k.lane ORDER BY number DESC LIMIT 1
) b
"""

FRESH = """
SELECT max(seq) AS last_seq, string_agg(uuid_send(entry_id), '' ORDER BY seq) AS ids,
       string_agg(leaf, '' ORDER BY seq) AS hashes
FROM audit_leaves($1, $2, $3)
"""

HEADS = """
SELECT b.lane, b.number, b.first, b.count, b.last_seq, b.entry_form, b.root, b.previous,
       b.sealed_at, b.key_id, b.signature
FROM unnest($1::int[], $2::bigint[]) AS k(lane, number)
CROSS JOIN LATERAL (
    SELECT * FROM audit_block WHERE lane = k.lane AND number > k.number ORDER BY number LIMIT $3
) b
ORDER BY b.lane, b.number
"""

BLOCKS = "SELECT * FROM audit_block WHERE lane = $1 AND number > $2 ORDER BY number LIMIT $3"

BLOCK_OF = "SELECT * FROM audit_block WHERE lane = $1 AND last_seq >= $2 ORDER BY last_seq LIMIT 1"

LANES = "SELECT lane FROM journal UNION SELECT lane FROM audit_block ORDER BY lane"

COUNT = "SELECT count(*) AS entries FROM journal"

ENTRIES = "SELECT * FROM journal WHERE lane = $1 AND seq > $2 ORDER BY seq LIMIT $3"

ENTRY = "SELECT * FROM journal WHERE entry_id = $1"

LINES = "SELECT * FROM journal_line WHERE entry_id = ANY($1::uuid[]) ORDER BY entry_id, place"

UNSEALED = """
SELECT k.lane, count(j.seq)::int AS entries, min(j.booked_at) AS oldest
FROM unnest($1::int[]) AS k(lane)
LEFT JOIN LATERAL (
    SELECT last_seq FROM audit_block WHERE lane = k.lane ORDER BY number DESC LIMIT 1
) b ON true
LEFT JOIN journal j ON j.lane = k.lane AND j.seq > coalesce(b.last_seq, 0)
GROUP BY k.lane ORDER BY k.lane
"""

OPENINGS = """
SELECT o.* FROM opening o JOIN unnest($1::text[], $2::text[]) AS k(tenant, loan_id)
  USING (tenant, loan_id)
"""

REVERSALS = "SELECT * FROM reversal WHERE transaction_id = ANY($1::uuid[])"

STRAY_LINES = """
SELECT DISTINCT l.entry_id FROM journal_line l
WHERE NOT EXISTS (SELECT FROM journal j WHERE j.entry_id = l.entry_id)
ORDER BY l.entry_id LIMIT 100
"""

BLOCK = (
    "lane", "number", "first", "count", "last_seq", "entry_form", "root", "previous", "sealed_at",
    "key_id", "signature", "entries", "leaves",
)  # fmt: skip

HEADS_PAGE, BLOCKS_PAGE, ENTRIES_PAGE = 1_000, 100, 2_000
"""Rows held at once: a few megabytes each."""

LOWEST = -(1 << 63)
"""Below every number of a block or an entry, also one that somebody wrote by hand."""


type Row = Mapping[str, Any]


class Chains:
    """Where the blocks are kept."""

    async def last(self, reader: Reader, lanes: Collection[int]) -> dict[int, Head]:
        """Give the newest head of each lane that has one."""
        found = await reader.fetch(LAST, list(lanes))
        return {row["lane"]: _signed(row).head for row in found}

    async def fresh(self, reader: Reader, lane: int, *, after_seq: int, most: int) -> Seal | None:
        """Give what is to be sealed next of a lane; none where all of it is."""
        [found] = await reader.fetch(FRESH, lane, after_seq, most)
        if found["last_seq"] is None:
            return None
        return Seal(after_seq, found["last_seq"], Leaves(found["ids"], found["hashes"]))

    async def unsealed(self, reader: Reader, lanes: Collection[int]) -> list[Unsealed]:
        """Say what of each lane no block covers yet."""
        found = await reader.fetch(UNSEALED, list(lanes))
        return [Unsealed(row["lane"], row["entries"], row["oldest"]) for row in found]

    async def heads(self, reader: Reader, known: Mapping[int, int]) -> list[Signed]:
        """Give the next heads after the numbers known of each lane: a page of each."""
        found = await reader.fetch(HEADS, list(known), list(known.values()), HEADS_PAGE)
        return [_signed(row) for row in found]

    async def add(self, tx: Transaction, blocks: Sequence[Block]) -> None:
        """Keep new blocks."""
        await tx.copy("audit_block", columns=BLOCK, rows=[_of_block(block) for block in blocks])


@dataclass(frozen=True, slots=True)
class Held:
    """An entry as the journal holds it now, in canonical form."""

    seq: int
    lane: int
    entry_id: UUID
    booked_at: datetime
    texts: tuple[bytes, ...]
    """In each form, the first first."""

    def text(self, form: int) -> bytes:
        """Give it in a form; one that this build does not know is told before it is asked for."""
        return self.texts[min(form, len(self.texts)) - 1]


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A block's row that no block can be made of: somebody wrote it by hand."""

    lane: int
    number: int
    last_seq: int
    why: str


async def lanes(reader: Reader) -> list[int]:
    """Give every lane that has entries or blocks."""
    return [row["lane"] for row in await reader.fetch(LANES)]


async def count(reader: Reader) -> int:
    """Count the entries of the journal."""
    [row] = await reader.fetch(COUNT)
    return row["entries"]


async def stray_lines(reader: Reader) -> list[UUID]:
    """Give the entries that have lines but are not in the journal: 100 at most."""
    return [row["entry_id"] for row in await reader.fetch(STRAY_LINES)]


async def blocks(reader: Reader, lane: int) -> AsyncIterator[Block | Spoiled]:
    """Give a lane's blocks in order, a page at a time."""
    number = LOWEST
    while found := await reader.fetch(BLOCKS, lane, number, BLOCKS_PAGE):
        for row in found:
            yield _block(row)
        number = found[-1]["number"]


async def block_of(reader: Reader, lane: int, seq: int) -> Block | Spoiled | None:
    """Give the block that covers a place of a lane's journal, if it is sealed."""
    found = await reader.fetch(BLOCK_OF, lane, seq)
    return _block(found[0]) if found else None


async def entry(reader: Reader, entry_id: UUID) -> Held | None:
    """Give one entry as it is now."""
    found = await reader.fetch(ENTRY, entry_id)
    return (await _with_lines(reader, found))[0] if found else None


class Journal:
    """One lane's entries in order, a page at a time."""

    def __init__(self, reader: Reader, lane: int) -> None:
        """Begin before the first."""
        self._reader = reader
        self._lane = lane
        self._after = LOWEST
        self._page: list[Held] = []
        self._at = 0

    async def up_to(self, seq: int | None) -> list[Held]:
        """Give the next entries up to this place; with none, the next page: empty at the end."""
        found: list[Held] = []
        while True:
            if self._at == len(self._page) and not await self._turn():
                return found
            while self._at < len(self._page):
                held = self._page[self._at]
                if seq is not None and held.seq > seq:
                    return found
                found.append(held)
                self._at += 1
            if seq is None:
                return found

    async def _turn(self) -> bool:
        rows = await self._reader.fetch(ENTRIES, self._lane, self._after, ENTRIES_PAGE)
        self._page, self._at = await _with_lines(self._reader, rows), 0
        if self._page:
            self._after = self._page[-1].seq
        return bool(self._page)


async def _with_lines(reader: Reader, rows: Sequence[Row]) -> list[Held]:
    lines: dict[UUID, list[Row]] = defaultdict(list)
    if rows:
        for line in await reader.fetch(LINES, [row["entry_id"] for row in rows]):
            lines[line["entry_id"]].append(line)
    openings = await _openings(reader, rows)
    reversals = await _reversals(reader, rows)
    return [
        _held(
            row,
            lines.get(row["entry_id"], ()),
            opening=openings.get(row["entry_id"]),
            reversal=reversals.get((row["transaction_id"], row["cause_id"], row["kind"])),
        )
        for row in rows
    ]


def _held(row: Row, lines: Sequence[Row], *, opening: Row | None, reversal: Row | None) -> Held:
    first = text_of(row, lines)
    now = first
    if opening or reversal:
        now = text_of(row, lines, opening=opening, reversal=reversal)
    return Held(row["seq"], row["lane"], row["entry_id"], row["booked_at"], (first, now))


async def _openings(reader: Reader, rows: Sequence[Row]) -> dict[UUID, Row]:
    """Give how the loans of these entries came in, by the entry that took them in."""
    came = [row for row in rows if row["kind"] == "OPENING" or row["command"] == "refinance"]
    if not came:
        return {}
    places = [row["tenant"] for row in came], [row["loan_id"] for row in came]
    return {row["entry_id"]: row for row in await reader.fetch(OPENINGS, *places)}


async def _reversals(reader: Reader, rows: Sequence[Row]) -> dict[tuple[UUID, UUID, str], Row]:
    """Give why these entries take back what they do, by transaction, cause and kind."""
    back = [row["transaction_id"] for row in rows if row["kind"] == "REVERSE"]
    found = await reader.fetch(REVERSALS, back) if back else ()
    return {(row["transaction_id"], row["cause_id"], "REVERSE"): row for row in found}


def _signed(row: Mapping[str, Any]) -> Signed:
    head = Head(
        lane=row["lane"],
        number=row["number"],
        first=row["first"],
        count=row["count"],
        last_seq=row["last_seq"],
        entry_form=row["entry_form"],
        root=row["root"],
        previous=row["previous"],
        sealed_at=row["sealed_at"].astimezone(UTC),
        key_id=row["key_id"],
    )
    return Signed(head, row["signature"])


def _block(row: Mapping[str, Any]) -> Block | Spoiled:
    try:
        ids = b"".join(entry_id.bytes for entry_id in row["entries"])
        return Block(_signed(row), Leaves(ids, row["leaves"]))
    except ValueError as error:
        return Spoiled(row["lane"], row["number"], row["last_seq"], str(error))


def _of_block(block: Block) -> tuple[Any, ...]:
    head = block.signed.head
    return (
        head.lane,
        head.number,
        head.first,
        head.count,
        head.last_seq,
        head.entry_form,
        head.root,
        head.previous,
        head.sealed_at,
        head.key_id,
        block.signed.signature,
        block.leaves.entry_ids(),
        block.leaves.hashes,
    )
