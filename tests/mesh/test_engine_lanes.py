"""The engine and its lanes: who may not keep one, what changes while one is taken."""

# An acknowledgement has to come at a moment of its own:
# pyright: reportPrivateUsage=false

from copy import deepcopy

from mesh.ports import OutboxRow, Unavailable
from mesh.testing import Faults, Sending, virtual

from .stage import Stage, ask_many
from .toys import ToyCase, ToyDocuments


class Deaf(Faults):
    """The broker gets through to all but one instance."""

    def __init__(self) -> None:
        self.who = ""

    async def log(self, who: str, call: str) -> None:
        if who == self.who:
            raise Unavailable("no broker")

    def produced(self, who: str, row: OutboxRow) -> Sending:
        return Sending(written=False, error="timed out") if who == self.who else Sending()

    def fetch_s(self, who: str, topic: str, partition: int) -> float:
        return 10**6 if who == self.who else 0.0

    def silent_s(self, who: str) -> float:
        return 10**6 if who == self.who else 0.0


def test_an_owner_who_does_not_hear_the_broker_leaves_his_lanes_to_others() -> None:
    async def story() -> None:
        stage = Stage()
        faults = Deaf()
        first = await stage.launch(ToyCase(), 1, faults=faults)
        second = await stage.launch(ToyCase(), 2, faults=faults)
        await stage.launch(ToyDocuments())
        await virtual.until(lambda: bool(first.held()) and bool(second.held()))

        faults.who = "case-1"
        ask_many(stage)

        await stage.until_done(within_s=60)
        assert second.held() == [0, 1, 2]
        await virtual.until(lambda: not first.held())
        faults.who = ""
        await virtual.until(lambda: bool(first.held()))
        await stage.settle()
        stage.check()

    virtual.run(story())


def test_a_store_that_was_changed_before_a_lane_is_taken_ends_no_process() -> None:
    async def story() -> None:
        stage = Stage()
        _, documents = await stage.launch_both()
        ask_many(stage, count=20)
        await stage.until_done()
        await stage.settle()
        copy = deepcopy(documents.database.rows)
        copy.store_id = "memory/2"

        for lane in list(documents.engine.holdings.running()):
            documents.engine.keeper.lose(lane, "given back")
        documents.database.rows = copy
        await stage.settle()
        ask_many(stage, count=40)

        await stage.until_done()
        documents.check()

    virtual.run(story())


def test_an_acknowledgement_that_comes_while_another_turn_runs_is_saved() -> None:
    async def story() -> None:
        stage = Stage()
        case, _ = await stage.launch_both()
        ask_many(stage, count=12)
        await stage.until_done()
        await stage.settle()
        lane = next(lane for lane in case.engine.holdings.running() if lane.outputs)
        topic = next(iter(lane.outputs))
        turn = case.engine.turns._new_turn()
        case.engine.keeper.lose(lane, "given back")
        await virtual.until(lambda: lane in case.engine.holdings.running())
        case.engine.publisher.unsaved.add((lane.number, topic))

        case.engine.turns._outcome.add_unsaved(turn)

        assert (lane.number, topic) in case.engine.publisher.unsaved

    virtual.run(story())
