"""One line of the log for each answer, for a microsecond or two.

The logging library would take twenty-five, a quarter of a whole check: so the line is a struct, encoded at
once and written together with its neighbours, at the latest a twentieth of a second later. A kill loses
those: they are for operating, not evidence.
"""

import asyncio
import datetime as dt
from typing import TextIO

import msgspec

from consentd.base.clock import now
from consentd.web.exchange import Exchange

FLUSH_SECONDS = 0.05
_MOST_WAITING = 1000


class _Answered(msgspec.Struct, frozen=True):
    timestamp: str
    method: str
    route: str
    status: int
    code: str | None
    ms: float
    request_id: str
    caller: str | None
    process: str
    event: str = "answered"
    level: str = "info"


class Lines:
    """Writes to `stream`; to nowhere if None. `process`: which one of several says it."""

    def __init__(self, stream: TextIO | None, process: str = "server") -> None:
        self._stream = stream
        self._process = process
        self._waiting: list[bytes] = []
        self._encode = msgspec.json.Encoder().encode
        self._second = 0
        self._second_text = ""

    def answered(self, method: str, route: str, about: Exchange, seconds: float) -> None:
        if self._stream is None:
            return
        if not self._waiting:
            asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
        line = _Answered(
            self._timestamp(),
            method,
            route,
            about.status,
            about.code,
            round(seconds * 1000, 2),
            about.request_id,
            about.caller.name if about.caller else None,
            self._process,
        )
        self._waiting.append(self._encode(line))
        if len(self._waiting) >= _MOST_WAITING:
            self.flush()

    def flush(self) -> None:
        if self._stream is not None and self._waiting:
            text = b"\n".join(self._waiting).decode()
            self._waiting.clear()
            self._stream.write(text + "\n")
            self._stream.flush()

    def _timestamp(self) -> str:
        """RFC 3339 with milliseconds; what changes once a second is made once a second."""
        milliseconds = now() // 1000
        second, rest = divmod(milliseconds, 1000)
        if second != self._second:
            moment = dt.datetime.fromtimestamp(second, dt.UTC)
            self._second, self._second_text = second, moment.strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._second_text}.{rest:03d}Z"
