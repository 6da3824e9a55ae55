"""A broker that starts: it answers, and may name no brokers yet."""

import socket
import threading
from contextlib import suppress
from struct import pack, unpack
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"

METADATA, VERSIONS = 3, 18
"""Kafka's numbers for what a client asks before all else."""

UNKNOWN_TOPIC, UNSUPPORTED_VERSION = 3, 35
NOBODY = -1


def _text(text: str) -> bytes:
    return pack(">h", len(text)) + text.encode()


class StartingBroker:
    """Answers what clients ask of brokers and topics, in Kafka's protocol; it has no topic."""

    def __init__(self) -> None:
        """Take a port; nobody is answered before `with`."""
        self._server = socket.create_server((HOST, 0))
        self.address = f"{HOST}:{self._port}"
        self.starts = False
        """Every other time it tells of topics and names no broker: who hears that loses it for
        good, but not each time: another answer may come before it has let go."""
        self._named = False

    @property
    def _port(self) -> int:
        return self._server.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, name="starting broker", daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _serve(self) -> None:
        with suppress(OSError):  # the test is over
            while True:
                line, _ = self._server.accept()
                threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with suppress(OSError), line, line.makefile("rb") as asked:  # who asks may go away
            while head := asked.read(4):
                request = asked.read(unpack(">i", head)[0])
                kind, version, number = unpack(">hhi", request[:8])
                body = self._metadata() if kind == METADATA else _versions(version)
                line.sendall(pack(">ii", len(body) + 4, number) + body)

    def _metadata(self) -> bytes:
        self._named = not (self.starts and self._named)
        us = pack(">i", 1) + _text(HOST) + pack(">ih", self._port, -1)
        brokers = [us] if self._named else []
        controller = 1 if brokers else NOBODY
        topic = pack(">h", UNKNOWN_TOPIC) + _text("__none__") + pack(">?i", False, 0)
        return pack(">i", len(brokers)) + b"".join(brokers) + pack(">ii", controller, 1) + topic


def _versions(version: int) -> bytes:
    """Say that we answer no other questions than these, in their first versions."""
    kinds = pack(">hhh", VERSIONS, 0, 0) + pack(">hhh", METADATA, 0, 1)
    return pack(">hi", UNSUPPORTED_VERSION if version else 0, 2) + kinds
