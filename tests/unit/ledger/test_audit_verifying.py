"""What was done to a journal is told, and where."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from ledger.audit.finding import Code, Finding, settle
from ledger.audit.head import Signed
from ledger.audit.proof import Proof
from ledger.audit.published import HeadsFile, Unreadable, read
from ledger.audit.sealing import Block, Chain, Leaf, Leaves, decide
from ledger.audit.signing import Signer
from ledger.audit.tree import leaf_of
from ledger.audit.verifying import LaneCheck, Published, late

from .audit_trail import NOON, SIGNER, TRUSTED, key, keys, leaf, leaves, seal, sealed

LANE = 2
BLOCKS = sealed(5, 3, 4)


def published(blocks: Sequence[Block], *, name: str = "the file") -> Published:
    it = Published(name)
    assert list(it.take([block.signed for block in blocks], TRUSTED)) == []
    return it


def verify(
    blocks: Sequence[Block], journal: Sequence[Leaf], *told: Published, trusted: Any = TRUSTED
) -> list[Finding]:
    """Hold a journal, whose `seq` is its order, against blocks and what was published."""
    check = LaneCheck(LANE, trusted, told)
    findings: list[Finding] = []
    seq = 0
    for block in blocks:
        last_seq = block.signed.head.last_seq
        findings += check.block(block, journal[seq:last_seq])
        seq = last_seq
    return settle([*findings, *check.end()])


def places(findings: Sequence[Finding]) -> list[tuple[str, int | None, int | None]]:
    return [
        (f.code.value, f.block, f.entry_id.int if f.entry_id is not None else None)
        for f in findings
    ]


def test_an_untouched_journal_has_no_findings() -> None:
    assert verify(BLOCKS, leaves(1, 12), published(BLOCKS)) == []


def test_what_is_not_published_yet_is_no_finding() -> None:
    assert verify(BLOCKS, leaves(1, 12), published(BLOCKS[:2])) == []
    assert verify(BLOCKS, leaves(1, 12), published([])) == []


def test_what_is_not_published_any_more_is_no_finding() -> None:
    assert verify(BLOCKS, leaves(1, 12), published(BLOCKS[1:])) == []


def test_a_changed_entry_is_named_with_its_block() -> None:
    journal = leaves(1, 12)
    journal[6] = leaf(7, changed=True)

    assert places(verify(BLOCKS, journal)) == [("CHANGED", 2, 7)]


def test_a_removed_entry_is_named_with_its_block() -> None:
    check = LaneCheck(LANE, TRUSTED, ())
    found = [
        *check.block(BLOCKS[0], [*leaves(1, 2), *leaves(4, 5)]),
        *check.block(BLOCKS[1], leaves(6, 8)),
    ]

    assert places(found) == [("REMOVED", 1, 3)]


def test_an_added_entry_is_named_with_its_block() -> None:
    check = LaneCheck(LANE, TRUSTED, ())
    found = [
        *check.block(BLOCKS[0], leaves(1, 5)),
        *check.block(BLOCKS[1], [*leaves(6, 8), leaf(99)]),
    ]

    assert places(found) == [("ADDED", 2, 99)]


def test_entries_that_changed_places_are_told() -> None:
    journal = leaves(1, 12)
    journal[1], journal[3] = journal[3], journal[1]

    assert places(verify(BLOCKS, journal)) == [("REORDERED", 1, 2)]


def test_an_entry_that_moved_to_another_block_is_told_once() -> None:
    journal = leaves(1, 12)
    journal[4], journal[9] = journal[9], journal[4]

    assert places(verify(BLOCKS, journal)) == [("REORDERED", 1, 5), ("REORDERED", 3, 10)]


def test_a_tail_that_was_cut_is_told_by_what_was_published() -> None:
    found = verify(BLOCKS[:1], leaves(1, 5), published(BLOCKS), published(BLOCKS[:2], name="topic"))

    assert places(found) == [("CUT_TAIL", 2, None), ("CUT_TAIL", 3, None)]
    assert "the file and topic" in found[0].message
    assert verify(BLOCKS[:1], leaves(1, 5)) == []


def test_a_whole_lane_that_is_gone_is_told() -> None:
    assert places(verify([], [], published(BLOCKS[:1]))) == [("CUT_TAIL", 1, None)]


def test_a_rewritten_journal_is_consistent_but_not_with_what_was_published() -> None:
    chain = Chain(LANE, BLOCKS[0].signed.head)
    false = [*leaves(6, 6), leaf(7, changed=True), *leaves(8, 8)]
    [second] = decide(chain, seal(5, 8, false), now=NOON, signer=SIGNER)
    [third] = decide(
        Chain(LANE, second.signed.head), seal(8, 12, leaves(9, 12)), now=NOON, signer=SIGNER
    )
    rewritten = [BLOCKS[0], second, third]
    journal = [*leaves(1, 5), *false, *leaves(9, 12)]

    assert verify(rewritten, journal) == []
    found = verify(rewritten, journal, published(BLOCKS))
    assert places(found) == [("REWRITTEN", 2, None), ("REWRITTEN", 3, None)]


def test_a_rewrite_with_another_key_is_forged() -> None:
    blocks = sealed(5, 3, 4, signer=Signer(key(2)))

    assert places(verify(blocks, leaves(1, 12))) == [("FORGED", n, None) for n in (1, 2, 3)]


def test_a_signature_that_is_not_true_is_forged() -> None:
    bad = bytearray(BLOCKS[1].signed.signature)
    bad[10] ^= 1
    forged = Block(Signed(BLOCKS[1].signed.head, bytes(bad)), BLOCKS[1].leaves)

    found = verify([BLOCKS[0], forged, BLOCKS[2]], leaves(1, 12))

    assert places(found) == [("FORGED", 2, None)]


def test_a_forged_head_among_the_published_does_not_count() -> None:
    it = Published("topic")
    forged = sealed(5, 3, 4, 1, signer=Signer(key(2)))[3]

    found = list(it.take([*(b.signed for b in BLOCKS), forged.signed], TRUSTED))

    assert places(found) == [("FORGED", 4, None)]
    assert it.count == 3
    assert verify(BLOCKS, leaves(1, 12), it) == []


def test_two_heads_under_one_number_are_told() -> None:
    it = Published("topic")
    other = decide(
        Chain(LANE, BLOCKS[0].signed.head), seal(5, 6, leaves(6, 6)), now=NOON, signer=SIGNER
    )[0]

    found = list(it.take([*(b.signed for b in BLOCKS), other.signed], TRUSTED))

    assert places(found) == [("TOLD_TWICE", 2, None)]


def test_a_head_that_was_told_again_is_no_finding() -> None:
    it = Published("topic")

    assert list(it.take([BLOCKS[0].signed, BLOCKS[0].signed], TRUSTED)) == []


def test_a_block_that_was_taken_out_breaks_the_chain() -> None:
    journal = [*leaves(1, 5), *leaves(9, 12)]
    check = LaneCheck(LANE, TRUSTED, [published(BLOCKS)])

    found = [*check.block(BLOCKS[0], journal[:5]), *check.block(BLOCKS[2], journal[5:])]

    assert places([*found, *check.end()]) == [("BROKEN_CHAIN", 3, None)]


def test_a_block_that_was_never_published_is_told() -> None:
    found = verify(BLOCKS, leaves(1, 12), published([BLOCKS[0], BLOCKS[2]]))

    assert places(found) == [("NOT_PUBLISHED", 2, None)]


def test_leaves_that_were_altered_do_not_hide_the_entry() -> None:
    journal = leaves(1, 12)
    journal[6] = leaf(7, changed=True)
    altered = Block(BLOCKS[1].signed, Leaves.of(journal[5:8]))

    found = verify([BLOCKS[0], altered, BLOCKS[2]], journal)

    assert places(found) == [("LEAVES_ALTERED", 2, None)]
    assert "so were its entries" in found[0].message


def test_leaves_that_were_altered_alone_accuse_no_entry() -> None:
    other = Leaves.of([leaf(6), leaf(7, changed=True), leaf(8)])
    altered = Block(BLOCKS[1].signed, other)

    found = verify([BLOCKS[0], altered, BLOCKS[2]], leaves(1, 12))

    assert places(found) == [("LEAVES_ALTERED", 2, None)]
    assert "the entries themselves are what was sealed" in found[0].message


def test_a_form_that_is_not_known_is_told() -> None:
    head = replace(BLOCKS[0].signed.head, entry_form=3)
    block = Block(SIGNER.sign(head), BLOCKS[0].leaves)

    assert places(verify([block], leaves(1, 5))) == [("UNKNOWN_FORM", 1, None)]


def test_entries_that_wait_too_long_are_told() -> None:
    booked = [NOON, NOON + timedelta(minutes=8)]

    assert list(late(LANE, booked, now=NOON + timedelta(minutes=10))) == []
    [found] = late(LANE, booked, now=NOON + timedelta(minutes=10, seconds=1))
    assert (found.code, found.lane) == (Code.UNSEALED, LANE)
    assert found.message == "2 entries are not sealed, the oldest since 2026-11-24 12:00 UTC"


def test_each_code_is_its_own_name() -> None:
    assert all(code.value == code.name for code in Code)


# --- the file -----------------------------------------------------------------------------------


def test_a_file_holds_what_was_appended_in_order(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "heads.jsonl"
    file = HeadsFile(path)

    assert file.open() == {}
    file.append([BLOCKS[0].signed])
    file.append([BLOCKS[1].signed, BLOCKS[2].signed])

    assert list(read(path)) == [block.signed for block in BLOCKS]
    assert HeadsFile(path).open() == {LANE: 3}


@pytest.mark.parametrize("left", [1, 200])
def test_what_a_crash_cut_off_is_written_once_more(tmp_path: Path, left: int) -> None:
    path = tmp_path / "heads.jsonl"
    file = HeadsFile(path)
    file.open()
    file.append([block.signed for block in BLOCKS])
    whole = path.read_bytes()
    cut = whole[: whole.rindex(b"\n", 0, -1) + 1 + left]
    path.write_bytes(cut)

    assert [*read(path)] == [block.signed for block in BLOCKS[:2]]
    assert HeadsFile(path).open() == {LANE: 2}
    HeadsFile(path).append([BLOCKS[2].signed])
    assert path.read_bytes().startswith(cut)
    assert [*read(path)] == [block.signed for block in BLOCKS]


def test_what_nothing_completes_is_no_cut_off_head(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_bytes(b"x" * 100_000)

    assert HeadsFile(path).open() == {}
    HeadsFile(path).append([BLOCKS[0].signed])
    head, broken = read(path)
    assert head == BLOCKS[0].signed
    assert isinstance(broken, Unreadable)
    assert broken.where == f"{path}, line 1"


@pytest.mark.parametrize("line", ["nothing", "[1]", "{}", '{"form": "writeoff-audit-head/1"}'])
def test_a_line_that_holds_no_head_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "heads.jsonl"
    path.write_text(f"{json.dumps(BLOCKS[0].signed.to_json())}\n{line}\n")

    first, second = read(path)

    assert first == BLOCKS[0].signed
    assert isinstance(second, Unreadable)
    assert second.where == f"{path}, line 2"
    [found] = Published("file").take([second], TRUSTED)
    assert found.code is Code.UNREADABLE


# --- proofs -------------------------------------------------------------------------------------


def proof() -> Proof:
    it = Proof.of(b"entry 7", BLOCKS[1])
    assert it is not None
    return it


def test_a_proof_holds_for_its_entry() -> None:
    assert proof().wrong(TRUSTED) is None
    assert Proof.from_json(json.loads(json.dumps(proof().to_json()))) == proof()


def test_there_is_no_proof_of_what_is_not_in_the_block() -> None:
    assert Proof.of(b"entry 1", BLOCKS[1]) is None
    assert Proof.of(b"entry 7 changed", BLOCKS[1]) is None


def test_a_proof_of_something_else_is_wrong() -> None:
    assert replace(proof(), text="entry 6").wrong(TRUSTED) is not None
    assert replace(proof(), index=0).wrong(TRUSTED) is not None
    assert replace(proof(), path=()).wrong(TRUSTED) is not None
    assert replace(proof(), signed=BLOCKS[0].signed).wrong(TRUSTED) is not None
    assert "no trusted key" in (proof().wrong(keys(2)) or "")


@pytest.mark.parametrize(
    ("changed", "because"),
    [
        ({"form": "x"}, "form is 'x'"),
        ({"path": 7}, "another kind"),
        ({"path": ["zz"]}, "hexadecimal"),
        ({"index": None}, "another kind"),
        ({"head": []}, "another kind"),
        ({"head": {}}, "form is None"),
    ],
)
def test_what_is_no_proof_is_refused_by_name(changed: dict[str, Any], because: str) -> None:
    with pytest.raises(ValueError, match=because):
        Proof.from_json(proof().to_json() | changed)


def test_a_leaf_is_named_by_its_entry() -> None:
    assert leaf(7) == Leaf(UUID(int=7), leaf_of(b"entry 7"))


def test_a_head_that_is_told_again_counts_once() -> None:
    it = Published("the topic")
    heads = [block.signed for block in BLOCKS]

    assert list(it.take([*heads, *heads[1:]], TRUSTED)) == []

    assert it.count == len(heads)
