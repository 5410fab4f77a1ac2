"""A call from its first try to its last, without doing any of it: what is to be sent, and how long to wait.

Each flow is a generator that yields steps and is sent what came of them; `sync` and `aio` carry the steps
out. So both clients retry, renew and give up alike, and one set of tests holds them to it.

Tried again is what may be: the question was not answered (no connection, no answer in time), or the answer
says so (429, 502, 503, 504, 409 while the first is still running), and always with the same Idempotency-Key,
so that a call that was carried out unheard has its one effect (promise 2).
"""

import random
from collections.abc import AsyncIterable, Callable, Generator, Iterable, Mapping
from typing import TypeVar

import msgspec

from consentd.client import wire
from consentd.client.errors import ClientError, Overloaded, TimedOut, Unauthorised, Unavailable
from consentd.client.wire import Received, Token

T = TypeVar("T")

RETRIED = frozenset({429, 502, 503, 504})
_RENEWED = frozenset({"token_expired", "token_invalid", "token_revoked"})
"""A token that was good when it was fetched: another one is tried, once."""
_EARLY = 0.1
"""The share of a token's life after which the next one is fetched before it ends."""
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class Send(msgspec.Struct, frozen=True):
    """Send this, and hear the answer to its end within `timeout` seconds."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes
    timeout: float


class Stream(msgspec.Struct, frozen=True):
    """Send these pieces as they come, and hear the answer; nothing is silent for more than `timeout` seconds.

    What the pieces raise passes. Threads carry out plain ones, event loops asynchronous ones.
    """

    path: str
    headers: Mapping[str, str]
    pieces: Iterable[bytes] | AsyncIterable[bytes]
    timeout: float


class Pause(msgspec.Struct, frozen=True):
    seconds: float


class Renew(msgspec.Struct, frozen=True):
    """Carry out `Calls.renewal`, one caller at a time: whoever waited meanwhile may find it done."""

    deadline: float


Step = Send | Stream | Pause | Renew
Flow = Generator[Step, Received | None, T]


class Unanswered(Exception):
    """Thrown into a flow: no answer came. `late`: because of the time."""

    def __init__(self, *, late: bool) -> None:
        super().__init__("late" if late else "no connection")
        self.late = late

    def as_error(self) -> Unavailable:
        if self.late:
            return TimedOut("timeout", "consentd did not answer in time.")
        return Unavailable("unavailable", "consentd cannot be reached.")


class Patience(msgspec.Struct, frozen=True):
    """`timeout`: seconds for each try; `total`: for a call with all its tries and pauses; `retries`: after
    the first.
    """

    timeout: float = 2.0
    total: float = 5.0
    retries: int = 3


class Proof(msgspec.Struct, frozen=True):
    """What asks for a token: a form, and headers."""

    form: bytes
    headers: Mapping[str, str]


class Calls:
    """The flows of one client, and its token."""

    def __init__(self, prove: Callable[[], Proof], patience: Patience, elapsed: Callable[[], float]) -> None:
        self._prove = prove
        self._patience = patience
        self._elapsed = elapsed
        self._token = ""
        self._until = 0.0
        self._random = random.SystemRandom()

    def call(
        self, method: str, path: str, content: bytes, patience: Patience | None = None, /, **headers: str
    ) -> Flow[Received]:
        """An answer below 400. Raises ClientError. Header names are written with underscores. `patience`:
        another than the client's.
        """
        patience = patience or self._patience
        deadline = self._elapsed() + patience.total
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if content:
            named.setdefault("content-type", "application/json")
        renewed = False
        for attempt in range(patience.retries + 1):
            while True:
                if not self.fresh():
                    yield Renew(deadline)
                try:
                    authorised = {**named, "authorization": f"Bearer {self._token}"}
                    got = yield self._send(method, path, authorised, content, deadline, patience)
                    assert got is not None
                except Unanswered as reason:
                    error: ClientError = reason.as_error()
                    wait = None
                    break
                if got.status < 300:
                    return got
                if got.status == 401 and not renewed and wire.code_of(got) in _RENEWED:
                    renewed, self._token = True, ""
                    continue
                error, wait = wire.failure(got), wire.retry_after(got)
                if got.status not in RETRIED and not (got.status == 409 and wait is not None):
                    raise error
                break
            yield self._pause(attempt, wait, deadline, error, patience)
        raise AssertionError("the last pause raises")

    def stream(
        self, path: str, media: str, pieces: Iterable[bytes] | AsyncIterable[bytes], timeout: float
    ) -> Flow[Received]:
        """An answer below 400 to what is sent while it is made: so it is tried once. Raises ClientError."""
        if not self.fresh():
            yield Renew(self._elapsed() + self._patience.total)
        headers = {"content-type": media, "authorization": f"Bearer {self._token}"}
        try:
            got = yield Stream(path, headers, pieces, timeout)
        except Unanswered as reason:
            raise reason.as_error() from None
        assert got is not None
        if got.status >= 300:
            raise wire.failure(got)
        return got

    def fresh(self) -> bool:
        return bool(self._token) and self._elapsed() < self._until

    def renewal(self, deadline: float) -> Flow[None]:
        """Fetches a token. Raises ClientError: Unauthorised where the credentials are refused."""
        for attempt in range(self._patience.retries + 1):
            proof = self._prove()
            headers = {"content-type": "application/x-www-form-urlencoded", **proof.headers}
            asked_at = self._elapsed()
            try:
                got = yield self._send("POST", "/oauth/token", headers, proof.form, deadline)
                assert got is not None
            except Unanswered as reason:
                yield self._pause(attempt, None, deadline, reason.as_error())
                continue
            if got.status == 200:
                token: Token = wire.read(wire.token, got)
                self._token, self._until = token.access_token, asked_at + token.expires_in * (1 - _EARLY)
                return
            error = wire.failure(got)
            if got.status in RETRIED:
                yield self._pause(attempt, wire.retry_after(got), deadline, error)
                continue
            if got.status in (400, 401, 403):
                raise Unauthorised(got.status, error.code, error.detail)
            raise error

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes,
        deadline: float,
        patience: Patience | None = None,
    ) -> Send:
        left = deadline - self._elapsed()
        if left <= 0:
            raise TimedOut("timeout", "consentd did not answer in time.")
        return Send(method, path, headers, content, min((patience or self._patience).timeout, left))

    def _pause(
        self,
        attempt: int,
        asked: float | None,
        deadline: float,
        error: ClientError,
        patience: Patience | None = None,
    ) -> Pause:
        """How long to wait before the next try. Raises `error` where there is none."""
        # Full jitter: clients that lost the same server do not come back all at once.
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
        seconds = asked if asked is not None else self._random.uniform(longest / 2, longest)
        if attempt >= (patience or self._patience).retries:
            raise error
        if self._elapsed() + seconds >= deadline:
            if asked is not None:
                raise Overloaded(error.code, f"consentd asks to come back in {asked:.0f} seconds.") from error
            raise error
        return Pause(seconds)
