"""Taking a body in: right media type, within the size limit whatever its length claims, in bounded time.

Upholds promise 17: a slow or endless body costs its sender an answer, not the others theirs.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping

from litestar.types import Receive

from consentd.kernel.errors import CallerError, Malformed, TooLarge
from consentd.web.strict import UnsupportedMedia

BODY_SECONDS = 30

_JSON = frozenset(
    {b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"}
)


class TooSlow(CallerError):
    """408: the body did not arrive in time."""

    status = 408


def require_json(headers: Mapping[bytes, bytes]) -> None:
    """Raises UnsupportedMedia unless the body is announced as uncompressed JSON in UTF-8."""
    if (media := headers.get(b"content-type", b"")) not in _JSON:
        require_media(media, "application/json")
    require_uncompressed(headers)


def require_media(header: bytes, expected: str) -> None:
    """Raises UnsupportedMedia unless the Content-Type is `expected`, with no charset but UTF-8."""
    media, *parameters = header.decode("latin-1").lower().split(";")
    if media.strip() != expected:
        raise UnsupportedMedia("wrong_media_type", f"This call reads {expected}: set Content-Type to it.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8"):
            raise UnsupportedMedia("wrong_charset", "Bodies are read as UTF-8 and in no other charset.")


def require_uncompressed(headers: Mapping[bytes, bytes]) -> None:
    """Raises UnsupportedMedia for a body that would have to be unpacked first."""
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMedia("compressed_body", "Compressed bodies are not read: send it as it is.")


async def pieces(receive: Receive, seconds: int, again: str) -> AsyncIterator[bytes]:
    """A long body as it arrives. Raises Malformed if it stops early, TooSlow if nothing comes for so many
    seconds; `again` says what is then to be sent.
    """
    while True:
        try:
            async with asyncio.timeout(seconds):
                message = await receive()
        except TimeoutError:
            raise TooSlow(
                "body_too_slow", f"Nothing came for {seconds} seconds. Send {again} again."
            ) from None
        if message["type"] != "http.request":
            raise Malformed("incomplete_body", "The connection ended before the body did.")
        if chunk := message.get("body", b""):
            yield chunk
        if not message.get("more_body", False):
            return


async def read(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> bytes:
    """The whole body. Raises TooLarge as soon as it is, Malformed if it stops early, TooSlow after 30 s."""
    announced = headers.get(b"content-length")
    if announced is not None:
        if not announced.isdigit():
            raise Malformed("bad_content_length", "Content-Length is not a number of bytes.")
        if len(announced) > 18 or int(announced) > limit:
            raise _too_large(limit)
    elif b"transfer-encoding" not in headers:
        return b""
    task = asyncio.current_task()
    assert task is not None
    patience = _Patience(task)
    # `asyncio.timeout` would do the same for three times the cost, on every call.
    timer = asyncio.get_running_loop().call_later(BODY_SECONDS, patience.end)
    try:
        return await _collect(receive, limit)
    except asyncio.CancelledError:
        if not patience.over or task.uncancel():
            raise
        raise TooSlow(
            "body_too_slow", f"The body was not complete after {BODY_SECONDS} seconds. Send it again."
        ) from None
    finally:
        timer.cancel()


class _Patience:
    __slots__ = ("_task", "over")

    def __init__(self, task: asyncio.Task[object]) -> None:
        self._task = task
        self.over = False

    def end(self) -> None:
        self.over = True
        self._task.cancel()


async def _collect(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Malformed("incomplete_body", "The connection ended before the body did.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return chunk if not chunks else b"".join([*chunks, chunk])
        chunks.append(chunk)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        "body_too_large",
        f"The body is larger than {limit} bytes. Split it, or ask the operator to raise the limit.",
    )
