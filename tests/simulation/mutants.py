"""Each load-bearing rule of the lanes taken out once: the simulation must turn red.

Every mutant replaces one function of the mesh by one without its rule, in a process of its own.

PYTHONHASHSEED=0 .venv/bin/python -m tests.simulation.mutants [RULE] [SEEDS]
"""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from mesh.hearing import Ears
from mesh.lane import Output
from mesh.ports import Fenced, Unavailable, Unknown
from mesh.publisher import Publisher
from mesh.tables import Tables
from mesh.testing import MemoryLog, MemoryStore, Rows
from mesh.testing.memory_log import _append
from mesh.wire import number_of

from .story import play


class _Any:
    """Is equal to all there is, so that a comparison is taken out."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0


def no_fence() -> None:
    """Whoever believes that a lane is his writes it."""
    Rows.fence = lambda *_: None


def no_epoch() -> None:
    """The fence compares owners alone."""

    def fence(rows: Rows, lanes: Any, instance: str) -> None:
        if any(rows.lanes[number].owner != instance for number in lanes):
            raise Fenced("fenced")

    Rows.fence = fence


def unknown_is_no() -> None:
    """A COMMIT without an answer was not done."""
    _commit_with(lambda unknown: Unavailable(str(unknown)))


def unknown_is_yes() -> None:
    """A COMMIT without an answer was done."""
    _commit_with(lambda _: None)


def _commit_with(answer: Callable[[Unknown], Exception | None]) -> None:
    commit = MemoryStore.commit

    async def mutant(store: MemoryStore, *args: Any, **more: Any) -> None:
        try:
            await commit(store, *args, **more)
        except Unknown as unknown:
            if (told := answer(unknown)) is not None:
                raise told from unknown

    MemoryStore.commit = mutant


def not_retaken() -> None:
    """After an unknown COMMIT the store is read at once, under the epoch that was."""
    take = MemoryStore.take

    async def mutant(store: MemoryStore, lane: int, *, instance: str, lease_s: float) -> int | None:
        row = store.database.rows.lanes.get(lane)
        if row is not None and row.owner == instance:
            return row.epoch
        return await take(store, lane, instance=instance, lease_s=lease_s)

    MemoryStore.take = mutant


def acknowledged_in_any_pass() -> None:
    """What was acknowledged in one pass counts in the next."""

    def mutant(output: Output) -> None:
        output.sent = 0

    Output.start_pass = mutant


def not_go_back_n() -> None:
    """What failed is said again by itself; what came after it is not."""

    def mutant(publisher: Publisher) -> bool:
        for delivery in publisher._log.deliveries():
            _, lane, taking, output, seq = delivery.mark
            if lane.taking != taking or output not in lane.outputs.values():
                continue
            if delivery.error is None:
                output.acknowledge(seq)
                publisher.unsaved.add((lane.number, output.spoken.topic))
                publisher._holdings.woken.set()
                continue
            for row in output.pending:
                if row.seq == seq:
                    publisher._log.produce(row, delivery.mark)
        return False

    Publisher._hear_back = mutant


def published_is_acknowledged() -> None:
    """What was handed to the producer counts as acknowledged, whatever becomes of it."""

    def hear_back(publisher: Publisher) -> bool:
        for delivery in publisher._log.deliveries():
            _, lane, taking, output, seq = delivery.mark
            if lane.taking == taking and output in lane.outputs.values():
                output.acknowledge(seq)
                publisher.unsaved.add((lane.number, output.spoken.topic))
                publisher._holdings.woken.set()
        return False

    Publisher._hear_back = hear_back


def readers_do_not_count() -> None:
    """All that comes is heard, repeats and what is ahead."""
    _counting(lambda last, number: True)


def ahead_is_heard() -> None:
    """What is above the last number is heard, a hole or not."""
    _counting(lambda last, number: number > last)


def _counting(counts: Callable[[tuple[int, int], tuple[int, int]], bool]) -> None:
    def mutant(ears: Ears, heard: Any, record: Any, position: Any, *, table: bool) -> bool:
        number, last = number_of(record.headers), (position.incarnation, position.last_seq)
        assert number is not None
        position.incarnation, position.last_seq = max(last, number)
        return table or counts(last, number)

    Ears._counts = mutant


def old_batches_count() -> None:
    """What was fetched under another taking is heard."""
    fetched = MemoryLog.fetched

    def mutant(log: MemoryLog) -> Any:
        return [replace(record, taking=_Any()) for record in fetched(log)]

    MemoryLog.fetched = mutant


def outbox_is_not_said_again() -> None:
    """A new owner says nothing of what the former one committed."""
    recovered = Rows.recovered
    Rows.recovered = lambda rows, lane: replace(recovered(rows, lane), outbox=[])


def tables_are_not_read_back() -> None:
    """What lies last on a table topic is nobody's business."""

    async def mutant(tables: Tables) -> None:
        for lane in tables._holdings.running():
            for own in lane.inputs.values():
                own.doubts.clear()
                own.position.doubtful_from = None

    Tables._settle_doubts = mutant


