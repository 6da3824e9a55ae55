"""A small trail in memory: entries, blocks and keys of its own, for the tests beside it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledger.audit.sealing import Block, Chain, Leaf, Leaves, Seal, decide, evolve
from ledger.audit.signing import Keys, Signer, id_of
from ledger.audit.tree import leaf_of

NOON = datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def keys(*numbers: int) -> Keys:
    public = [key(number).public_key() for number in numbers]
    return Keys({id_of(each): each for each in public})


SIGNER = Signer(key(1))
TRUSTED = keys(1)


def leaf(number: int, *, changed: bool = False) -> Leaf:
    text = f"entry {number}{' changed' if changed else ''}"
    return Leaf(UUID(int=number), leaf_of(text.encode()))


def leaves(first: int, last: int) -> list[Leaf]:
    return [leaf(number) for number in range(first, last + 1)]


def seal(after_seq: int, last_seq: int, entries: Sequence[Leaf]) -> Seal:
    return Seal(after_seq, last_seq, Leaves.of(entries))


def sealed(*sizes: int, lane: int = 2, signer: Signer = SIGNER) -> list[Block]:
    """Seal blocks of these sizes, over entries 1, 2, 3, … with the same number as `seq`."""
    chain, blocks = Chain(lane), list[Block]()
    for number, size in enumerate(sizes):
        last = chain.last_seq + size
        asked = seal(chain.last_seq, last, leaves(chain.last_seq + 1, last))
        [block] = decide(chain, asked, now=NOON + timedelta(seconds=number), signer=signer)
        chain = evolve(chain, block)
        blocks.append(block)
    return blocks
