"""Sends what is due, beside the turns and never within one.

Looks for pending notices of the lanes that this instance holds, sends them, and puts what became
of each as a command into its lane. Killed in between, the next look finds the notice pending and
sends it again, under the same Message-ID or file name: at least once, and known as a repeat.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from mesh.doors import Command, Reply
from mesh.people import Person

from notifications.domain.events import Outage, RecordDelivery, Refusal
from notifications.domain.notices import Party, Pending, Proof
from notifications.mail import Mail, MailRefused, MailServerAway, MailUnanswered, is_address
from notifications.rendering import Rendered, Renderer, name_of
from notifications.store.reads import Due
from notifications.wire.heard import to_json

LOOK_S = 0.5
"""How often to look when nothing was due: a letter has days, a look costs one short query."""

LOOK_MAX = 100
"""Notices of one look: a slow mail server keeps no more than these from being recorded."""

TOLD_MAX = 10_000
"""Attempts remembered whose outcome waits to count: far more than cases are ever parked at once."""

TROUBLE_S = (1.0, 60.0)
"""First and longest pause while the mail server or the store is away; each twice the one before."""

SENDER = Person("notifications", frozenset({"mesh"}))
"""Who stands behind what is recorded of a delivery: no human being."""

log = logging.getLogger(__name__)


class Look(Protocol):
    """A way to find what is to be sent (notifications.store.reads.due)."""

    async def __call__(
        self,
        *,
        lanes: Collection[int],
        now: datetime,
        with_mail: bool,
        told: Mapping[UUID, int],
        limit: int,
    ) -> list[Due]:
        """Give notices of these lanes whose time has come, oldest first, but no attempt `told`."""
        ...


class Mailer(Protocol):
    """A way to hand a mail over."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over. Raises MailRefused, MailUnanswered or MailServerAway."""
        ...


class Printer(Protocol):
    """Where letters are put to be printed."""

    async def put(self, name: str, text: str) -> None:
        """Put a letter in; the same name again replaces it. Raises OSError."""
        ...


class Commands(Protocol):
    """A way to put commands into their lanes (mesh.doors.Doors)."""

    async def commands(self, items: Sequence[Command], *, wait_s: float = ...) -> list[Reply]:
        """Put commands in, all or none, and give their replies in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What notices are written and sent with."""

    renderer: Renderer
    mailer: Mailer
    printer: Printer
    mail_domain: str
    """What follows the @ in a Message-ID."""


