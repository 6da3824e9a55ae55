"""A service around another: keys of its own kinds are its own, everything else goes through."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from mesh.service import Change, Hears, Key, Message, Reader, Service, Transaction

type Wanted = Mapping[Key, Sequence[Message]]
type Changes = Sequence[Change[Any, Any]]


class Around(ABC):
    """Parts what is its own from what is the inner service's, in load and save."""

    def __init__(
        self, inner: Service[Any, Any], *, kinds: Collection[str], hears: Sequence[Hears] = ()
    ) -> None:
        """Keep keys of `kinds`, and hear `hears` besides what `inner` hears."""
        self.name = inner.name
        self.hears: Sequence[Hears] = (*inner.hears, *hears)
        self._inner = inner
        self._kinds = frozenset(kinds)

    def key_of(self, message: Message) -> Key:
        """Say whose state a record concerns: the inner service knows."""
        return self._inner.key_of(message)

    async def load(self, reader: Reader, wanted: Wanted) -> dict[Key, Any]:
        """Give a state for every key."""
        own = {key: messages for key, messages in wanted.items() if key.kind in self._kinds}
        if not own:
            return await self._load_inner(reader, wanted)
        states = await self._load_own(reader, own)
        rest = {key: messages for key, messages in wanted.items() if key not in own}
        return states | await self._load_inner(reader, rest) if rest else states

    async def save(self, tx: Transaction, changes: Changes) -> None:
        """Keep what changed, the inner service's first."""
        own = [change for change in changes if change.key.kind in self._kinds]
        rest = [change for change in changes if change.key.kind not in self._kinds]
        if rest:
            await self._save_inner(tx, rest)
        if own:
            await self._save_own(tx, own)

    @abstractmethod
    async def _load_own(self, reader: Reader, wanted: Wanted) -> dict[Key, Any]:
        """Give states of its own keys."""

    @abstractmethod
    async def _save_own(self, tx: Transaction, changes: Changes) -> None:
        """Keep what changed of its own keys."""

    async def _load_inner(self, reader: Reader, wanted: Wanted) -> dict[Key, Any]:
        return await self._inner.load(reader, wanted)

    async def _save_inner(self, tx: Transaction, changes: Changes) -> None:
        await self._inner.save(tx, changes)
