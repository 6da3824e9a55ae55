"""The engine over a log and a store in memory, in virtual time: when all goes well."""

import asyncio
import random
from typing import Any

import pytest
from contracts.records.case import CaseOpened, CaseStatus, RequestRefused
from mesh.service import Key
from mesh.testing import virtual

from .stage import AMY, LANES, STATUS, Stage, ask_many, loans_of_lane
from .toys import CASE_TOPIC, PacedCase, ToyCase, ToyDocuments
from .weather import Slow, SlowGivingBack

SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_asked_for_is_opened_answered_and_heard_of_once_and_in_order(seed: int) -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch_both()
        for n in range(60):
            stage.ask(f"L{random.randrange(9)}", f"R{n}")
            await asyncio.sleep(random.random() / 10)

        await stage.until_done()

        await stage.settle()
        stage.check()
        for loan, cases in stage.asked.items():
            assert list(stage.loan("case", loan).opened) == cases
        assert len([r for r in stage.said(CASE_TOPIC) if isinstance(r, CaseOpened)]) == 60

    virtual.run(story(), seed=seed)


def test_what_is_acknowledged_is_known_to_be() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch_both()
        ask_many(stage)
        await stage.until_done()

        await stage.settle()

        for database in stage.databases.values():
            spoken = database.rows.outputs.values()
            assert spoken
            assert all(each.acked_seq == each.last_seq for each in spoken)

    virtual.run(story())


def test_a_table_holds_the_last_of_each_key() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch_both()
        case_id = stage.ask("L1", "R1")
        await stage.until_done()
        await stage.settle()

        last = [r for r in stage.broker.records(STATUS) if r.key == str(case_id).encode()][-1]

        status = stage.decode(last)
        assert isinstance(status, CaseStatus)
        assert status.state == "ANSWERED"

    virtual.run(story())


def test_a_timer_is_heard_when_it_is_due() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch_both()
        case_id = stage.ask("L1", "R1", notes="3600")
        await stage.until_done()
        await asyncio.sleep(3500)
        assert stage.loan("case", "L1").reminded == ()

        await asyncio.sleep(102)

        assert stage.loan("case", "L1").reminded == (case_id,)
        assert not stage.databases["case"].rows.due

    virtual.run(story())


def test_the_same_request_again_changes_nothing() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch_both()
        stage.ask("L1", "R1")
        await stage.until_done()
        stage.ask("L1", "R1")
        stage.ask("L1", "R2")

        await stage.until_done()

        await stage.settle()
        stage.check()
        assert len(stage.said(CASE_TOPIC)) == 2

    virtual.run(story())


@pytest.mark.parametrize("pause_s", [0.0, 5.0])
def test_a_request_id_used_for_other_content_is_refused(pause_s: float) -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch_both()
        stage.ask("L1", "R1")
        await asyncio.sleep(pause_s)
        stage.ask("L1", "R1", notes="other content")
        stage.ask("L1", "R1", notes="other content")
        await stage.until_done()

        await stage.settle()

        refused = [r for r in stage.said(CASE_TOPIC) if isinstance(r, RequestRefused)]
        assert {(r.request_id, r.code) for r in refused} == {("R1", "ID_REUSED")}
        assert len({r.meta.event_id for r in refused}) == 1
        assert len(stage.loan("case", "L1").opened) == 1

    virtual.run(story())


def test_a_command_is_answered_and_the_same_again_gets_the_same_answer() -> None:
    async def story() -> None:
        stage = Stage()
        case, _ = await stage.launch_both()
        await virtual.until(lambda: len(case.held()) == LANES)
        key, body = Key("demo", "L1"), {"notes": ""}

        async def ask(notes: str = "") -> Any:
            return await case.doors.command(
                key, "OpenCase", {"notes": notes}, by=AMY, request_id="R1", case_id=None
            )

        first, again, other = await ask(), await ask(), await ask("other")

        assert (first.done, first.body, first.code) == (True, {"cases": 1}, None)
        assert again == first
        assert other.code == "ID_REUSED"
        assert len(stage.loan("case", "L1").opened) == 1
        assert body == {"notes": ""}
        await case.doors.close()

    virtual.run(story())


def test_a_command_put_in_at_another_instance_is_answered() -> None:
    async def story() -> None:
        stage = Stage()
        service = ToyCase()
        first = await stage.launch(service, 1)
        second = await stage.launch(service, 2)
        await virtual.until(lambda: bool(first.held() and second.held()))
        theirs = loans_of_lane(second.held()[0], 1)[0]

        reply = await first.doors.command(Key("demo", theirs), "OpenCase", {"notes": ""}, by=AMY)

        assert reply.done
        assert reply.body == {"cases": 1}
        await first.doors.close()

    virtual.run(story())


def test_draining_publishes_what_is_committed_and_gives_the_lanes_back() -> None:
    async def story() -> None:
        stage = Stage()
        case, documents = await stage.launch_both()
        ask_many(stage)
        await virtual.until(lambda: len(stage.databases["case"].rows.requests) > 10)

        await case.drain()
        await documents.drain()

        for database in stage.databases.values():
            assert {lane.owner for lane in database.rows.lanes.values()} == {None}
            assert not database.rows.instances
            assert all(each.acked_seq == each.last_seq for each in database.rows.outputs.values())
        stage.running.clear()
        await stage.launch_both()
        await stage.until_done()
        await stage.settle()
        stage.check()

    virtual.run(story())


def test_instances_share_the_lanes_and_take_over_when_one_dies() -> None:
    async def story() -> None:
        stage = Stage()
        service = ToyCase()
        first = await stage.launch(service, 1)
        await virtual.until(lambda: len(first.held()) == LANES)
        second = await stage.launch(service, 2)
        await stage.launch(ToyDocuments())
        ask_many(stage)
        await asyncio.sleep(20)
        assert sorted(first.held() + second.held()) == [0, 1, 2]
        assert {len(first.held()), len(second.held())} == {1, 2}

        await first.kill()
        ask_many(stage, count=80)

        await stage.until_done()
        assert second.held() == [0, 1, 2]
        await stage.settle()
        stage.check()

    virtual.run(story())


def test_no_more_cases_are_opened_than_may_be_on_their_way() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch(PacedCase())
        for n, loan in enumerate(loans_of_lane(1, 700)):
            stage.ask(loan, f"R{n}")
        await asyncio.sleep(60)
        assert len(stage.databases["case"].rows.states) == 200

        await stage.launch(ToyDocuments())

        await stage.until_done()
        await stage.settle()
        stage.check()

    virtual.run(story())


def test_who_has_said_much_without_an_answer_takes_in_nothing_new() -> None:
    async def story() -> None:
        stage = Stage()
        faults = Slow()
        await stage.launch(ToyCase(), faults=faults)
        for n, loan in enumerate(loans_of_lane(1, 3000)):
            stage.ask(loan, f"R{n}")
        await asyncio.sleep(60)
        assert 2000 < len(stage.databases["case"].rows.states) * 2 <= 3000

        faults.silent = False

        await virtual.until(lambda: len(stage.databases["case"].rows.states) == 3000)

    virtual.run(story())


def test_who_drains_takes_no_lane_again() -> None:
    async def story() -> None:
        stage = Stage()
        case = await stage.launch(ToyCase(), faults=SlowGivingBack())
        await virtual.until(lambda: len(case.held()) == LANES)

        await case.drain()

        assert {lane.owner for lane in case.database.rows.lanes.values()} == {None}
        assert not case.database.rows.instances

    virtual.run(story())
