"""The engine, whole, over a log and a store in memory, in virtual time."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any
from uuid import uuid5

import pytest
from contracts.records.case import CaseOpened, CaseStatus, RequestRefused
from mesh.hearing import DISMISS, REPLAY
from mesh.lanes import lane_of
from mesh.ports import DueRow, OutboxRow, Record, TurnWrites, Unavailable
from mesh.ports import Refused as RefusedByStore
from mesh.service import Change, Key
from mesh.testing import Fate, Faults, Sending, virtual

from .stage import AMY, LANES, Instance, Stage, heard, numbers
from .toys import CASE_TOPIC, DOCUMENTS_TOPIC, PacedCase, ToyCase, ToyDocuments

REQUESTS = "writeoff.requests.v1.upstream"
STATUS = "writeoff.status.v1.demo"
SEEDS = range(5)


def ask_many(stage: Stage, *, count: int = 40, loans: int = 12) -> None:
    for n in range(count):
        stage.ask(f"L{n % loans}", f"R{n}")


def loans_of_lane(lane: int, count: int, *, prefix: str = "L") -> list[str]:
    found = (f"{prefix}{n}" for n in range(100_000))
    return [name for name in found if lane_of(f"demo/{name}", lanes=LANES) == lane][:count]


# --- the straight path ----------------------------------------------------------------------------


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


# --- identity and doors -------------------------------------------------------------------------


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


# --- from outside -------------------------------------------------------------------------------


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


GARBAGE: list[bytes | None] = [None, b"", b"garbage", b"\x00\x00\x00\x00\x01\xff", b"{}"]


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


# --- counting -----------------------------------------------------------------------------------


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


class Losing(Faults):
    """Now and then a row is lost, while those after it are written; or only its answer is."""

    def __init__(self, *, share: float, late: bool = False) -> None:
        self.share = share
        self.late = late

    def produced(self, who: str, row: OutboxRow) -> Sending:
        arrives_s, answers_s = random.random() / 50, random.random() / 50
        if random.random() < self.share:
            written = random.random() < 0.5
            return Sending(written, "timed out", arrives_s=arrives_s, answers_s=answers_s)
        return Sending(arrives_s=arrives_s, answers_s=answers_s)

    def purged(self, who: str, row: OutboxRow) -> float | None:
        return random.random() * 5 if self.late and random.random() < 0.5 else None


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


class LosingOne(Faults):
    """The third row of each output is lost once, while those after it are written."""

    def __init__(self) -> None:
        self.lost: set[tuple[str, int]] = set()

    def produced(self, who: str, row: OutboxRow) -> Sending:
        if row.seq != 3 or (row.topic, row.lane) in self.lost:
            return Sending()
        self.lost.add((row.topic, row.lane))
        return Sending(written=False, error="timed out", answers_s=1.0)


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


def last_of(stage: Stage, topic: str) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for record in stage.broker.records(topic):
        assert record.key is not None
        [found[record.key.decode()]] = numbers([record])
    return found


# --- dying --------------------------------------------------------------------------------------


class Mute(Faults):
    """Nothing that is said arrives, or nothing is answered."""

    def __init__(self, *, arrives: bool) -> None:
        self.arrives = arrives

    def produced(self, who: str, row: OutboxRow) -> Sending:
        return Sending(answers_s=10**6) if self.arrives else Sending(arrives_s=10**6)


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


class Forgetful(Faults):
    """Some COMMITs have no answer; some of these were done, some later than their asker knows."""

    def __init__(self) -> None:
        self.on = True

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        if not self.on or random.random() < 0.7:
            return Fate(takes_s=random.random() / 100)
        takes_s = random.choice([0.0, 0.5, 5.0])
        return Fate(applied=random.random() < 0.5, answered=False, takes_s=takes_s)


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


class Freezer(Faults):
    """Instances can be frozen: whatever they ask waits until they are thawed."""

    def __init__(self) -> None:
        self.frozen: dict[str, asyncio.Event] = {}

    def freeze(self, who: str) -> None:
        self.frozen[who] = asyncio.Event()

    def thaw(self, who: str) -> None:
        self.frozen.pop(who).set()

    async def _wait(self, who: str) -> None:
        if event := self.frozen.get(who):
            await event.wait()

    async def store(self, who: str, call: str) -> None:
        await self._wait(who)

    async def log(self, who: str, call: str) -> None:
        await self._wait(who)

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        await self._wait(who)
        return Fate()


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


# --- poison -------------------------------------------------------------------------------------


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


class Picky(Faults):
    """The store refuses the rows of one loan."""

    def save(self, who: str, changes: Sequence[Change[Any, Any]]) -> None:
        if any(change.key.id == "L3" for change in changes):
            raise RefusedByStore("22003 numeric value out of range")


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


# --- limits -------------------------------------------------------------------------------------


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


class Slow(Faults):
    """The broker answers nothing for a while."""

    def __init__(self) -> None:
        self.silent = True

    def produced(self, who: str, row: OutboxRow) -> Sending:
        if not self.silent:
            return Sending()
        return Sending(written=False, error="timed out", answers_s=20.0)


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


# --- trouble ------------------------------------------------------------------------------------


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


class Outage(Faults):
    """The store does not answer."""

    def __init__(self) -> None:
        self.on = False

    async def store(self, who: str, call: str) -> None:
        if self.on:
            raise Unavailable("no store")


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


# --- all at once --------------------------------------------------------------------------------


class Weather(Losing, Forgetful):
    """Lost rows, lost answers, unknown commits, slow calls, a store that is away now and then."""

    def __init__(self) -> None:
        Losing.__init__(self, share=0.03, late=True)
        self.on = True

    def calm(self) -> None:
        self.share, self.late, self.on = 0.0, False, False

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        if not self.on or random.random() < 0.95:
            return Fate(takes_s=random.random() / 100)
        return Fate(applied=random.random() < 0.5, answered=False, takes_s=random.random() * 3)

    async def store(self, who: str, call: str) -> None:
        await asyncio.sleep(random.random() / 100)
        if self.on and random.random() < 0.01:
            raise Unavailable("away")


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


# --- turns that fail after something was gathered -----------------------------------------------


class FailingOnce(Faults):
    """The first COMMIT of a turn that takes something out of `due` is answered with no."""

    def __init__(self) -> None:
        self.failed = 0

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        if writes.due_gone and not self.failed:
            self.failed += 1
            return Fate(applied=False)
        return Fate()


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


class Halving(Faults):
    """The store refuses the rows of one loan; after the first half of a turn it is gone."""

    def __init__(self) -> None:
        self.commits = 0
        self.gone = False

    def save(self, who: str, changes: Sequence[Change[Any, Any]]) -> None:
        if any(change.key.id == "BAD0" for change in changes):
            raise RefusedByStore("22003 numeric value out of range")

    async def store(self, who: str, call: str) -> None:
        if self.gone:
            await asyncio.Event().wait()

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        self.gone = bool(writes.due_gone)
        return Fate()


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

        for loan in (bad, first, *rest):
            assert len(stage.loan("case", loan).opened) == 1, loan

    virtual.run(story())


class Stopping(Faults):
    """Something happens while a look into `due` is on its way."""

    def __init__(self) -> None:
        self.then: Callable[[], None] | None = None

    async def stored(self, who: str, call: str) -> None:
        if call == "due" and self.then is not None:
            then, self.then = self.then, None
            then()


def test_a_forwarded_request_survives_that_its_lane_stops_while_it_is_gathered() -> None:
    async def story() -> None:
        stage = Stage(partitions=1)
        faults = Stopping()
        case = await stage.launch(ToyCase(), faults=faults)
        await virtual.until(lambda: len(case.held()) == LANES)
        lane = case.engine.holdings.lanes[1]
        loan, other = loans_of_lane(1, 1)[0], loans_of_lane(2, 1)[0]
        stage.ask(loan, "R1")
        await virtual.until(lambda: bool(case.database.rows.due), within_s=5)

        faults.then = lambda: case.engine.keeper.stop(lane, "a hole somewhere")
        stage.ask(other, "R2")

        await asyncio.sleep(60)
        assert len(stage.loan("case", loan).opened) == 1

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


class SlowGivingBack(Faults):
    """Giving back takes a while to be answered."""

    async def stored(self, who: str, call: str) -> None:
        if call == "give_back":
            await asyncio.sleep(4)


def test_who_drains_takes_no_lane_again() -> None:
    async def story() -> None:
        stage = Stage()
        case = await stage.launch(ToyCase(), faults=SlowGivingBack())
        await virtual.until(lambda: len(case.held()) == LANES)

        await case.drain()

        assert {lane.owner for lane in case.database.rows.lanes.values()} == {None}
        assert not case.database.rows.instances

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
