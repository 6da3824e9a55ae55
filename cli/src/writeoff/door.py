"""A client of the services' HTTP doors."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import httpx

from writeoff.exits import Exit, Refused, Trouble
from writeoff.stackenv import StackEnv

type Json = dict[str, Any]

TIMEOUT_S = 30.0
"""A door waits 10 s at most for its lane; the rest is for a machine under load."""

STREAM_S = 300.0
"""How long a service may be silent before the first row of a large report: it sorts all of them."""

ROUNDS_MAX = 6
"""With the pauses below about 10 s: an instance that was killed is up again by then."""

PAUSE_FIRST_S = 0.3

SERVER_ERRORS = 500

BUSY = frozenset({429, 502, 503})


@dataclass(slots=True)
class Doors:
    """The doors of a stack, opened as one person."""

    env: StackEnv
    person: str
    tenant: str | None
    """None: whatever the person may see."""
    only: str | None = None
    """This instance alone; none: whichever answers."""
    _client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._client = httpx.Client(
            timeout=httpx.Timeout(TIMEOUT_S, connect=2.0),
            headers={"Authorization": f"Bearer {self.env.token(self.person)}"},
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, service: str, path: str, **params: str | int | None) -> Json:
        """Read from a service; a refusal is raised."""
        given = {name: value for name, value in params.items() if value is not None}
        return self._call(service, "GET", path, params=given)

    def pages(
        self, service: str, path: str, name: str, **params: str | int | None
    ) -> Iterator[Json]:
        """Read all that a door has under a name, page by page."""
        after: str | int | None = None
        while True:
            answer = self.get(service, path, after=after, **params)
            yield from answer[name]
            after = answer["after"]
            if after is None:
                return

    def post(
        self, service: str, path: str, body: Mapping[str, Any], *, request_id: str | None = None
    ) -> Json:
        """Ask something of a service; saying it twice by accident does it once.

        `request_id`: an identity of the caller's own, by which the same later is the same.
        """
        return self._call(service, "POST", path, body=body, request_id=request_id)

    @contextmanager
    def opened(self, service: str, path: str, **params: str | None) -> Generator[httpx.Response]:
        """Open an answer of many rows, to be read as it comes; a refusal is raised."""
        given = {name: value for name, value in params.items() if value is not None}

        def send(url: str) -> httpx.Response:
            timeout = httpx.Timeout(STREAM_S, connect=2.0)
            request = self._client.build_request(
                "GET", url + path, params=given, headers=self._headers(), timeout=timeout
            )
            return self._client.send(request, stream=True)

        response = self._answered(service, send)
        try:
            if not response.is_success:
                response.read()
                _read(response, service)
            yield response
        finally:
            response.close()

    def _call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        request_id: str | None = None,
    ) -> Json:
        headers = self._headers()
        if body is not None:
            headers["Idempotency-Key"] = request_id or str(uuid4())

        def send(url: str) -> httpx.Response:
            return self._client.request(
                method, url + path, params=params, json=body, headers=headers
            )

        return _read(self._answered(service, send), service)

    def _headers(self) -> dict[str, str]:
        return {"X-Tenant-ID": self.tenant} if self.tenant else {}

    def _answered(self, service: str, send: Callable[[str], httpx.Response]) -> httpx.Response:
        """Try every instance, and again with growing pauses, before giving up."""
        pause_s = PAUSE_FIRST_S
        why = "no answer"
        for _ in range(ROUNDS_MAX):
            for url in [self.only] if self.only else self.env.urls(service):
                try:
                    response = send(url)
                    if response.status_code not in BUSY:
                        return response
                    response.read()
                except httpx.TransportError as error:
                    why = f"{url}: {error}"
                    continue
                why = f"{url}: {response.status_code} {_message(response)}"
            time.sleep(pause_s)
            pause_s *= 1.7
        raise Trouble(
            f"{service} does not answer ({why})",
            next_step=f"`make up` starts what is not running; the log is {self.env.directory}/logs",
            exit_code=Exit.UNREACHABLE,
        )


def _read(response: httpx.Response, service: str) -> Json:
    """Return the answer's body, or raise what it means."""
    if response.is_success:
        return response.json() if response.content else {}
    error = _error(response)
    code = str(error.get("code", response.status_code))
    message = _with_fields(str(error.get("message") or code), error)
    match response.status_code:
        case 401:
            raise Trouble(
                f"{service} does not know this token",
                next_step="the stack was wiped since: make up writes new tokens",
                exit_code=Exit.USAGE,
            )
        case 403:
            raise Refused(
                code, message, next_step="give --as a person who may, or the right --tenant"
            )
        case 400:
            raise Refused(
                code, message, next_step="put right the field it names", exit_code=Exit.USAGE
            )
        case 404:
            raise Refused(
                code,
                message,
                next_step="check the id, and --tenant: another tenant's is not there either",
                exit_code=Exit.FAILED,
            )
        case status if status < SERVER_ERRORS:
            raise Refused(code, message)
        case _:
            raise Trouble(
                f"{service} failed: {message}",
                next_step="its log tells why: .stack/logs",
            )


def _error(response: httpx.Response) -> Json:
    try:
        body = response.json()
    except ValueError:
        return {"message": response.text[:200]}
    error = body.get("error", body) if isinstance(body, dict) else {}
    return error if isinstance(error, dict) else {"message": str(error)}


def _message(response: httpx.Response) -> str:
    return str(_error(response).get("message", ""))


def _with_fields(message: str, error: Json) -> str:
    fields = error.get("fields") or ()
    told = "; ".join(f"{each.get('field')}: {each.get('message')}" for each in fields)
    return f"{message} ({told})" if told else message