class Sender:
    """Sends the notices of the lanes that are held, until it is cancelled."""

    def __init__(
        self,
        means: Means,
        *,
        find: Look,
        doors: Commands,
        held: Callable[[], Collection[int]],
        now: Callable[[], datetime],
        look_s: float = LOOK_S,
    ) -> None:
        """Send by these means. `held`: the lanes that this instance holds."""
        self._means = means
        self._find = find
        self._doors = doors
        self._held = held
        self._now = now
        self._look_s = look_s
        self._mail_pause = _Pause()
        self._told: dict[UUID, int] = {}
        """Notice → attempt whose outcome is put but not heard: its case may be parked."""

    async def run(self) -> None:
        """Look and send for ever; trouble with the store is waited for."""
        pause = _Pause()
        while True:
            try:
                sent = await self.look()
                pause.end()
            except Exception as error:
                # Whatever it is, others must go on. Its text could quote what was to be sent.
                log.warning("notices could not be looked for: %s", type(error).__name__)
                await pause.wait()
                continue
            if not sent:
                await asyncio.sleep(self._look_s)

    async def look(self) -> int:
        """Send what is due now and record it; gives how many outcomes there were."""
        lanes = self._held()
        if not lanes:
            return 0
        with_mail = not self._mail_pause.is_on
        waiting = await self._find(
            lanes=lanes,
            now=self._now(),
            with_mail=with_mail,
            told=self._told,
            # After a pause one mail shows whether the server is back.
            limit=1 if with_mail and self._mail_pause.seconds else LOOK_MAX,
        )
        outcomes = await asyncio.gather(*(self._deliver(each) for each in waiting))
        deliveries = [
            (each, outcome)
            for each, outcome in zip(waiting, outcomes, strict=True)
            if outcome is not None
        ]
        await self._record(deliveries)
        return len(deliveries)

    async def _record(self, deliveries: Sequence[tuple[Due, RecordDelivery]]) -> None:
        """Put outcomes into their lanes and wait a while until they count.

        What does not count yet will: until then that attempt is not made again.
        """
        if not deliveries:
            return
        pause = _Pause()
        while True:
            try:
                items = [_command(due, delivery) for due, delivery in deliveries]
                replies = await self._doors.commands(items)
                break
            except Exception as error:
                # What was sent must not be sent again only because the store was away.
                log.warning("outcomes could not be recorded: %s", type(error).__name__)
                await pause.wait()
        for (_, delivery), reply in zip(deliveries, replies, strict=True):
            if reply.done:
                self._told.pop(delivery.notice_id, None)
            else:
                self._told[delivery.notice_id] = delivery.attempt
        while len(self._told) > TOLD_MAX:
            del self._told[next(iter(self._told))]

    async def _deliver(self, due: Due) -> RecordDelivery | None:
        """Try one notice; none: it was not tried, since no mail can be sent now."""
        notice, pending = due.notice, due.notice.standing
        assert isinstance(pending, Pending), "only what is pending is looked for"
        try:
            outcome = await self._try(due, pending)
        except MailServerAway as away:
            if self._mail_pause.begin():
                seconds = self._mail_pause.seconds
                log.warning("mail waits %s s, its server is away: %s", seconds, away)
            return None
        except Exception as error:
            # One notice that cannot be written out must not keep the others.
            log.error("notice %s cannot be sent: %s", notice.notice_id, type(error).__name__)
            outcome = Refusal(pending.channel, "NOT_WRITTEN")
        return RecordDelivery(notice.notice_id, notice.attempts, outcome)

    async def _try(self, due: Due, pending: Pending) -> Proof | Refusal | Outage:
        """Write a notice out and send it. Raises MailServerAway."""
        party = due.party
        if party is None:
            return Refusal(pending.channel, "RECIPIENT_ERASED")
        rendered = self._means.renderer.render(
            due.notice.notice, due.notice.content, loan_id=due.key.id, party=party
        )
        if pending.channel == "EMAIL" and party.email and is_address(party.email):
            return await self._mail(due, party.email, party, rendered)
        return await self._print(due, party, rendered)

    async def _mail(
        self, due: Due, address: str, party: Party, rendered: Rendered
    ) -> Proof | Refusal | Outage:
        mail = Mail(
            message_id=f"<{due.notice.notice_id}@{self._means.mail_domain}>",
            to_name=name_of(party),
            to_address=address,
            subject=rendered.subject,
            text=rendered.text,
        )
        try:
            await self._means.mailer.send(mail)
        except MailRefused as refused:
            return Refusal("EMAIL", refused.code)
        except MailUnanswered as unanswered:
            return Outage("EMAIL", unanswered.code)
        self._mail_pause.end()
        return Proof(
            channel="EMAIL",
            provider_id=mail.message_id,
            text_sha256=_hash(rendered.text),
            address_sha256=_hash(address),
            template_version=rendered.template_version,
        )

    async def _print(self, due: Due, party: Party, rendered: Rendered) -> Proof | Refusal:
        name = f"{due.notice.notice_id}.txt"
        addressee = name_of(party)
        letter = f"{addressee}\n\n{rendered.subject}\n\n{rendered.text}"
        try:
            await self._means.printer.put(name, letter)
        except OSError:
            # No server that will be back by itself: after some tries a person is asked.
            return Refusal("LETTER", "PRINT_FAILED")
        return Proof(
            channel="LETTER",
            provider_id=name,
            text_sha256=_hash(letter),
            address_sha256=_hash(addressee),
            template_version=rendered.template_version,
        )


class _Pause:
    """A pause that doubles each time it begins anew, until what it waits for is well."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        """Say whether it has not passed yet."""
        return asyncio.get_running_loop().time() < self._until

    def begin(self) -> bool:
        """Wait, longer than the last time; no: it waits already."""
        if self.is_on:
            return False
        first, longest = TROUBLE_S
        self.seconds = min(self.seconds * 2 or first, longest)
        self._until = asyncio.get_running_loop().time() + self.seconds
        return True

    async def wait(self) -> None:
        """Begin, and wait until it has passed."""
        self.begin()
        await asyncio.sleep(self.seconds)

    def end(self) -> None:
        """Wait no more."""
        self.seconds = self._until = 0.0


def _command(due: Due, delivery: RecordDelivery) -> Command:
    """Say what became of an attempt; the same attempt says it once (lanes 16)."""
    return Command(
        due.key,
        "RecordDelivery",
        to_json(delivery),
        SENDER,
        request_id=f"{delivery.notice_id}/{delivery.attempt}",
        source="sender",
        case_id=due.notice.case_id,
    )


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
