"""The engine and several sources: one's flood leaves room for another, on every way in."""

import asyncio

import pytest
from mesh.limits import DUE_IDLE_S, ON_THE_WAY_BESIDE_MAX, ON_THE_WAY_MAX
from mesh.service import Key
from mesh.testing import virtual

from .stage import Stage, loans_of_lane
from .toys import PacedCase, ToyDocuments

FLOOD = 700


def flood(stage: Stage, *, partition: int, count: int = FLOOD) -> None:
    for n, loan in enumerate(loans_of_lane(1, count)):
        stage.ask(loan, f"R{n}", partition=partition)


def few(stage: Stage, *, partition: int) -> list[str]:
    named = loans_of_lane(1, 5, prefix="F")
    for n, loan in enumerate(named):
        stage.ask(loan, f"F{n}", partition=partition, source="another")
    return named


@pytest.mark.parametrize("first", ["the flood", "the few"])
@pytest.mark.parametrize("flooded", [0, 1], ids=["passed on", "its own lane"])
@pytest.mark.parametrize("asked", [0, 1], ids=["passed on", "its own lane"])
def test_a_flood_does_not_keep_another_source_waiting(first: str, flooded: int, asked: int) -> None:
    async def story() -> None:
        stage = Stage()
        if first == "the flood":
            flood(stage, partition=flooded)
            named = few(stage, partition=asked)
        else:
            named = few(stage, partition=asked)
            flood(stage, partition=flooded)

        await stage.launch(PacedCase())
        await stage.launch(ToyDocuments())

        opened = stage.databases["case"].rows.states
        await virtual.until(lambda: all(Key("demo", loan) in opened for loan in named))
        assert len(opened) < ON_THE_WAY_MAX

    virtual.run(story())


def test_what_is_on_its_way_is_short_while_several_ask() -> None:
    async def story() -> None:
        stage = Stage()
        flood(stage, partition=1)
        few(stage, partition=1)
        await stage.launch(PacedCase())
        opened = stage.databases["case"].rows.states

        await virtual.until(lambda: len(opened) >= ON_THE_WAY_BESIDE_MAX)
        await asyncio.sleep(1)
        assert len(opened) == ON_THE_WAY_BESIDE_MAX

        await virtual.until(lambda: len(opened) == ON_THE_WAY_MAX)  # alone again

    virtual.run(story())


def test_what_was_passed_on_goes_on_as_soon_as_there_is_room() -> None:
    async def story() -> None:
        stage = Stage()
        flood(stage, partition=0, count=2 * ON_THE_WAY_MAX)
        await stage.launch(PacedCase())
        opened = stage.databases["case"].rows.states
        await virtual.until(lambda: len(opened) == ON_THE_WAY_MAX)

        began = virtual.now()
        await stage.launch(ToyDocuments())
        await stage.until_done()

        took_s = (virtual.now() - began).total_seconds()
        assert took_s < DUE_IDLE_S / 2, "it looked when it had nothing else to do"
        await stage.settle()
        stage.check()

    virtual.run(story())
