import asyncio
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mesh import logs


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    unraisable, in_thread = sys.unraisablehook, threading.excepthook
    out = io.StringIO()
    root.handlers = []
    logs.setup(service="case", instance="case-1", out=out)
    yield out
    logging.captureWarnings(capture=False)
    root.handlers = handlers
    root.setLevel(level)
    sys.excepthook, sys.unraisablehook, threading.excepthook = hook, unraisable, in_thread


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_tells_who_speaks_and_about_what(out: io.StringIO) -> None:
    log = logs.bind(logging.getLogger("mesh.turn"), lane=4)

    log.info("heard %d", 3, extra={"case_id": "c1"})

    [line] = lines(out)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "mesh.turn",
        "service": "case",
        "instance": "case-1",
        "message": "heard 3",
        "lane": 4,
        "case_id": "c1",
    }


def test_a_field_that_is_not_listed_is_not_printed(out: io.StringIO) -> None:
    logging.getLogger("x").info("stored", extra={"customer": "Ada Lovelace"})

    assert "Ada" not in out.getvalue()


def test_a_field_that_is_not_listed_cannot_be_bound() -> None:
    with pytest.raises(AssertionError, match="customer"):
        logs.bind(logging.getLogger("x"), customer="Ada Lovelace")


def test_an_exception_is_told_by_type_and_place_not_by_what_it_quotes(out: io.StringIO) -> None:
    try:
        int("Ada Lovelace")
    except ValueError:
        logging.getLogger("x").exception("no number")

    [line] = lines(out)
    assert line["error"]["type"] == "builtins.ValueError"
    assert "test_logs.py" in line["error"]["at"][-1]
    assert "Ada" not in out.getvalue()


def test_a_refusal_of_the_store_tells_its_sqlstate_and_no_row(out: io.StringIO) -> None:
    class NotNull(Exception):
        sqlstate = "23502"
        constraint_name = "party_name"

    try:
        raise NotNull("Failing row contains (Ada Lovelace)")
    except NotNull as error:
        logging.getLogger("x").warning("refused", exc_info=error)

    [line] = lines(out)
    assert line["error"]["sqlstate"] == "23502"
    assert line["error"]["constraint_name"] == "party_name"
    assert "Ada" not in out.getvalue()


def test_what_the_system_says_is_told_with_what_led_to_it(out: io.StringIO) -> None:
    try:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as refused:
            raise RuntimeError("Ada Lovelace") from refused
    except RuntimeError:
        logging.getLogger("x").exception("no store")

    cause = lines(out)[0]["error"]["cause"]
    assert cause["text"] == "[Errno 111] Connection refused"


def test_a_line_is_one_line(out: io.StringIO) -> None:
    logging.getLogger("x").info("a\nb\u2028c")

    assert out.getvalue().count("\n") == 1
    assert json.loads(out.getvalue())["message"] == "a\nb\u2028c"


def test_an_uncaught_exception_is_a_line_too(out: io.StringIO) -> None:
    error = ValueError("Ada Lovelace")

    sys.excepthook(ValueError, error, None)

    [line] = lines(out)
    assert line["level"] == "CRITICAL"
    assert "Ada" not in out.getvalue()


async def test_what_nobody_awaits_is_a_line_without_its_text(out: io.StringIO) -> None:
    loop = asyncio.get_running_loop()
    logs.watch(loop)

    loop.call_exception_handler({"message": "x", "exception": ValueError("Ada Lovelace")})

    assert lines(out)[0]["error"]["type"] == "builtins.ValueError"
    assert "Ada" not in out.getvalue()
