"""Sends mail by SMTP over a few kept connections.

What the server says about a recipient is about that notice; that it cannot be reached, or takes
nothing from us, is about the server. No error here tells an address: servers quote them back.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib

SENDS_MAX = 8
"""Connections at once: more than a mail server for one sender likes to hold."""

ANSWER_S = 20.0
"""A server that has not answered by then will not; sending waits, no case does."""

IDLE_S = 60.0
"""A connection unused this long may have been closed on the other side: a new one is made."""

UNAVAILABLE = 421
"""The answer by which a server ends the conversation: it says nothing about the notice."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
ADDRESS_CHARACTERS_MAX = 254
"""RFC 5321."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one person."""

    message_id: str
    """The same on every try, so that a repeat is known as one."""
    to_name: str = field(repr=False)
    to_address: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


class MailRefused(Exception):
    """The server said no to this mail."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class MailUnanswered(Exception):
    """The server took the call but gave no answer about this mail."""

    def __init__(self, code: str, *, is_cut: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.is_cut = is_cut
        """The connection was closed before an answer came."""


class MailServerAway(Exception):
    """The server cannot be reached, or takes nothing from us: no mail can be sent now."""


def is_address(text: str) -> bool:
    """Say whether mail can be sent to it: one plain address and nothing else."""
    return len(text) <= ADDRESS_CHARACTERS_MAX and ADDRESS.fullmatch(text) is not None


class SmtpMailer:
    """A mail server, by connections that are kept and taken in turn."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        mail_from: str,
        from_name: str,
        now: Callable[[], datetime],
        answer_s: float = ANSWER_S,
    ) -> None:
        """Know the server; the first mail connects."""
        self._host = host
        self._port = port
        self._from = Address(display_name=from_name, addr_spec=mail_from)
        self._now = now
        self._answer_s = answer_s
        self._free = asyncio.Semaphore(SENDS_MAX)
        self._kept: list[_Connection] = []

    async def send(self, mail: Mail) -> None:
        """Hand a mail over. Raises MailRefused, MailUnanswered or MailServerAway."""
        raw = self.write(mail)
        async with self._free:
            connection = self._take()
            if connection is not None:
                try:
                    await self._send(connection, mail.to_address, raw)
                    return
                except MailUnanswered as error:
                    # A kept connection may have been closed since: that tells nothing yet.
                    if not error.is_cut:
                        raise
            await self._send(await self._connect(), mail.to_address, raw)

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        while self._kept:
            client = self._kept.pop().client
            try:
                await client.quit()
            except (aiosmtplib.SMTPException, OSError):
                client.close()

    def write(self, mail: Mail) -> bytes:
        """Make the mail's bytes; no value can add a header."""
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = self._from
        message["To"] = Address(display_name=mail.to_name, addr_spec=mail.to_address)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(self._now())
        message["Message-ID"] = mail.message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text, cte="quoted-printable")
        return message.as_bytes()

    def _take(self) -> "_Connection | None":
        """Take a kept connection that is likely alive, the last used first."""
        now = asyncio.get_running_loop().time()
        while self._kept:
            connection = self._kept.pop()
            if connection.client.is_connected and now - connection.used_at < IDLE_S:
                return connection
            connection.client.close()
        return None

    async def _connect(self) -> "_Connection":
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            local_hostname=self._from.domain,
            timeout=self._answer_s,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise MailServerAway(_said(error)) from None
        return _Connection(client)

    async def _send(self, connection: "_Connection", address: str, raw: bytes) -> None:
        """Send over a connection, and keep it if it still stands."""
        client = connection.client
        try:
            await client.sendmail(self._from.addr_spec, [address], raw)
        except aiosmtplib.SMTPRecipientsRefused as error:
            self._keep(connection)
            raise _judged(error.recipients[0].code) from None
        except aiosmtplib.SMTPDataError as error:
            self._keep(connection)
            raise _judged(error.code) from None
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise MailServerAway(f"SMTP_{error.code}") from None
        except aiosmtplib.SMTPServerDisconnected:
            client.close()
            raise MailUnanswered("CUT_OFF", is_cut=True) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise MailUnanswered(_said(error)) from None
        except BaseException:
            client.close()
            raise
        self._keep(connection)

    def _keep(self, connection: "_Connection") -> None:
        if connection.client.is_connected:
            connection.used_at = asyncio.get_running_loop().time()
            self._kept.append(connection)


@dataclass(slots=True)
class _Connection:
    client: aiosmtplib.SMTP
    used_at: float = 0.0


def _judged(code: int) -> MailRefused | MailUnanswered:
    """Say whether an answer is about the mail."""
    kind = MailUnanswered if code == UNAVAILABLE else MailRefused
    return kind(f"SMTP_{code}")


def _said(error: Exception) -> str:
    """Name a failure without its text, which may quote an address."""
    return "TIMED_OUT" if isinstance(error, TimeoutError) else type(error).__name__
