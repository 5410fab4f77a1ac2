"""The records of a copy on their way: as lines, in pieces, counted; memory stays flat however many there are.

Upholds promise 18: of what a silo's program raises, the kind alone is told.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

import msgspec

from consentd.client.orders import Answer, Part, Record
from consentd.kernel.tasks import Verdict

_PIECE = 1 << 16
_encode = msgspec.json.Encoder(decimal_format="string").encode


class HandlerError(Exception):
    """What a silo's program raised while it was asked for its records: no word of it is repeated."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Copy:
    """`sync` and `later` make pieces to send; then `answer` says what was in them."""

    def __init__(self) -> None:
        self._found: dict[str, int] = {}
        self._said: Answer | None = None
        self._piece = bytearray()

    def sync(self, records: Iterable[Record | Answer]) -> Iterator[bytes]:
        """Raises HandlerError for whatever the records raise, and for what is no record."""
        try:
            for one in records:
                if piece := self._take(one):
                    yield piece
        except Exception as error:
            raise HandlerError(type(error).__name__) from None
        yield bytes(self._piece)

    async def later(self, records: AsyncIterable[Record | Answer]) -> AsyncIterator[bytes]:
        try:
            async for one in records:
                if piece := self._take(one):
                    yield piece
        except Exception as error:
            raise HandlerError(type(error).__name__) from None
        yield bytes(self._piece)

    def answer(self) -> Answer:
        parts = tuple(Part(what=what, found=count) for what, count in self._found.items())
        if self._said is None:
            return Answer(verdict=Verdict.DONE, parts=parts)
        return self._said if self._said.parts else msgspec.structs.replace(self._said, parts=parts)

    def _take(self, one: Record | Answer) -> bytes:
        """A piece, if one is full. Raises TypeError for what is no record."""
        if self._said is not None:
            raise TypeError("an answer is the last that is told of a copy")
        if isinstance(one, Answer):
            self._said = one
            return b""
        what, record = one
        self._piece += _encode({"what": what, "record": dict(record)}) + b"\n"
        self._found[what] = self._found.get(what, 0) + 1
        if len(self._piece) < _PIECE:
            return b""
        piece = bytes(self._piece)
        self._piece.clear()
        return piece
