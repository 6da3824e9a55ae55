import asyncio
import hashlib
import io
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from mesh.doors import read_json, require, respond, tenant_of
from mesh.http import Health, build, idempotency_key, person_of, read_object, refused, serve
from mesh.ports import Unavailable
from mesh.tokens import Tokens
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel, ConfigDict, Field

from mesh import http

ANA = {"Authorization": "Bearer a"}
DEMO = ANA | {"X-Tenant-ID": "demo"}


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount: Decimal = Field(gt=0)
    on: date
    notes: list[str] = []


@dataclass
class Engine:
    still: float = 0.0
    reasons: list[str] = field(default_factory=list)


async def echo(request: web.Request) -> web.Response:
    body = await read_json(request, Body)
    return respond({"amount": body.amount, "on": body.on, "notes": body.notes})


async def whole(request: web.Request) -> web.Response:
    return respond(await read_object(request))


async def whoami(request: web.Request) -> web.Response:
    require(person_of(request), "loan_agent", "admin")
    return respond({"tenant": tenant_of(request), "key": idempotency_key(request)})


async def audit(request: web.Request) -> web.Response:
    require(person_of(request), "auditor")
    return respond({})


async def fail(request: web.Request) -> web.Response:
    raise {"bug": ValueError("Ada Lovelace"), "away": Unavailable("Ada"), "slow": TimeoutError()}[
        request.match_info["how"]
    ]


async def hang(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return respond({})


@http.streams
async def rows(request: web.Request) -> web.Response:
    await asyncio.sleep(0.1)
    return respond({})


async def no(request: web.Request) -> web.Response:
    return refused("UNKNOWN_LOAN", "no such loan", status=404)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
async def client(tmp_path: Path, engine: Engine) -> AsyncIterator[aiohttp.ClientSession]:
    people = tmp_path / "people.json"
    digest = hashlib.sha256(b"a").hexdigest()
    person = {"name": "ana", "roles": ["loan_agent"], "tenants": ["demo", "gone"]}
    people.write_text(json.dumps([person | {"token_sha256": digest}]))
    registry = CollectorRegistry()
    Counter("seen", "Seen", registry=registry).inc()
    app = build(
        [
            web.post("/echo", echo),
            web.post("/whole", whole),
            web.get("/whoami", whoami),
            web.get("/audit", audit),
            web.get("/fail/{how}", fail),
            web.get("/hang", hang),
            web.get("/rows", rows),
            web.get("/no", no),
        ],
        tokens=Tokens(people),
        health=Health(
            still_s=lambda: engine.still,
            reasons=lambda: engine.reasons,
            lanes=lambda: [{"lane": 0, "state": "running"}],
        ),
        registry=registry,
        tenants=["demo", "sba"],
    )
    runner = await serve(app, "127.0.0.1", 0)
    host, port = runner.addresses[0][:2]
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
        yield session
    await runner.cleanup()


async def ask(
    client: aiohttp.ClientSession, path: str, method: str = "GET", **more: Any
) -> tuple[int, Any]:
    async with client.request(method, path, **more) as response:
        return response.status, await response.json()


async def test_machines_that_watch_need_no_token(client: aiohttp.ClientSession) -> None:
    assert await ask(client, "/live") == (200, {"live": True})
    assert await ask(client, "/ready") == (200, {"ready": True, "reasons": []})
    async with client.get("/metrics") as scraped:
        assert scraped.status == 200
        assert "seen_total 1.0" in await scraped.text()


async def test_live_fails_only_when_the_loop_stands_still(
    client: aiohttp.ClientSession, engine: Engine
) -> None:
    engine.still, engine.reasons = 9.9, ["the broker is silent"]
    assert (await ask(client, "/live"))[0] == 200
    assert await ask(client, "/ready") == (
        503,
        {"ready": False, "reasons": ["the broker is silent"]},
    )

    engine.still = 10.1
    status, told = await ask(client, "/live")
    assert (status, told["error"]["code"]) == (503, "STANDS_STILL")


async def test_people_see_the_lanes(client: aiohttp.ClientSession) -> None:
    assert await ask(client, "/lanes", headers=ANA) == (200, [{"lane": 0, "state": "running"}])


@pytest.mark.parametrize("token", [None, "Bearer b", "Bearer ", "Basic a", "a", "Bearer"])
@pytest.mark.parametrize("path", ["/whoami", "/lanes", "/nowhere"])
async def test_who_is_unknown_is_told_nothing(
    client: aiohttp.ClientSession, path: str, token: str | None
) -> None:
    headers = {"Authorization": token} if token else {}
    async with client.get(path, headers=headers) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert (await response.json())["error"]["code"] == "TOKEN_NEEDED"


async def test_a_person_acts_for_a_tenant_of_his(client: aiohttp.ClientSession) -> None:
    headers = DEMO | {"Idempotency-Key": "k 1"}
    assert await ask(client, "/whoami", headers=headers) == (
        200,
        {"tenant": "demo", "key": "ana:k 1"},
    )
    assert await ask(client, "/whoami", headers=DEMO) == (200, {"tenant": "demo", "key": None})


@pytest.mark.parametrize(
    ("tenant", "status", "code"),
    [
        ("", 400, "TENANT_NEEDED"),
        ("De/mo", 400, "TENANT_NEEDED"),
        ("d" * 33, 400, "TENANT_NEEDED"),
        ("sba", 403, "TENANT_NOT_ALLOWED"),
        ("gone", 403, "TENANT_NOT_ALLOWED"),
    ],
)
async def test_no_other_tenant_is_his(
    client: aiohttp.ClientSession, tenant: str, status: int, code: str
) -> None:
    told = await ask(client, "/whoami", headers=ANA | {"X-Tenant-ID": tenant})

    assert (told[0], told[1]["error"]["code"]) == (status, code)


async def test_a_role_is_needed(client: aiohttp.ClientSession) -> None:
    status, told = await ask(client, "/audit", headers=ANA)

    assert (status, told["error"]["code"]) == (403, "ROLE_NEEDED")


@pytest.mark.parametrize("key", ["", "k" * 129, "ü"])
async def test_an_idempotency_key_has_a_form(client: aiohttp.ClientSession, key: str) -> None:
    status, told = await ask(client, "/whoami", headers=DEMO | {"Idempotency-Key": key})

    assert (status, told["error"]["fields"][0]["field"]) == (400, "Idempotency-Key")


async def test_a_decimal_is_read_from_its_text(client: aiohttp.ClientSession) -> None:
    raw = '{"amount": 999999999999999.99, "on": "2026-11-24"}'

    assert await ask(client, "/echo", "POST", headers=ANA, data=raw) == (
        200,
        {"amount": "999999999999999.99", "on": "2026-11-24", "notes": []},
    )


async def test_all_wrong_fields_are_named_at_once(client: aiohttp.ClientSession) -> None:
    body = {"amount": 0, "notes": ["x", 1], "extra": 1}

    status, told = await ask(client, "/echo", "POST", headers=ANA, json=body)

    assert (status, told["error"]["code"]) == (400, "INVALID_FIELDS")
    fields = {wrong["field"] for wrong in told["error"]["fields"]}
    assert fields == {"amount", "on", "notes.1", "extra"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b'{"a": "\\u0000"}',
        b"[" * 100_000,
        b"1" * 5_000,
    ],
)
async def test_what_is_no_json_is_refused(client: aiohttp.ClientSession, raw: bytes) -> None:
    status, told = await ask(client, "/echo", "POST", headers=ANA, data=raw)

    assert (status, told["error"]["code"]) == (400, "INVALID_FIELDS")