def said_before_committed() -> None:
    """Records are published while their turn is not committed yet."""
    logs: dict[str, MemoryLog] = {}
    opened, commit = MemoryLog.open, MemoryStore.commit

    async def open_(log: MemoryLog) -> None:
        logs[log.who] = log
        await opened(log)

    async def mutant(store: MemoryStore, writes: Any, save: Any, **more: Any) -> None:
        for row in writes.outbox:
            _append(logs[store.who]._broker, row)
        await commit(store, writes, save, **more)

    MemoryLog.open, MemoryStore.commit = open_, mutant


def no_identity() -> None:
    """A request's identity is not looked up."""

    async def requests(*_: Any) -> dict[UUID, Any]:
        return {}

    MemoryStore.requests = requests
    Rows.check = lambda *_: None


def not_forwarded() -> None:
    """A request is heard in whatever lane it came in."""
    outside = Ears._outside

    def mutant(ears: Ears, item: Any, record: Any) -> Any:
        return outside(replace(ears, lane_of=lambda _: _Any()), item, record)

    Ears._outside = mutant


def positions_are_not_saved() -> None:
    """How far was heard is not in the transaction: a new owner hears it all again."""
    apply = Rows.apply

    def mutant(rows: Rows, writes: Any, **more: Any) -> None:
        apply(rows, replace(writes, positions=[]), **more)

    Rows.apply = mutant


MUTANTS: dict[str, Callable[[], None]] = {
    "the fence": no_fence,
    "the epoch in the fence": no_epoch,
    "unknown commits (taken as a no)": unknown_is_no,
    "unknown commits (taken as a yes)": unknown_is_yes,
    "taking again what is still ours": not_retaken,
    "acknowledgements of one pass": acknowledged_in_any_pass,
    "go-back-N": not_go_back_n,
    "waiting for acknowledgements": published_is_acknowledged,
    "counting readers": readers_do_not_count,
    "not hearing what is ahead": ahead_is_heard,
    "batches thrown away at a taking": old_batches_count,
    "saying the outbox again": outbox_is_not_said_again,
    "reading table keys back": tables_are_not_read_back,
    "commit before publishing": said_before_committed,
    "identity of requests": no_identity,
    "another lane's message": not_forwarded,
    "positions in the same transaction": positions_are_not_saved,
}
"""Rule → what takes it out."""


def seeds_until_red(rule: str, seeds: int) -> tuple[int, str] | None:
    """Take a rule out and play until a seed is red; gives which one, and what differs."""
    MUTANTS[rule]()
    for seed in range(seeds):
        try:
            differs = play(seed).differs
        except Exception as error:
            return seed, f"{type(error).__name__}: {error}"
        if differs:
            return seed, differs[0] if len(differs) < 2 else differs[1]
    return None


def main(rule: str, seeds: int) -> None:
    """Print a line of the table."""
    logging.disable(logging.CRITICAL)
    found = seeds_until_red(rule, seeds)
    told = f"{found[0] + 1:5d}  {found[1][:120]}" if found else f"    -  green on {seeds} seeds"
    print(f"{rule:36s} {told}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
