"""The HTTP side of a service: who asks, what may come in, and how trouble is told.

What goes wrong is told as `{"error": {"code", "message"}}`; never a stack, never somebody's data.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, NoReturn

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from mesh.people import Person
from mesh.ports import Unavailable
from mesh.settings import is_tenant
from mesh.tokens import Tokens

REQUEST_BYTES_MAX = 4 * 1024 * 1024
"""A thousand commands of an import fit in; more would hold the loop for long."""

HANDLER_S = 30.0
"""A door waits 10 s for an answer; a handler that takes thrice that hangs on something."""

STREAM_S = 600.0
"""A hundred thousand rows take a minute to be read; a slow line has ten times that."""

STILL_S = 10.0
"""An engine that has not turned this long hangs: it beats every 3 s even when idle."""

IDEMPOTENCY_KEY_MAX = 128
"""It is kept as long as cases are; a UUID with a prefix has half of that."""

OPEN_PATHS = frozenset({"/live", "/ready", "/metrics"})
"""Asked by machines that have no token; they tell nothing of any case."""

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

LIMIT = "limit_s"
"""A handler's own limit, where it has one."""

PERSON = web.RequestKey("person", Person)


@dataclass(frozen=True, slots=True)
class Tenants:
    """For whom a door opens: those of the world, and those that its service knows alone."""

    listed: frozenset[str]
    own: Callable[[str], bool]

    def __contains__(self, tenant: str) -> bool:
        return tenant in self.listed or self.own(tenant)


TENANTS = web.AppKey("tenants", Tenants)

log = logging.getLogger(__name__)

type Fields = Sequence[Mapping[str, str]]


class Refusal(web.HTTPException):
    """What ends a request early: a status, a stable code and a sentence."""

    def __init__(self, status: int, code: str, message: str, *, fields: Fields = ()) -> None:
        """Make the answer; `fields` names what is wrong with each field."""
        self.status_code = status
        super().__init__(
            text=_error(code, message, fields).decode(), content_type="application/json"
        )
        if status == HTTPStatus.UNAUTHORIZED:
            self.headers["WWW-Authenticate"] = "Bearer"
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.headers["Retry-After"] = "1"


