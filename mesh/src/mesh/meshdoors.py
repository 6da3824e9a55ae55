"""Doors for operators (lanes 29): each repair leaves its trace; nobody needs psql."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web

from mesh.engine import Engine
from mesh.hearing import DISMISS, REPLAY
from mesh.http import person_of, read_object, refused, require, respond
from mesh.lane import Event, State
from mesh.ports import DueRow
from mesh.postgres import PostgresStore
from mesh.postgres_sql import PARKED, PARKED_LANE
from mesh.service import Key

type Verb = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Missing(Exception):
    """A field that the verb needs is not there, or names nothing."""


def routes(engine: Engine, store: PostgresStore) -> list[web.RouteDef]:
    """Give GET /v1/mesh/parked and POST /v1/mesh/{verb}."""
    repairs = Repairs(engine, store)

    async def parked(request: web.Request) -> web.Response:
        require(person_of(request), "operator", "admin", "auditor")
        rows = await store.reader.fetch(PARKED)
        return respond({"parked": [{k: _text(v) for k, v in row.items()} for row in rows]})

    async def do(request: web.Request) -> web.Response:
        person = person_of(request)
        require(person, "operator")
        verb = request.match_info["verb"]
        body = await read_object(request)
        known = repairs.verbs.get(verb)
        if known is None:
            return refused("UNKNOWN_VERB", f"verbs are {', '.join(repairs.verbs)}", status=404)
        try:
            done = await known(body)
        except Missing as missing:
            return refused("INVALID_FIELDS", str(missing), status=400)
        await store.trace(who=person.id, verb=verb, detail=json.dumps(body, sort_keys=True))
        return respond(done)

    return [web.get("/v1/mesh/parked", parked), web.post("/v1/mesh/{verb}", do)]


class Repairs:
    """What an operator may do to this instance and its store."""

    def __init__(self, engine: Engine, store: PostgresStore) -> None:
        """Repair through one instance."""
        self._engine = engine
        self._store = store
        self.verbs: dict[str, Verb] = {
            "replay": lambda body: self._parked(body, REPLAY),
            "dismiss": lambda body: self._parked(body, DISMISS),
            "hold": self._hold,
            "go-on": self._go_on,
            "release": self._release,
            "resay": self._resay,
            "begin": self._begin,
        }

    async def _parked(self, body: dict[str, Any], kind: str) -> dict[str, Any]:
        parked_id = _uuid(body, "parked_id")
        rows = await self._store.reader.fetch(PARKED_LANE, parked_id)
        if not rows:
            raise Missing(f"parked_id: nothing is parked under {parked_id}")
        lane = rows[0]["lane"]
        payload = json.dumps({"parked_id": str(parked_id)}).encode()
        row = DueRow(lane, self._engine.now(), uuid4(), None, kind, Key("-", "-", "mesh"), payload)
        await self._store.put([row])
        self._engine.put_in({lane})
        return {"put": str(parked_id), "lane": lane}

    async def _hold(self, body: dict[str, Any]) -> dict[str, Any]:
        self._engine.holdings.hold = str(body.get("why") or "an operator holds it")
        return {"hold": self._engine.holdings.hold}

    async def _go_on(self, body: dict[str, Any]) -> dict[str, Any]:
        self._engine.guard.go_on()
        return {"hold": ""}

    async def _release(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give a lane back: whoever has room takes it."""
        lane = self._engine.holdings.lanes.get(_int(body, "lane"))
        if lane is None or lane.state not in (State.RUNNING, State.STOPPED):
            raise Missing("lane: this instance does not hold it")
        await self._engine.keeper.give_back([lane])
        return {"released": lane.number}

    async def _resay(self, body: dict[str, Any]) -> dict[str, Any]:
        """Say every key of our table topics once more, or of one topic."""
        topic = body.get("topic")
        said = await self._engine.turns.tables.resay(str(topic) if topic else None)
        return {"said": said}

    async def _begin(self, body: dict[str, Any]) -> dict[str, Any]:
        """Go over a hole: hear a partition from this offset on (lanes 4)."""
        topic, partition = str(body.get("topic", "")), _int(body, "partition")
        offset = _int(body, "offset")
        number = partition % len(self._engine.holdings.lanes)
        lane = self._engine.holdings.lanes[number]
        if lane.state is not State.STOPPED:
            raise Missing(f"partition: lane {number} is not stopped at this instance")
        topic_id = await self._engine.keeper.beginning.topic_id(topic)
        await self._store.begin(topic, partition, topic_id=topic_id, offset=offset)
        self._engine.keeper.retake(lane, Event.LOOKED)
        return {"topic": topic, "partition": partition, "offset": offset}


def _uuid(body: dict[str, Any], field: str) -> UUID:
    try:
        return UUID(str(body.get(field)))
    except ValueError as error:
        raise Missing(f"{field}: give the id that `writeoff mesh parked` shows") from error


def _int(body: dict[str, Any], field: str) -> int:
    value = body.get(field)
    if not isinstance(value, int):
        raise Missing(f"{field}: give a whole number")
    return value


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, int | str) else str(value)
