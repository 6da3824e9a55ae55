"""The sender against a real SMTP server in this process, and what it does when that misbehaves."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from mesh.doors import Command, Reply
from mesh.people import Person
from mesh.service import Actor, Key, Message
from notifications.domain.correspondence import decide, evolve
from notifications.domain.events import Posting, RecordDelivery, RecordNotices
from notifications.domain.notices import Failed, LoanNotices, Notice, Party, Pending, Sent
from notifications.domain.policy import POLICY
from notifications.letters import PrintFolder
from notifications.mail import SmtpMailer
from notifications.rendering import Renderer
from notifications.sender import Means, Sender
from notifications.store.reads import Due
from notifications.wire.heard import to_command

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOAN = Key("demo", "LN-00012345")

JO = Party(
    party_id="P-1",
    given_name="Jo",
    family_name="Doe",
    business_name=None,
    email="jo@example.org",
    locale=None,
)


@dataclass
class Mailbox:
    """A mail server's mind: what it took, and what it says to each recipient and mail."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    peers: set[Any] = field(default_factory=set)
    to_recipient: str = "250 OK"
    to_mail: str = "250 OK"
    cuts: bool = False
    servers: list[SMTP] = field(default_factory=list)

    def hang_up(self) -> None:
        """Close every connection, as a server does with one that idles."""
        for server in self.servers:
            if server.transport:
                server.transport.close()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.peers.add(session.peer)
        self.servers.append(server)
        if self.to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to_recipient

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.cuts:
            assert server.transport is not None
            server.transport.abort()
        assert isinstance(envelope.content, bytes)
        if self.to_mail.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=default))  # pyright: ignore
            self.recipients += envelope.rcpt_tos
        return self.to_mail


@dataclass
class World:
    """Notices in memory, decided on as the mesh does; a clock that tests turn."""

    mailbox: Mailbox
    folder: Path
    port: int
    now: datetime = NOW
    state: LoanNotices = field(default_factory=LoanNotices)
    parties: dict[str, Party | None] = field(default_factory=dict)
    lanes: set[int] = field(default_factory=lambda: {0})
    commands_put: list[Command] = field(default_factory=list)
    asked_with_mail: list[bool] = field(default_factory=list)
    is_parked: bool = False
    recorded: asyncio.Event = field(default_factory=asyncio.Event)

    def post(self, number: int = 1, customer_id: str = "P-1") -> None:
        posting = Posting(
            posting_id=UUID(int=number),
            case_id=UUID(int=1_000 + number),
            customer_id=customer_id,
            case_number=f"C-{number}",
            product="PERSONAL_LOAN",
            segment="PERSONAL",
            reason="AGED",
            litigation="N",
            is_fraud=False,
            collection_ceases=False,
            currency="USD",
            principal_minor=100_000,
            interest_minor=0,
            fees_minor=0,
            penalties_minor=0,
            tax_minor=0,
            amount_minor=100_000,
            balance_after_minor=0,
            value_date=date(2026, 11, 20),
            booked=NOW.date(),
        )
        self._hear(RecordNotices(posting))

    async def find(
        self,
        *,
        lanes: Collection[int],
        now: datetime,
        with_mail: bool,
        told: Mapping[UUID, int],
        limit: int,
    ) -> list[Due]:
        self.asked_with_mail.append(with_mail)
        return [
            Due(LOAN, 0, notice, self.parties[notice.recipient])
            for notice in self.state.notices.values()
            if isinstance(notice.standing, Pending)
            and notice.standing.try_at <= now
            and notice.recipient in self.parties
            and told.get(notice.notice_id) != notice.attempts
        ][:limit]

    async def commands(self, items: Sequence[Command], *, wait_s: float = 10) -> list[Reply]:
        self.commands_put += items
        if self.is_parked:
            return [Reply(done=False) for _ in items]
        for item in items:
            heard = to_command(_message(item))
            assert isinstance(heard, RecordDelivery)
            self._hear(heard)
        if items:
            self.recorded.set()
        return [Reply(done=True) for _ in items]

    def _hear(self, command: RecordNotices | RecordDelivery) -> None:
        for event in decide(self.state, command, now=self.now, policy=POLICY):
            after = evolve(self.state, event)
            assert isinstance(after, LoanNotices)
            self.state = after

    @asynccontextmanager
    async def sender(self, *, answer_s: float = 5) -> AsyncIterator[Sender]:
        mailer = SmtpMailer(
            host="127.0.0.1",
            port=self.port,
            mail_from="write-offs@bank.example",
            from_name="A Bank",
            now=lambda: self.now,
            answer_s=answer_s,
        )
        means = Means(
            renderer=Renderer(lender="A Bank", contact="write-offs@bank.example"),
            mailer=mailer,
            printer=PrintFolder(self.folder),
            mail_domain="bank.example",
        )
        yield Sender(
            means,
            find=self.find,
            doors=self,
            held=lambda: self.lanes,
            now=lambda: self.now,
            look_s=0.01,
        )
        await mailer.close()

    @property
    def notice(self) -> Notice:
        (notice,) = self.state.notices.values()
        return notice

    @property
    def pending(self) -> Pending:
        standing = self.notice.standing
        assert isinstance(standing, Pending)
        return standing


