"""Late answers of silos that were told by webhook: posted to the task's address, signed with their secret.

A signature of this task, these bytes and this moment is what opens the call; there is no token. Whoever has
none is answered alike, whether the task is there or not (promise 13). What was signed is taken once: sent
again it is answered as the first time, and it answers nothing that is asked anew since (promises 2, 12).

A copy comes as it would at once: line by line, signed at its end (`exported`). It counts as a whole.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.settings import of_silo
from consentd.callers import assertions
from consentd.crypto import webhooks
from consentd.crypto.secrets import Secret
from consentd.db.unit import Unit
from consentd.dsr import store
from consentd.dsr.cases import RequestCase
from consentd.dsr.copies import Copies
from consentd.dsr.handing import Handing, Row
from consentd.dsr.taking import require_records, taken
from consentd.dsr.task_shapes import TaskAnswered
from consentd.dsr.uploads import Beside
from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Verb, Webhook
from consentd.kernel.errors import Conflict, NotFound, TooLarge, Unauthenticated
from consentd.kernel.instants import Instant
from consentd.systems.connectors import exported, wire
from consentd.systems.connectors.contract import Answer, Records

MOST_ANSWER = 1 << 20


class _Found(msgspec.Struct, frozen=True):
    """What an answer is held against."""

    row: Row
    webhook: Webhook
    secrets: tuple[Secret, ...]


class _Nowhere:
    """Where records go that are there already: a copy that is sent again is read for its signature."""

    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
        pass


class SignedAnswers:
    """`environ`: where secrets of silos are."""

    def __init__(self, handing: Handing, copies: Copies, environ: Mapping[str, str]) -> None:
        self._handing = handing
        self._doing = handing.doing
        self._copies = copies
        self._environ = environ

    async def answer(
        self, task: UUID, headers: Mapping[str, str], chunks: AsyncIterator[bytes]
    ) -> TaskAnswered:
        """`headers` by names in small letters. Raises Unauthenticated for whatever is not signed, Conflict
        where it was answered otherwise or is not asked now, Unprocessable with what is wrong with a copy.
        """
        found = await self._doing.database.read(lambda connection: self._found(connection, task))
        if headers.get("content-type", "").partition(";")[0].strip().lower() == exported.MEDIA_TYPE:
            return await self._copy(task, found, chunks)
        body = await _whole(chunks)
        said = wire.verify_answer(found.secrets, task, headers, body, self._handing.now())
        if found.row["verb"] == Verb.EXPORT.value and found.row["state"] != "ended":
            require_records(said)
        return await self._take(task, said, hashlib.sha256(_mark(headers) + body).digest())

    def _found(self, connection: Any, id_: UUID) -> _Found:  # Any: a connection
        row = store.task(connection, id_)
        system = self._doing.policies.active(connection).policy.systems.get(row["system"]) if row else None
        webhook = system.connection.webhook if system and system.connection else None
        setting = of_silo(self._environ, row["system"], "SECRET") if row else None
        if row is None or webhook is None or setting is None:
            raise _not_signed()
        try:
            return _Found(row, webhook, webhooks.secrets_of(setting))
        except ValueError:
            raise _not_signed() from None

    async def _copy(self, task: UUID, found: _Found, chunks: AsyncIterator[bytes]) -> TaskAnswered:
        counted = _Counted(chunks, found.webhook.answer_megabytes << 20)
        async with Beside(await self._place(task, found.row)) as records:
            said = await exported.read_export(
                counted.pieces(), found.secrets, task, records, self._handing.now
            )
            if found.row["verb"] != Verb.EXPORT.value:
                raise Conflict(
                    "not_an_export", f"This task is to {found.row['verb']}: no records belong to it."
                )
            # Before the records count: what could not be answered is not there.
            return await self._take(task, said, counted.digest())

    async def _place(self, task: UUID, row: Row) -> AbstractContextManager[Records]:
        """Where records count; nowhere, for what is over, no copy, or not there any more: until the signature
        was read, a stranger learns nothing of it.
        """
        if row["state"] == "ended" or row["verb"] != Verb.EXPORT.value:
            return nullcontext(_Nowhere())
        try:
            return (await self._copies.of(row["request_id"])).writing(task, row["system"])
        except NotFound:
            return nullcontext(_Nowhere())

    async def _take(self, task: UUID, said: Answer, digest: bytes) -> TaskAnswered:
        def work(unit: Unit) -> bool:
            compiled = self._doing.policies.active(unit.connection)
            row = store.task(unit.connection, task)
            assert row is not None
            case = RequestCase.locked(unit, self._doing.keyring, compiled, row["request_id"])
            row = store.task(unit.connection, task, lock=True)
            assert row is not None
            until = Instant(unit.now + 2 * webhooks.TOLERANCE)
            fresh = assertions.spend(unit, digest, until)
            return taken(case, row, said, fresh=fresh)

        if await self._handing.change(work):
            self._handing.wake()
        return TaskAnswered(task, said.verdict.value)


class _Counted:
    """The pieces of a copy, of bounded size, and what tells this copy from all others."""

    def __init__(self, chunks: AsyncIterator[bytes], most: int) -> None:
        self._chunks = chunks
        self._most = most
        self._hash = hashlib.sha256()

    async def pieces(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._chunks:
            size += len(chunk)
            if size > self._most:
                raise TooLarge("body_too_large", f"The copy is larger than {self._most} bytes.")
            self._hash.update(chunk)
            yield chunk

    def digest(self) -> bytes:
        return self._hash.digest()


async def _whole(chunks: AsyncIterator[bytes]) -> bytes:
    body = b""
    async for chunk in chunks:
        body += chunk
        if len(body) > MOST_ANSWER:
            raise TooLarge("body_too_large", f"The answer is larger than {MOST_ANSWER} bytes.")
    return body


def _mark(headers: Mapping[str, str]) -> bytes:
    """The task and the moment that were signed; not the signature, of which one text may have several."""
    return f"{headers.get(webhooks.ID)} {headers.get(webhooks.TIMESTAMP)} ".encode()


def _not_signed() -> Unauthenticated:
    """The same for a task that there is none, for another's, and for a wrong signature."""
    return Unauthenticated("bad_signature", wire.NOT_SIGNED)
