"""What every store does: both sides of the port pass this."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

import pytest
from mesh.doors import CommandStore, StoredAnswer
from mesh.ports import (
    DueRow,
    Fenced,
    Misfit,
    Moved,
    OutboxRow,
    ParkedRow,
    Position,
    Refused,
    Replaced,
    RequestRow,
    SaidRow,
    Save,
    Spoken,
    Store,
    TurnWrites,
    Unavailable,
    Unknown,
)
from mesh.service import Key, Transaction

LANES = 3
LEASE_S = 10.0
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TOPIC = "writeoff.case.v1"
KEY = Key("demo", "L1")


class AnyStore(Store, CommandStore, Protocol):
    """The port, and what doors and repairs need beside it."""

    async def trace(self, *, who: str, verb: str, detail: str) -> None: ...

    async def begin(self, topic: str, partition: int, *, topic_id: str, offset: int) -> None: ...


class Hand(Protocol):
    """What a test does to a store from behind."""

    bad_data: Save
    """Saves what the store refuses as data."""
    misfit: Save
    """Saves into a table that this store does not have."""
    breaks: Save
    """Saves nothing: the connection breaks."""

    async def pass_time(self, seconds: float) -> None: ...

    async def cut_at_commit(self, *, applied: bool) -> AnyStore:
        """Give a store whose next COMMIT has no answer."""
        ...

    async def replace_store(self) -> None: ...


async def nothing(tx: Transaction) -> None:
    """A turn without changes of the service's own."""


def position(next_offset: int, *, partition: int = 0) -> Position:
    return Position("writeoff.documents.v1", partition, "id-1", next_offset, 7, next_offset)


def outbox(seq: int, *, lane: int = 0, incarnation: int = 1, topic: str = TOPIC) -> OutboxRow:
    headers = [("ce_id", b"%d" % seq), ("mesh-seq", b"%d/%d" % (incarnation, seq))]
    return OutboxRow(topic, lane, incarnation, seq, f"demo/L{seq}", headers, b"\x00%d" % seq)


def due(number: int, *, at: datetime = NOON, lane: int = 0, payload: bytes = b"{}") -> DueRow:
    return DueRow(lane, at, UUID(int=number), None, "Remind", KEY, payload)


def request(number: int, *, request_id: str = "R-1", reply: str | None = None) -> RequestRow:
    return RequestRow(UUID(int=number), "upstream", "demo", request_id, b"hash", None, None, reply)


def parked(number: int, *, unit: str = "case-1", behind: int | None = None) -> ParkedRow:
    first = UUID(int=behind) if behind else None
    return ParkedRow(
        UUID(int=number), 0, unit, first, "record", f"at {number}", "it broke", b"\x01"
    )


async def take(store: Store, lane: int = 0, *, instance: str = "one") -> int:
    await store.beat(instance, held={}, lease_s=LEASE_S, lanes=LANES)
    epoch = await store.take(lane, instance=instance, lease_s=LEASE_S)
    assert epoch is not None
    return epoch


async def commit(
    store: Store, writes: TurnWrites, save: Save = nothing, *, instance: str = "one"
) -> None:
    writes.at = writes.at or NOON
    await store.commit(writes, save, instance=instance, lease_s=LEASE_S)


async def next_offsets(store: Store, lane: int = 0) -> list[int]:
    return [each.next_offset for each in (await store.recover(lane)).positions]


def ids(rows: Sequence[DueRow]) -> list[int]:
    return [row.due_id.int for row in rows]


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

    async def test_tries_of_one_place_are_counted(self, store: AnyStore) -> None:
        epoch = await take(store)

        tries = [await store.try_place(0, epoch=epoch, place=place) for place in "aaba"]

        assert tries == [1, 2, 1, 1]
        assert await store.try_place(0, epoch=epoch - 1, place="a") == 0
        await store.calm(0, epoch=epoch)
        assert await store.try_place(0, epoch=epoch, place="a") == 1

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
        assert (found.topic_id, found.next_offset, found.last_seq) == ("id-2", 1, 5)

    async def test_the_outbox_is_tended(self, store: AnyStore) -> None:
        await store.tend()
        await store.tend()


class StoreContract(LaneContract, TurnContract, RowContract):
    """One suite; a side gives the fixtures `store`, `other` (of another instance) and `hand`."""
