"""The encoding of a file, found out from its first bytes, and how its cells become text. Pure."""

import codecs
from collections.abc import Callable

from consentd.kernel.errors import Unprocessable

BOM = "\ufeff"
_WIDE = {"utf-16": "utf-16-le", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Text:
    """A file in UTF-8 or a single-byte encoding, whose bytes are cut as they are. `fast`: `cell`, for whoever
    asks `cell` where it fails.
    """

    def __init__(self, name: str | None) -> None:
        self._name = name
        self.fast: Callable[[bytes], str] = bytes.decode
        if name not in (None, "utf-8"):
            self.fast = self.cell

    def taken(self, chunk: bytes, *, last: bool) -> bytes:
        """The next bytes of the file, as they are to be cut."""
        return chunk

    def back(self, raw: bytes) -> bytes:
        """What was cut, as the file had it."""
        return raw

    def cell(self, content: bytes) -> str:
        """Raises UnicodeDecodeError. Where nobody said what it is: UTF-8, else Windows-1252."""
        if self._name is not None:
            return content.decode(self._name)
        try:
            return content.decode()
        except UnicodeDecodeError:
            return content.decode("cp1252")


class WideText(Text):
    """A file in UTF-16, cut as UTF-8. Exact in both directions, halves of pairs included."""

    def __init__(self, name: str) -> None:
        super().__init__("utf-8")
        self._wide = name
        self._decoder = codecs.getincrementaldecoder(name)("surrogatepass")

    def taken(self, chunk: bytes, *, last: bool) -> bytes:
        """Raises Unprocessable for half a character at the end."""
        try:
            return self._decoder.decode(chunk, last).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise wrong_encoding("The file ends within a character of UTF-16: is it all there?") from None

    def back(self, raw: bytes) -> bytes:
        return raw.decode("utf-8", "surrogatepass").encode(self._wide, "surrogatepass")


def text_of(start: bytes, name: str | None) -> Text:
    """By the name that was given, or else by the first bytes. Raises Unprocessable for an unknown name."""
    marked = next((found for mark, found in _MARKS if start.startswith(mark)), None)
    if name is None:
        name = marked or _without_mark(start)
    else:
        name = _named(name)
        if name == "utf-16":
            name = marked if marked in _WIDE else "utf-16-le"
    return WideText(_WIDE[name]) if name in _WIDE else Text(name)


def _without_mark(start: bytes) -> str | None:
    """UTF-16 shows by the zero bytes of the Latin letters that a header is made of."""
    some = start[:64]
    if some[1::2].count(0) > len(some) // 4:
        return "utf-16-le"
    return "utf-16-be" if some[0::2].count(0) > len(some) // 4 else None


def _named(name: str) -> str:
    try:
        found = codecs.lookup(name).name
        if found in _WIDE:
            return found
        if found in ("utf-8", "utf-8-sig"):
            return "utf-8"
        # Every byte a character, and those of ASCII as in ASCII.
        single = len(bytes(range(256)).decode(found, "replace")) == 256
        if single and bytes(range(128)).decode(found) == "".join(map(chr, range(128))):
            return found
    except (LookupError, ValueError, TypeError, AttributeError):
        pass
    raise wrong_encoding(
        "Lists are read in UTF-8, UTF-16 and single-byte encodings: utf-8, utf-16, cp1252, iso-8859-15."
    )


def wrong_encoding(detail: str) -> Unprocessable:
    return Unprocessable(
        "wrong_encoding",
        detail,
        errors=[{"pointer": "/encoding", "code": "wrong_encoding", "detail": detail}],
    )
