"""The mail catcher: takes every mail, sends none, keeps them in a Maildir."""

import mailbox
import sys

from stack import probes
from stack.keeper import Program, environment
from stack.places import Places


def prepare(places: Places) -> None:
    """Make the Maildir whole: the catcher takes an empty folder for one and then fails."""
    mailbox.Maildir(places.mail, create=True).close()
    for name in ("new", "cur", "tmp"):
        (places.mail / name).mkdir(exist_ok=True)


def program(places: Places, *, port: int) -> Program:
    """Describe the server."""

    async def ready() -> bool:
        return await probes.smtp_answers(port)

    listen = ("-n", "-l", f"{probes.HOST}:{port}")
    return Program(
        name="mail",
        command=(
            *(sys.executable, "-m", "aiosmtpd", *listen),
            *("-c", "aiosmtpd.handlers.Mailbox", str(places.mail)),
        ),
        environment=environment(),
        port=port,
        ready=ready,
        grace_s=5.0,
    )
