"""The engine and poison: parked with its followers, replayed, dismissed; a bad deploy is held."""

import asyncio
from uuid import uuid5

from mesh.hearing import DISMISS, REPLAY
from mesh.ports import DueRow, Record
from mesh.service import Key
from mesh.testing import virtual

from .stage import LANES, Instance, Stage, ask_many, numbers
from .toys import DOCUMENTS_TOPIC, ToyCase, ToyDocuments
from .weather import Picky


def poisoned(stage: Stage, service: str = "documents") -> list[str]:
    return [row.place for row in stage.databases[service].rows.parked.values()]


async def replay(instance: Instance, *, kind: str = REPLAY) -> None:
    first = next(iter(instance.database.rows.parked.values()))
    payload = b'{"parked_id": "%s"}' % str(first.parked_id).encode()
    key = Key("-", "-", "mesh")
    row = DueRow(first.lane, virtual.now(), uuid5(first.parked_id, kind), None, kind, key, payload)
    await instance.store.put([row])
    instance.engine.put_in({first.lane})


def test_a_poisoned_message_parks_its_case_and_others_go_on() -> None:
    async def story() -> None:
        stage = Stage()
        service = ToyCase()
        service.broken = True
        case = await stage.launch(service)
        await stage.launch(ToyDocuments())
        stage.ask("POISON", "P0")
        del stage.asked["POISON"]
        ask_many(stage)
        await stage.until_done()
        await stage.settle()
        assert len(poisoned(stage, "case")) == 1
        assert len(stage.loan("case", "POISON").opened) == 1
        assert stage.loan("case", "POISON").answered == ()

        service.broken = False
        await replay(case)

        await virtual.until(lambda: len(stage.loan("case", "POISON").answered) == 1)
        assert poisoned(stage, "case") == []

    virtual.run(story())


def test_what_follows_a_poisoned_message_waits_and_is_replayed_in_order() -> None:
    async def story() -> None:
        stage = Stage()
        service = ToyCase()
        service.broken = True
        case = await stage.launch(service)
        await stage.launch(ToyDocuments())
        case_id = stage.ask("POISON", "P0", notes="5")
        await asyncio.sleep(20)
        assert len(poisoned(stage, "case")) == 2
        assert stage.loan("case", "POISON").reminded == ()
        assert not stage.databases["case"].rows.due

        service.broken = False
        await replay(case)
        await stage.until_done()
        await stage.settle()

        loan = stage.loan("case", "POISON")
        assert (loan.answered, loan.reminded) == ((case_id,), (case_id,))
        assert poisoned(stage, "case") == []
        again = stage.ask("POISON", "R1")
        await stage.until_done()
        assert stage.loan("case", "POISON").answered == (case_id, again)

    virtual.run(story())


def test_what_is_parked_stays_parked_under_the_next_owner() -> None:
    async def story() -> None:
        stage = Stage()
        service = ToyCase()
        service.broken = True
        case = await stage.launch(service, 1)
        await stage.launch(ToyDocuments())
        stage.ask("POISON", "P0", notes="60")
        await asyncio.sleep(20)
        assert len(poisoned(stage, "case")) == 1

        await case.kill()
        service.broken = False
        await stage.launch(service, 2)
        await asyncio.sleep(120)

        assert len(poisoned(stage, "case")) == 2
        assert stage.loan("case", "POISON").reminded == ()

    virtual.run(story())


def test_a_replay_that_fails_again_is_parked_again_with_its_followers() -> None:
    async def story() -> None:
        stage = Stage()
        service = ToyCase()
        service.broken = True
        case = await stage.launch(service)
        await stage.launch(ToyDocuments())
        stage.ask("POISON", "P0", notes="5")
        await asyncio.sleep(20)

        before = poisoned(stage, "case")
        await replay(case)
        await stage.settle()

        assert len(before) == 2
        assert poisoned(stage, "case") == before
        service.broken = False
        await replay(case)
        await stage.until_done()
        assert poisoned(stage, "case") == []

    virtual.run(story())