def respond(
    body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with JSON; ids, dates and Decimals become texts."""
    return web.Response(
        body=to_json(body), status=status, headers=headers, content_type="application/json"
    )


def refused(code: str, message: str, status: int = 422) -> web.Response:
    """Answer that what was asked is not done, and why."""
    return web.Response(body=_error(code, message), status=status, content_type="application/json")


def person_of(request: web.Request) -> Person:
    """Give who asks. Raises Refusal 401 when nobody is known."""
    person = request.get(PERSON)
    if person is None:
        raise Refusal(401, "TOKEN_NEEDED", "a bearer token is needed")
    return person


def tenant_of(request: web.Request) -> str:
    """Give the tenant that is asked for. Raises Refusal 400 or, when not the person's, 403."""
    person = person_of(request)
    tenant = request.headers.get("X-Tenant-ID", "")
    if not is_tenant(tenant):
        raise Refusal(400, "TENANT_NEEDED", "X-Tenant-ID: 1-32 of a-z, 0-9 and -")
    known = request.config_dict.get(TENANTS)
    if not person.may_act_for(tenant) or (known is not None and tenant not in known):
        raise Refusal(403, "TENANT_NOT_ALLOWED", f"{tenant} is not a tenant of {person.id}")
    return tenant


def require(person: Person, *roles: str) -> None:
    """Go on when the person holds one of the roles. Raises Refusal 403."""
    if not person.is_any(roles):
        raise Refusal(403, "ROLE_NEEDED", f"this needs the role {' or '.join(roles)}")


def idempotency_key(request: web.Request) -> str | None:
    """Give the request_id of an `Idempotency-Key`, apart for each person. Raises Refusal 400."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= IDEMPOTENCY_KEY_MAX):
        _refuse_field("Idempotency-Key", f"1-{IDEMPOTENCY_KEY_MAX} printable ASCII characters")
    return f"{person_of(request).id}:{key}"


def prefers_async(request: web.Request) -> bool:
    """Say whether the caller would rather look for the answer later than wait for it."""
    wishes = request.headers.get("Prefer", "").split(",")
    return "respond-async" in (wish.strip().lower() for wish in wishes)


def streams[H](handler: H) -> H:
    """Let a handler take as long as its reader needs for an answer of many rows."""
    setattr(handler, LIMIT, STREAM_S)
    return handler


async def read_json[M: BaseModel](request: web.Request, model: type[M]) -> M:
    """Read the body. Raises Refusal 400 naming every field that is wrong."""
    data = await _read(request)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        fields = [
            {"field": ".".join(map(str, wrong["loc"])) or "body", "message": wrong["msg"]}
            for wrong in error.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise Refusal(400, "INVALID_FIELDS", "some fields are wrong", fields=fields)


async def read_object(request: web.Request) -> dict[str, Any]:
    """Read a body that is an object, or none at all. Raises Refusal 400."""
    data = await _read(request) if request.can_read_body else {}
    if not isinstance(data, dict):
        _refuse_field("body", "must be an object")
    return data


async def _read(request: web.Request) -> Any:
    raw = await request.read()
    try:
        # Decimals are read from their text: a float would change the 16th digit.
        data = json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
        if rb"\u" in raw:
            text = json.dumps(data, ensure_ascii=False, default=str)
            text.encode()  # half a surrogate pair is no text
            if r"\u0000" in text:
                raise ValueError("a NUL is no text")
    except (ValueError, RecursionError):
        _refuse_field("body", "must be JSON in UTF-8")
    return data


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _refuse_field(field: str, message: str) -> NoReturn:
    wrong = {"field": field, "message": message}
    raise Refusal(400, "INVALID_FIELDS", f"{field}: {message}", fields=[wrong])


def _error(code: str, message: str, fields: Fields = ()) -> bytes:
    told: dict[str, Any] = {"code": code, "message": message}
    if fields:
        told["fields"] = fields
    return to_json({"error": told})


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the engine tells of itself."""

    still_s: Callable[[], float]
    """Seconds since its loop last turned."""
    reasons: Callable[[], Sequence[str]]
    """Why it is not ready; nothing: it is."""
    lanes: Callable[[], Any]
    """What it believes about each lane, for people."""


def build(
    routes: Iterable[web.AbstractRouteDef],
    *,
    tokens: Tokens,
    health: Health,
    registry: CollectorRegistry,
    tenants: Iterable[str],
    own_tenant: Callable[[str], bool] = lambda _: False,
) -> web.Application:
    """Build a service's HTTP side: its own routes, and those by which the mesh is watched.

    `own_tenant`: whether it knows a tenant that is not among `tenants`.
    """
    app = web.Application(
        client_max_size=REQUEST_BYTES_MAX, middlewares=[_tell_trouble, _know(tokens)]
    )
    app[TENANTS] = Tenants(frozenset(tenants), own_tenant)
    app.on_response_prepare.append(_secure)
    app.router.add_routes([*_watched(health, registry), *routes])
    return app


async def serve(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Listen; `runner.addresses` tells where. `runner.cleanup()` ends it."""
    runner = web.AppRunner(
        app,
        access_log_class=AccessLog,
        access_log=logging.getLogger("mesh.access"),
        shutdown_timeout=5.0,
    )
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner


class AccessLog(AbstractAccessLogger):
    """One line a request: its route, never the values in its path or query."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line; what is asked every few seconds by machines only when it fails."""
        if request.path in OPEN_PATHS and response.status < HTTPStatus.BAD_REQUEST:
            return
        route = "-"
        person = None
        if isinstance(request, web.Request):
            resource = request.match_info.route.resource
            route = resource.canonical if resource else "-"
            person = request.get(PERSON)
        fields = {
            "method": request.method,
            "route": route,
            "status": response.status,
            "seconds": round(time, 6),
            "person": person.id if person else None,
        }
        self.logger.info("answered", extra=fields)


def _watched(health: Health, registry: CollectorRegistry) -> list[web.RouteDef]:
    async def live(request: web.Request) -> web.Response:
        still_s = health.still_s()
        if still_s > STILL_S:
            return refused("STANDS_STILL", f"no turn for {still_s:.0f} s", status=503)
        return respond({"live": True})

    async def ready(request: web.Request) -> web.Response:
        reasons = list(health.reasons())
        return respond({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    async def lanes(request: web.Request) -> web.Response:
        return respond(health.lanes())

    return [
        web.get("/live", live),
        web.get("/ready", ready),
        web.get("/metrics", metrics),
        web.get("/lanes", lanes),
    ]


def _know(tokens: Tokens) -> Middleware:
    """Make sure of who asks, before anything else is told."""

    @web.middleware
    async def know(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in OPEN_PATHS:
            kind, _, token = request.headers.get("Authorization", "").partition(" ")
            person = tokens.find(token.strip()) if kind.lower() == "bearer" else None
            if person is None:
                raise Refusal(401, "TOKEN_NEEDED", "a valid bearer token is needed")
            request[PERSON] = person
        return await handler(request)

    return know


@web.middleware
async def _tell_trouble(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every failure in the same form."""
    try:
        async with asyncio.timeout(getattr(request.match_info.handler, LIMIT, HANDLER_S)):
            return await handler(request)
    except Refusal:
        raise
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        status = HTTPStatus(error.status)
        large = status is HTTPStatus.CONTENT_TOO_LARGE
        answer = refused("BODY_TOO_LARGE" if large else status.name, status.phrase, status=status)
        if "Allow" in error.headers:
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except (Unavailable, TimeoutError, OSError):
        log.warning("a request found the world not answering", exc_info=True)
        raise Refusal(503, "UNAVAILABLE", "not now: try again in a second") from None
    except Exception:
        log.exception("a request failed")
        return refused("INTERNAL", "something is wrong here; it was noted", status=500)


async def _secure(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    # aiohttp has put its versions there already.
    response.headers["Server"] = "mesh"
