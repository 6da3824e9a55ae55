"""Lines between processes and their servers in which somebody stands: he may hold bytes back,
swallow an answer, or cut.

A held line is silent in both directions and stays open, as a cable that was pulled: what was sent
meanwhile arrives when it heals. New connections are taken and are as silent.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import stack

HOST = "127.0.0.1"
CHUNK = 1 << 16

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""PostgreSQL's simple query, as the mesh ends a turn."""

PRODUCE = 0
"""Kafka's number for requests that hand records over."""


@dataclass(slots=True)
class Requests:
    """Finds the requests in what a Kafka client sends: each is led by its size and its kind."""

    head: bytes = b""
    left: int = 0

    def kinds(self, data: bytes) -> Iterator[int]:
        """Give the kind of each request that begins in these bytes."""
        while data:
            if self.left:
                gone = min(self.left, len(data))
                data, self.left = data[gone:], self.left - gone
                continue
            missing = 6 - len(self.head)
            self.head, data = self.head + data[:missing], data[missing:]
            if len(self.head) == 6:
                yield int.from_bytes(self.head[4:], signed=True)
                self.head, self.left = b"", int.from_bytes(self.head[:4]) - 2


@dataclass(slots=True)
class Line:
    """One connection: what its client has sent so far says what it is for."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    requests: Requests = field(default_factory=Requests)
    produces: bool = False
    loses: bool = False

    def cut(self) -> None:
        """End both sides at once."""
        self.client.transport.abort()
        self.server.transport.abort()


class Link:
    """All connections of one process with one server."""

    def __init__(self, loop: asyncio.AbstractEventLoop, behind: int) -> None:
        """Lead to the port `behind`."""
        self._loop = loop
        self._behind = behind
        self._flows = asyncio.Event()
        self._takes = asyncio.Event()
        self._flows.set()
        self._takes.set()
        self._losing = 0
        self._lines: set[asyncio.Task[None]] = set()
        self.lost = 0
        """So many COMMITs were done, and their answers swallowed."""

    def hold(self) -> None:
        """Let nothing through."""
        self._do(self._flows.clear)

    def hold_produced(self) -> None:
        """Let nothing through where records are handed over: they are never acknowledged."""
        self._do(self._takes.clear)

    def heal(self) -> None:
        """Let everything through."""
        self._do(self._flows.set)
        self._do(self._takes.set)

    def lose_commits(self, count: int) -> None:
        """Swallow the answers of the next COMMITs, and cut their connections."""
        self._losing += count

    def _do(self, act: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(act)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        try:
            answers, server = await asyncio.open_connection(HOST, self._behind)
        except OSError:
            writer.transport.abort()
            return
        line = Line(writer, server)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._ask(line, reader))
                both.create_task(self._answer(line, answers))
        except* OSError:
            pass  # one side went away; the other one is told
        finally:
            line.cut()

    async def _ask(self, line: Line, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK):
            line.produces |= PRODUCE in set(line.requests.kinds(data))
            if self._losing and COMMIT in data:
                self._losing -= 1
                line.loses = True
            await self._may_pass(line)
            line.server.write(data)
            await line.server.drain()
        raise ConnectionAbortedError

    async def _answer(self, line: Line, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK):
            if line.loses:
                self.lost += 1
                break
            await self._may_pass(line)
            line.client.write(data)
            await line.client.drain()
        raise ConnectionAbortedError

    async def _may_pass(self, line: Line) -> None:
        await self._flows.wait()
        if line.produces:
            await self._takes.wait()


class Links:
    """The links of all processes of a stack, by process and server (`kafka`, `postgres`)."""

    def __init__(self, ports: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
        """Know the ports, as `stack.Env.links` tells them; nothing listens before `with`."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="links", daemon=True)
        self.ports = ports
        self._links = {
            (name, what): Link(self._loop, behind)
            for name, each in ports.items()
            for what, (_, behind) in each.items()
        }

    @classmethod
    def of(cls, env: stack.Env) -> Self:
        """Know the links of a running stack."""
        return cls(env.links)

    def __getitem__(self, place: tuple[str, str]) -> Link:
        return self._links[place]

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _listen(self) -> None:
        self._servers = [
            await asyncio.start_server(link.serve, HOST, self.ports[name][what][0])
            for (name, what), link in self._links.items()
        ]

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        ours = asyncio.current_task()
        lines = [task for task in asyncio.all_tasks() if task is not ours]
        for task in lines:
            task.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
