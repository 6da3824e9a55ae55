"""Ways to take out one rule of how records are said and counted.

Each function replaces something of the mesh by the same without its rule, in this process for good.
"""

# What is replaced is private, and what replaces it says less than it did:
# pyright: reportPrivateUsage=false, reportAttributeAccessIssue=false, reportUnknownLambdaType=false
# pyright: reportPrivateImportUsage=false

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from mesh.hearing import Ears, Item
from mesh.lane import Lane, Output
from mesh.publisher import Publisher
from mesh.testing import MemoryLog, MemoryStore, Rows
from mesh.testing.memory_log import _append
from mesh.wire import number_of

from mesh import beginning, deciding, turn

type Number = tuple[int, int]

# --- publishing -------------------------------------------------------------------------------


def one_pass() -> None:
    """What was acknowledged in one pass counts in the next."""

    def mutant(output: Output) -> None:
        output.sent = 0

    Output.start_pass = mutant


def go_back_n() -> None:
    """What failed is said again by itself; what came after it is not."""

    def failed(publisher: Publisher, output: Output, mark: Any, seq: int) -> None:
        for row in output.pending:
            if row.seq == seq:
                publisher._log.produce(row, mark)

    _hear_back_with(failed)


def acknowledgements() -> None:
    """What was handed to the producer counts as acknowledged, whatever becomes of it."""

    def failed(publisher: Publisher, output: Output, mark: Any, seq: int) -> None:
        _acknowledge(publisher, output, mark, seq)

    _hear_back_with(failed)


def _hear_back_with(failed: Callable[[Publisher, Output, Any, int], None]) -> None:
    def mutant(publisher: Publisher) -> bool:
        for delivery in publisher._log.deliveries():
            mark: Any = delivery.mark
            _, lane, taking, output, seq = mark
            if lane.taking == taking and output in lane.outputs.values():
                heard = _acknowledge if delivery.error is None else failed
                heard(publisher, output, mark, seq)
        return False

    Publisher._hear_back = mutant


def _acknowledge(publisher: Publisher, output: Output, mark: Any, seq: int) -> None:
    output.acknowledge(seq)
    publisher.unsaved.add((mark[1].number, output.spoken.topic))
    publisher._holdings.woken.set()


def outbox_again() -> None:
    """A new owner says nothing of what the former one committed."""
    recovered = Rows.recovered
    Rows.recovered = lambda rows, lane: replace(recovered(rows, lane), outbox=[])


def commit_first() -> None:
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


def ids_of_causes() -> None:
    """The same cause leads to another id each time."""
    numbers = count()

    def mutant(cause: UUID, kind: str, place: int = 0) -> UUID:
        return uuid5(cause, f"{kind}/{place}/{next(numbers)}")

    deciding.derive = mutant


# --- readers ----------------------------------------------------------------------------------


def counting() -> None:
    """All that comes is heard, repeats and what is ahead."""
    _counting(lambda last, number: True)


def ahead() -> None:
    """What is above the last number is heard, a hole or not."""
    _counting(lambda last, number: number > last)


def _counting(counts: Callable[[Number, Number], bool]) -> None:
    def mutant(ears: Ears, heard: Any, record: Any, position: Any, *, table: bool) -> bool:
        number, last = number_of(record.headers), (position.incarnation, position.last_seq)
        assert number is not None
        position.incarnation, position.last_seq = max(last, number)
        return table or counts(last, number)

    Ears._counts = mutant


# --- tables -----------------------------------------------------------------------------------


def reading_back() -> None:
    """What lies last on a table topic is nobody's business."""
    Ears._own = lambda *_: None


def keeping_doubts() -> None:
    """A new owner reads nothing back that the former one had in doubt."""
    turn._kept = lambda position: position


# --- a store that went back -------------------------------------------------------------------


def incarnations() -> None:
    """A store that went back goes on with the numbers that it knows."""
    beginning.went_back = lambda *_, **__: False


def keys_again() -> None:
    """A store that went back does not say its tables again, nor what is not of its time."""

    async def mutant(*_: Any) -> list[Any]:
        return []

    MemoryStore.said_of = mutant
    old_keys()


def old_keys() -> None:
    """What was said before a store went back is not looked at when it is read back."""
    own = Ears._own

    def mutant(ears: Ears, item: Item, record: Any, position: Any) -> None:
        own(ears, replace(item, lane=Lane(item.lane.number)), record, position)

    Ears._own = mutant
