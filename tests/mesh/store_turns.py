"""What a turn writes, all of it or nothing."""

import asyncio
from contextlib import suppress

import pytest
from mesh.ports import (
    Misfit,
    Refused,
    Replaced,
    Spoken,
    TurnWrites,
    Unavailable,
    Unknown,
)
from mesh.service import Transaction

from .store_rows import (
    NOON,
    TOPIC,
    AnyStore,
    Hand,
    commit,
    next_offsets,
    outbox,
    position,
    take,
)


class TurnContract:
    """What a turn writes, all of it or nothing."""

    async def test_a_new_lane_knows_nothing(self, store: AnyStore) -> None:
        await take(store)

        found = await store.recover(0)

        assert found.turned_at is None
        assert (found.positions, found.spoken, found.outbox, found.parked) == ([], [], [], {})

    async def test_what_was_committed_is_found_by_who_takes_the_lane_next(
        self, store: AnyStore, other: AnyStore
    ) -> None:
        epoch = await take(store)
        spoken = Spoken(TOPIC, 0, 1, 2, 0)
        rows = [outbox(1), outbox(2)]
        writes = TurnWrites({0: epoch}, positions=[position(5)], spoken=[spoken], outbox=rows)

        await commit(store, writes)

        found = await other.recover(0)
        assert found.turned_at == NOON
        assert found.positions == [position(5)]
        assert found.spoken == [spoken]
        assert found.outbox == rows
        assert (await other.recover(1)).spoken == []

    async def test_what_lies_above_acked_seq_is_told_in_order(self, store: AnyStore) -> None:
        epoch = await take(store)
        first = [outbox(1), outbox(2), outbox(1, topic="writeoff.status.v1.demo")]
        said = [Spoken(TOPIC, 0, 1, 2, 0), Spoken("writeoff.status.v1.demo", 0, 1, 1, 0)]
        await commit(store, TurnWrites({0: epoch}, spoken=said, outbox=first))
        second = [Spoken(TOPIC, 0, 1, 4, 1), Spoken("writeoff.status.v1.demo", 0, 1, 1, 1)]

        await commit(store, TurnWrites({0: epoch}, spoken=second, outbox=[outbox(3), outbox(4)]))

        assert [row.seq for row in (await store.recover(0)).outbox] == [2, 3, 4]

    async def test_rows_of_an_incarnation_before_are_not_said_again(self, store: AnyStore) -> None:
        epoch = await take(store)
        old = TurnWrites({0: epoch}, spoken=[Spoken(TOPIC, 0, 1, 1, 0)], outbox=[outbox(1)])
        await commit(store, old)
        new = Spoken(TOPIC, 0, 2, 1, 0)

        fresh = [outbox(1, incarnation=2)]
        await commit(store, TurnWrites({0: epoch}, spoken=[new], outbox=fresh))

        assert (await store.recover(0)).outbox == fresh

    async def test_positions_move_on(self, store: AnyStore) -> None:
        epoch = await take(store)
        await commit(
            store, TurnWrites({0: epoch}, positions=[position(5), position(9, partition=3)])
        )

        await commit(store, TurnWrites({0: epoch}, positions=[position(6)]))

        assert sorted(await next_offsets(store)) == [6, 9]

    async def test_what_a_service_saves_is_refused_as_data_and_nothing_is_written(
        self, store: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)

        with pytest.raises(Refused):
            await commit(store, TurnWrites({0: epoch}, positions=[position(5)]), hand.bad_data)

        assert await next_offsets(store) == []
        await commit(store, TurnWrites({0: epoch}, positions=[position(6)]))
        assert await next_offsets(store) == [6]

    async def test_what_breaks_in_a_services_own_code_is_refused_too(self, store: AnyStore) -> None:
        async def broken(tx: Transaction) -> None:
            raise AssertionError("three rows, not two")

        epoch = await take(store)

        with pytest.raises(Refused, match="three rows, not two"):
            await commit(store, TurnWrites({0: epoch}, positions=[position(5)]), broken)

        assert await next_offsets(store) == []

    async def test_what_breaks_the_meshs_own_rules_is_not_written(self, store: AnyStore) -> None:
        epoch = await take(store)

        with pytest.raises(Refused):
            await commit(store, TurnWrites({0: epoch}, spoken=[Spoken(TOPIC, 0, 1, 1, 2)]))

        assert (await store.recover(0)).spoken == []

    async def test_a_build_that_does_not_fit_its_store_is_told(
        self, store: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)

        with pytest.raises(Misfit):
            await commit(store, TurnWrites({0: epoch}, positions=[position(5)]), hand.misfit)

        assert await next_offsets(store) == []

    async def test_a_connection_that_breaks_before_commit_wrote_nothing(
        self, store: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)

        with pytest.raises(Unavailable):
            await commit(store, TurnWrites({0: epoch}, positions=[position(5)]), hand.breaks)

        assert await next_offsets(store) == []
        await commit(store, TurnWrites({0: epoch}, positions=[position(6)]))
        assert await next_offsets(store) == [6]

    @pytest.mark.parametrize(("applied", "found"), [(True, [5]), (False, [])])
    async def test_a_commit_without_an_answer_is_unknown(
        self, store: AnyStore, hand: Hand, applied: bool, found: list[int]
    ) -> None:
        epoch = await take(store)
        unlucky = await hand.cut_at_commit(applied=applied)

        with pytest.raises(Unknown):
            await commit(unlucky, TurnWrites({0: epoch}, positions=[position(5)]))

        epoch = await take(store)  # waits until the turn has ended, one way or the other
        assert await next_offsets(store) == found
        await commit(unlucky, TurnWrites({0: epoch}, positions=[position(6)]))
        assert await next_offsets(store) == [6]

    async def test_a_store_that_is_another_one_now_is_noticed_before_anything_is_written(
        self, store: AnyStore, hand: Hand
    ) -> None:
        epoch = await take(store)
        await commit(store, TurnWrites({0: epoch}))

        await hand.replace_store()

        async def go_on() -> None:
            with suppress(Unavailable):  # the old connection is found broken first
                await commit(store, writes)
            await commit(store, writes)

        writes = TurnWrites({0: epoch}, positions=[position(5)])
        with pytest.raises(Replaced):
            await go_on()
        assert await next_offsets(store) == []

    async def test_a_cancelled_turn_writes_nothing(self, store: AnyStore) -> None:
        epoch = await take(store)
        saving = asyncio.Event()

        async def for_ever(tx: Transaction) -> None:
            saving.set()
            await asyncio.Event().wait()

        turn = asyncio.ensure_future(
            commit(store, TurnWrites({0: epoch}, positions=[position(5)]), for_ever)
        )
        await saving.wait()
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn

        await commit(store, TurnWrites({0: epoch}, positions=[position(6)]))
        assert await next_offsets(store) == [6]
