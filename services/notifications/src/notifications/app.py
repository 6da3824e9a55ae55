"""The service as a process runs it."""

import os
from datetime import UTC, datetime
from functools import partial

from mesh.process import App, Context
from mesh.settings import Settings as MeshSettings

from notifications import api
from notifications.domain.policy import POLICY
from notifications.letters import PrintFolder
from notifications.mail import SmtpMailer
from notifications.rendering import Renderer
from notifications.sender import Means, Sender
from notifications.service import Notifications
from notifications.settings import Settings
from notifications.store.reads import due
from notifications.store.states import Store


def build(_: MeshSettings) -> App:
    """Put the service together."""
    settings = Settings.read(os.environ)

    async def send(context: Context) -> None:
        """Send notices until the process ends."""
        mailer = SmtpMailer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            mail_from=settings.mail_from,
            from_name=settings.lender,
            now=_now,
        )
        means = Means(
            renderer=Renderer(lender=settings.lender, contact=settings.mail_from),
            mailer=mailer,
            printer=PrintFolder(settings.print_dir),
            mail_domain=settings.mail_from.rpartition("@")[2],
        )
        sender = Sender(
            means,
            find=partial(due, context.reader),
            doors=context.doors,
            held=context.held,
            now=_now,
        )
        try:
            await sender.run()
        finally:
            await mailer.close()

    return App(service=Notifications(Store(), POLICY), routes=api.routes, background=(send,))


def _now() -> datetime:
    return datetime.now(UTC)
