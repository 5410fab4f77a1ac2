"""What is written to stderr: JSON lines, one per answer, and what failed.

Upholds promise 18: a line has the method, the route's template, status, duration, request id and the name of
the calling system. Never an address, a query, a header or a body, and never an exception's message, which
may quote any of them: its kind and the places it passed through say where to look. That holds too for what
nobody caught, in any thread. Every process of a server writes the same form, under its own name.
"""

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog
from litestar.types import Scope
from structlog.typing import EventDict

from consentd.kernel.errors import ConsentdError

SILENT = ("uvicorn.access", "httpx", "httpcore")
"""Loggers that write addresses."""

_name = "server"

_encoder = msgspec.json.Encoder(enc_hook=str)


def configure(level: str, stream: TextIO | None = None, *, process: str = "server") -> None:
    """Sets up every logger of the process. Call once, at the start. `process` is its name in every line."""
    global _name
    _name = process
    number = _number(level)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _name_process,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=lambda event, **_: _encoder.encode(event).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[_ThroughStructlog()], force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    for name in SILENT:
        logging.getLogger(name).disabled = True


def catch_the_rest() -> None:
    """What nobody caught is a line like any other: Python's own traceback would quote messages and values."""

    def uncaught(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        structlog.get_logger().critical("crashed", error=describe(error))

    def in_a_thread(given: threading.ExceptHookArgs) -> None:
        error = given.exc_value or given.exc_type()
        structlog.get_logger().critical("crashed", thread=True, error=describe(error))

    def nowhere(given: "sys.UnraisableHookArgs") -> None:
        error = given.exc_value or given.exc_type()
        structlog.get_logger().error("crashed", unraisable=True, error=describe(error))

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_a_thread, nowhere
    logging.captureWarnings(True)


def process() -> str:
    """This process's name in the log."""
    return _name


def shows_answers(level: str) -> bool:
    """Whether at this level there is a line for each answer (`web.lines`)."""
    return _number(level) <= logging.INFO


def failure(request_id: str, route: str, error: BaseException) -> None:
    structlog.get_logger().error("failed", request_id=request_id, route=route, error=describe(error))


def refused_start(error: ConsentdError) -> None:
    """In words: an operator's error is about settings, keys and the database, never about a person."""
    structlog.get_logger().error("not_ready", code=error.code, reason=error.message)


def route_of(scope: Scope) -> str:
    """The route's template; "(none)" for what matched no route, as its address may hold anything."""
    template = scope.get("path_template")
    return template if isinstance(template, str) else "(none)"


def method_of(scope: Scope) -> str:
    return str(scope.get("method"))


def describe(error: BaseException) -> list[dict[str, Any]]:  # Any: text and lists of text
    """The chain of exceptions, outermost first: kind and places, without a word of their messages."""
    chain: list[dict[str, Any]] = []
    current: BaseException | None = error
    while current is not None and len(chain) < 8:
        frames = traceback.extract_tb(current.__traceback__)[-12:]
        chain.append(
            {
                "kind": type(current).__qualname__,
                "places": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
            }
        )
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain


def _name_process(_logger: Any, _method: str, event: EventDict) -> EventDict:  # Any: structlog's own
    event["process"] = _name
    return event


def _number(level: str) -> int:
    return logging.getLevelNamesMapping().get(level.upper(), logging.INFO)


class _ThroughStructlog(logging.Handler):
    """Other libraries' records: their template without its arguments, which may be anything."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        # The server's own templates are plain sentences; another library's may have text put in already.
        ours = record.name.startswith("uvicorn")
        structlog.get_logger().log(
            record.levelno,
            "library",
            logger=record.name,
            place=f"{record.module}:{record.lineno}",
            message=str(record.msg) if ours else None,
            error=describe(error) if error else None,
        )
