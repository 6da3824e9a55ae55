"""What is unsealed is found and put into its lane; what was sealed reaches the file."""

import asyncio
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ledger.audit.head import Head, Signed
from ledger.audit.published import HeadsFile, read
from ledger.audit.sealer import Sealer
from ledger.audit.sealing import BLOCK_MAX, Block, Chain, Leaf, Leaves, Seal, Unsealed, decide
from ledger.audit.service import SEAL, lane_of_key
from ledger.audit.waiting import Waiting
from mesh.doors import Command, Reply
from mesh.lanes import lane_of
from mesh.ports import Unavailable
from prometheus_client import CollectorRegistry

from .audit_trail import NOON, SIGNER, leaf

LANES = 6


class Ledger:
    """Journals and blocks in memory, and a door that hears what is put in, when it is open."""

    def __init__(self) -> None:
        self.journals: dict[int, list[Leaf]] = {}
        self.blocks: list[Block] = []
        self.is_open = True
        self.troubles: list[Exception] = []
        self.asked: list[Command] = []
        self.told: list[Sequence[Unsealed]] = []
        self.is_published = asyncio.Event()

    def post(self, lane: int, count: int) -> None:
        have = self.journals.setdefault(lane, [])
        have += [leaf(1_000_000 * lane + len(have) + n) for n in range(count)]

    async def last(self, reader: Any, lanes: Collection[int]) -> dict[int, Head]:
        if self.troubles:
            raise self.troubles.pop()
        heads = [block.signed.head for block in self.blocks]
        return {head.lane: head for head in heads if head.lane in lanes}

    async def fresh(self, reader: Any, lane: int, *, after_seq: int, most: int) -> Seal | None:
        left = self.journals.get(lane, [])[after_seq : after_seq + most]
        return Seal(after_seq, after_seq + len(left), Leaves.of(left)) if left else None

    async def unsealed(self, reader: Any, lanes: Collection[int]) -> list[Unsealed]:
        last = await self.last(None, lanes)
        found: list[Unsealed] = []
        for lane in lanes:
            left = len(self.journals.get(lane, [])) - (last[lane].last_seq if lane in last else 0)
            found.append(Unsealed(lane, left, NOON if left else None))
        return found

    async def heads(self, reader: Any, known: Mapping[int, int]) -> list[Signed]:
        signed = [block.signed for block in self.blocks]
        fresh = [each for each in signed if each.head.number > known.get(each.head.lane, 0)]
        if signed and not fresh:
            self.is_published.set()
        return fresh[:4]

    async def commands(self, items: Sequence[Command], *, wait_s: float = 10.0) -> list[Reply]:
        self.asked += items
        for item in items if self.is_open else ():
            lane = lane_of_key(item.key)
            chain = Chain(lane, (await self.last(None, [lane])).get(lane))
            seal = Seal.from_json(item.body)
            self.blocks += decide(chain, seal, now=NOON, signer=SIGNER)
        return [Reply(done=self.is_open) for _ in items]


def sealer(ledger: Ledger, path: Path, held: Callable[[], Collection[int]]) -> Sealer:
    return Sealer(
        ledger,
        reader=None,  # type: ignore[arg-type] - the journals are in memory
        doors=ledger,
        held=held,
        lanes=LANES,
        file=HeadsFile(path),
        tell=ledger.told.append,
        every_s=0.001,
    )


@contextmanager
def disk_full(path: Path) -> Generator[None]:
    """Let nothing be appended: a folder stands in the file's place. Then all of it is gone."""
    path.unlink()
    path.mkdir()
    yield
    path.rmdir()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "heads.jsonl"


async def test_each_held_lane_with_something_unsealed_is_asked_for_a_block(path: Path) -> None:
    ledger = Ledger()
    ledger.post(1, 3)
    ledger.post(2, 4)
    ledger.post(4, 5)

    is_full = await sealer(ledger, path, lambda: {1, 3, 4}).seal()

    assert not is_full
    assert [lane_of_key(item.key) for item in ledger.asked] == [1, 4]
    assert {lane_of(item.key.text, lanes=LANES) for item in ledger.asked} == {1, 4}
    assert {(item.kind, item.request_id) for item in ledger.asked} == {
        (SEAL, "block/1/1"),
        (SEAL, "block/4/1"),
    }
    assert [block.signed.head.count for block in ledger.blocks] == [3, 5]


