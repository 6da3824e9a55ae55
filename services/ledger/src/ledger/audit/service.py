"""The six functions around those of the ledger: what concerns a block is the trail's own.

Each lane has one key of kind `block`; every other message goes through as it came.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from mesh.lanes import lane_of
from mesh.service import (
    Answer,
    Change,
    Key,
    Message,
    Outgoing,
    Reader,
    Said,
    Service,
    Transaction,
)

from ledger.around import Around, Changes, Wanted
from ledger.audit import sealing, wire
from ledger.audit.head import Head
from ledger.audit.sealing import Block, Chain, Seal, Signs

AUDIT = "writeoff.audit.v1"
KIND = "block"
SEAL = "SealBlock"

TENANT = "-"
"""A lane's journal is all tenants': its blocks are nobody's alone."""


class ChainStore(Protocol):
    """Where blocks are kept."""

    async def last(self, reader: Reader, lanes: Sequence[int]) -> dict[int, Head]:
        """Give the newest head of each lane that has one."""
        ...

    async def add(self, tx: Transaction, blocks: Sequence[Block]) -> None:
        """Keep new blocks."""
        ...


class Audited(Around):
    """A service whose journal is sealed in its own lanes."""

    def __init__(self, inner: Service[Any, Any], *, chains: ChainStore, signer: Signs) -> None:
        """Seal beside `inner`."""
        super().__init__(inner, kinds=(KIND,))
        self._chains = chains
        self._signer = signer

    def decide(self, state: Any, message: Message, *, now: datetime) -> Sequence[Any]:
        """Say what happens."""
        if message.kind == SEAL:
            seal = Seal.from_json(message.body)
            return sealing.decide(state, seal, now=now, signer=self._signer)
        return self._inner.decide(state, message, now=now)

    def evolve(self, state: Any, event: Any) -> Any:
        """Apply an event."""
        if isinstance(event, Block):
            return sealing.evolve(state, event)
        return self._inner.evolve(state, event)

    def say(self, change: Change[Any, Any]) -> Sequence[Said]:
        """Say what others must hear of one message's change."""
        if change.key.kind != KIND:
            return self._inner.say(change)
        said: list[Said] = []
        for told in change.told:
            head = told.event.signed.head
            record = wire.to_sealed(change.key, told, told.event)
            said.append(Outgoing(AUDIT, f"{head.lane}/{head.number}", record))
            said.append(Answer({"number": head.number, "count": head.count}))
        return said

    async def _load_own(self, reader: Reader, wanted: Wanted) -> dict[Key, Any]:
        lanes = {key: lane_of_key(key) for key in wanted}
        last = await self._chains.last(reader, list(lanes.values()))
        return {key: Chain(lane, last.get(lane)) for key, lane in lanes.items()}

    async def _save_own(self, tx: Transaction, changes: Changes) -> None:
        await self._chains.add(tx, [told.event for change in changes for told in change.told])


def key_of_lane(lane: int, *, lanes: int) -> Key:
    """Give the key of a lane's blocks: one that travels in that lane."""
    assert 0 <= lane < lanes
    place = 0
    while True:
        key = Key(TENANT, f"{lane}.{place}", KIND)
        if lane_of(key.text, lanes=lanes) == lane:
            return key
        place += 1


def lane_of_key(key: Key) -> int:
    """Give the lane whose blocks a key stands for."""
    return int(key.id.partition(".")[0])
