"""Goes through a whole journal and its blocks, in constant memory, and tells what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mesh.service import Reader

from ledger.audit.finding import Code, Finding, settle
from ledger.audit.proof import Proof
from ledger.audit.sealing import Leaf
from ledger.audit.signing import Keys
from ledger.audit.tree import leaf_of
from ledger.audit.verifying import LaneCheck, Published, late
from ledger.store import agreement
from ledger.store import audit as store
from ledger.store.audit import Held, Spoiled


@dataclass(frozen=True, slots=True)
class LaneReport:
    """What was looked at in one lane."""

    lane: int
    blocks: int
    entries: int
    """Sealed ones."""
    unsealed: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and what was found."""

    lanes: Sequence[LaneReport]
    findings: Sequence[Finding]


async def examine(
    reader: Reader,
    *,
    keys: Keys,
    published: Sequence[Published],
    now: datetime,
    tell: Callable[[int], None] = lambda _: None,
) -> Report:
    """Hold every lane of the journal against its blocks and against what was published.

    `reader` reads one snapshot, taken after what was published was read: all of that is in it.
    `tell` hears how many entries are done.
    """
    findings: list[Finding] = []
    reports: list[LaneReport] = []
    told = {lane for each in published for lane in each.digests}
    done = 0
    for lane in sorted({*await store.lanes(reader), *told}):
        walk = _Walk(reader, LaneCheck(lane, keys, published), lane, done, tell)
        report = await walk.go(now=now)
        findings += walk.findings
        reports.append(report)
        done += report.entries + report.unsealed
    stray = await store.stray_lines(reader)
    told_of = "there are lines of an entry that is not in the journal"
    findings += [Finding(Code.STRAY_LINES, told_of, entry_id=each) for each in stray]
    findings += await _beside(reader)
    return Report(reports, settle(findings))


async def _beside(reader: Reader) -> list[Finding]:
    """Hold what stands beside the journal against it: it is derived of it, or explains it."""
    looks = (
        (Code.STRAY_OPENING, agreement.stray_openings, "came in by no entry"),
        (Code.STRAY_REVERSAL, agreement.stray_reversals, "has a reversal without an entry"),
        (Code.LOAN_DIFFERS, agreement.differing_loans, "does not hold what its entries say"),
        (Code.LOTS_DIFFER, agreement.differing_lots, "has lots that are not what stands off"),
        (Code.ALLOWANCE_DIFFERS, agreement.differing_allowances, "is not what moved on it"),
    )
    return [
        Finding(code, f"{row['loan_id']} of {row['tenant']} {what}")
        for code, look, what in looks
        for row in await look(reader)
    ]


class _Walk:
    """Along one lane: its blocks, and the entries that stand in the place of each."""

    def __init__(
        self, reader: Reader, check: LaneCheck, lane: int, done: int, tell: Callable[[int], None]
    ) -> None:
        self.findings: list[Finding] = []
        self._reader = reader
        self._check = check
        self._lane = lane
        self._done = done
        self._tell = tell

    async def go(self, *, now: datetime) -> LaneReport:
        journal = store.Journal(self._reader, self._lane)
        blocks = entries = 0
        async for block in store.blocks(self._reader, self._lane):
            blocks += 1
            if isinstance(block, Spoiled):
                why = f"its row cannot be read: {block.why}"
                self.findings.append(Finding(Code.UNREADABLE, why, self._lane, block.number))
                entries += len(await journal.up_to(block.last_seq))
                continue
            found = await journal.up_to(block.signed.head.last_seq)
            form = block.signed.head.entry_form
            self.findings += self._check.block(block, [_leaf(held, form) for held in found])
            entries += len(found)
            self._tell(self._done + entries)
        self.findings += self._check.end()
        unsealed: list[datetime] = []
        while rest := await journal.up_to(None):
            unsealed += [held.booked_at for held in rest]
            self._tell(self._done + entries + len(unsealed))
        self.findings += late(self._lane, unsealed, now=now)
        return LaneReport(self._lane, blocks, entries, len(unsealed))


@dataclass(frozen=True, slots=True)
class NoProof:
    """Why an entry cannot be proved. `is_sealed`: it should be, and is not what was sealed."""

    why: str
    is_sealed: bool = False


async def prove(reader: Reader, entry_id: UUID) -> Proof | NoProof:
    """Make the proof of one entry from the block that covers it."""
    held = await store.entry(reader, entry_id)
    if held is None:
        return NoProof("the journal has no such entry")
    block = await store.block_of(reader, held.lane, held.seq)
    if block is None:
        return NoProof("it is not sealed yet: that takes seconds after its posting")
    if isinstance(block, Spoiled):
        return NoProof(
            f"block {block.number} of lane {block.lane} cannot be read: {block.why}", True
        )
    proof = Proof.of(held.text(block.signed.head.entry_form), block)
    if proof is None:
        head = block.signed.head
        return NoProof(f"it is not what block {head.number} of lane {head.lane} sealed", True)
    return proof


def _leaf(held: Held, form: int) -> Leaf:
    return Leaf(held.entry_id, leaf_of(held.text(form)))