def _message(command: Command) -> Message:
    """Make the message that a lane hears of a command."""
    return Message(
        kind=command.kind,
        body=command.body,
        message_id=UUID(int=0),
        tenant=command.key.tenant,
        source=command.source,
        actor=Actor("mesh", "notifications"),
        correlation_id=UUID(int=0),
        by=Person("notifications", frozenset({"mesh"})),
    )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0)
    world = World(mailbox, tmp_path / "print", server.sockets[0].getsockname()[1])
    world.parties["P-1"] = JO
    yield world
    server.close()
    await server.wait_closed()


async def test_a_notice_goes_out_by_mail_with_its_proof(world: World) -> None:
    world.post()
    async with world.sender() as sender:
        assert await sender.look() == 1

    (mail,) = world.mailbox.mails
    assert world.mailbox.recipients == ["jo@example.org"]
    assert mail["To"] == "Jo Doe <jo@example.org>"
    assert mail["From"] == "A Bank <write-offs@bank.example>"
    assert mail["Message-ID"] == f"<{world.notice.notice_id}@bank.example>"
    assert "owe USD 1,000.00" in mail.get_content()
    standing = world.notice.standing
    assert isinstance(standing, Sent)
    assert standing.proof.channel == "EMAIL"
    assert standing.proof.provider_id == mail["Message-ID"]
    (command,) = world.commands_put
    assert command.request_id == f"{world.notice.notice_id}/0"


async def test_many_mails_go_over_few_kept_connections(world: World) -> None:
    for number in range(1, 61):
        world.post(number)
    async with world.sender() as sender:
        assert await sender.look() == 60
        world.post(61)
        assert await sender.look() == 1

    assert len(world.mailbox.mails) == 61
    assert len(world.mailbox.peers) <= 8


async def test_what_is_told_of_a_delivery_tells_nothing_of_the_person(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world.mailbox.to_recipient = "550 no such user jo@example.org"
    world.post()
    async with world.sender() as sender:
        await sender.look()

    told = repr(world.commands_put) + repr(world.notice)
    own = "".join(r.getMessage() for r in caplog.records if r.name.startswith("notifications"))
    for secret in ("jo@", "Doe", "no such user"):
        assert secret not in told
        assert secret not in own


@pytest.mark.parametrize("answer", ["550 no such user", "451 try again later"])
async def test_a_refused_mail_is_tried_again_under_the_same_id(world: World, answer: str) -> None:
    world.mailbox.to_recipient = answer
    world.post()
    async with world.sender() as sender:
        assert await sender.look() == 1
        assert await sender.look() == 0
        pending = world.pending
        world.now += timedelta(hours=1)
        world.mailbox.to_recipient = "250 OK"
        assert await sender.look() == 1

    assert (pending.tries, pending.code) == (1, f"SMTP_{answer[:3]}")
    assert pending.try_at == NOW + timedelta(hours=1)
    (mail,) = world.mailbox.mails
    assert mail["Message-ID"] == f"<{world.notice.notice_id}@bank.example>"
    assert [c.request_id for c in world.commands_put] == [
        f"{world.notice.notice_id}/0",
        f"{world.notice.notice_id}/1",
    ]


async def test_a_mail_sent_but_not_recorded_is_repeated_under_the_same_id(world: World) -> None:
    world.post()
    before = world.state
    async with world.sender() as sender:
        await sender.look()
    world.state = before
    async with world.sender() as sender:
        await sender.look()

    first, second = world.mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]


