"""Holds a lane's journal against its blocks, and its blocks against what was published. No I/O."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from ledger.audit.entry import FORMS
from ledger.audit.finding import Code, Finding
from ledger.audit.head import NONE_BEFORE, Head, Signed
from ledger.audit.published import Unreadable
from ledger.audit.sealing import Block, Leaf
from ledger.audit.signing import Keys
from ledger.audit.tree import root_of

UNSEALED_MAX = timedelta(minutes=10)
"""Sealing looks every few seconds and retries within a minute: longer is no delay any more."""


@dataclass(slots=True)
class Published:
    """What one place, a topic or a file, tells of heads: only what a trusted key signed counts."""

    name: str
    digests: dict[int, dict[int, bytes]] = field(default_factory=dict[int, dict[int, bytes]])
    """lane → number → digest of the head"""
    count: int = 0
    """Of the heads: one that was told again counts once."""

    def take(self, heads: Iterable[Signed | Unreadable], keys: Keys) -> Iterator[Finding]:
        """Take heads in, and tell which cannot be believed."""
        for each in heads:
            if isinstance(each, Unreadable):
                yield Finding(Code.UNREADABLE, f"{each.where}: {each.why}")
                continue
            head = each.head
            if not keys.is_true(each):
                yield _forged(head, keys, where=self.name)
                continue
            known = self.digests.setdefault(head.lane, {})
            self.count += head.number not in known  # what is said again is the same head
            if known.setdefault(head.number, head.digest) != head.digest:
                told = f"{self.name} tells two heads of it: the store was restored, or rewritten"
                yield Finding(Code.TOLD_TWICE, told, head.lane, head.number)


class LaneCheck:
    """Goes along one lane, block by block."""

    def __init__(self, lane: int, keys: Keys, published: Sequence[Published]) -> None:
        """Begin before the lane's first block."""
        self._lane = lane
        self._keys = keys
        self._published = [(each.name, each.digests.get(lane, {})) for each in published]
        self.last: Head | None = None
        self.entries = 0

    def block(self, block: Block, found: Sequence[Leaf]) -> Iterator[Finding]:
        """Hold the next block against the entries that stand in its place now."""
        head = block.signed.head
        self.entries += len(found)
        yield from self._head(block.signed)
        self.last = head
        if head.entry_form not in FORMS:
            known = ", ".join(map(str, FORMS))
            told = f"its entries were hashed in form {head.entry_form}; this build knows {known}"
            yield Finding(Code.UNKNOWN_FORM, told, head.lane, head.number)
            return
        if len(block.leaves) != head.count or block.leaves.root != head.root:
            whole = len(found) == head.count and root_of([f.hash for f in found]) == head.root
            told = "what the block keeps of its entries was altered; " + (
                "the entries themselves are what was sealed" if whole else "so were its entries"
            )
            yield Finding(Code.LEAVES_ALTERED, told, head.lane, head.number)
            if whole:
                return
        yield from compare(head, block.leaves.each(), found)

    def _head(self, signed: Signed) -> Iterator[Finding]:
        head, last = signed.head, self.last
        if not self._keys.is_true(signed):
            yield _forged(head, self._keys, where="the store")
        expected = (
            (last.number + 1, last.first + last.count, last.digest) if last else (1, 1, NONE_BEFORE)
        )
        if (head.number, head.first, head.previous) != expected:
            before = f"block {last.number}" if last else "the beginning"
            told = f"it does not follow {before}: blocks between were removed, or one was replaced"
            yield Finding(Code.BROKEN_CHAIN, told, head.lane, head.number)
        for name, digests in self._published:
            digest = digests.get(head.number)
            if digest is not None and digest != head.digest:
                told = (
                    f"{name} tells another head: the journal was rewritten, or the store restored"
                )
                yield Finding(Code.REWRITTEN, told, head.lane, head.number)
            elif digest is None and digests and min(digests) < head.number < max(digests):
                told = f"{name} tells blocks before and after it, but not this one"
                yield Finding(Code.NOT_PUBLISHED, told, head.lane, head.number)

    def end(self) -> Iterator[Finding]:
        """Tell what was published beyond the last block."""
        last = self.last.number if self.last else 0
        beyond: dict[int, list[str]] = {}
        for name, digests in self._published:
            for number in digests:
                if number > last:
                    beyond.setdefault(number, []).append(name)
        for number, names in sorted(beyond.items()):
            told = f"{' and '.join(names)} tells it, the store ends at block {last}"
            yield Finding(Code.CUT_TAIL, told, self._lane, number)


def compare(head: Head, sealed: Sequence[Leaf], found: Sequence[Leaf]) -> Iterator[Finding]:
    """Tell how entries differ from those that were sealed, each by its id."""
    was: Mapping[UUID, bytes] = {leaf.entry_id: leaf.hash for leaf in sealed}
    stands: Mapping[UUID, bytes] = {leaf.entry_id: leaf.hash for leaf in found}
    place = (head.lane, head.number)
    for entry_id, leaf in was.items():
        if entry_id not in stands:
            yield Finding(Code.REMOVED, "the entry was sealed and is gone", *place, entry_id)
        elif stands[entry_id] != leaf:
            told = "the entry, or a line of it, is not what was sealed"
            yield Finding(Code.CHANGED, told, *place, entry_id)
    for entry_id in stands.keys() - was.keys():
        told = "the entry was not there when the block was sealed"
        yield Finding(Code.ADDED, told, *place, entry_id)
    order = [entry_id for entry_id in was if entry_id in stands]
    order_now = [entry_id for entry_id in stands if entry_id in was]
    for before, now in zip(order, order_now, strict=True):
        if before != now:
            told = f"from here on the order is another one: entry {now} stands in its place"
            yield Finding(Code.REORDERED, told, *place, before)
            return


def late(lane: int, unsealed: Sequence[datetime], *, now: datetime) -> Iterator[Finding]:
    """Tell a lane whose entries are not sealed in time. `unsealed`: when they were booked."""
    if unsealed and now - min(unsealed) > UNSEALED_MAX:
        since = f"{min(unsealed):%Y-%m-%d %H:%M} UTC"
        told = f"{len(unsealed)} entries are not sealed, the oldest since {since}"
        yield Finding(Code.UNSEALED, told, lane)


def _forged(head: Head, keys: Keys, *, where: str) -> Finding:
    known = head.key_id in keys.by_id
    why = "its signature is not true" if known else f"nobody trusts the key {head.key_id}"
    return Finding(Code.FORGED, f"{where}: {why}", head.lane, head.number)
