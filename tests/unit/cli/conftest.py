"""A small door that answers as told, on a real port, and the env file of its stack."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SERVICES = ("case", "documents", "authorization", "ledger", "notifications")

PEOPLE = (
    ("ana", ["loan_agent"], 0),
    ("l4-deb", ["authorizer"], 4),
    ("adele", ["admin"], 0),
    ("otto", ["auditor"], 0),
    ("oz", ["operator"], 0),
)

type Answer = Callable[[dict[str, Any]], tuple[int, Any]]


@dataclass
class FakeDoors:
    """Plays the five services on one port: an answer for each method and path."""

    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    heard: list[tuple[str, str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    port: int = 0

    def on(self, method: str, path: str, answer: Any, status: int = 200) -> None:
        """Answer so from now on; a function is given the body, or the query."""
        is_function = callable(answer)
        self.answers[method, path] = (
            (lambda body: (status, answer(body))) if is_function else (lambda _: (status, answer))
        )

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """Return what was asked at a path."""
        return [body for _, heard_path, _, body in self.heard if heard_path == path]


@pytest.fixture
def doors() -> Iterator[FakeDoors]:
    fake = FakeDoors()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else {}
            path = self.path.split("?")[0]
            fake.heard.append((self.command, path, dict(self.headers), body))
            unknown = {"error": {"code": "NOT_FOUND", "message": f"no {path}"}}
            known = fake.answers.get((self.command, path), lambda _: (404, unknown))
            status, answer = known(body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fake.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield fake
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def stack_dir(tmp_path: Path, doors: FakeDoors) -> Path:
    """Make the folder of a stack whose services are the fake doors."""
    tokens = tmp_path / "secrets" / "tokens"
    tokens.mkdir(parents=True)
    for name, _, _ in PEOPLE:
        (tokens / name).write_text(f"token-of-{name}")
    people = [{"name": name, "roles": roles, "level": level} for name, roles, level in PEOPLE]
    (tmp_path / "people.json").write_text(json.dumps(people))
    env = {
        "lanes": 6,
        "tenants": ["demo", "sba"],
        "sources": {"lending": {"tenants": ["demo"], "partitions": 6}},
        "kafka_bootstrap": "127.0.0.1:1",
        "kafka_passwords": {},
        "registry_url": "http://127.0.0.1:1",
        "registry_passwords": {},
        "database_host": "127.0.0.1",
        "database_port": 1,
        "database_passwords": {},
        "services": {name: [f"http://127.0.0.1:{doors.port}"] for name in SERVICES},
        "mail_dir": str(tmp_path / "mail"),
        "print_dir": str(tmp_path / "print"),
        "people_file": str(tmp_path / "people.json"),
        "tokens_dir": str(tokens),
        "world_file": str(tmp_path / "world.toml"),
    }
    (tmp_path / "env.json").write_text(json.dumps(env))
    return tmp_path
