"""The engine and what operators do: replays and dismissals beside other messages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

import pytest
from mesh.hearing import DISMISS, REPLAY
from mesh.lanes import lane_of
from mesh.ports import DueRow, Refused
from mesh.service import NAMESPACE, Change, Key
from mesh.testing import Faults, virtual

from .stage import LANES, Instance, Stage
from .toys import ToyCase, ToyDocuments


async def parked_case(stage: Stage, faults: Faults | None = None) -> tuple[Instance, ToyCase, UUID]:
    """Let a bad build park what documents answers about a case."""
    service = ToyCase()
    service.broken = True
    case = await stage.launch(service, faults=faults)
    await stage.launch(ToyDocuments())
    case_id = stage.ask("POISON", "P0")
    parked = stage.databases["case"].rows.parked
    await virtual.until(lambda: len(parked) == 1)
    await stage.settle()
    return case, service, case_id


def reminder(case_id: UUID, lane: int) -> DueRow:
    """Make a timer of the case that is due."""
    correlation_id = str(case_id).encode()
    payload = b'{"body": {}, "source": "timer", "correlation_id": "%s"}' % correlation_id
    due_id = uuid5(case_id, "reminder")
    key = Key("demo", "POISON")
    return DueRow(lane, virtual.now(), due_id, case_id, "Remind", key, payload)


def repair(stage: Stage, kind: str) -> DueRow:
    [first] = [row for row in stage.databases["case"].rows.parked.values() if row.behind is None]
    payload = b'{"parked_id": "%s"}' % str(first.parked_id).encode()
    due_id = uuid5(NAMESPACE, f"{kind}/{virtual.now()}")
    return DueRow(first.lane, virtual.now(), due_id, None, kind, Key("-", "-", "mesh"), payload)


@pytest.mark.parametrize("kind", [REPLAY, DISMISS])
@pytest.mark.parametrize("is_first", [True, False])
def test_what_comes_together_with_a_repair_waits_behind_nothing(kind: str, is_first: bool) -> None:
    async def story() -> None:
        stage = Stage()
        case, service, case_id = await parked_case(stage)
        service.broken = False
        row = repair(stage, kind)
        timer = reminder(case_id, row.lane)

        await case.store.put([row, timer] if is_first else [timer, row])

        await virtual.until(lambda: stage.loan("case", "POISON").reminded == (case_id,))
        assert not stage.databases["case"].rows.parked
        assert not stage.databases["case"].rows.due
        answered = (case_id,) if kind == REPLAY else ()
        assert stage.loan("case", "POISON").answered == answered

    virtual.run(story())


def test_a_message_that_nothing_waits_behind_is_dismissed_at_once() -> None:
    async def story() -> None:
        stage = Stage()
        case, _, _ = await parked_case(stage)

        await case.store.put([repair(stage, DISMISS)])
        await stage.settle()

        assert not stage.databases["case"].rows.parked
        assert not stage.databases["case"].rows.due

    virtual.run(story())


def test_a_lane_that_is_heard_carefully_replays_once_and_all_that_waits() -> None:
    async def story() -> None:
        stage = Stage()
        case, service, case_id = await parked_case(stage)
        row = repair(stage, REPLAY)
        await case.store.put([reminder(case_id, row.lane)])
        await virtual.until(lambda: len(stage.databases["case"].rows.parked) == 2)
        case.engine.holdings.lanes[row.lane].careful = True
        await case.store.put([row])
        await stage.settle()
        assert len(stage.databases["case"].rows.parked) == 2
        assert not stage.databases["case"].rows.due
        service.broken = False

        await case.store.put([repair(stage, REPLAY)])
        await stage.settle()

        loan = stage.loan("case", "POISON")
        assert (loan.answered, loan.reminded) == ((case_id,), (case_id,))
        assert not stage.databases["case"].rows.parked

    virtual.run(story())


def test_what_is_to_be_replayed_twice_is_heard_once() -> None:
    async def story() -> None:
        stage = Stage()
        case, service, case_id = await parked_case(stage)
        row = repair(stage, REPLAY)
        await case.store.put([reminder(case_id, row.lane)])
        await virtual.until(lambda: len(stage.databases["case"].rows.parked) == 2)
        service.broken = False

        await case.store.put([row, replace(row, due_id=uuid5(row.due_id, "again"))])
        await stage.settle()

        assert stage.loan("case", "POISON").reminded == (case_id,)

    virtual.run(story())


class Refusing(Faults):
    """The store refuses what one kind of message changes, as long as it is on."""

    def __init__(self) -> None:
        self.kind = ""

    def save(self, who: str, changes: Sequence[Change[Any, Any]]) -> None:
        if any(told.message.kind == self.kind for change in changes for told in change.told):
            raise Refused("22003 numeric value out of range")


def test_what_follows_waits_also_where_the_store_refuses_what_is_replayed() -> None:
    async def story() -> None:
        stage = Stage()
        faults = Refusing()
        case, service, case_id = await parked_case(stage, faults)
        row = repair(stage, REPLAY)
        await case.store.put([reminder(case_id, row.lane)])
        await virtual.until(lambda: len(stage.databases["case"].rows.parked) == 2)
        service.broken = False
        faults.kind = "RequirementsDetermined"

        await case.store.put([row])
        await stage.settle()

        loan = stage.loan("case", "POISON")
        assert (loan.answered, loan.reminded) == ((), ())
        assert len(stage.databases["case"].rows.parked) == 2
        faults.kind = ""
        await case.store.put([repair(stage, REPLAY)])
        await stage.settle()
        loan = stage.loan("case", "POISON")
        assert (loan.answered, loan.reminded) == ((case_id,), (case_id,))

    virtual.run(story())


def test_what_killed_processes_may_be_replayed_at_once() -> None:
    async def story() -> None:
        stage = Stage()
        case = await stage.launch(ToyCase())
        case_id = stage.ask("POISON", "P0")
        await stage.settle()
        killer = reminder(case_id, lane_of("demo/POISON", lanes=LANES))
        case.engine.holdings.lanes[killer.lane].careful = True
        row = case.database.rows.lanes[killer.lane]
        row.suspect, row.tries = f"due/Remind/{killer.due_id}", 2
        await case.store.put([killer])
        await stage.settle()
        [parked] = case.database.rows.parked.values()
        assert "ended 2 times" in parked.reason

        await case.store.put([repair(stage, REPLAY)])
        await stage.settle()

        assert stage.loan("case", "POISON").reminded == (case_id,)

    virtual.run(story())
