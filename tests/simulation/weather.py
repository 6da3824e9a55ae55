"""Faults of all kinds, drawn from the seed: what is lost, late or silent."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from mesh.ports import OutboxRow, Refused, TurnWrites, Unavailable
from mesh.service import Change
from mesh.testing import Fate, Faults, Sending
from notifications.mail import MailServerAway, MailUnanswered

from .themes import Climate

HANGS_SHARE = 0.0005
"""Of calls to a store that the climate does not name."""
LOST_WHEN_FLAKY = 0.4
LOST_ANSWERS = frozenset({"take", "give_back", "beat", "put", "keep_id", "calm", "try_place"})
"""Calls that may be done without an answer."""
UNANSWERED_MAILS_SHARE = 0.1
"""Half of them have arrived all the same."""


class Weather(Faults):
    """What each instance meets at its store and at the broker."""

    def __init__(self, climate: Climate, *, seed: int) -> None:
        self.climate = climate
        self.random = Random(f"weather/{seed}")
        self.is_calm = False
        self.stores_away: set[str] = set()
        self.broker_away_since: float | None = None
        self.deaf_since: dict[str, float] = {}
        """Instances to whom the broker does not get through."""
        self.is_flaky = False
        self.refuses: Callable[[str, Sequence[Change[Any, Any]]], bool] = _nothing
        """Whether a store refuses what a bad build saves."""

    def calm(self) -> None:
        self.is_calm = True
        self.stores_away.clear()
        self.deaf_since.clear()
        self.broker_away_since = None

    def happens(self, share: float) -> bool:
        return not self.is_calm and self.random.random() < share

    # --- stores -------------------------------------------------------------------------------

    async def store(self, who: str, call: str) -> None:
        random = self.random
        if self.happens(0.2):
            await asyncio.sleep(random.random() / 20)
        if self.happens(self.climate.hangs.get(call, HANGS_SHARE)):
            await asyncio.sleep(random.random() * 30)
        if service_of(who) in self.stores_away or self.happens(self.climate.away):
            raise Unavailable("no store")

    async def stored(self, who: str, call: str) -> None:
        if call in LOST_ANSWERS and self.happens(self.climate.away):
            raise Unavailable("no answer")

    def save(self, who: str, changes: Sequence[Change[Any, Any]]) -> None:
        if self.refuses(service_of(who), changes):
            raise Refused("22003 numeric value out of range")

    async def commit(self, who: str, writes: TurnWrites) -> Fate:
        random = self.random
        if self.happens(0.3):
            await asyncio.sleep(random.random() / 10)
        if self.happens(self.climate.unknown):
            takes_s = random.choice([0.0, 0.5, 5.0])
            return Fate(applied=random.random() < 0.5, answered=False, takes_s=takes_s)
        if self.happens(self.climate.away):
            return Fate(applied=False)
        return Fate(takes_s=random.random() / 100)

    # --- the broker ---------------------------------------------------------------------------

    async def log(self, who: str, call: str) -> None:
        if self.happens(0.2):
            await asyncio.sleep(self.random.random() / 10)
        if self._silent_since(who) is not None and call != "renew":
            raise Unavailable("no broker")

    def produced(self, who: str, row: OutboxRow) -> Sending:
        random, climate = self.random, self.climate
        arrives_s, answers_s = random.random() / 50, random.random() / 50
        if self._silent_since(who) is not None:
            late = random.random() < 0.2
            return Sending(late, "timed out", arrives_s=arrives_s, answers_s=5 * random.random())
        if self.happens(climate.slow):
            arrives_s = random.random() * 3
        if self.happens(LOST_WHEN_FLAKY if self.is_flaky else climate.lost):
            written, answers_s = random.random() < 0.5, random.random() * random.choice([0.02, 2])
            return Sending(written, "timed out", arrives_s=arrives_s, answers_s=answers_s)
        if self.happens(climate.slow):
            answers_s = random.random() * 5
        return Sending(arrives_s=arrives_s, answers_s=answers_s)

    def purged(self, who: str, row: OutboxRow) -> float | None:
        return self.random.random() * 8 if self.happens(self.climate.late) else None

    def fetch_s(self, who: str, topic: str, partition: int) -> float:
        if self._silent_since(who) is not None:
            return 3.0
        if self.is_calm:
            return 0.0
        return self.random.random() * self.random.choice(self.climate.fetches_s)

    def straggles(self, who: str) -> bool:
        return self.happens(self.climate.straggles)

    def silent_s(self, who: str) -> float:
        since = self._silent_since(who)
        return 0.0 if since is None else asyncio.get_running_loop().time() - since

    def _silent_since(self, who: str) -> float | None:
        return self.deaf_since.get(who, self.broker_away_since)

    # --- the mail server ----------------------------------------------------------------------

    async def mail(self) -> bool:
        """Before a mail is taken; says whether its answer is lost. Raises as a mailer does."""
        if self.happens(0.2):
            await asyncio.sleep(self.random.random() * 20)
        if self.happens(0.1):
            raise MailServerAway("nobody there")
        if self.happens(UNANSWERED_MAILS_SHARE):
            if self.random.random() < 0.5:
                raise MailUnanswered("TIMED_OUT")
            return True
        return False


def _nothing(who: str, changes: Sequence[Change[Any, Any]]) -> bool:
    return False


def service_of(who: str) -> str:
    return who.partition("/")[0]
