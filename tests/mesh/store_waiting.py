"""What waits in a store, what was answered, what is parked."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from mesh.doors import StoredAnswer
from mesh.hearing import ANY_NUMBER
from mesh.ports import (
    Moved,
    SaidRow,
    TurnWrites,
)

from .store_rows import (
    NOON,
    AnyStore,
    commit,
    due,
    ids,
    next_offsets,
    parked,
    position,
    request,
    take,
)


class RowContract:
    """What waits, what was answered, what is parked."""

    async def test_what_is_due_comes_in_order_of_time_and_of_being_put(
        self, store: AnyStore
    ) -> None:
        late, soon = NOON + timedelta(seconds=1), NOON - timedelta(seconds=1)
        await store.put([due(1, at=late), due(2), due(3), due(4, at=soon), due(5, lane=1)])

        now, later = await store.due([0], now=NOON, limit=10)
        both, _ = await store.due([0, 1], now=NOON, limit=10)
        few, _ = await store.due([0], now=NOON, limit=2)

        assert ids(now) == [4, 2, 3]
        assert later == late
        assert ids(both) == [4, 2, 3, 5]
        assert ids(few) == [4, 2]
        assert now[1] == due(2)

    async def test_nothing_is_due_where_nothing_waits(self, store: AnyStore) -> None:
        assert await store.due([0], now=NOON, limit=10) == ([], None)

    async def test_putting_a_known_row_changes_nothing(self, store: AnyStore) -> None:
        await store.put([due(1)])

        await store.put([due(1, at=NOON - timedelta(hours=1), payload=b"other"), due(2)])

        rows, _ = await store.due([0], now=NOON, limit=10)
        assert rows == [due(1), due(2)]

    async def test_a_timer_that_a_turn_puts_again_is_replaced(self, store: AnyStore) -> None:
        epoch = await take(store)
        await commit(store, TurnWrites({0: epoch}, due_put=[due(1)]))
        later = due(1, at=NOON + timedelta(hours=1), payload=b"other")

        await commit(store, TurnWrites({0: epoch}, due_put=[due(1), later]))

        assert await store.due([0], now=NOON, limit=10) == ([], later.due_at)
        assert (await store.due([0], now=later.due_at, limit=10))[0] == [later]

    async def test_a_turn_takes_out_what_it_heard(self, store: AnyStore) -> None:
        epoch = await take(store)
        await store.put([due(1), due(2)])

        await commit(store, TurnWrites({0: epoch}, due_gone=[UUID(int=1), UUID(int=9)]))

        assert ids((await store.due([0], now=NOON, limit=10))[0]) == [2]

    async def test_a_turn_may_put_rows_into_any_lane(self, store: AnyStore) -> None:
        epoch = await take(store)

        await commit(store, TurnWrites({0: epoch}, due_put=[due(1, lane=2)]))

        assert ids((await store.due([2], now=NOON, limit=10))[0]) == [1]

    async def test_requests_and_answers_are_kept(self, store: AnyStore) -> None:
        epoch = await take(store)
        case_id = uuid4()
        told = replace(request(2, request_id="R-2", reply='{"n": 1}'), case_id=case_id, code="NO")

        await commit(store, TurnWrites({0: epoch}, requests=[request(1), told]))

        asked = [UUID(int=number) for number in (1, 2, 3)]
        assert await store.requests(asked) == {UUID(int=1): request(1), UUID(int=2): told}
        assert await store.answers(asked) == {
            UUID(int=1): StoredAnswer(b"hash", None, None, {}, done=False),
            UUID(int=2): StoredAnswer(b"hash", case_id, "NO", {"n": 1}, done=True),
        }

    async def test_an_identity_that_was_taken_meanwhile_moves_the_turn(
        self, store: AnyStore
    ) -> None:
        epoch = await take(store)
        await commit(store, TurnWrites({0: epoch}, requests=[request(1)]))
        fresh = request(2, request_id="R-2")

        with pytest.raises(Moved):
            await commit(
                store, TurnWrites({0: epoch}, requests=[fresh, request(1)], positions=[position(5)])
            )

        assert await next_offsets(store) == []
        assert await store.requests([fresh.message_id]) == {}

    async def test_of_two_lanes_that_take_one_identity_one_is_moved(
        self, store: AnyStore, other: AnyStore
    ) -> None:
        mine, theirs = await take(store, 0), await take(other, 1, instance="two")

        ends = await asyncio.gather(
            commit(store, TurnWrites({0: mine}, requests=[request(1)])),
            commit(other, TurnWrites({1: theirs}, requests=[request(1)]), instance="two"),
            return_exceptions=True,
        )

        assert sorted(type(end).__name__ for end in ends) == ["Moved", "NoneType"]

    async def test_the_last_record_of_a_key_is_known(self, store: AnyStore) -> None:
        epoch = await take(store)
        table = "writeoff.status.v1.demo"
        old = SaidRow(table, 0, "C1", 1, 1, b"old")
        await commit(store, TurnWrites({0: epoch}, said=[old, SaidRow(table, 0, "C2", 1, 2, b"x")]))
        new, gone = replace(old, seq=3, value=b"new"), SaidRow(table, 0, "C2", 1, 4, None)

        await commit(store, TurnWrites({0: epoch}, said=[new, gone]))

        assert await store.said(table, ["C1", "C9"]) == {"C1": new}
        assert sorted(await store.said_of(0, None), key=lambda row: row.key) == [new, gone]
        assert await store.said_of(0, "writeoff.loans.v1") == []
        assert await store.said_of(1, table) == []

    async def test_what_is_parked_is_found_with_its_followers_in_order(
        self, store: AnyStore
    ) -> None:
        epoch = await take(store)
        await commit(store, TurnWrites({0: epoch}, parked=[parked(9), parked(5, unit="case-2")]))
        followers = [parked(3, behind=9), parked(1, behind=9)]
        await commit(store, TurnWrites({0: epoch}, parked=followers))

        found = await store.parked(0, UUID(int=9))

        assert found == [parked(9), *followers]
        assert (await store.recover(0)).parked == {"case-1": UUID(int=9), "case-2": UUID(int=5)}
        assert await store.parked(1, UUID(int=9)) == []

    async def test_what_is_unparked_is_gone(self, store: AnyStore) -> None:
        epoch = await take(store)
        rows = [parked(9), parked(3, behind=9)]
        await commit(store, TurnWrites({0: epoch}, parked=rows))

        await commit(store, TurnWrites({0: epoch}, unparked=[UUID(int=9)]))

        assert await store.parked(0, UUID(int=9)) == [parked(3, behind=9)]
        assert (await store.recover(0)).parked == {"case-1": UUID(int=9)}

    async def test_parking_again_keeps_the_place_and_tells_why_and_behind_what(
        self, store: AnyStore
    ) -> None:
        epoch = await take(store)
        rows = [parked(9), parked(3, behind=9), parked(1, behind=9)]
        await commit(store, TurnWrites({0: epoch}, parked=rows))
        broken, waits = replace(parked(3), reason="it broke again"), parked(1, behind=3)

        await commit(store, TurnWrites({0: epoch}, parked=[waits, broken], unparked=[UUID(int=9)]))

        assert await store.parked(0, UUID(int=3)) == [broken, waits]
        assert (await store.recover(0)).parked == {"case-1": UUID(int=3)}

    async def test_nothing_waits_behind_what_is_unreadable(self, store: AnyStore) -> None:
        epoch = await take(store)

        await commit(store, TurnWrites({0: epoch}, parked=[parked(9, unit="unreadable/a[0]@4")]))

        assert (await store.recover(0)).parked == {}

    async def test_a_person_lets_a_lane_go_on_elsewhere_and_leaves_a_trace(
        self, store: AnyStore
    ) -> None:
        epoch = await take(store)
        await commit(store, TurnWrites({0: epoch}, positions=[position(5)]))

        await store.begin("writeoff.documents.v1", 0, topic_id="id-2", offset=1)
        await store.trace(who="ops", verb="begin", detail="{}")

        [found] = (await store.recover(0)).positions
        assert (found.topic_id, found.next_offset, found.last_seq) == ("id-2", 1, ANY_NUMBER)

    async def test_the_outbox_is_tended(self, store: AnyStore) -> None:
        await store.tend()
        await store.tend()
