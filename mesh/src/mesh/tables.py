"""What lies last on our table topics is made right by their writer (lanes 15).

The loop of turns looks here between turns, so that nothing else is in a turn meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable

from mesh.holdings import Holdings
from mesh.lane import Input, Lane
from mesh.outcome import Outcome
from mesh.ports import SaidRow, Store, Unavailable
from mesh.turn import Turn


class Tables:
    """Says keys again: those in doubt, and those that a person asks for."""

    def __init__(
        self,
        holdings: Holdings,
        store: Store,
        outcome: Outcome,
        *,
        new_turn: Callable[[], Turn],
        commit: Callable[[Turn], Awaitable[bool]],
    ) -> None:
        """Look after the table topics of the lanes in `holdings`."""
        self._holdings = holdings
        self._store = store
        self._outcome = outcome
        self._new_turn = new_turn
        self._commit = commit
        self._resays: list[tuple[str | None, asyncio.Future[int]]] = []

    async def look(self) -> None:
        """Do what is to be done between two turns."""
        await self._do_resays()
        await self._settle_doubts()

    async def resay(self, topic: str | None) -> int:
        """Have every key of our table topics said once more; gives how many.

        The loop of turns does it, so that nothing else is in a turn meanwhile.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._resays.append((topic, done))
        self._holdings.wake()
        return await done

    async def _do_resays(self) -> None:
        while self._resays:
            topic, done = self._resays.pop()
            try:
                done.set_result(await self._resay(topic))
            except Exception as error:
                done.set_exception(error)
                raise

    async def _resay(self, topic: str | None) -> int:
        count = 0
        for lane in list(self._holdings.running()):
            turn = self._new_turn()
            rows = await self._store.said_of(lane.number, topic)
            for row in rows:
                turn.say_again(lane, row)
            if rows and not await self._commit(turn):
                raise Unavailable(f"lane {lane.number} is another's now: ask again")
            count += len(rows)
        return count

    async def _settle_doubts(self) -> None:
        """Say keys again whose last record lies behind an older one (lanes 15).

        Looked at when all of the topic is read back and nothing of it is on its way: before, what
        a pass says again looks like that, too.
        """
        for lane in list(self._holdings.running()):
            for (topic, _), own in lane.inputs.items():
                output = lane.outputs.get(topic)
                if own.doubts and not own.waiting and output and not output.pending:
                    await self._settle(lane, topic, own)

    async def _settle(self, lane: Lane, topic: str, own: Input) -> None:
        doubts = dict(own.doubts)
        said = await self._store.said(topic, list(doubts))
        turn = self._new_turn()
        for key, number in doubts.items():
            row = said.get(key) or SaidRow(topic, lane.number, key, 0, 0, None)
            if key not in said or number < (row.incarnation, row.seq):
                turn.say_again(lane, row)
        turn.position(own).doubtful_from = None
        if not turn.tables:
            self._outcome.move_on(turn)
        elif not await self._commit(turn):
            return  # in doubt as before
        own.doubts = {key: n for key, n in own.doubts.items() if doubts.get(key) != n}
