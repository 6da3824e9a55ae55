import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mesh.doors import Command, Doors, Refusal, StoredAnswer, content_hash, request_message_id
from mesh.lanes import lane_of
from mesh.people import Person
from mesh.ports import DueRow, Unavailable
from mesh.service import NAMESPACE, Key

from mesh import doors as door

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOAN = Key("demo", "LN-1")
ANA = Person("ana", frozenset({"loan_agent"}))
CASE = UUID(int=7)
BODY = {"amount_minor": 5}


@dataclass
class MemoryCommands:
    """A store of commands whose owner answers when the test says so."""

    rows: dict[UUID, DueRow] = field(default_factory=dict)
    known: dict[UUID, StoredAnswer] = field(default_factory=dict)
    puts: int = 0
    looks: int = 0
    silent: int = 0

    async def put(self, rows: Sequence[DueRow]) -> None:
        self.puts += 1
        for row in rows:
            self.rows.setdefault(row.due_id, row)

    async def answers(self, ids: Sequence[UUID]) -> dict[UUID, StoredAnswer]:
        self.looks += 1
        if self.silent:
            self.silent -= 1
            raise Unavailable
        return {
            message_id: self.known[message_id] for message_id in ids if message_id in self.known
        }

    async def fetch(self, query: str, *args: object) -> Sequence[Mapping[str, Any]]:
        raise NotImplementedError

    def hear(self, code: str | None = None, *, done: bool = True) -> dict[UUID, StoredAnswer]:
        """Answer all that waits, as the engine does: the content's hash is of what it reads."""
        heard = {}
        for message_id, row in self.rows.items():
            told = json.loads(row.payload)
            answer = StoredAnswer(
                content_hash(row.kind, told["body"]), CASE, code, {"heard": told["body"]}, done
            )
            heard[message_id] = self.known.setdefault(message_id, answer)
        self.rows = {}
        return heard


@dataclass
class World:
    store: MemoryCommands
    doors: Doors
    woken: list[set[int]]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    store, woken = MemoryCommands(), []
    ids = iter(UUID(int=n) for n in range(1, 10_000))
    doors = Doors(
        store, store, lanes=6, now=lambda: NOON, new_id=lambda: next(ids), on_put=woken.append
    )
    yield World(store, doors, woken)
    await doors.close()


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0)


async def test_a_command_waits_in_the_lane_of_its_key(world: World) -> None:
    reply = await world.doors.command(
        LOAN, "OpenCase", BODY, by=ANA, request_id="r1", source="api", case_id=CASE, wait_s=0
    )

    message_id = uuid5(NAMESPACE, "request/api/demo/r1")
    assert not reply.done
    assert (reply.case_id, reply.message_id) == (CASE, message_id)
    [row] = world.store.rows.values()
    assert replace(row, payload=b"") == DueRow(
        lane_of("demo/LN-1", lanes=6), NOON, message_id, CASE, "OpenCase", LOAN, b""
    )
    assert json.loads(row.payload) == {
        "body": BODY,
        "by": {"id": "ana", "roles": ["loan_agent"], "level": 0},
        "source": "api",
        "request_id": "r1",
        "correlation_id": str(CASE),
    }
    assert world.woken == [{row.lane}]


async def test_a_command_without_identity_is_another_each_time(world: World) -> None:
    one = await world.doors.command(LOAN, "ClaimTask", BODY, by=ANA, wait_s=0)
    other = await world.doors.command(LOAN, "ClaimTask", BODY, by=ANA, wait_s=0)

    assert one.message_id == request_message_id("door", "demo", str(UUID(int=1)))
    assert one.message_id != other.message_id
    assert len(world.store.rows) == 2


async def test_an_answer_of_this_process_is_told_at_once(world: World) -> None:
    asking = asyncio.create_task(world.doors.command(LOAN, "OpenCase", BODY, by=ANA))
    await until(lambda: world.store.rows)

    world.doors.answered(world.store.hear())
    reply = await asking

    assert reply.done
    assert (reply.body, reply.code, reply.case_id) == ({"heard": BODY}, None, CASE)
    assert world.store.looks == 0, "nothing was looked for"


async def test_an_answer_of_another_instance_is_found(world: World) -> None:
    asking = asyncio.create_task(world.doors.command(LOAN, "OpenCase", BODY, by=ANA))
    await until(lambda: world.store.rows)

    world.store.hear("ROLE_NEEDED")
    reply = await asking

    assert (reply.done, reply.code) == (True, "ROLE_NEEDED")


async def test_a_store_that_is_silent_for_a_moment_loses_no_answer(world: World) -> None:
    world.store.silent = 2
    asking = asyncio.create_task(world.doors.command(LOAN, "OpenCase", BODY, by=ANA))
    await until(lambda: world.store.rows)

    world.store.hear()

    assert (await asking).done


async def test_an_answer_that_comes_before_the_put_returns_is_not_missed(world: World) -> None:
    class Quick(MemoryCommands):
        async def put(self, rows: Sequence[DueRow]) -> None:
            await super().put(rows)
            doors.answered(self.hear())

    store = Quick()
    doors = Doors(
        store, store, lanes=6, now=lambda: NOON, new_id=lambda: CASE, on_put=lambda _: None
    )

    assert (await doors.command(LOAN, "OpenCase", BODY, by=ANA)).done


async def test_nobody_who_waits_no_more_is_looked_for(world: World) -> None:
    await world.doors.command(LOAN, "OpenCase", BODY, by=ANA, wait_s=0.03)

    await until(lambda: "look for answers" not in {task.get_name() for task in asyncio.all_tasks()})


