"""What the tests of contracts share: the generator, a world, and a registry in memory."""

import importlib.util
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from urllib.parse import unquote

import pytest
from contracts.catalogue import Source, World
from contracts.compat import violations

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="session")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", SCHEMAS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def world() -> World:
    sources = {
        "core": Source(tenants=("acme", "bolt"), partitions=3),
        "branch": Source(tenants=("bolt",), partitions=1),
    }
    return World(lanes=6, tenants=("acme", "bolt"), sources=sources)


class MemoryRegistry(ThreadingHTTPServer):
    """As much of the registry's protocol as registering and reading needs."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.level = "NONE"
        self.schemas: list[str] = []
        self.subjects: dict[str, list[str]] = {}
        self.writes = 0

    def add(self, subject: str, schema: str) -> tuple[int, object]:
        known = self.subjects.setdefault(subject, [])
        if problems := [p for old in known for p in violations(old, schema)]:
            return 409, {"error_code": 409, "message": "; ".join(problems)}
        if schema not in known:
            known.append(schema)
            self.writes += 1
        if schema not in self.schemas:
            self.schemas.append(schema)
        return 200, {"id": self.schemas.index(schema) + 1}


class _Door(BaseHTTPRequestHandler):
    server: MemoryRegistry

    def do_GET(self) -> None:
        number = re.match(r"/schemas/ids/(\d+)", self.path)
        if number is None:
            self._answer(404, {"error_code": 404, "message": f"nothing at {self.path}"})
            return
        self._answer(200, {"schema": self.server.schemas[int(number.group(1)) - 1]})

    def do_PUT(self) -> None:
        if not self._known():
            return
        self.server.level = self._body()["compatibility"]
        self._answer(200, {"compatibility": self.server.level})

    def do_POST(self) -> None:
        subject = re.match(r"/subjects/([^/]+)/versions", self.path)
        assert subject is not None
        self._answer(*self.server.add(unquote(subject.group(1)), self._body()["schema"]))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _known(self) -> bool:
        known = self.headers["Authorization"] == f"Basic {b64encode(b'sr:secret').decode()}"
        if not known:
            self._body()
            self._answer(401, {"error_code": 40101, "message": "who are you?"})
        return known

    def _body(self) -> dict[str, str]:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, status: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
