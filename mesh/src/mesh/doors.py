"""The way in for people and programs: a command is put into `due`, its answer comes from the store.

A door changes nothing itself (lanes 18). It puts the command into the lane of its key, waits until
that lane's owner, here or elsewhere, has heard it, and tells what was answered. Killed in between,
nothing is lost: the command is heard, and asking again with the same identity gives the answer.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID, uuid5

from mesh.http import (
    Refusal,
    idempotency_key,
    person_of,
    prefers_async,
    read_json,
    read_object,
    refused,
    require,
    respond,
    tenant_of,
)
from mesh.lanes import lane_of
from mesh.people import Person
from mesh.ports import DueRow
from mesh.service import NAMESPACE, Key, Reader

__all__ = [
    "WAIT_S",
    "Command",
    "CommandStore",
    "Doors",
    "Refusal",
    "Reply",
    "StoredAnswer",
    "content_hash",
    "idempotency_key",
    "person_of",
    "prefers_async",
    "read_json",
    "read_object",
    "refused",
    "request_message_id",
    "require",
    "respond",
    "tenant_of",
]

BODY_BYTES_MAX = 64 * 1024
"""A command says what a person decided; more text than this is no part of a write-off."""

COMMANDS_MAX = 1_000
"""Commands of one call: two turns' worth, put in one statement within a second."""

WAITING_MAX = 5_000
"""Commands waited for at once: each look asks for all of them, and that query must stay short."""

LOOK_S = 0.02
"""How often answers are looked for that another instance gives: half of it is waited on average."""

LOOK_SHARE = 4
"""A look that took long is followed by a pause this many times as long: others need the store."""

WAIT_S = 10.0
"""How long a caller waits: what takes longer waits for a person, and the caller may look again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants done to one key; with a request_id once, however often sent."""

    key: Key
    kind: str
    body: Mapping[str, Any]
    by: Person
    request_id: str | None = None
    source: str = "door"
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a command. Not `done`: it is kept and will be heard; look for `message_id`."""

    done: bool
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    code: str | None = None
    """Why not, when refused."""
    case_id: UUID | None = None
    message_id: UUID | None = None
    """The command's id: a case that it opens has this id."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the store knows of a command that was heard. Not `done`: the answer comes later."""

    content_hash: bytes
    case_id: UUID | None
    code: str | None
    body: Mapping[str, Any]
    done: bool


class CommandStore(Protocol):
    """What doors need of the service's database."""

    async def put(self, rows: Sequence[DueRow]) -> None:
        """Put rows in, in one transaction; a due_id that is there already changes nothing."""
        ...

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        """Give what is known of these commands."""
        ...