async def test_mail_that_is_refused_again_and_again_becomes_a_letter(world: World) -> None:
    world.mailbox.to_mail = "554 not wanted"
    world.post()
    async with world.sender() as sender:
        for hours in (0, 1, 6, 24):
            world.now += timedelta(hours=hours)
            assert await sender.look() == 1

    standing = world.notice.standing
    assert isinstance(standing, Sent)
    assert standing.proof.channel == "LETTER"
    letter = world.folder / f"{world.notice.notice_id}.txt"
    assert letter.read_text().startswith("Jo Doe\n\nYour loan ending 2345 was written off\n")


@pytest.mark.parametrize("email", [None, "", "nowhere", "jo@example.org\r\nRCPT TO:<eve@x.org>"])
async def test_without_an_address_for_mail_it_is_a_letter(world: World, email: str | None) -> None:
    world.parties["P-1"] = replace(JO, email=email)
    world.post()
    async with world.sender() as sender:
        await sender.look()

    assert world.mailbox.mails == []
    standing = world.notice.standing
    assert isinstance(standing, Sent)
    assert standing.proof.channel == "LETTER"
    assert [p.name for p in world.folder.iterdir()] == [standing.proof.provider_id]


async def test_a_name_that_would_be_a_header_is_none(world: World) -> None:
    world.parties["P-1"] = replace(JO, given_name="Jo\r\nBcc: eve@example.org\r\n\r\nEvil")
    world.post()
    async with world.sender() as sender:
        await sender.look()

    (mail,) = world.mailbox.mails
    assert world.mailbox.recipients == ["jo@example.org"]
    assert mail["Bcc"] is None
    assert mail.get_content().startswith("Dear Jo Bcc: eve@example.org Evil Doe,")


async def test_a_server_that_is_down_costs_no_try_and_letters_still_go(world: World) -> None:
    up, world.port = world.port, 1
    world.parties["P-2"] = replace(JO, party_id="P-2", email=None)
    world.post()
    async with world.sender() as sender:
        assert await sender.look() == 0
        assert world.pending == Pending("EMAIL", NOW)
        world.post(2, "P-2")
        assert await sender.look() == 1
    world.port = up
    async with world.sender() as sender:
        await sender.look()

    assert world.asked_with_mail == [True, False, True]
    assert all(isinstance(n.standing, Sent) for n in world.state.notices.values())


async def test_a_server_that_refuses_the_sender_is_away_for_everyone(world: World) -> None:
    async def handle_mail(*_: object) -> str:
        return "550 we do not know you"

    world.mailbox.handle_MAIL = handle_mail  # pyright: ignore
    world.post()
    async with world.sender() as sender:
        assert await sender.look() == 0

    assert world.pending.tries == 0


async def test_a_connection_cut_in_a_mail_is_an_outage_of_that_mail(world: World) -> None:
    world.mailbox.cuts = True
    world.post()
    async with world.sender() as sender:
        assert await sender.look() == 1

    assert (world.pending.tries, world.pending.outages) == (0, 1)
    assert world.pending.code == "CUT_OFF"


async def test_a_kept_connection_that_was_closed_meanwhile_is_made_anew(world: World) -> None:
    world.post()
    async with world.sender() as sender:
        await sender.look()
        world.mailbox.hang_up()
        world.post(2)
        await sender.look()

    assert len(world.mailbox.mails) == 2
    assert len(world.mailbox.peers) == 2
    assert [n.attempts for n in world.state.notices.values()] == [1, 1]


