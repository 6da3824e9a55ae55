"""Merkle trees as RFC 6962 hashes them: a leaf under 0x00, a node under 0x01, so none is taken for
the other.
"""

from collections.abc import Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
"""The root of no leaves (RFC 6962, 2.1)."""


def leaf_of(text: bytes) -> bytes:
    """Give the hash of a leaf."""
    return sha256(b"\x00" + text).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Give the root over leaves, in their order."""
    level = list(leaves) or [EMPTY]
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_to(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Give what must be hashed beside the leaf at `index`, from the bottom up, to get the root."""
    assert 0 <= index < len(leaves), "the leaf is in the tree"
    path: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        beside = index ^ 1
        if beside < len(level):
            path.append(level[beside])
        level, index = _above(level), index // 2
    return path


def climb(leaf: bytes, path: Sequence[bytes], *, index: int, count: int) -> bytes | None:
    """Give the root that a leaf and its path lead to; none if no tree of `count` has such a path.

    RFC 9162, 2.1.3.2.
    """
    if not 0 <= index < count:
        return None
    node, last = leaf, count - 1
    for beside in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            node = _node(beside, node)
            while index and not index % 2:
                index, last = index // 2, last // 2
        else:
            node = _node(node, beside)
        index, last = index // 2, last // 2
    return node if last == 0 else None


def _above(level: Sequence[bytes]) -> list[bytes]:
    """Hash pairs; a last one without a partner goes up as it is."""
    above = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*above, level[-1]] if len(level) % 2 else above


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
