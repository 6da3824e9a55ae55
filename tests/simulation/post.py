"""Where notices go: a mail server and a printer in memory, and what the sender looks up."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from mesh.lanes import lane_of
from mesh.service import Key
from mesh.testing import MemoryStore
from notifications.domain.notices import LoanNotices, Party, Pending
from notifications.mail import Mail, MailUnanswered
from notifications.rendering import Renderer
from notifications.sender import Means
from notifications.store.reads import Due

if TYPE_CHECKING:
    from .weather import Weather

DOMAIN = "lender.example"
TOO_OFTEN = 50
"""So often nothing is sent again by accident."""
RENDERER = Renderer(lender="The Lender", contact=f"post@{DOMAIN}")


class Post:
    """Takes mails and letters, and keeps them."""

    def __init__(self, weather: "Weather") -> None:
        self._weather = weather
        self.mails: defaultdict[str, list[Mail]] = defaultdict(list)
        """Message-ID → what arrived under it."""
        self.letters: defaultdict[str, list[str]] = defaultdict(list)
        self.means = Means(renderer=RENDERER, mailer=self, printer=self, mail_domain=DOMAIN)

    async def send(self, mail: Mail) -> None:
        """Take a mail, and perhaps not say so."""
        is_unanswered = await self._weather.mail()
        self.mails[mail.message_id].append(mail)
        assert len(self.mails[mail.message_id]) < TOO_OFTEN, "a mail is sent for ever"
        if is_unanswered:
            raise MailUnanswered("CUT_OFF", is_cut=True)

    async def put(self, name: str, text: str) -> None:
        """Print a letter."""
        self.letters[name].append(text)
        assert len(self.letters[name]) < TOO_OFTEN, "a letter is printed for ever"


class Desk:
    """Looks for what is to be sent, as the query of notifications does."""

    def __init__(self, store: MemoryStore, *, lanes: int) -> None:
        self._store = store
        self._lanes = lanes

    async def __call__(
        self,
        *,
        lanes: Collection[int],
        now: datetime,
        with_mail: bool,
        told: Mapping[UUID, int],
        limit: int,
    ) -> list[Due]:
        await self._store.faults.store(self._store.who, "find")
        states = self._store.database.rows.states
        found: list[tuple[datetime, UUID, Due]] = []
        for key, file in states.items():
            lane = lane_of(key.text, lanes=self._lanes)
            if not isinstance(file, LoanNotices) or lane not in lanes:
                continue
            for notice in file.notices.values():
                file_of_party = states.get(Key(key.tenant, notice.recipient, "party"))
                if file_of_party is None or told.get(notice.notice_id) == notice.attempts:
                    continue
                party, pending = file_of_party.party, notice.standing
                if isinstance(pending, Pending) and _is_due(pending, party, now, with_mail):
                    due = Due(key, lane, notice, party)
                    found.append((pending.try_at, notice.notice_id, due))
        return [due for _, _, due in sorted(found, key=lambda each: each[:2])][:limit]


def _is_due(pending: Pending, party: Party | None, now: datetime, with_mail: bool) -> bool:
    is_letter = pending.channel == "LETTER" or party is None or not party.email
    return pending.try_at <= now and (with_mail or is_letter)
