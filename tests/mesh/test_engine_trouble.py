"""The engine in trouble: lost records, lost answers, deaths, holes, outages, and all at once."""

import asyncio
import random
from copy import deepcopy

import pytest
from mesh.service import Key
from mesh.testing import virtual

from .stage import AMY, LANES, STATUS, Stage, ask_many, last_of, loans_of_lane
from .toys import CASE_TOPIC, DOCUMENTS_TOPIC, ToyCase, ToyDocuments
from .weather import FailingOnce, Forgetful, Freezer, Losing, LosingOne, Mute, Outage, Weather

SEEDS = range(5)


def test_a_repeat_is_skipped() -> None:
    async def story() -> None:
        stage = Stage()
        _, documents = await stage.launch_both()
        ask_many(stage)
        await stage.until_done()
        for record in stage.broker.records(CASE_TOPIC):
            stage.broker.append(
                record.topic,
                record.partition,
                key=record.key,
                value=record.value,
                headers=record.headers,
            )

        await stage.settle()

        stage.check()
        assert documents.count("mesh_repeats_skipped_total") == 40

    virtual.run(story())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_ahead_of_a_lost_record_is_said_again_after_it(seed: int) -> None:
    async def story() -> None:
        stage = Stage()
        faults = Losing(share=0.04)
        await stage.launch_both(faults=faults)
        for n in range(80):
            stage.ask(f"L{n % 12}", f"R{n}")
            await asyncio.sleep(0.02)
        await stage.until_done()
        faults.share = 0.0

        await stage.settle()

        stage.check()

    virtual.run(story(), seed=seed)


def test_a_number_ahead_is_not_heard_before_the_missing_one() -> None:
    async def story() -> None:
        stage = Stage()
        case, documents = await stage.launch_both(faults=LosingOne())
        ask_many(stage)

        await stage.until_done()

        await stage.settle()
        stage.check()
        assert documents.count("mesh_ahead_total") > 0
        assert case.count("mesh_ahead_total") > 0

    virtual.run(story())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_lies_last_in_a_table_is_made_right(seed: int) -> None:
    async def story() -> None:
        stage = Stage()
        faults = Losing(share=0.04, late=True)
        await stage.launch_both(faults=faults)
        for n in range(80):
            stage.ask(f"L{n % 12}", f"R{n}")
            await asyncio.sleep(0.02)
        await stage.until_done()
        faults.share = 0.0

        await asyncio.sleep(30)

        stage.check()
        for key, found in last_of(stage, STATUS).items():
            said = stage.databases["case"].rows.said[STATUS, key]
            assert found == (said.incarnation, said.seq), f"seed {seed}"

    virtual.run(story(), seed=seed)


@pytest.mark.parametrize("arrives", [False, True])
def test_killed_after_commit_the_next_owner_says_it(arrives: bool) -> None:
    async def story() -> None:
        stage = Stage()
        case = await stage.launch(ToyCase(), 1, faults=Mute(arrives=arrives))
        await stage.launch(ToyDocuments())
        ask_many(stage)
        await virtual.until(lambda: len(stage.databases["case"].rows.requests) == 40)

        await case.kill()
        await stage.launch(ToyCase(), 2)

        await stage.until_done()
        await stage.settle()
        stage.check()

    virtual.run(story())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_became_of_an_unknown_commit_is_read_from_the_store(seed: int) -> None:
    async def story() -> None:
        stage = Stage()
        faults = Forgetful()
        await stage.launch_both(faults=faults)
        for n in range(40):
            stage.ask(f"L{n % 12}", f"R{n}")
            await asyncio.sleep(0.2)

        await stage.until_done(within_s=3000)
        faults.on = False

        await stage.settle()
        stage.check()
        assert stage.running[0].count("mesh_commits_unknown_total") > 0

    virtual.run(story(), seed=seed)


def test_an_owner_who_slept_is_fenced() -> None:
    async def story() -> None:
        stage = Stage()
        faults = Freezer()
        old = await stage.launch(ToyCase(), 1, faults=faults)
        await stage.launch(ToyDocuments())
        await virtual.until(lambda: len(old.held()) == LANES)
        faults.freeze("case-1")
        ask_many(stage)
        await asyncio.sleep(1)
        new = await stage.launch(ToyCase(), 2)
        await stage.until_done()
        epochs = [lane.epoch for lane in old.database.rows.lanes.values()]

        faults.thaw("case-1")

        await stage.settle()
        stage.check()
        assert epochs == [2] * LANES
        assert len(old.held()) + len(new.held()) == LANES

    virtual.run(story())