async def test_an_escaped_text_is_a_text(client: aiohttp.ClientSession) -> None:
    raw = b'{"a": "\\u00fc \\\\u0041"}'

    assert await ask(client, "/whole", "POST", headers=ANA, data=raw) == (200, {"a": "ü \\u0041"})


async def test_a_body_may_be_left_out_where_nothing_is_needed(
    client: aiohttp.ClientSession,
) -> None:
    assert await ask(client, "/whole", "POST", headers=ANA) == (200, {})
    assert (await ask(client, "/whole", "POST", headers=ANA, data=b"[]"))[0] == 400


async def test_a_body_above_the_limit_is_refused(client: aiohttp.ClientSession) -> None:
    body = io.BytesIO(b" " * (4 * 2**20 + 1))

    status, told = await ask(client, "/whole", "POST", headers=ANA, data=body)

    assert (status, told["error"]["code"]) == (413, "BODY_TOO_LARGE")


async def test_trouble_tells_neither_a_stack_nor_what_it_quotes(
    client: aiohttp.ClientSession,
) -> None:
    async with client.get("/fail/bug", headers=ANA) as response:
        text = await response.text()

    assert response.status == 500
    assert json.loads(text)["error"]["code"] == "INTERNAL"
    assert "Ada" not in text
    assert "Traceback" not in text


@pytest.mark.parametrize("how", ["away", "slow"])
async def test_a_world_that_does_not_answer_is_asked_again_later(
    client: aiohttp.ClientSession, how: str
) -> None:
    async with client.get(f"/fail/{how}", headers=ANA) as response:
        assert response.status == 503
        assert response.headers["Retry-After"] == "1"
        assert (await response.json())["error"]["code"] == "UNAVAILABLE"


async def test_a_handler_that_hangs_is_given_up(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "HANDLER_S", 0.05)

    assert (await ask(client, "/hang", headers=ANA))[0] == 503
    assert (await ask(client, "/rows", headers=ANA))[0] == 200, "many rows take their time"


async def test_no_such_place_and_no_such_verb_have_the_same_form(
    client: aiohttp.ClientSession,
) -> None:
    status, told = await ask(client, "/nowhere", headers=ANA)
    assert (status, told["error"]["code"]) == (404, "NOT_FOUND")

    async with client.delete("/whoami", headers=ANA) as response:
        assert response.status == 405
        assert "GET" in response.headers["Allow"]
        assert (await response.json())["error"]["code"] == "METHOD_NOT_ALLOWED"


async def test_a_refusal_of_the_business_has_its_code(client: aiohttp.ClientSession) -> None:
    assert await ask(client, "/no", headers=ANA) == (
        404,
        {"error": {"code": "UNKNOWN_LOAN", "message": "no such loan"}},
    )


@pytest.mark.parametrize("path", ["/live", "/whoami", "/nowhere", "/fail/bug"])
async def test_every_answer_has_the_security_headers(
    client: aiohttp.ClientSession, path: str
) -> None:
    async with client.get(path) as response:
        for name, value in http.SECURITY_HEADERS.items():
            assert response.headers.getall(name) == [value]
        assert response.headers.getall("Server") == ["mesh"]


async def test_the_access_log_has_no_values_of_path_or_query(
    client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="mesh.access"):
        await ask(client, "/live")
        await ask(client, "/fail/slow?name=Ada", headers=ANA)
        await ask(client, "/Ada")

    lines = [record.__dict__ for record in caplog.records if record.name == "mesh.access"]
    assert [(line["route"], line["status"], line["person"]) for line in lines] == [
        ("/fail/{how}", 503, "ana"),
        ("-", 401, None),
    ]
    assert "Ada" not in str([line["message"] for line in lines])
