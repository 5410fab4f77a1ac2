"""A company's logo: is it a picture, and nothing but a picture? Pure.

Promise 16: an SVG is a program's text that browsers run. Whatever could run, load, link or animate is refused
by name; what remains are shapes. The page's content security policy would stop it too; this is before that.
"""

import hashlib
import re
import struct
import zlib
from xml.parsers import expat

from consentd.kernel.policy import Logo

MOST_BYTES = 20_000
_LEAST, _MOST = 8, 4000
_MOST_RATIO = 10
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG_SPACE = "http://www.w3.org/2000/svg"
_SHAPES = frozenset(
    {"svg", "g", "defs", "symbol", "use", "title", "desc", "metadata", "style", "path", "rect", "circle"}
    | {"ellipse", "line", "polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop"}
    | {"clipPath", "mask", "pattern"}
)
_LENGTH = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,6})?)(?:px)?")
_ELSEWHERE = re.compile(r"url\((?!\s*['\"]?#)|@|\\|javascript:|data:|expression\s*\(", re.IGNORECASE)


class NoPicture(Exception):
    """A sentence that says why, to follow the file's name."""


def read_logo(name: str, content: bytes) -> Logo:
    """What the policy says of a logo. Raises NoPicture."""
    if not content:
        raise NoPicture("is empty")
    if len(content) > MOST_BYTES:
        raise NoPicture(f"is larger than {MOST_BYTES} bytes: every page would carry it")
    ending = name.rpartition(".")[2]
    size: tuple[float, float]
    if ending == "png":
        media, size = "image/png", _png(content)
    elif ending == "svg":
        media, size = "image/svg+xml", _Svg().read(content)
    else:
        raise NoPicture("is neither .svg nor .png")
    width, height = size
    if not (_LEAST <= width <= _MOST and _LEAST <= height <= _MOST):
        raise NoPicture(f"is {width:g} by {height:g}: each side must be from {_LEAST} to {_MOST}")
    if max(width, height) > _MOST_RATIO * min(width, height):
        raise NoPicture(f"is more than {_MOST_RATIO} times as long as it is wide")
    digest = hashlib.sha256(content).hexdigest()
    return Logo(media=media, digest=digest, width=round(width), height=round(height))


def _png(content: bytes) -> tuple[int, int]:
    """Its size, where every part of it is whole and nothing follows the last."""
    if not content.startswith(_PNG):
        raise NoPicture("is not a PNG, whatever its name says")
    at, size, kind = len(_PNG), (0, 0), b""
    while kind != b"IEND":
        head = content[at : at + 8]
        length = int.from_bytes(head[:4])
        before, kind = kind, head[4:]
        body = content[at + 8 : at + 8 + length]
        check = content[at + 8 + length : at + 12 + length]
        if len(head) < 8 or len(check) < 4 or zlib.crc32(kind + body) != int.from_bytes(check):
            raise NoPicture("is a damaged PNG")
        if (kind == b"IHDR") != (before == b"") or (kind == b"IHDR" and length != 13):
            raise NoPicture("is a damaged PNG")
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        at += 12 + length
    if at != len(content):
        raise NoPicture("holds something else behind the picture")
    return size[0], size[1]


class _Svg:
    def __init__(self) -> None:
        self._size: tuple[float, float] | None = None
        self._within: list[str] = []

    def read(self, content: bytes) -> tuple[float, float]:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.buffer_text = True
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise NoPicture(f"is not an SVG: {expat.errors.messages[error.code]}") from None
        if self._size is None:
            raise NoPicture("does not say how large it is: give it a width and a height, or a viewBox")
        return self._size

    def _doctype(self, *_: object) -> None:
        raise NoPicture("has a document type, which can hold other things than a picture: take it out")

    def _instruction(self, target: str, _: str) -> None:
        raise NoPicture(f"has the instruction <?{target}?>: take it out")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if not self._within and name != f"{_SVG_SPACE} svg":
            raise NoPicture("is not an SVG: its first element is no <svg> of that namespace")
        if space == _SVG_SPACE and tag not in _SHAPES:
            raise NoPicture(f"has <{tag}>: a logo is made of shapes, and does nothing")
        if space != _SVG_SPACE and not any(one.endswith(" metadata") for one in self._within):
            # Drawing programs leave their own notes; what is none of SVG's is drawn by nobody.
            raise NoPicture(f"has <{tag}>, which is not of SVG: save it as plain SVG")
        for key, value in attributes.items():
            self._attribute(tag, key.rpartition(" ")[2], value)
        if not self._within:
            self._size = _size(attributes)
        self._within.append(name)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name.lower().startswith("on"):
            raise NoPicture(f"has the event handler {name} in <{tag}>: a logo does nothing")
        if name in ("href", "src") and not value.startswith("#"):
            raise NoPicture(f"refers by {name} in <{tag}> to something outside itself")
        if name == "base" or _ELSEWHERE.search(value):
            raise NoPicture(f"refers by {name} in <{tag}> to something outside itself")

    def _end(self, _: str) -> None:
        self._within.pop()

    def _text(self, text: str) -> None:
        if self._within[-1].endswith(" style") and _ELSEWHERE.search(text):
            raise NoPicture("has a <style> that loads or refers to something")


def _size(attributes: dict[str, str]) -> tuple[float, float] | None:
    sides = [_LENGTH.fullmatch(attributes.get(name, "").strip()) for name in ("width", "height")]
    if sides[0] and sides[1]:
        return float(sides[0][1]), float(sides[1][1])
    box = attributes.get("viewBox", "").replace(",", " ").split()
    lengths = [_LENGTH.fullmatch(one) for one in box[2:]]
    if len(box) == 4 and lengths[0] and lengths[1]:
        return float(lengths[0][1]), float(lengths[1][1])
    return None
