"""What stands between a process and its server does what it is told, and nothing else."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from .links import COMMIT, HOST, Links, Requests

SILENT_S = 0.3
"""What is held does not come; what is not held comes at once."""

PRODUCED = b"\x00\x00\x00\x08\x00\x00records"[:12]
FETCHED = b"\x00\x00\x00\x04\x00\x01me"


@pytest.fixture
def port() -> Iterator[int]:
    """A server that answers every line with itself."""
    with socket.create_server((HOST, 0)) as server:

        def echo(line: socket.socket) -> None:
            with closing(line):
                while data := line.recv(1024):
                    line.sendall(data)

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=echo, args=(line,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def links(port: int) -> Iterator[Links]:
    with socket.create_server((HOST, 0)) as free:
        knock = free.getsockname()[1]
    with Links({"case-1": {"postgres": (knock, port)}}) as links:
        yield links


def connect(links: Links) -> socket.socket:
    knock, _ = links.ports["case-1"]["postgres"]
    line = socket.create_connection((HOST, knock), timeout=10)
    line.sendall(b"hello")
    assert line.recv(100) == b"hello"
    return line


def is_silent(line: socket.socket) -> bool:
    line.settimeout(SILENT_S)
    try:
        line.recv(100)
    except TimeoutError:
        return True
    finally:
        line.settimeout(10)
    return False


def test_a_held_line_is_silent_and_what_was_sent_arrives_when_it_heals(links: Links) -> None:
    link = links["case-1", "postgres"]
    with connect(links) as line:
        link.hold()
        line.sendall(b"a question")
        assert is_silent(line)

        link.heal()

        assert line.recv(100) == b"a question"


def test_the_answer_to_a_commit_is_swallowed_and_the_line_cut(links: Links) -> None:
    link = links["case-1", "postgres"]
    with connect(links) as line, connect(links) as other:
        link.lose_commits(1)
        line.sendall(COMMIT)

        assert line.recv(100) == b""
        assert link.lost == 1
        other.sendall(COMMIT)
        assert other.recv(100) == COMMIT


def test_only_lines_that_hand_records_over_are_held_back(links: Links) -> None:
    link = links["case-1", "postgres"]
    knock, _ = links.ports["case-1"]["postgres"]
    with (
        socket.create_connection((HOST, knock), timeout=10) as producer,
        socket.create_connection((HOST, knock), timeout=10) as consumer,
    ):
        link.hold_produced()
        producer.sendall(PRODUCED)
        consumer.sendall(FETCHED)

        assert consumer.recv(100) == FETCHED
        assert is_silent(producer)


@pytest.mark.parametrize("size", range(1, 15))
def test_requests_are_told_apart_however_they_are_cut(size: int) -> None:
    sent = FETCHED + PRODUCED + FETCHED
    requests = Requests()

    parts = [sent[at : at + size] for at in range(0, len(sent), size)]

    assert [kind for part in parts for kind in requests.kinds(part)] == [1, 0, 1]