def test_a_hole_stops_its_lane_and_says_why() -> None:
    async def story() -> None:
        stage = Stage()
        _, documents = await stage.launch_both()
        ask_many(stage)
        await stage.until_done()
        await stage.settle()
        await documents.kill()
        ask_many(stage, count=80)
        await stage.settle()
        stage.broker.trim(CASE_TOPIC, 1, before=stage.broker.topics[CASE_TOPIC].partitions[1].end)

        again = await stage.launch(ToyDocuments(), 2)
        await asyncio.sleep(30)

        assert again.held() == [0, 2]
        [why] = again.why()
        assert f"{CASE_TOPIC}[1]" in why

    virtual.run(story())


def test_an_output_that_the_broker_refuses_stops_its_lane() -> None:
    async def story() -> None:
        stage = Stage()
        stage.broker.forbidden.add(("documents", DOCUMENTS_TOPIC))
        _, documents = await stage.launch_both()
        stage.ask(loans_of_lane(1, 1)[0], "R1")
        await asyncio.sleep(10)
        assert documents.held() == [0, 2]
        assert any(DOCUMENTS_TOPIC in why for why in documents.why())

        stage.broker.forbidden.clear()

        await stage.until_done()
        await stage.settle()
        stage.check()

    virtual.run(story())


def test_a_store_that_does_not_answer_is_waited_for() -> None:
    async def story() -> None:
        stage = Stage()
        faults = Outage()
        case, _ = await stage.launch_both(faults=faults)
        ask_many(stage)
        await virtual.until(lambda: len(stage.databases["case"].rows.requests) > 0)
        faults.on = True
        ask_many(stage, count=60)
        await asyncio.sleep(60)
        assert case.held() == []
        assert case.why()

        faults.on = False

        await stage.until_done()
        await stage.settle()
        stage.check()
        assert case.why() == []

    virtual.run(story())


def test_a_store_that_went_back_speaks_anew_and_converges() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch_both()
        database = stage.databases["documents"]
        ask_many(stage, count=20)
        await stage.until_done()
        await stage.settle()
        before = deepcopy(database.rows)
        ask_many(stage, count=40)
        await stage.until_done()

        before.store_id = "memory/2"
        database.rows = before
        ask_many(stage, count=60)

        await stage.until_done()
        await stage.settle()
        for loan, cases in stage.asked.items():
            assert list(stage.loan("documents", loan).answered) == cases
            assert list(stage.loan("case", loan).answered) == cases

    virtual.run(story())


@pytest.mark.parametrize("seed", range(10))
def test_in_any_weather_everything_is_heard_once_and_in_order(seed: int) -> None:
    async def story() -> None:
        stage = Stage(partitions=2)
        faults = Weather()
        living = [await stage.launch(ToyCase(), 1, faults=faults)]
        living += [await stage.launch(ToyCase(), 2, faults=faults)]
        living += [await stage.launch(ToyDocuments(), 1, faults=faults)]
        for n in range(60):
            stage.ask(f"L{n % 12}", f"R{n}", partition=random.randrange(2))
            await asyncio.sleep(random.random())
            if random.random() < 0.1:
                victim = random.choice(living)
                living.remove(victim)
                await victim.kill()
                kind = ToyCase if victim.name.startswith("case") else ToyDocuments
                living.append(await stage.launch(kind(), 10 + n, faults=faults))
        stage.running = living
        await stage.until_done(within_s=3000)
        faults.calm()

        await asyncio.sleep(60)

        stage.check()
        assert not stage.databases["case"].rows.parked
        assert not stage.databases["documents"].rows.parked
        for key, found in last_of(stage, STATUS).items():
            said = stage.databases["case"].rows.said[STATUS, key]
            assert found == (said.incarnation, said.seq), f"seed {seed}"

    virtual.run(story(), seed=seed)


def test_a_command_whose_turn_failed_is_heard_by_the_next_one() -> None:
    async def story() -> None:
        stage = Stage()
        faults = FailingOnce()
        case = await stage.launch(ToyCase(), faults=faults)
        await virtual.until(lambda: len(case.held()) == LANES)

        reply = await case.doors.command(Key("demo", "L1"), "OpenCase", {"notes": ""}, by=AMY)

        assert faults.failed == 1
        assert reply.done
        await case.doors.close()

    virtual.run(story())


def test_reading_back_does_not_say_more_than_it_mends() -> None:
    async def story() -> None:
        stage = Stage()
        faults = Losing(share=0.1)
        await stage.launch_both(faults=faults)
        for n in range(80):
            stage.ask(f"L{n % 12}", f"R{n}")
            await asyncio.sleep(0.02)
        await stage.until_done()
        faults.share = 0.0

        await stage.settle()

        outputs = stage.databases["case"].rows.outputs.values()
        assert sum(each.last_seq for each in outputs if each.topic == STATUS) < 160 * 3

    virtual.run(story(), seed=2)
