"""Ways to take out one rule of how lanes are held and turns are taken.

Each function replaces something of the mesh by the same without its rule, in this process for good.
"""

# What is replaced is private, and what replaces it says less than it did:
# pyright: reportPrivateUsage=false, reportAttributeAccessIssue=false, reportUnknownLambdaType=false
# pyright: reportPrivateImportUsage=false

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from case.domain import decide as case_domain
from mesh.hearing import Ears
from mesh.keeping import Kept
from mesh.ports import Fenced, ParkedRow, Recovered, Unavailable, Unknown
from mesh.testing import MemoryLog, MemoryStore, Rows
from mesh.turn import Turn
from mesh.turns import Turns

from mesh import hearing

from .world import OTHER_TENANT


class Anything:
    """Is equal to all there is, so that a comparison is taken out."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 0


# --- lanes ------------------------------------------------------------------------------------


def the_fence() -> None:
    """Whoever believes that a lane is his writes it."""
    Rows.fence = lambda *_: None


def the_epoch() -> None:
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


def retaking() -> None:
    """After an unknown COMMIT the store is read at once, under the epoch that was."""
    take = MemoryStore.take

    async def mutant(store: MemoryStore, lane: int, *, instance: str, lease_s: float) -> int | None:
        row = store.database.rows.lanes.get(lane)
        if row is not None and row.owner == instance:
            return row.epoch
        return await take(store, lane, instance=instance, lease_s=lease_s)

    MemoryStore.take = mutant


def positions() -> None:
    """How far was heard is not in the transaction: a new owner hears it all again."""
    apply = Rows.apply

    def mutant(rows: Rows, writes: Any, **more: Any) -> None:
        apply(rows, replace(writes, positions=[]), **more)

    Rows.apply = mutant


def old_batches() -> None:
    """What was fetched under another taking is heard."""
    fetched = MemoryLog.fetched

    def mutant(log: MemoryLog) -> Any:
        return [replace(record, taking=Anything()) for record in fetched(log)]

    MemoryLog.fetched = mutant


def old_states() -> None:
    """States are kept in memory from one taking of a lane to the next."""

    def mutant(kept: Kept, key: Any, messages: Any) -> bool:
        known = kept._states.get(key)
        if known is None or kept._keeping is None:
            return False
        return all(kept._keeping.is_enough(known[2], message) for message in messages)

    Kept._has = mutant


def time_forward() -> None:
    """A turn's time is the clock's, whatever it was before."""
    new_turn = Turns._new_turn

    def mutant(turns: Turns) -> Turn:
        for lane in turns._holdings.running():
            lane.turned_at = None
        return new_turn(turns)

    Turns._new_turn = mutant


# --- from outside -----------------------------------------------------------------------------


def identity() -> None:
    """A request's identity is not looked up."""

    async def requests(*_: Any) -> dict[UUID, Any]:
        return {}

    MemoryStore.requests = requests
    Rows.check = lambda *_: None


def forwarding() -> None:
    """A request is heard in whatever lane it came in."""
    outside = Ears._outside

    def mutant(ears: Ears, item: Any, record: Any) -> Any:
        return outside(replace(ears, lane_of=lambda _: Anything()), item, record)

    Ears._outside = mutant


def tenants() -> None:
    """A source may speak for anybody."""
    no_case = case_domain._no_case

    def mutant(file: Any, command: Any, policy: Any) -> Any:
        sources = {name: {*known, OTHER_TENANT} for name, known in policy.sources.items()}
        return no_case(file, command, replace(policy, sources=sources))

    case_domain._no_case = mutant


def forms() -> None:
    """What decodes is a request, whatever stands in it."""
    hearing.why_unreadable = lambda *_: None


def laying_aside() -> None:
    """What nobody can read is dropped."""
    Turn.lay_aside = lambda *_: None


# --- poison -----------------------------------------------------------------------------------


def waiting_behind() -> None:
    """What follows a parked message of its case is heard."""
    Turn._waits_behind = lambda *_: None


def remembering_what_is_parked() -> None:
    """A new owner does not know behind what others wait."""
    recovered = Rows.recovered

    def mutant(rows: Rows, lane: int) -> Recovered:
        return replace(recovered(rows, lane), parked={})

    Rows.recovered = mutant


def followers() -> None:
    """A replay brings the message alone, not what waited behind it."""
    parked = MemoryStore.parked

    async def mutant(store: MemoryStore, lane: int, parked_id: UUID) -> list[ParkedRow]:
        return (await parked(store, lane, parked_id))[:1]

    MemoryStore.parked = mutant


def halving() -> None:
    """What the store refuses is tried again and again."""

    async def mutant(turns: Turns, items: Any, why: str) -> None:
        raise Unavailable(why)

    Turns._halve = mutant


def counting_tries() -> None:
    """Nobody notes what he is about to hear, nor finds what kills him."""

    async def mutant(store: MemoryStore, lane: int, **_: Any) -> int:
        return 1

    MemoryStore.try_place = mutant