async def test_a_block_that_was_not_heard_yet_is_asked_for_under_the_same_name(path: Path) -> None:
    ledger = Ledger()
    ledger.post(1, 3)
    it = sealer(ledger, path, lambda: [1])
    ledger.is_open = False
    await it.seal()
    ledger.post(1, 2)
    ledger.is_open = True
    await it.seal()
    ledger.post(1, 1)
    await it.seal()

    assert [item.request_id for item in ledger.asked] == ["block/1/1", "block/1/1", "block/1/2"]


async def test_nothing_is_asked_where_nothing_is_held_or_unsealed(path: Path) -> None:
    ledger = Ledger()
    ledger.post(2, 3)

    assert not await sealer(ledger, path, list[int]).seal()
    assert not await sealer(ledger, path, lambda: [1]).seal()
    assert ledger.asked == []


async def test_what_is_not_sealed_is_told_of_the_lanes_that_are_held(path: Path) -> None:
    ledger = Ledger()
    ledger.post(1, 3)
    ledger.post(2, 4)
    it = sealer(ledger, path, lambda: [0, 1])
    await it.look()
    await it.seal()
    await it.look()

    assert [[(each.lane, each.entries) for each in looked] for looked in ledger.told] == [
        [(0, 0), (1, 3)],
        [(0, 0), (1, 0)],
    ]


def test_prometheus_is_told_how_much_waits_and_since_when() -> None:
    registry = CollectorRegistry()
    waiting = Waiting(registry, now=lambda: NOON + timedelta(seconds=90))

    waiting.tell([Unsealed(0, 2, NOON + timedelta(seconds=60)), Unsealed(1, 3, NOON)])
    assert registry.get_sample_value("ledger_unsealed_entries") == 5
    assert registry.get_sample_value("ledger_unsealed_oldest_seconds") == 90
    waiting.tell([Unsealed(0, 0, None)])
    assert registry.get_sample_value("ledger_unsealed_entries") == 0
    assert registry.get_sample_value("ledger_unsealed_oldest_seconds") == 0


async def test_a_full_block_is_followed_by_another_at_once(path: Path) -> None:
    ledger = Ledger()
    ledger.post(0, 2 * BLOCK_MAX + 1)
    it = sealer(ledger, path, lambda: [0])

    assert [await it.seal() for _ in range(3)] == [True, True, False]
    assert [block.signed.head.count for block in ledger.blocks] == [BLOCK_MAX, BLOCK_MAX, 1]


async def test_a_full_block_that_was_not_heard_is_waited_for(path: Path) -> None:
    ledger = Ledger()
    ledger.post(0, BLOCK_MAX)
    ledger.is_open = False

    assert not await sealer(ledger, path, lambda: [0]).seal()


async def test_the_file_holds_the_heads_of_every_lane_whoever_sealed_them(path: Path) -> None:
    ledger = Ledger()
    there = sealer(ledger, path.with_name("other"), lambda: range(LANES))
    for lane in range(LANES):
        ledger.post(lane, 3)
    await there.seal()
    ledger.post(3, 1)
    await there.seal()

    await sealer(ledger, path, list[int]).publish()

    assert list(read(path)) == [block.signed for block in ledger.blocks]


async def test_a_process_that_starts_again_goes_on_where_its_file_ends(path: Path) -> None:
    ledger = Ledger()
    ledger.post(0, 3)
    first = sealer(ledger, path, lambda: [0])
    await first.seal()
    await first.publish()
    ledger.post(0, 2)
    again = sealer(ledger, path, lambda: [0])
    await again.seal()
    await again.publish()

    assert list(read(path)) == [block.signed for block in ledger.blocks]


async def test_a_disk_that_was_full_is_written_when_it_is_not(path: Path) -> None:
    ledger = Ledger()
    ledger.post(0, 3)
    it = sealer(ledger, path, lambda: [0])
    await it.seal()
    await it.publish()
    ledger.post(0, 2)
    await it.seal()
    with disk_full(path), pytest.raises(OSError, match="heads"):
        await it.publish()

    await it.publish()

    assert list(read(path)) == [block.signed for block in ledger.blocks]


async def test_trouble_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    ledger.post(0, 3)
    ledger.troubles = [Unavailable("away"), ValueError("a row that somebody wrote by hand")]
    monkeypatch.setattr("ledger.audit.sealer.TROUBLE_S", (0.001, 0.001))
    running = asyncio.create_task(sealer(ledger, path, lambda: [0]).run())

    await asyncio.wait_for(ledger.is_published.wait(), 10)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert [block.signed for block in ledger.blocks] == list(read(path))


async def test_a_bug_is_no_trouble(path: Path) -> None:
    ledger = Ledger()
    ledger.post(0, 3)
    ledger.troubles = [KeyError("lane")]

    with pytest.raises(KeyError):
        await sealer(ledger, path, lambda: [0]).run()
