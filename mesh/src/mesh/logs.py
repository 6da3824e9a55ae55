"""Logs as JSON lines on stdout, with ids and without anybody's data.

Only the fields of FIELDS are printed. Of an exception its type and its places are; its text only
where we wrote it ourselves, because a database or a parser likes to quote what it was given.
"""

import asyncio
import json
import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

FIELDS = (
    "case_id",
    "message_id",
    "kind",
    "topic",
    "partition",
    "offset",
    "lane",
    "epoch",
    "state",
    "why",
    "count",
    "seconds",
    "code",
    "method",
    "route",
    "status",
    "person",
)
"""What may stand in a line beside its message: ids, places and numbers. `person` is a pseudonym."""

FRAMES_MAX = 20
"""The innermost places of an exception: where it was raised and how we came there."""

CAUSES_MAX = 4
"""What led to an exception, and to that; beyond it no line gets clearer."""

SPEAKING = (OSError, AssertionError)
"""Exceptions whose text is ours or the system's, beside those of SPEAKING_MODULES."""

SPEAKING_MODULES = frozenset({"mesh", "cimpl"})
"""Ours, and librdkafka's, which tells of brokers and topics (`cimpl` is how it names itself)."""

type Log = logging.LoggerAdapter[logging.Logger]


def setup(*, service: str, instance: str, level: str = "INFO", out: TextIO | None = None) -> None:
    """Send every log line, warning and uncaught exception of the process to stdout as JSON."""
    handler = logging.StreamHandler(out or sys.stdout)
    handler.setFormatter(JsonLines(service=service, instance=instance))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _on_uncaught
    threading.excepthook = _on_uncaught_in_thread
    sys.unraisablehook = _on_unraisable


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Log what nobody caught in the loop: its own message would quote the exception."""
    loop.set_exception_handler(_on_uncaught_in_loop)


def bind(logger: logging.Logger, **fields: object) -> Log:
    """Give a logger that says these fields in every line, beside those given in `extra`."""
    strange = fields.keys() - set(FIELDS)
    assert not strange, f"no such fields: {strange}"
    return logging.LoggerAdapter(logger, fields, merge_extra=True)


class JsonLines(logging.Formatter):
    """Makes one JSON line of a record."""

    def __init__(self, *, service: str, instance: str) -> None:
        """Name the process that speaks."""
        super().__init__()
        self._process = {"service": service, "instance": instance}

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without a line break in it."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            **self._process,
            "message": record.getMessage(),
        }
        told = record.__dict__
        line |= {name: told[name] for name in FIELDS if told.get(name) is not None}
        if record.exc_info and record.exc_info[1]:
            line["error"] = describe(record.exc_info[1])
        return json.dumps(line, default=str, ensure_ascii=False)


def describe(error: BaseException, *, causes: int = CAUSES_MAX) -> dict[str, Any]:
    """Tell an exception without what it quotes: type, places, SQLSTATE and constraint, cause."""
    kind = type(error)
    told: dict[str, Any] = {"type": f"{kind.__module__}.{kind.__qualname__}"}
    if isinstance(error, SPEAKING) or kind.__module__.split(".")[0] in SPEAKING_MODULES:
        told["text"] = str(error)
    for name in ("sqlstate", "table_name", "constraint_name"):
        if isinstance(value := getattr(error, name, None), str):
            told[name] = value
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    told["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause and causes:
        told["cause"] = describe(cause, causes=causes - 1)
    if isinstance(error, BaseExceptionGroup) and causes:
        told["errors"] = [describe(one, causes=causes - 1) for one in error.exceptions]
    return told


def brief(error: BaseException) -> str:
    """Tell an exception in one line without what it quotes: type, SQLSTATE, names, last place."""
    told = describe(error, causes=0)
    words = [str(told.get("sqlstate") or told["type"].rpartition(".")[2])]
    words += [told[name] for name in ("table_name", "constraint_name") if name in told]
    if "text" in told:
        words.append(told["text"])
    elif told["at"]:
        words.append("at " + told["at"][-1].rpartition("/")[2])
    return " ".join(words)[:500]


def _on_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _log_uncaught("the process ends by an exception", error)


def _on_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    _log_uncaught("a thread ended by an exception", args.exc_value)


def _on_unraisable(args: "sys.UnraisableHookArgs") -> None:
    _log_uncaught("an exception could not be raised", args.exc_value)


def _on_uncaught_in_loop(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    error = context.get("exception")
    _log_uncaught("nobody caught an exception of the loop", error)


def _log_uncaught(message: str, error: BaseException | None) -> None:
    exc_info = (type(error), error, error.__traceback__) if error else None
    logging.getLogger("uncaught").critical(message, exc_info=exc_info)