def test_what_only_the_store_refuses_is_found_by_halving_the_turn() -> None:
    async def story() -> None:
        stage = Stage()
        await stage.launch(ToyCase())
        await stage.launch(ToyDocuments(), faults=Picky())
        ask_many(stage, count=12)
        del stage.asked["L3"]

        await stage.until_done()

        await stage.settle()
        stage.check()
        [row] = stage.databases["documents"].rows.parked.values()
        assert "22003" in row.reason
        assert len(stage.loan("case", "L3").opened) == 1

    virtual.run(story())


def test_a_bad_deploy_holds_the_service_until_somebody_says_go_on() -> None:
    async def story() -> None:
        stage = Stage()
        service = ToyDocuments()
        service.broken = True
        await stage.launch(ToyCase())
        documents = await stage.launch(service)
        for n in range(150):
            stage.ask(f"POISON{n}", f"P{n}")
        await virtual.until(lambda: bool(documents.engine.holdings.hold))
        await stage.settle()
        service.broken = False
        stage.asked.clear()
        ask_many(stage)
        await stage.settle()
        assert not stage.is_done()
        assert any("poisoned" in why for why in documents.why())
        assert documents.held() == [0, 1, 2]

        documents.engine.guard.go_on()

        await stage.until_done()
        assert documents.why() == []

    virtual.run(story())


def test_a_follower_that_fails_when_the_first_is_well_is_what_others_wait_behind() -> None:
    async def story() -> None:
        stage = Stage()
        service = ToyCase()
        service.broken = True
        case = await stage.launch(service, 1)
        await stage.launch(ToyDocuments())
        case_id = stage.ask("POISON", "P0")
        await asyncio.sleep(5)
        [record] = stage.broker.records(DOCUMENTS_TOPIC)
        say_anew(stage, record, seq=2)
        say_anew(stage, record, seq=3)
        await asyncio.sleep(5)
        assert len(poisoned(stage, "case")) == 3
        service.well = 1

        await replay(case)
        await asyncio.sleep(5)
        assert len(poisoned(stage, "case")) == 2
        await case.kill()
        service.broken = False
        again = await stage.launch(service, 2)
        await virtual.until(lambda: len(again.held()) == LANES)
        await replay(again)
        await asyncio.sleep(5)
        say_anew(stage, record, seq=4)
        await asyncio.sleep(5)

        assert poisoned(stage, "case") == []
        assert stage.loan("case", "POISON").answered == (case_id,)

    virtual.run(story())


def test_a_follower_that_fails_after_a_dismissal_is_what_others_wait_behind() -> None:
    async def story() -> None:
        stage = Stage()
        service = ToyCase()
        service.broken = True
        case = await stage.launch(service, 1)
        await stage.launch(ToyDocuments())
        case_id = stage.ask("POISON", "P0")
        await asyncio.sleep(5)
        [record] = stage.broker.records(DOCUMENTS_TOPIC)
        say_anew(stage, record, seq=2)
        say_anew(stage, record, seq=3)
        await asyncio.sleep(5)
        assert len(poisoned(stage, "case")) == 3

        await replay(case, kind=DISMISS)
        await asyncio.sleep(5)
        assert len(poisoned(stage, "case")) == 2
        service.broken = False
        await replay(case)
        await asyncio.sleep(5)
        assert poisoned(stage, "case") == []
        await case.kill()
        await stage.launch(service, 2)
        say_anew(stage, record, seq=4)

        await asyncio.sleep(20)

        assert poisoned(stage, "case") == []
        assert stage.loan("case", "POISON").answered == (case_id,)

    virtual.run(story())


def say_anew(stage: Stage, record: Record, *, seq: int) -> None:
    """Say a record once more, as a new number of its output."""
    [(incarnation, _)] = numbers([record])
    headers = {**record.headers, "mesh-seq": b"%d/%d" % (incarnation, seq)}
    stage.broker.append(
        record.topic, record.partition, key=record.key, value=record.value, headers=headers
    )