class Doors:
    """Puts commands in and waits for their answers: from this process at once, else by looking."""

    def __init__(
        self,
        store: CommandStore,
        reader: Reader,
        *,
        lanes: int,
        now: Callable[[], datetime],
        new_id: Callable[[], UUID],
        on_put: Callable[[set[int]], None],
    ) -> None:
        """Stand before a store. `on_put` wakes the engine for the lanes that got something."""
        self.reader = reader
        self._store = store
        self._lanes = lanes
        self._now = now
        self._new_id = new_id
        self._on_put = on_put
        self._waiting: dict[UUID, list[_Call]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def command(
        self,
        key: Key,
        kind: str,
        body: Mapping[str, Any],
        *,
        by: Person,
        request_id: str | None = None,
        source: str = "door",
        case_id: UUID | None = None,
        wait_s: float = WAIT_S,
    ) -> Reply:
        """Put one command in and give its reply."""
        item = Command(key, kind, body, by, request_id, source, case_id)
        [reply] = await self.commands([item], wait_s=wait_s)
        return reply

    async def commands(self, items: Sequence[Command], *, wait_s: float = WAIT_S) -> list[Reply]:
        """Put commands in, all or none, and give their replies in order."""
        if len(items) > COMMANDS_MAX:
            raise Refusal(413, "TOO_MANY_COMMANDS", f"at most {COMMANDS_MAX} commands a call")
        if len(self._waiting) + len(items) > WAITING_MAX:
            raise Refusal(503, "TOO_MANY_WAITING", "too many commands wait: try again in a second")
        asked = [self._ask(item) for item in items]
        call = _Call()
        repeatable = [a.row.due_id for a in asked if a.repeatable]
        if repeatable:
            call.known = await self._store.answers(repeatable)
        call.missing = {a.row.due_id for a in asked if not a.is_told_by(call.known)}
        if call.missing:
            fresh: dict[UUID, DueRow] = {}
            for a in asked:
                if a.row.due_id not in call.known:
                    fresh.setdefault(a.row.due_id, a.row)  # the first of an identity counts
            await self._put_and_wait(call, list(fresh.values()), wait_s=wait_s)
        return [_reply(a, call.known.get(a.row.due_id)) for a in asked]

    def answered(self, answers: Mapping[UUID, StoredAnswer]) -> None:
        """Tell answers that were just committed to those who wait for them."""
        for message_id, answer in answers.items():
            for call in self._waiting.get(message_id, ()):
                call.take(message_id, answer)

    async def close(self) -> None:
        """Look no more; who still waits is told at his deadline that it is not done."""
        if self._looking:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    def _ask(self, item: Command) -> "_Asked":
        """Make the row of a command."""
        request_id = item.request_id or str(self._new_id())
        message_id = request_message_id(item.source, item.key.tenant, request_id)
        payload = canonical(
            {
                "body": item.body,
                "by": item.by.to_json(),
                "source": item.source,
                "request_id": request_id,
                "correlation_id": item.case_id or message_id,
            }
        )
        if len(payload) > BODY_BYTES_MAX:
            raise Refusal(413, "BODY_TOO_LARGE", f"a command has at most {BODY_BYTES_MAX} bytes")
        row = DueRow(
            lane=lane_of(item.key.text, lanes=self._lanes),
            due_at=self._now(),
            due_id=message_id,
            case_id=item.case_id,
            kind=item.kind,
            key=item.key,
            payload=payload,
        )
        return _Asked(row, content_hash(item.kind, item.body), item.request_id is not None)

    async def _put_and_wait(self, call: "_Call", rows: Sequence[DueRow], *, wait_s: float) -> None:
        # Waiting begins before the rows are in: their answers may come before `put` returns.
        waited = frozenset(call.missing)
        for message_id in waited:
            self._waiting.setdefault(message_id, []).append(call)
        try:
            if rows:
                await self._store.put(rows)
                self._on_put({row.lane for row in rows})
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look(), name="look for answers")
            with suppress(TimeoutError):
                await asyncio.wait_for(call.complete.wait(), wait_s)
        finally:
            for message_id in waited:
                self._waiting[message_id].remove(call)
                if not self._waiting[message_id]:
                    del self._waiting[message_id]

    async def _look(self) -> None:
        """Ask the store for all that is waited for, as long as something is."""
        loop = asyncio.get_running_loop()
        pause = LOOK_S
        while self._waiting:
            await asyncio.sleep(pause)
            started = loop.time()
            try:
                self.answered(await self._store.answers(list(self._waiting)))
            except Exception:
                # Whoever waits has a deadline; the next look may find the store again.
                log.warning("answers could not be looked for", exc_info=True)
            pause = max(LOOK_S, LOOK_SHARE * (loop.time() - started))


class _Call:
    """One caller who waits, until nothing is missing."""

    def __init__(self) -> None:
        self.known: dict[UUID, StoredAnswer] = {}
        self.missing: set[UUID] = set()
        self.complete = asyncio.Event()

    def take(self, message_id: UUID, answer: StoredAnswer) -> None:
        """Note an answer, also one that is not the last word."""
        self.known[message_id] = answer
        if answer.done:
            self.missing.discard(message_id)
        if not self.missing:
            self.complete.set()


@dataclass(frozen=True, slots=True)
class _Asked:
    row: DueRow
    content_hash: bytes
    repeatable: bool

    def is_told_by(self, known: Mapping[UUID, StoredAnswer]) -> bool:
        """Say whether the last word is among what is known: its answer, or that it is not his."""
        answer = known.get(self.row.due_id)
        return answer is not None and (answer.done or answer.content_hash != self.content_hash)


def request_message_id(source: str, tenant: str, request_id: str) -> UUID:
    """Give the id of the request of an identity (lanes 16). Never change it."""
    return uuid5(NAMESPACE, f"request/{source}/{tenant}/{request_id}")


def content_hash(kind: str, body: Mapping[str, Any]) -> bytes:
    """Give the SHA-256 of what a command says: the same for the body made and the body read."""
    return hashlib.sha256(canonical({"kind": kind, "body": body})).digest()


def canonical(value: Any) -> bytes:
    """Write JSON of which equal values have equal bytes. Raises TypeError, ValueError."""
    return json.dumps(
        value,
        default=_as_text,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode()


def _as_text(value: object) -> str:
    match value:
        case UUID() | Decimal():
            return str(value)
        case date():
            return value.isoformat()
        case _:
            raise TypeError(f"a command cannot say a {type(value).__name__}")


def _reply(asked: _Asked, answer: StoredAnswer | None) -> Reply:
    message_id = asked.row.due_id
    if answer is None:
        return Reply(done=False, case_id=asked.row.case_id, message_id=message_id)
    if answer.content_hash != asked.content_hash:
        told = {"message": "this request id was used before, with other content"}
        return Reply(done=True, body=told, code="ID_REUSED", message_id=message_id)
    return Reply(answer.done, answer.body, answer.code, answer.case_id, message_id)