async def test_no_answer_in_time_is_no_answer_yet(world: World) -> None:
    asking = asyncio.create_task(
        world.doors.command(LOAN, "OpenCase", BODY, by=ANA, request_id="r1", wait_s=0.2)
    )
    await until(lambda: world.store.rows)

    world.doors.answered(world.store.hear(done=False))
    reply = await asking

    assert not reply.done
    assert (reply.case_id, reply.body) == (CASE, {"heard": BODY})


async def test_the_same_again_gets_the_same_answer_and_nothing_else(world: World) -> None:
    await world.doors.command(LOAN, "OpenCase", BODY, by=ANA, request_id="r1", wait_s=0)
    world.store.hear("UNKNOWN_LOAN")

    reply = await world.doors.command(LOAN, "OpenCase", BODY, by=ANA, request_id="r1")

    assert (reply.code, reply.case_id) == ("UNKNOWN_LOAN", CASE)
    assert world.store.puts == 1


@pytest.mark.parametrize("done", [True, False])
async def test_another_content_under_a_used_identity_is_refused(world: World, done: bool) -> None:
    await world.doors.command(LOAN, "OpenCase", BODY, by=ANA, request_id="r1", wait_s=0)
    world.store.hear(done=done)

    reply = await world.doors.command(
        LOAN, "OpenCase", {"amount_minor": 6}, by=ANA, request_id="r1"
    )

    assert (reply.done, reply.code, reply.case_id) == (True, "ID_REUSED", None)
    assert world.store.puts == 1


async def test_of_two_contents_under_one_identity_the_first_is_decided(world: World) -> None:
    first = Command(LOAN, "OpenCase", {"amount_minor": 5}, ANA, "r1")
    second = Command(LOAN, "OpenCase", {"amount_minor": 6}, ANA, "r1")
    asking = asyncio.create_task(world.doors.commands([first, second]))
    await until(lambda: world.store.rows)

    world.doors.answered(world.store.hear())
    replies = await asking

    assert [reply.code for reply in replies] == [None, "ID_REUSED"]


async def test_many_commands_are_put_at_once_and_answered_in_order(world: World) -> None:
    items = [Command(Key("demo", f"LN-{n}"), "Import", {"n": n}, ANA) for n in range(1_000)]
    asking = asyncio.create_task(world.doors.commands(items))
    await until(lambda: world.store.rows)

    world.store.hear()
    replies = await asking

    assert [reply.body["heard"]["n"] for reply in replies] == list(range(1_000))
    assert world.store.puts == 1
    assert world.woken == [{0, 1, 2, 3, 4, 5}]


async def test_two_who_ask_the_same_are_both_answered(world: World) -> None:
    def ask() -> asyncio.Task[door.Reply]:
        return asyncio.create_task(
            world.doors.command(LOAN, "OpenCase", BODY, by=ANA, request_id="r1")
        )

    one, other = ask(), ask()
    await until(lambda: world.store.puts == 2)

    world.doors.answered(world.store.hear())

    assert (await one).done
    assert await one == await other


async def test_a_store_that_does_not_take_the_command_is_told(world: World) -> None:
    class Deaf(MemoryCommands):
        async def put(self, rows: Sequence[DueRow]) -> None:
            raise TimeoutError

    store = Deaf()
    doors = Doors(
        store, store, lanes=6, now=lambda: NOON, new_id=lambda: CASE, on_put=lambda _: None
    )

    with pytest.raises(TimeoutError):
        await doors.command(LOAN, "OpenCase", BODY, by=ANA)


async def test_there_are_limits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    command = Command(LOAN, "OpenCase", BODY, ANA)

    with pytest.raises(Refusal) as many:
        await world.doors.commands([command] * 1_001)
    with pytest.raises(Refusal) as large:
        await world.doors.command(LOAN, "OpenCase", {"notes": "x" * 65_536}, by=ANA)
    monkeypatch.setattr(door, "WAITING_MAX", 1)
    with pytest.raises(Refusal) as waiting:
        await world.doors.commands([command] * 2)

    assert [many.value.status, large.value.status, waiting.value.status] == [413, 413, 503]
    assert waiting.value.headers["Retry-After"] == "1"
    assert world.store.puts == 0


async def test_no_command_is_no_reply(world: World) -> None:
    assert await world.doors.commands([]) == []


def test_ids_and_hashes_never_change() -> None:
    assert (
        str(request_message_id("lending", "demo", "r1")) == "fe09593e-2c43-5e20-a5bc-96f5e3998d8c"
    )
    assert content_hash("OpenCase", {"b": "ü", "a": 1}).hex() == (
        "0887a0a03bb4aee4b020d22fcac59152b627f7917f3910d91d690fdbc2b4fa30"
    )


def test_a_body_that_is_read_has_the_hash_of_the_body_that_was_made() -> None:
    made = {"id": CASE, "on": date(2026, 1, 2), "at": NOON, "rate": Decimal("1.10")}

    read = json.loads(door.canonical(made))

    assert content_hash("x", made) == content_hash("x", read)


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text() | st.none()))
def test_the_order_of_fields_does_not_count(body: dict[str, Any]) -> None:
    turned = dict(reversed(body.items()))

    assert content_hash("x", body) == content_hash("x", turned)
    assert content_hash("x", body) != content_hash("y", body)


def test_what_is_no_json_is_not_said() -> None:
    with pytest.raises(TypeError, match="set"):
        door.canonical({"roles": {"a"}})
    with pytest.raises(ValueError, match="JSON"):
        door.canonical({"rate": float("nan")})
