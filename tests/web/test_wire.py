"""An answer leaves in one write where its body is there, and never later than at the loop's next turn."""

import asyncio
from typing import Any

from consentd.web.wire import _Joining


class Sent:
    """A transport that remembers each write."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed_after: int | None = None

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed_after = len(self.writes)

    def is_closing(self) -> bool:
        return self.closed_after is not None


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


def joining() -> tuple[Sent, _Joining]:
    sent: Any = Sent()
    return sent, _Joining(sent, asyncio.get_running_loop())


async def test_head_and_body_leave_together() -> None:
    sent, transport = joining()
    transport.write(HEAD)
    transport.write(b"body")
    await asyncio.sleep(0)
    assert sent.writes == [HEAD + b"body"]


async def test_a_head_without_a_body_leaves_at_the_next_turn() -> None:
    sent, transport = joining()
    transport.write(HEAD)
    assert sent.writes == []
    await asyncio.sleep(0)
    assert sent.writes == [HEAD]
    transport.write(b"later")
    assert sent.writes == [HEAD, b"later"]


async def test_two_answers_in_one_turn_keep_their_order() -> None:
    """Pipelined requests: the second head must not overtake, nor be lost."""
    sent, transport = joining()
    for body in (b"one", b"two", b"HTTP/1.1 looks like a head"):
        transport.write(HEAD)
        transport.write(body)
    await asyncio.sleep(0)
    assert b"".join(sent.writes) == HEAD + b"one" + HEAD + b"two" + HEAD + b"HTTP/1.1 looks like a head"


async def test_closing_sends_what_was_kept_back() -> None:
    sent, transport = joining()
    transport.write(HEAD)
    transport.close()
    assert sent.writes == [HEAD]
    assert transport.is_closing()
    await asyncio.sleep(0)
    assert sent.writes == [HEAD]
