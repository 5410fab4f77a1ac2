"""What a process writes of failures that nobody caught: one line of JSON under its name, and no message."""

import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from consentd.web import logs

CANARY = "nadia.quetsche@exemple.fr"


@pytest.fixture
def stream() -> Iterator[StringIO]:
    root = logging.getLogger()
    handlers, hooks = root.handlers[:], (sys.excepthook, threading.excepthook, sys.unraisablehook)
    written = StringIO()
    logs.configure("info", written, process="worker-7")
    logs.catch_the_rest()
    yield written
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()
    logs.configure("info")
    structlog.reset_defaults()
    root.handlers[:] = handlers
    for name in logs.SILENT:
        logging.getLogger(name).disabled = False


def raised() -> Exception:
    try:
        raise ValueError(CANARY)
    except ValueError as error:
        return error


def test_promise_18_what_nobody_caught_is_a_line_without_its_message(stream: StringIO) -> None:
    error = raised()
    sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=lambda: (_ for _ in ()).throw(ValueError(CANARY)))
    thread.start()
    thread.join()
    sys.unraisablehook(_Unraisable(error))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert CANARY not in stream.getvalue()
    assert [line["event"] for line in lines] == ["crashed"] * 3
    assert {line["process"] for line in lines} == {"worker-7"}
    assert all(line["error"][0]["kind"] == "ValueError" and line["error"][0]["places"] for line in lines)


def test_promise_18_what_libraries_say_is_a_line_without_what_they_put_in(stream: StringIO) -> None:
    logging.getLogger("asyncio").error(f"Task failed: {CANARY}", exc_info=raised())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(CANARY, stacklevel=1)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert CANARY not in stream.getvalue()
    assert [line["logger"] for line in lines] == ["asyncio", "py.warnings"]
    assert {line["process"] for line in lines} == {"worker-7"}


class _Unraisable:
    """What the interpreter hands over."""

    def __init__(self, error: Exception) -> None:
        self.exc_type = type(error)
        self.exc_value = error
        self.exc_traceback = error.__traceback__
        self.err_msg = CANARY
        self.object = CANARY
