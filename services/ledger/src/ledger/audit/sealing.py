"""How a lane's journal is sealed, block after block. No I/O: time and keys are arguments.

Entries reach the journal in the lane's own turns, so `seq` is their order of commit; a look beside
the turns hashes what no block covers yet, and a turn of the same lane seals it. What may change
between the two is only that more is appended.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, Self
from uuid import UUID

from ledger.audit.entry import ENTRY_FORM
from ledger.audit.head import NONE_BEFORE, Head, Signed
from ledger.audit.tree import root_of

BLOCK_MAX = 750
"""Entries of a block: as a command they are well below the 64 KiB that a command may have, and the
turn that seals them hashes for about a millisecond."""

HASH_BYTES, ID_BYTES = 32, 16


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry as a block holds it."""

    entry_id: UUID
    hash: bytes


@dataclass(frozen=True, slots=True)
class Leaves:
    """The entries of a block in their order, end to end: all that sealing needs is their bytes."""

    ids: bytes
    hashes: bytes

    def __post_init__(self) -> None:
        """Assert that there is a hash for each id. Raises ValueError."""
        count, rest = divmod(len(self.ids), ID_BYTES)
        if rest or len(self.hashes) != count * HASH_BYTES:
            raise ValueError(f"{len(self.ids)} bytes of ids, {len(self.hashes)} of hashes")

    @classmethod
    def of(cls, leaves: Iterable[Leaf]) -> Self:
        """Put leaves end to end."""
        found = list(leaves)
        ids = b"".join(leaf.entry_id.bytes for leaf in found)
        return cls(ids, b"".join(leaf.hash for leaf in found))

    def __len__(self) -> int:
        return len(self.ids) // ID_BYTES

    @property
    def root(self) -> bytes:
        """Give the root of the tree over them."""
        return root_of(_parts(self.hashes, HASH_BYTES))

    def entry_ids(self) -> list[UUID]:
        """Give the entries."""
        return [UUID(bytes=part) for part in _parts(self.ids, ID_BYTES)]

    def each(self) -> list[Leaf]:
        """Give them one by one."""
        hashes = _parts(self.hashes, HASH_BYTES)
        return [Leaf(*each) for each in zip(self.entry_ids(), hashes, strict=True)]


@dataclass(frozen=True, slots=True)
class Seal:
    """The command: seal these entries, the next ones of the lane after `after_seq`."""

    after_seq: int
    last_seq: int
    leaves: Leaves

    def __post_init__(self) -> None:
        """Assert that there is something to seal, and not too much."""
        assert 1 <= len(self.leaves) <= BLOCK_MAX, "a block has entries, and a limit"
        assert 0 <= self.after_seq < self.last_seq, "a block ends after the one before it"

    def to_json(self) -> dict[str, Any]:
        """Write it as the body of a command."""
        return {
            "after_seq": self.after_seq,
            "last_seq": self.last_seq,
            "ids": b64encode(self.leaves.ids).decode(),
            "hashes": b64encode(self.leaves.hashes).decode(),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        leaves = Leaves(b64decode(row["ids"]), b64decode(row["hashes"]))
        return cls(row["after_seq"], row["last_seq"], leaves)


@dataclass(frozen=True, slots=True)
class Chain:
    """The state: how far a lane is sealed."""

    lane: int
    last: Head | None = None

    @property
    def last_seq(self) -> int:
        """Give the `seq` of the last sealed entry; 0 before the first."""
        return self.last.last_seq if self.last else 0


@dataclass(frozen=True, slots=True)
class Block:
    """A sealed block with the entries in it: what the store keeps, and what happened."""

    signed: Signed
    leaves: Leaves


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What of a lane no block covers yet."""

    lane: int
    entries: int
    oldest: datetime | None
    """When the first of them was booked; none: there are none."""

    def age_s(self, now: datetime) -> float:
        """Say for how many seconds the oldest waits; 0 where none does."""
        return max((now - self.oldest).total_seconds(), 0.0) if self.oldest else 0.0


class Signs(Protocol):
    """Who signs (ledger.audit.signing.Signer): the same head gets the same signature."""

    key_id: str

    def sign(self, head: Head) -> Signed:
        """Sign a head."""
        ...


def decide(chain: Chain, seal: Seal, *, now: datetime, signer: Signs) -> Sequence[Block]:
    """Seal the next block; nothing where it is sealed already."""
    if seal.after_seq != chain.last_seq:
        return ()
    last = chain.last
    head = Head(
        lane=chain.lane,
        number=last.number + 1 if last else 1,
        first=last.first + last.count if last else 1,
        count=len(seal.leaves),
        last_seq=seal.last_seq,
        entry_form=ENTRY_FORM,
        root=seal.leaves.root,
        previous=last.digest if last else NONE_BEFORE,
        sealed_at=now.astimezone(UTC),
        key_id=signer.key_id,
    )
    return (Block(signer.sign(head), seal.leaves),)


def evolve(chain: Chain, block: Block) -> Chain:
    """Apply a block."""
    return Chain(chain.lane, block.signed.head)


def _parts(whole: bytes, size: int) -> list[bytes]:
    return [whole[at : at + size] for at in range(0, len(whole), size)]
