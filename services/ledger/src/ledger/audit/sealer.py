"""Has the journal sealed, and publishes heads to a file: beside the turns, never within one.

Looks at the lanes that this instance holds; what no block covers yet is hashed by the store and put
as a command into its lane. Killed in between, the next look finds it unsealed and puts it again.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from mesh.doors import Command, Refusal, Reply
from mesh.pause import Pause
from mesh.people import Person
from mesh.ports import Unavailable
from mesh.service import Reader

from ledger.audit.head import Head, Signed
from ledger.audit.published import HeadsFile
from ledger.audit.sealing import BLOCK_MAX, Seal, Unsealed
from ledger.audit.service import SEAL, key_of_lane

SEAL_EVERY_S = 10.0
"""What was posted within it could still be changed unseen; a shorter one makes more, smaller
blocks, and each costs a part of a turn and a record."""

TROUBLE_S = (1.0, 60.0)
"""First and longest pause while the store, or the file's disk, is away."""

SEALER = Person("ledger", frozenset({"mesh"}))
"""Who stands behind a block: no human being."""

log = logging.getLogger(__name__)


class Chains(Protocol):
    """What the store tells of blocks (ledger.store.audit.Chains)."""

    async def last(self, reader: Reader, lanes: Collection[int]) -> dict[int, Head]:
        """Give the newest head of each lane that has one."""
        ...

    async def fresh(self, reader: Reader, lane: int, *, after_seq: int, most: int) -> Seal | None:
        """Give what is to be sealed next of a lane; none where all of it is."""
        ...

    async def unsealed(self, reader: Reader, lanes: Collection[int]) -> list[Unsealed]:
        """Say what of each lane no block covers yet."""
        ...

    async def heads(self, reader: Reader, known: Mapping[int, int]) -> list[Signed]:
        """Give the next heads after the numbers known of each lane."""
        ...


class Commands(Protocol):
    """A way to put commands into their lanes (mesh.doors.Doors)."""

    async def commands(self, items: Sequence[Command], *, wait_s: float = ...) -> list[Reply]:
        """Put commands in, all or none, and give their replies in order."""
        ...


class Sealer:
    """Seals the lanes that are held, until it is cancelled."""

    def __init__(
        self,
        chains: Chains,
        *,
        reader: Reader,
        doors: Commands,
        held: Callable[[], Collection[int]],
        lanes: int,
        file: HeadsFile,
        tell: Callable[[Sequence[Unsealed]], None] = lambda _: None,
        every_s: float = SEAL_EVERY_S,
    ) -> None:
        """Seal by `doors`, append to `file`. `held`: the lanes that this instance holds.

        `tell` hears what of them is not sealed, whenever there is a pause.
        """
        self._chains = chains
        self._reader = reader
        self._doors = doors
        self._held = held
        self._lanes = lanes
        self._file = file
        self._tell = tell
        self._every_s = every_s
        self._known: dict[int, int] | None = None
        """The highest number of each lane in the file; none: it was not looked into yet."""

    async def run(self) -> None:
        """Look for ever; trouble with store and disk is waited for."""
        pause = Pause(first_s=TROUBLE_S[0], max_s=TROUBLE_S[1])
        while True:
            try:
                is_full = await self.seal()
                await self.publish()
                if not is_full:
                    await self.look()
            except (Unavailable, Refusal, OSError, ValueError) as trouble:
                # ValueError: a block's row was written by hand. The books go on; `verify` tells it.
                log.warning("blocks wait", extra={"why": str(trouble)})
                await pause.wait()
                continue
            pause.reset()
            if not is_full:
                await asyncio.sleep(self._every_s)

    async def seal(self) -> bool:
        """Have what is unsealed sealed, a block a lane; says whether there may be more at once."""
        held = sorted(self._held())
        last = await self._chains.last(self._reader, held) if held else {}
        seals: dict[int, Seal] = {}
        for lane in held:
            after_seq = last[lane].last_seq if lane in last else 0
            seal = await self._chains.fresh(self._reader, lane, after_seq=after_seq, most=BLOCK_MAX)
            if seal is not None:
                seals[lane] = seal
        items = [self._command(lane, seal, last.get(lane)) for lane, seal in seals.items()]
        replies = await self._doors.commands(items) if items else []
        is_full = any(len(seal.leaves) == BLOCK_MAX for seal in seals.values())
        return is_full and all(reply.done for reply in replies)

    async def publish(self) -> None:
        """Append to the file what it does not hold yet, whoever sealed it."""
        if self._known is None:
            self._known = await asyncio.to_thread(self._file.open)
        known = {lane: self._known.get(lane, 0) for lane in range(self._lanes)}
        while heads := await self._chains.heads(self._reader, known):
            self._known = None  # a write that fails may leave half a line: look again then
            await asyncio.to_thread(self._file.append, heads)
            known |= {signed.head.lane: signed.head.number for signed in heads}
            self._known = known

    async def look(self) -> None:
        """Tell what of the lanes that are held is not sealed."""
        held = sorted(self._held())
        self._tell(await self._chains.unsealed(self._reader, held) if held else [])

    def _command(self, lane: int, seal: Seal, last: Head | None) -> Command:
        """Ask for the lane's next block; asked twice, it is one (lanes 16)."""
        number = last.number + 1 if last else 1
        return Command(
            key_of_lane(lane, lanes=self._lanes),
            SEAL,
            seal.to_json(),
            SEALER,
            request_id=f"block/{lane}/{number}",
        )
