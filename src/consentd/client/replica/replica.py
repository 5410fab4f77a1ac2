"""A copy of what decisions about a system's own people rest on, in one file, and answers out of it.

    from consentd.client import Client, Replica

    with Client(url, client_id, secret) as client:
        with Replica.open("till.replica", client, max_age=300) as consent:
            if consent.check("email:ana@exemple.fr", "newsletter", "email"):
                send()

Answers take microseconds and need no network; each says how old it may be (`Decision.bound`, promise 5), and
past `max_age` seconds all of them are no. Choices taken in here count here at once and reach the service when
it can be reached, with the time at which they were made and a number of their own.
"""

import os
import threading
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import msgspec

from consentd.client import clock, recording, wire
from consentd.client.aio import AsyncClient
from consentd.client.asking import new_key
from consentd.client.errors import ClientError
from consentd.client.model import Decision, Event, Named, Question, When, Who
from consentd.client.replica.answering import Answering
from consentd.client.replica.file import FileError
from consentd.client.replica.keeping import Keeping
from consentd.client.replica.rounds import Rounds
from consentd.client.sync import Client
from consentd.kernel.instants import MINUTE, Instant, parse_moment, to_text

_SKEW = 5 * MINUTE


class Refusal(msgspec.Struct, frozen=True):
    """A choice that the service will not take. What restricts in it goes on counting here until it is
    dropped.
    """

    number: str
    code: str
    body: dict[str, Any]  # Any: JSON, as it was sent


