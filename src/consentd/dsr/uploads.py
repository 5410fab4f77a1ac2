"""The records of a copy, streamed in by a silo that came for its task: line by line, in flat memory.

    {"what": "orders", "record": {"number": "A-17", "total": "12.50"}}

All of them count, or none: they are there once the last line was read and the lease still stood, and replace
what an earlier try sent. Whatever goes wrong, the silo sends them again from the first.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Annotated, Any
from uuid import UUID

import msgspec

from consentd.callers.model import Caller
from consentd.db.unit import Unit
from consentd.dsr import store
from consentd.dsr.copies import Copies
from consentd.dsr.handing import Handing, log
from consentd.dsr.task_shapes import RecordsTaken
from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Verb
from consentd.kernel.errors import Conflict, TooLarge, Unprocessable
from consentd.systems.connectors.contract import Records

LARGEST = 1 << 30
"""Bytes of one person's copy from one silo."""
MOST_LINE = 1 << 20
_MOST_FIELDS = 1000


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    what: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    record: Annotated[
        dict[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], Any],
        msgspec.Meta(min_length=1, max_length=_MOST_FIELDS),
    ]  # Any: checked to be scalars, value by value


# Numbers with a fraction stay the text that the silo wrote: 12.10 is not 12.1 to whoever reads an invoice.
_decode = msgspec.json.Decoder(_Line, strict=True, float_hook=str).decode


async def receive(
    handing: Handing,
    copies: Copies,
    caller: Caller,
    id_: UUID,
    lease: UUID,
    chunks: AsyncIterator[bytes],
) -> RecordsTaken:
    """Raises NotFound, Conflict where another holds the task, Unprocessable with the line that is wrong."""

    def read(connection: Any) -> UUID:  # Any: a connection
        row = handing.readable(connection, caller, id_, lease)
        if row["verb"] != Verb.EXPORT.value:
            raise Conflict("not_an_export", f"This task is to {row['verb']}: no records belong to it.")
        request: UUID = row["request_id"]
        return request

    request = await handing.doing.database.read(read)
    reading = _Reading()
    copy = await copies.of(request)
    async with Beside(copy.writing(id_, caller.name)) as records:
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > LARGEST:
                raise TooLarge("body_too_large", f"The copy is larger than {LARGEST} bytes.")
            await asyncio.to_thread(reading.take, chunk, records)
        await asyncio.to_thread(reading.finish, records)

        def work(unit: Unit) -> None:
            case, row = handing.held(unit, caller, id_, lease)
            log(case, row, "task.records_taken", caller, records=reading.count)

        # Before they count: what could not be logged is not there.
        await handing.change(work)
    counted = {"reference": str(reading.count)}
    await handing.doing.database.housekeep(lambda unit: store.change_task(unit, id_, counted))
    return RecordsTaken(id_, reading.count)


class _Reading:
    """Takes pieces of any size, in their order."""

    def __init__(self) -> None:
        self.count = 0
        self._left = b""

    def take(self, piece: bytes, into: Records) -> None:
        *lines, self._left = (self._left + piece).split(b"\n")
        for line in lines:
            self._line(line, into)
        if len(self._left) > MOST_LINE:
            raise self._misread(f"is longer than {MOST_LINE} bytes")

    def finish(self, into: Records) -> None:
        self._line(self._left, into)

    def _line(self, line: bytes, into: Records) -> None:
        if not line.strip():
            return
        try:
            read = _decode(line)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise self._misread("is not a record: a JSON object with the members what and record") from None
        for value in read.record.values():
            if not isinstance(value, str | int | bool | None):
                raise self._misread("has a list or an object in its record: give it lines of its own")
        record: dict[str, Scalar] = read.record
        into.add(read.what, record)
        self.count += 1

    def _misread(self, what: str) -> Unprocessable:
        return Unprocessable("malformed_records", f"Line {self.count + 1} of the records {what}.")


class Beside:
    """A place for records that is opened and closed in a thread: it writes to a disk, and waits for it."""

    def __init__(self, place: AbstractContextManager[Records]) -> None:
        self._place = place

    async def __aenter__(self) -> Records:
        return await asyncio.to_thread(self._place.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Also where the call was cancelled: what was begun is cleared away.
        await asyncio.shield(asyncio.to_thread(self._place.__exit__, kind, error, trace))
