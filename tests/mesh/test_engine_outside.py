"""The engine and what comes from outside: any partition, garbage, schemas that come late."""

import asyncio
from collections import Counter

import pytest
from contracts.records.case import CaseOpened
from mesh.testing import virtual

from .stage import LANES, Stage, ask_many, heard, loans_of_lane
from .toys import ToyCase
from .weather import Halving, Stopping

GARBAGE: list[bytes | None] = [None, b"", b"garbage", b"\x00\x00\x00\x00\x01\xff", b"{}"]


@pytest.mark.parametrize("partitions", [1, 2, 3, 7])
def test_any_partition_of_a_source_will_do(partitions: int) -> None:
    async def story() -> None:
        stage = Stage(partitions=partitions)
        await stage.launch_both()
        for n in range(40):
            stage.ask(f"L{n % 12}", f"R{n}", partition=n % partitions)

        await stage.until_done()

        await stage.settle()
        stage.check()
        assert not stage.databases["case"].rows.due

    virtual.run(story())


def test_garbage_is_laid_aside_and_what_follows_is_heard() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch_both()
        for partition in range(LANES):
            for value in GARBAGE:
                stage.send_bytes(value, key=b"k", partition=partition)
        ask_many(stage)

        await stage.until_done()

        await stage.settle()
        stage.check()
        parked = stage.databases["case"].rows.parked.values()
        assert len(parked) == len(GARBAGE) * LANES
        assert {row.unit.partition("/")[0] for row in parked} == {"unreadable"}
        dead = heard(stage.broker.records("writeoff.deadletters.v1.case"))
        assert Counter(r.value for r in dead) == Counter(GARBAGE * LANES)

    virtual.run(story())


def test_a_schema_that_the_registry_does_not_know_is_laid_aside_after_a_minute() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch_both()
        stage.send_bytes(b"\x00\x00\x00\x03\xe7body", key=b"k", partition=0)
        stage.ask(loans_of_lane(0, 1)[0], "R1")
        await stage.until_done()
        await asyncio.sleep(30)
        assert not stage.databases["case"].rows.parked

        await asyncio.sleep(60)

        [parked] = stage.databases["case"].rows.parked.values()
        assert "999" in parked.reason
        assert not stage.databases["case"].rows.due

    virtual.run(story())


def test_a_request_whose_schema_comes_late_is_heard() -> None:
    async def story() -> None:
        stage = Stage()
        schema_id = stage.schemas.id_of("", "writeoff.requests.WriteOffRequested")
        stage.schemas.withheld.add(schema_id)
        await stage.launch_both()
        ask_many(stage)
        await asyncio.sleep(20)
        assert not stage.databases["case"].rows.states

        stage.schemas.withheld.clear()

        await stage.until_done()
        await stage.settle()
        stage.check()

    virtual.run(story())


def test_a_fact_whose_schema_comes_late_is_waited_for() -> None:
    async def story() -> None:
        stage = Stage()
        stage.schemas.withheld.add(stage.schemas.id_of("", CaseOpened.FULL_NAME))
        await stage.launch_both()
        ask_many(stage)
        await asyncio.sleep(120)
        assert not stage.databases["documents"].rows.states

        stage.schemas.withheld.clear()

        await stage.until_done()
        await stage.settle()
        stage.check()

    virtual.run(story())


def test_a_forwarded_request_survives_a_kill_between_the_halves_of_a_turn() -> None:
    async def story() -> None:
        stage = Stage(partitions=1)
        faults = Halving()
        first, *rest = loans_of_lane(1, 8)
        bad = loans_of_lane(1, 1, prefix="BAD")[0]
        assert bad == "BAD0"
        holder = await stage.launch(ToyCase(), 1)
        await virtual.until(lambda: len(holder.held()) == LANES)
        holder.engine.keeper.stop(holder.engine.holdings.lanes[1], "a test")
        stage.ask(bad, "B0")
        for n, loan in enumerate([first, *rest]):
            stage.ask(loan, f"R{n}")
        await asyncio.sleep(5)
        assert len(stage.databases["case"].rows.due) == 9
        await holder.kill()
        await asyncio.sleep(11)

        unlucky = await stage.launch(ToyCase(), 2, faults=faults)
        await virtual.until(lambda: faults.gone)
        await unlucky.kill()
        await stage.launch(ToyCase(), 3)
        await asyncio.sleep(30)

        for loan in (first, *rest):
            assert len(stage.loan("case", loan).opened) == 1, loan

    virtual.run(story())


def test_a_forwarded_request_survives_that_its_lane_stops_while_it_is_gathered() -> None:
    async def story() -> None:
        stage = Stage(partitions=1)
        faults = Stopping()
        case = await stage.launch(ToyCase(), faults=faults)
        await virtual.until(lambda: len(case.held()) == LANES)
        stopped: list[str] = []

        def stop() -> bool:
            if case.database.rows.due:
                stopped.append("a hole somewhere")
                case.engine.keeper.stop(case.engine.holdings.lanes[1], *stopped)
            return bool(stopped)

        faults.then = stop
        loan, other = loans_of_lane(1, 1)[0], loans_of_lane(2, 1)[0]
        stage.ask(loan, "R1")
        stage.ask(other, "R2")

        await asyncio.sleep(60)

        assert stopped
        assert len(stage.loan("case", loan).opened) == 1
        assert len(stage.loan("case", other).opened) == 1

    virtual.run(story())