class Replica:
    """Made by `Replica.open`. May be used by several threads, and its file by several processes."""

    def __init__(self, keeping: Keeping, client: Client | AsyncClient, every: float | None) -> None:
        self._keeping = keeping
        self._answering = Answering(keeping)
        self._rounds = Rounds(keeping, client)
        self._stopping = threading.Event()
        self.error: ClientError | None = None
        """Why the last round was not finished; None after one that was."""
        self._thread: threading.Thread | None = None
        if every is not None and isinstance(client, Client):
            self._thread = threading.Thread(
                target=self._follow, args=(client, every), name="consentd-replica", daemon=True
            )
            self._thread.start()

    @classmethod
    def open(
        cls,
        path: str | Path,
        client: Client | AsyncClient,
        *,
        max_age: float | timedelta = 300.0,
        follow: float | None = 5.0,
        key: bytes | None = None,
    ) -> "Replica":
        """Opens the replica in this file, or begins one. `max_age`: seconds after which it denies.

        `follow`: every so many seconds a thread asks for what is new; None, or with an AsyncClient: whenever
        `refresh` or `refresh_async` is called. `key`: 32 bytes that open what is sealed in the file; left
        out, they are kept in a file beside it. Asks nobody: until a first round is over, all answers are no.

        Raises ReplicaError, with what to do, where the file or its key is another; OSError; FileError.
        """
        age = max_age.total_seconds() if isinstance(max_age, timedelta) else float(max_age)
        keeping = Keeping(Path(path), age, client.asking.language, key, os.urandom(16).hex())
        return cls(keeping, client, follow)

    # --- asking

    def check(
        self,
        subject: Who,
        purpose: str,
        channel: str,
        *,
        contact_point: Named | None = None,
        at: When | None = None,
    ) -> Decision:
        """May this person be contacted? Never raises: what cannot be decided here denies.

        Beside the service's reasons: `stale_replica`, and `ask_service` where the people or details in the
        question are not all here.
        """
        return self._answering.answered(
            lambda: [self._answering.one(Question(subject, purpose, channel, contact_point, at))]
        )[0]

    def check_many(
        self,
        asked: Iterable[Question] | Iterable[Named] | Sequence[int],
        purpose: str | None = None,
        channel: str | None = None,
        *,
        at: When | None = None,
    ) -> list[Decision]:
        """Answers in order. Never raises.

        Either questions; or people, each by one address or by what `resolve` made of it, who are all asked
        about for `purpose` through `channel`.
        """
        listed: list[Any] = list(asked)
        if not listed:
            return []
        if purpose is None or channel is None:
            return self._answering.answered(
                lambda: [self._answering.careful(one) for one in listed], len(listed)
            )
        return self._answering.answered(
            lambda: self._answering.many(listed, purpose, channel, at), len(listed)
        )

    def resolve(self, subjects: Iterable[Named]) -> list[int]:
        """A number for each address, which asks the same question faster; 0 for one that is not here.

        It stays good for as long as the person is known by it; a number that has lost its person is answered
        as an unknown one: resolve the address again then. Raises ValueError or TypeError for what is no
        identifier; ReplicaError's kin as `open` does.
        """
        return self._answering.resolve(list(subjects))

    @property
    def age(self) -> timedelta:
        """How old what is here can be; `timedelta.max` where nothing is."""
        with self._keeping.lock:
            return self._keeping.age()

    # --- recording

    def record(
        self,
        subject: Who,
        *events: Event,
        territory: str | None = None,
        name: str | None = None,
    ) -> str:
        """Takes choices in: synced to disk when this returns, sealed under the replica's key, counting here
        at once, and sent to the service with the next round. Returns their number.

        `occurred_at` is now where it is left out. Raises ValueError or TypeError for what is no choice.
        """
        now = clock.now()
        said = [_dated(event, now) for event in events]
        if not said:
            raise ValueError("there is no choice to record")
        return self._enqueue("consents", wire.consents(subject, said, territory, name), now)

    def withdraw(
        self,
        subject: Who,
        purpose: str,
        channel: str,
        *,
        contact_point: Named | None = None,
        occurred_at: When | None = None,
        method: str | None = None,
        collector: str | None = None,
    ) -> str:
        """The person takes a consent back: the next answer here is no. As `record`."""
        event = recording.withdrawal(
            purpose,
            channel,
            contact_point=contact_point,
            occurred_at=occurred_at,
            source_event_id=None,
            method=method,
            collector=collector,
        )
        return self.record(subject, event)

    def object(
        self,
        subject: Who,
        *,
        ground: Literal["marketing", "particular"] = "marketing",
        purposes: Iterable[str] = (),
        channels: Iterable[str] = (),
        contact_point: Named | None = None,
        occurred_at: When | None = None,
        method: str | None = None,
        collector: str | None = None,
        reason: str | None = None,
        territory: str | None = None,
    ) -> str:
        """The person objects: to all marketing on every channel, unless narrowed. As `record`."""
        now = clock.now()
        body = recording.objection_body(
            subject,
            territory=territory,
            ground=ground,
            purposes=tuple(purposes),
            channels=tuple(channels),
            contact_point=contact_point,
            occurred_at=occurred_at or to_text(now),
            more={
                "source_event_id": new_key(),
                "method": method,
                "collector": collector,
                "reason": reason,
            },
        )
        _require_past(body["occurred_at"], now)
        return self._enqueue("objection", body, now)

    def pending(self) -> int:
        """How many acts wait for the service."""
        return len(self._keeping.waiting())

    def refused(self) -> list[Refusal]:
        """What the service will not take, until it is dropped: nothing is lost silently."""
        return [Refusal(number, code, taken.body) for number, code, taken in self._keeping.refused()]

    def drop(self, number: str) -> bool:
        """Forgets a refused choice. Whether there was one."""
        return any(one.number == number for one in self.refused()) and self._keeping.drop(number)

    # --- following

    def refresh(self) -> None:
        """A round: what waits goes out, and all that is new comes in. Raises ClientError, and ReplicaError
        for a choice that was altered on the disk.
        """
        self._rounds.go()

    async def refresh_async(self) -> None:
        """The same with an AsyncClient. Raises as `refresh`."""
        await self._rounds.go_async()

    def _follow(self, client: Client, every: float) -> None:
        while not self._stopping.is_set():
            try:
                self.refresh()
                self.error = None
            except ClientError as error:
                self.error = error
            except FileError:
                self.error = ClientError("replica_unwritable", "The replica's file cannot be written.")
            except Exception as error:
                self.error = ClientError("failed", f"A round failed with {type(error).__name__}.")
            self._stopping.wait(every)

    def close(self) -> None:
        """Stops following, after a page under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._keeping.close()

    def __enter__(self) -> "Replica":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _enqueue(self, kind: str, body: wire.Body, now: Instant) -> str:
        number = str(uuid.uuid4())
        wire.encode(body)
        self._keeping.enqueue(number, kind, body, now)
        return number


def _dated(event: Event, now: Instant) -> Event:
    """With the time at which it happened and a number of its own, both for ever."""
    occurred_at = to_text(now) if event.occurred_at is None else wire.time(event.occurred_at)
    _require_past(occurred_at, now)
    number = event.source_event_id or new_key()
    return msgspec.structs.replace(event, occurred_at=occurred_at, source_event_id=number)


def _require_past(text: str, now: Instant) -> None:
    """Raises ValueError for what is no time, or one to come."""
    if parse_moment(text, wire.UTC).first > now + _SKEW + 14 * 60 * MINUTE * (len(text) == 10):
        raise ValueError("the time lies in the future")
