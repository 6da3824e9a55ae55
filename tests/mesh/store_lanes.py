"""Who has a lane, and who may write."""

import asyncio

import pytest
from mesh.ports import (
    Fenced,
    TurnWrites,
)
from mesh.service import Transaction

from .store_rows import LANES, LEASE_S, AnyStore, Hand, commit, next_offsets, position, take


class LaneContract:
    """Who has a lane, and who may write. A side gives the fixtures `store`, `other`, `hand`."""

    async def test_a_beat_tells_the_time_who_lives_and_every_lane(
        self, store: AnyStore, other: AnyStore
    ) -> None:
        first = await store.beat("one", held={}, lease_s=LEASE_S, lanes=LANES)
        second = await other.beat("two", held={}, lease_s=LEASE_S, lanes=LANES)

        assert [(row.lane, row.epoch, row.owner) for row in first.lanes] == [
            (lane, 0, None) for lane in range(LANES)
        ]
        assert (first.living, second.living) == (1, 2)
        assert second.now.tzinfo is not None
        assert second.now >= first.now

    async def test_who_was_not_seen_for_long_or_left_does_not_count(
        self, store: AnyStore, other: AnyStore, hand: Hand
    ) -> None:
        await other.beat("two", held={}, lease_s=LEASE_S, lanes=LANES)
        await hand.pass_time(11)
        assert (await store.beat("one", held={}, lease_s=LEASE_S, lanes=LANES)).living == 1
        await other.beat("two", held={}, lease_s=LEASE_S, lanes=LANES)

        await other.leave("two")

        assert (await store.beat("one", held={}, lease_s=LEASE_S, lanes=LANES)).living == 1

    async def test_taking_a_free_or_an_own_lane_raises_its_epoch(self, store: AnyStore) -> None:
        first = await take(store)

        second = await store.take(0, instance="one", lease_s=LEASE_S)

        assert second == first + 1
        rows = (await store.beat("one", held={}, lease_s=LEASE_S, lanes=LANES)).lanes
        assert (rows[0].owner, rows[0].epoch, rows[0].expired) == ("one", second, False)

    async def test_anothers_lane_is_taken_only_when_its_lease_is_over(
        self, store: AnyStore, other: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)
        assert await other.take(0, instance="two", lease_s=LEASE_S) is None

        await hand.pass_time(LEASE_S + 1)

        assert await other.take(0, instance="two", lease_s=LEASE_S) == epoch + 1

    async def test_a_beat_renews_the_leases_of_who_holds_them(
        self, store: AnyStore, other: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)
        await hand.pass_time(6)
        await store.beat("one", held={0: epoch}, lease_s=LEASE_S, lanes=LANES)
        await hand.pass_time(6)

        assert await other.take(0, instance="two", lease_s=LEASE_S) is None

    async def test_an_old_epoch_renews_nothing(
        self, store: AnyStore, other: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)
        await hand.pass_time(6)
        await store.beat("one", held={0: epoch - 1}, lease_s=LEASE_S, lanes=LANES)
        await hand.pass_time(6)

        assert await other.take(0, instance="two", lease_s=LEASE_S) == epoch + 1

    async def test_of_two_who_race_for_a_lane_one_wins(
        self, store: AnyStore, other: AnyStore
    ) -> None:
        await store.beat("one", held={}, lease_s=LEASE_S, lanes=LANES)

        epochs = await asyncio.gather(
            store.take(1, instance="one", lease_s=LEASE_S),
            other.take(1, instance="two", lease_s=LEASE_S),
        )

        assert sorted(epochs, key=str) == [1, None]

    async def test_what_is_given_back_may_be_taken_at_once(
        self, store: AnyStore, other: AnyStore
    ) -> None:
        epoch = await take(store)
        await store.give_back({0: epoch - 1}, instance="one")
        assert await other.take(0, instance="two", lease_s=LEASE_S) is None

        await store.give_back({0: epoch}, instance="one")

        assert await other.take(0, instance="two", lease_s=LEASE_S) == epoch + 1

    async def test_a_lane_remembers_from_which_store_it_goes_on(self, store: AnyStore) -> None:
        epoch = await take(store)
        name = await store.store_id()
        assert (await store.recover(0)).store_id is None

        await store.keep_id(0, epoch=epoch - 1, store_id="another")
        await store.keep_id(0, epoch=epoch, store_id=name)

        assert (await store.recover(0)).store_id == name

    async def test_owners_who_are_gone_without_giving_back_are_counted(
        self, store: AnyStore, other: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)
        await store.give_back({0: epoch}, instance="one")
        await take(store)
        assert (await store.recover(0)).deaths == 0
        await hand.pass_time(LEASE_S + 1)

        epoch = await take(other, instance="two")

        assert (await other.recover(0)).deaths == 1
        await other.calm(0, epoch=epoch - 1)
        assert (await other.recover(0)).deaths == 1
        await other.calm(0, epoch=epoch)
        assert (await other.recover(0)).deaths == 0

    async def test_owners_who_were_gone_while_they_tried_one_place_are_counted(
        self, store: AnyStore, other: AnyStore, hand: Hand
    ) -> None:
        async def tried(store: AnyStore, places: str, *, instance: str) -> list[int]:
            epoch = await take(store, instance=instance)
            tries = [await store.try_place(0, epoch=epoch, place=place) for place in places]
            assert await store.try_place(0, epoch=epoch - 1, place="b") == 0
            await hand.pass_time(LEASE_S + 1)
            return tries

        assert await tried(store, "aab", instance="one") == [1, 1, 1]
        assert await tried(other, "acb", instance="two") == [1, 1, 2]
        assert await tried(store, "db", instance="three") == [1, 3]
        assert await tried(other, "bc", instance="four") == [4, 1]
        assert await tried(store, "cb", instance="five") == [2, 1]
        epoch = await take(other, instance="six")
        await other.calm(0, epoch=epoch)
        assert await other.try_place(0, epoch=epoch, place="b") == 1

    async def test_who_takes_a_lane_waits_for_the_former_owners_turn(
        self, store: AnyStore, other: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)
        await hand.pass_time(LEASE_S + 1)
        saving, go_on = asyncio.Event(), asyncio.Event()

        async def slowly(tx: Transaction) -> None:
            saving.set()
            await go_on.wait()

        turn = asyncio.ensure_future(
            commit(store, TurnWrites({0: epoch}, positions=[position(5)]), slowly)
        )
        await saving.wait()
        taking = asyncio.ensure_future(other.take(0, instance="two", lease_s=LEASE_S))
        await asyncio.sleep(0.1)
        assert not taking.done()
        go_on.set()

        await turn
        assert await taking is None  # the turn renewed the lease
        assert await next_offsets(store) == [5]

    async def test_an_old_epoch_is_fenced_and_writes_nothing(
        self, store: AnyStore, other: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)
        await hand.pass_time(LEASE_S + 1)
        assert await other.take(0, instance="two", lease_s=LEASE_S) == epoch + 1

        with pytest.raises(Fenced):
            await commit(store, TurnWrites({0: epoch}, positions=[position(5)]))

        assert await next_offsets(store) == []
        rows = (await store.beat("one", held={}, lease_s=LEASE_S, lanes=LANES)).lanes
        assert rows[0].owner == "two"

    async def test_one_lost_lane_fences_the_whole_turn(self, store: AnyStore) -> None:
        mine = await take(store, 0)
        given = await take(store, 1)
        await store.give_back({1: given}, instance="one")

        with pytest.raises(Fenced):
            await commit(store, TurnWrites({0: mine, 1: given}, positions=[position(5)]))

        assert await next_offsets(store) == []
        await commit(store, TurnWrites({0: mine}, positions=[position(6)]))
        assert await next_offsets(store) == [6]

    async def test_a_turn_renews_the_lease(
        self, store: AnyStore, other: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)
        await hand.pass_time(6)
        await commit(store, TurnWrites({0: epoch}))
        await hand.pass_time(6)

        assert await other.take(0, instance="two", lease_s=LEASE_S) is None
