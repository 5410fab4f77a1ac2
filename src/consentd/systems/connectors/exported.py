r"""Reading a copy of somebody's data as a silo streams it: line by line, in flat memory, signed at its end.

    {"what": "orders", "record": {"number": "A-17", "total": 1250}}
    …
    {"end": "{\"records\":1,\"sha256\":\"…\",\"answer\":{…}}", "headers": {"webhook-id": …, …}}

A signature in the head would have to be made before the first record is known. So the last line holds the
answer with the number of records and the SHA-256 of every byte before that line, as one text, and the three
webhook headers that sign this text. Without it, or with one that does not fit, nothing of the copy counts.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any, ParamSpec, TypeVar
from uuid import UUID

import msgspec

from consentd.base.clock import Clock
from consentd.crypto.secrets import Secret
from consentd.kernel.canonical import Scalar
from consentd.kernel.errors import Unprocessable
from consentd.systems.connectors.contract import Answer, Records
from consentd.systems.connectors.wire import verify_end

P = ParamSpec("P")
T = TypeVar("T")

MEDIA_TYPE = "application/x-ndjson"
MOST_LINE = 1024 * 1024


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    what: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    record: dict[str, Any] | None = None  # Any: checked to be scalars, value by value
    end: str | None = None
    headers: dict[str, str] | None = None


# Numbers with a fraction stay the text that the silo wrote: 12.10 is not 12.1 to whoever reads an invoice.
_lines = msgspec.json.Decoder(_Line, strict=True, float_hook=str)
_PLACE = re.compile(r" - at `\$([^`]*)`")


class _Reader:
    """Takes pieces of any size, in order. Runs in a thread: adding a record may block."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._left = b""
        self._hash = hashlib.sha256()
        self._counted = 0
        self._end: _Line | None = None

    def take(self, piece: bytes) -> None:
        *whole, self._left = (self._left + piece).split(b"\n")
        for line in whole:
            self._line(line + b"\n")
        if len(self._left) > MOST_LINE:
            raise _malformed(f"has a line of more than {MOST_LINE} bytes")

    def finish(self) -> tuple[_Line, int, str]:
        """The last line, and what was read before it."""
        if self._left:
            self._line(self._left)
        if self._end is None:
            raise Unprocessable(
                "no_end", "The copy has no signed line at its end: it was cut off, or is not whole."
            )
        return self._end, self._counted, self._hash.hexdigest()

    def _line(self, content: bytes) -> None:
        if self._end is not None:
            raise _malformed("goes on after its end")
        try:
            line = _lines.decode(content)
        except msgspec.ValidationError as error:
            found = _PLACE.search(str(error))
            raise _malformed(f"has another form than agreed{f', at {found[1]}' if found else ''}") from None
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise _malformed("has a line that is not JSON") from None
        if line.end is not None and line.headers is not None and line.what is None and line.record is None:
            self._end = line
            return
        if line.what is None or line.record is None or line.end is not None or line.headers is not None:
            raise _malformed("has a line that is neither a record nor the end")
        self._records.add(line.what, self._scalars(line.record))
        self._hash.update(content)
        self._counted += 1

    def _scalars(self, record: dict[str, Any]) -> dict[str, Scalar]:  # Any: as above
        if any(isinstance(value, dict | list) for value in record.values()):
            raise _malformed(
                f"has a list or an object inside record {self._counted + 1}: give it lines of its own"
            )
        return record


def _malformed(what: str) -> Unprocessable:
    return Unprocessable("malformed_copy", f"The copy {what}.")


async def read_export(
    pieces: AsyncIterator[bytes], secrets: Sequence[Secret], task_id: UUID, records: Records, clock: Clock
) -> Answer:
    """Hands each record on as it comes, and returns the answer that the last line signs.

    Raises Unauthenticated (bad_signature), Malformed and Unprocessable: then what was handed on counts for
    nothing. What `pieces` raises passes.
    """
    reader = _Reader(records)
    async for piece in pieces:
        await _to_its_end(reader.take, piece)
    line, counted, digest = await _to_its_end(reader.finish)
    assert line.end is not None
    assert line.headers is not None
    end, answer = verify_end(secrets, task_id, line.headers, line.end, clock())
    if (end.records, end.sha256) != (counted, digest):
        raise Unprocessable(
            "copy_differs", f"The copy is not the one that was signed: {counted} records came, or others."
        )
    return answer


async def _to_its_end(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """In a thread, and waited for where the time is over meanwhile: nothing is added once the order was given
    up, when its next try may be under way.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *given, **named))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise
    finally:
        if running.done() and not running.cancelled():
            running.exception()  # Seen: nobody else would be told of it where the time was over.
