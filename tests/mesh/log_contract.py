"""What every log does: both sides of the port pass this."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import pytest
from mesh.ports import Delivery, InputTrouble, Log, OutboxRow, Record, Unavailable

WAIT_S = 30.0
PARTITIONS = 3


class Hand(Protocol):
    """What a test does to a log from behind."""

    topic: str
    """An empty topic of three partitions that the log may write."""
    closed: str
    """A topic that is there and that `stranger` may not write."""
    stranger: Log

    async def trim(self, partition: int, *, before: int) -> None: ...

    async def make_again(self) -> None: ...

    async def advised(self) -> dict[tuple[str, int], int]: ...


def row(
    topic: str, lane: int, seq: int, *, key: str = "demo/L1", value: bytes | None = b"said"
) -> OutboxRow:
    headers = [("ce_id", b"%d" % seq), ("mesh-seq", b"1/%d" % seq)]
    return OutboxRow(topic, lane, 1, seq, key, headers, value)


async def say(log: Log, rows: Sequence[OutboxRow]) -> list[Delivery]:
    for each in rows:
        assert log.produce(each, each.seq)
    return await delivered(log, len(rows))


async def delivered(log: Log, count: int) -> list[Delivery]:
    found: list[Delivery] = []
    async with asyncio.timeout(WAIT_S):
        while len(found) < count:
            found += log.deliveries()
            await asyncio.sleep(0.005)
    return found


async def fetched(log: Log, count: int) -> list[Record]:
    found: list[Record] = []
    async with asyncio.timeout(WAIT_S):
        while len(found) < count:
            found += log.fetched()
            await asyncio.sleep(0.005)
    return found


async def troubled(log: Log) -> InputTrouble:
    async with asyncio.timeout(WAIT_S):
        while True:
            if found := log.troubles():
                return found[0]
            await asyncio.sleep(0.005)


class LogContract:
    """One suite; a side gives the fixtures `log` (open) and `hand`."""

    async def test_a_record_comes_back_as_it_was_said(self, log: Log, hand: Hand) -> None:
        [delivery] = await say(log, [row(hand.topic, 2, 1, key="demo/L7", value=b"\x00fact")])

        log.assign(hand.topic, 2, offset=0, taking=5)
        [record] = await fetched(log, 1)

        assert (delivery.mark, delivery.error, delivery.refused) == (1, None, False)
        assert (record.topic, record.partition, record.offset) == (hand.topic, 2, 0)
        assert (record.key, record.value) == (b"demo/L7", b"\x00fact")
        assert record.headers == {"ce_id": b"1", "mesh-seq": b"1/1"}
        assert record.taking == 5
        assert record.timestamp_ms == delivery.timestamp_ms > 0

    async def test_a_tombstone_has_no_value(self, log: Log, hand: Hand) -> None:
        await say(log, [row(hand.topic, 0, 1, value=None)])

        log.assign(hand.topic, 0, offset=0, taking=1)
        [record] = await fetched(log, 1)

        assert record.value is None

    async def test_the_first_record_fetched_is_the_one_at_the_offset(
        self, log: Log, hand: Hand
    ) -> None:
        await say(log, [row(hand.topic, 0, seq) for seq in range(1, 11)])

        log.assign(hand.topic, 0, offset=7, taking=1)
        records = await fetched(log, 3)

        assert [record.offset for record in records] == [7, 8, 9]

    async def test_what_is_said_later_is_fetched_too(self, log: Log, hand: Hand) -> None:
        log.assign(hand.topic, 0, offset=0, taking=1)
        await say(log, [row(hand.topic, 0, 1)])
        first = await fetched(log, 1)
        await say(log, [row(hand.topic, 0, 2)])

        assert [record.offset for record in first + await fetched(log, 1)] == [0, 1]

    async def test_what_was_fetched_under_another_taking_says_so(
        self, log: Log, hand: Hand
    ) -> None:
        await say(log, [row(hand.topic, 0, seq) for seq in range(1, 4)])
        log.assign(hand.topic, 0, offset=0, taking=1)
        old = await fetched(log, 3)

        log.assign(hand.topic, 0, offset=1, taking=2)
        new = await fetched(log, 2)

        assert {record.taking for record in old} == {1}
        assert [(record.offset, record.taking) for record in new] == [(1, 2), (2, 2)]

    async def test_nothing_more_is_fetched_of_what_was_let_go(self, log: Log, hand: Hand) -> None:
        log.assign(hand.topic, 0, offset=0, taking=1)
        log.assign(hand.topic, 1, offset=0, taking=1)
        log.unassign(hand.topic, 0)
        await say(log, [row(hand.topic, 0, 1), row(hand.topic, 1, 2)])

        [record] = await fetched(log, 1)
        await asyncio.sleep(0.2)

        assert record.partition == 1
        assert not log.fetched()

    async def test_what_is_held_waits_and_then_goes_on_where_it_stopped(
        self, log: Log, hand: Hand
    ) -> None:
        await say(log, [row(hand.topic, 0, 1)])
        log.assign(hand.topic, 0, offset=0, taking=1)
        before = await fetched(log, 1)
        log.hold(hand.topic, 0, held=True)
        await asyncio.sleep(0.2)
        await say(log, [row(hand.topic, 0, 2), row(hand.topic, 0, 3)])
        await asyncio.sleep(0.2)
        assert not log.fetched()

        log.hold(hand.topic, 0, held=False)

        assert [record.offset for record in before + await fetched(log, 2)] == [0, 1, 2]

    async def test_an_offset_after_the_end_is_a_hole_and_nothing_is_skipped(
        self, log: Log, hand: Hand
    ) -> None:
        await say(log, [row(hand.topic, 1, 1)])

        log.assign(hand.topic, 1, offset=50, taking=3)
        trouble = await troubled(log)

        assert (trouble.topic, trouble.partition, trouble.taking) == (hand.topic, 1, 3)
        assert trouble.hole
        assert not log.fetched()

    async def test_an_offset_before_the_start_is_a_hole_and_nothing_is_skipped(
        self, log: Log, hand: Hand
    ) -> None:
        await say(log, [row(hand.topic, 0, seq) for seq in range(1, 6)])
        await hand.trim(0, before=3)

        log.assign(hand.topic, 0, offset=1, taking=1)
        trouble = await troubled(log)

        assert trouble.hole
        assert not log.fetched()
        assert await log.bounds(hand.topic, 0) == (3, 5)

    async def test_bounds_tell_where_a_log_starts_and_ends(self, log: Log, hand: Hand) -> None:
        assert await log.bounds(hand.topic, 0) == (0, 0)

        await say(log, [row(hand.topic, 0, 1), row(hand.topic, 0, 2)])

        assert await log.bounds(hand.topic, 0) == (0, 2)

    async def test_the_ends_of_what_is_fetched_are_known(self, log: Log, hand: Hand) -> None:
        await say(log, [row(hand.topic, 1, 1), row(hand.topic, 1, 2)])

        log.assign(hand.topic, 1, offset=0, taking=1)
        await fetched(log, 2)

        assert await log.ends() == {(hand.topic, 1): 2}

    async def test_tails_give_the_last_record_of_each_partition_that_has_one(
        self, log: Log, hand: Hand
    ) -> None:
        await say(log, [row(hand.topic, 0, 1), row(hand.topic, 0, 2), row(hand.topic, 2, 3)])

        tails = await log.tails([(hand.topic, lane) for lane in range(PARTITIONS)])

        assert {place: tail.headers["mesh-seq"] for place, tail in tails.items()} == {
            (hand.topic, 0): b"1/2",
            (hand.topic, 2): b"1/3",
        }

    async def test_a_topic_made_again_is_another_one(self, log: Log, hand: Hand) -> None:
        before = await log.topic_id(hand.topic)
        assert await log.topic_id(hand.topic) == before

        await hand.make_again()

        assert await log.topic_id(hand.topic) != before
        assert await log.bounds(hand.topic, 0) == (0, 0)

    async def test_a_topic_that_is_not_there_is_waited_for(self, log: Log) -> None:
        with pytest.raises(Unavailable):
            await log.topic_id("writeoff.nowhere.v1")

    async def test_rows_of_one_output_are_written_and_told_once_and_in_order(
        self, log: Log, hand: Hand
    ) -> None:
        rows = [row(hand.topic, seq % 2, seq) for seq in range(1, 601)]

        told = await say(log, rows)

        log.assign(hand.topic, 0, offset=0, taking=1)
        log.assign(hand.topic, 1, offset=0, taking=1)
        records = await fetched(log, 600)
        assert sorted(str(delivery.mark) for delivery in told) == sorted(
            str(n) for n in range(1, 601)
        )
        assert {delivery.error for delivery in told} == {None}
        for lane in range(2):
            numbers = [int(r.headers["ce_id"]) for r in records if r.partition == lane]
            assert numbers == [each.seq for each in rows if each.lane == lane]

    async def test_after_a_renewal_no_delivery_of_an_earlier_row_comes(
        self, log: Log, hand: Hand
    ) -> None:
        for seq in range(1, 301):
            assert log.produce(row(hand.topic, 0, seq), ("old", seq))

        await log.renew_producer()

        told = [delivery.mark for delivery in log.deliveries()]
        assert sorted(told, key=str) == sorted((("old", seq) for seq in range(1, 301)), key=str)
        log.produce(row(hand.topic, 1, 301), ("new", 301))
        [delivery] = await delivered(log, 1)
        await asyncio.sleep(0.2)
        assert (delivery.mark, delivery.error) == (("new", 301), None)
        assert not log.deliveries()

    async def test_what_may_not_be_written_is_told_as_refused(self, log: Log, hand: Hand) -> None:
        [delivery] = await say(hand.stranger, [row(hand.closed, 0, 1)])

        assert delivery.error
        assert delivery.refused

    async def test_the_loop_is_woken_by_deliveries_and_records(self, log: Log, hand: Hand) -> None:
        woken = asyncio.Event()
        log.wake = woken.set
        assert log.produce(row(hand.topic, 0, 1), 1)
        async with asyncio.timeout(WAIT_S):
            while not log.deliveries():
                await woken.wait()
                woken.clear()

        log.assign(hand.topic, 0, offset=0, taking=1)

        async with asyncio.timeout(WAIT_S):
            while not log.fetched():
                await woken.wait()
                woken.clear()

    async def test_a_broker_that_answers_is_not_silent(self, log: Log) -> None:
        await asyncio.sleep(0.3)

        assert log.silent_s() < 5

    async def test_offsets_are_advised_under_the_services_name(self, log: Log, hand: Hand) -> None:
        await say(log, [row(hand.topic, 0, 1), row(hand.topic, 0, 2)])

        log.advise({(hand.topic, 0): 2})

        async with asyncio.timeout(WAIT_S):
            while await hand.advised() != {(hand.topic, 0): 2}:  # noqa: ASYNC110 - asks anew
                await asyncio.sleep(0.05)