async def test_a_server_that_never_answers_is_given_up_on(world: World) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    world.port = server.sockets[0].getsockname()[1]
    world.post()
    async with world.sender(answer_s=0.2) as sender:
        assert await sender.look() == 0
    server.close()
    await server.wait_closed()

    assert world.pending.tries == 0


async def test_a_print_folder_that_cannot_be_written_is_a_task_in_the_end(world: World) -> None:
    world.folder.write_text("no folder")
    world.parties["P-1"] = replace(JO, email=None)
    world.post()
    async with world.sender() as sender:
        for hours in (0, 1, 6):
            world.now += timedelta(hours=hours)
            assert await sender.look() == 1

    assert world.notice.standing == Failed("PRINT_FAILED")
    assert len(world.state.tasks) == 1


async def test_an_erased_recipient_is_told_nothing_and_a_person_is_asked(world: World) -> None:
    world.parties["P-1"] = None
    world.post()
    async with world.sender() as sender:
        await sender.look()

    assert world.notice.standing == Failed("RECIPIENT_ERASED")
    assert world.mailbox.mails == []


async def test_a_party_not_heard_yet_is_waited_for(world: World) -> None:
    world.parties.clear()
    world.post()
    async with world.sender() as sender:
        assert await sender.look() == 0
        world.parties["P-1"] = JO
        assert await sender.look() == 1

    assert isinstance(world.notice.standing, Sent)


async def test_nothing_is_sent_where_no_lane_is_held(world: World) -> None:
    world.lanes.clear()
    world.post()
    async with world.sender() as sender:
        assert await sender.look() == 0

    assert world.mailbox.mails == []


async def test_the_sender_goes_on_after_its_store_was_away(world: World) -> None:
    find, failures = world.find, [OSError("gone")]

    async def flaky(**asked: Any) -> list[Due]:
        if failures:
            raise failures.pop()
        return await find(**asked)

    world.find = flaky  # pyright: ignore
    world.post()
    async with world.sender() as sender:
        running = asyncio.create_task(sender.run())
        async with asyncio.timeout(10):
            await world.recorded.wait()
        running.cancel()
        await asyncio.wait([running])

    assert len(world.mailbox.mails) == 1


async def test_an_outcome_that_does_not_count_yet_is_not_sent_twice_and_stops_nobody(
    world: World,
) -> None:
    world.post()
    world.is_parked = True
    async with world.sender() as sender:
        assert await sender.look() == 1
        assert await sender.look() == 0
        world.is_parked = False
        world.post(2)
        assert await sender.look() == 1
        world.state = replace(
            world.state,
            notices={
                n.notice_id: replace(n, attempts=1) for n in [*world.state.notices.values()][:1]
            },
        )
        assert await sender.look() == 1

    assert len(world.mailbox.mails) == 3


async def test_a_notice_that_cannot_be_written_stops_no_other(world: World) -> None:
    world.post()
    strange = replace(world.notice, notice_id=UUID(int=99), notice="NO_SUCH_NOTICE")
    world.state = replace(world.state, notices={**world.state.notices, strange.notice_id: strange})
    async with world.sender() as sender:
        assert await sender.look() == 2

    assert len(world.mailbox.mails) == 1
    standing = world.state.notices[strange.notice_id].standing
    assert isinstance(standing, Pending)
    assert (standing.tries, standing.code) == (1, "NOT_WRITTEN")


async def test_what_was_sent_is_recorded_when_the_store_is_back(world: World) -> None:
    commands, failures = world.commands, [OSError("gone")]

    async def flaky(items: Sequence[Command], *, wait_s: float = 10) -> list[Reply]:
        if failures:
            raise failures.pop()
        return await commands(items)

    world.commands = flaky  # pyright: ignore
    world.post()
    async with world.sender() as sender:
        assert await sender.look() == 1

    assert len(world.mailbox.mails) == 1
    assert isinstance(world.notice.standing, Sent)
