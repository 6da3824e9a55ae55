"""What an auditor may find, each kind with a code that never changes."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID


class Code(StrEnum):
    """What is wrong."""

    CHANGED = "CHANGED"
    """An entry or a line of it is not what was sealed."""
    REMOVED = "REMOVED"
    """An entry that was sealed is gone."""
    ADDED = "ADDED"
    """An entry stands among sealed ones that was not there when they were sealed."""
    REORDERED = "REORDERED"
    """Entries are as they were, but in another order."""
    STRAY_LINES = "STRAY_LINES"
    """Lines have no entry."""
    STRAY_OPENING = "STRAY_OPENING"
    """A loan came in by no entry."""
    STRAY_REVERSAL = "STRAY_REVERSAL"
    """Something was taken back by no entry."""
    LOAN_DIFFERS = "LOAN_DIFFERS"
    """A loan does not hold what its entries add up to, or is gone."""
    LOTS_DIFFER = "LOTS_DIFFER"
    """A loan's lots are not what stands charged or written off."""
    ALLOWANCE_DIFFERS = "ALLOWANCE_DIFFERS"
    """An allowance is not what moved on its account."""
    LEAVES_ALTERED = "LEAVES_ALTERED"
    """What a block keeps of its entries does not give its root."""
    BROKEN_CHAIN = "BROKEN_CHAIN"
    """A block does not follow the one before it."""
    FORGED = "FORGED"
    """No trusted key signed this head."""
    CUT_TAIL = "CUT_TAIL"
    """A block was published that the store does not have any more."""
    REWRITTEN = "REWRITTEN"
    """The store's block is another one than was published under its number."""
    TOLD_TWICE = "TOLD_TWICE"
    """Two heads were published under one number."""
    NOT_PUBLISHED = "NOT_PUBLISHED"
    """A block was never published, though later ones were."""
    UNREADABLE = "UNREADABLE"
    """What was published, or a block's row, cannot be read."""
    UNKNOWN_FORM = "UNKNOWN_FORM"
    """Entries were hashed in a form that this build does not know."""
    UNSEALED = "UNSEALED"
    """Entries wait to be sealed for longer than they should."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where."""

    code: Code
    message: str
    lane: int | None = None
    block: int | None = None
    entry_id: UUID | None = None

    def to_json(self) -> dict[str, Any]:
        """Write it for machines."""
        return {
            "code": self.code.value,
            "lane": self.lane,
            "block": self.block,
            "entry_id": str(self.entry_id) if self.entry_id else None,
            "message": self.message,
        }


def settle(findings: Iterable[Finding]) -> list[Finding]:
    """Tell an entry that is gone from one place and stands in another as moved, once."""
    found = list(findings)
    gone = {f.entry_id: f for f in found if f.code is Code.REMOVED}
    came = {f.entry_id: f for f in found if f.code is Code.ADDED}
    moved = gone.keys() & came.keys()
    settled: list[Finding] = []
    for each in found:
        if each.entry_id not in moved or each.code not in (Code.REMOVED, Code.ADDED):
            settled.append(each)
        elif each.code is Code.REMOVED:
            there = came[each.entry_id]
            place = f"block {there.block} of lane {there.lane}"
            told = f"the entry was sealed here and stands in {place} now"
            settled.append(Finding(Code.REORDERED, told, each.lane, each.block, each.entry_id))
    return settled
