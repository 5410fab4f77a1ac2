"""The letter as a PDF that anyone can read, also by ear (PDF/UA-1, ISO 14289-1).

Upholds promise 16: the letter's text goes to the typesetter as JSON and is never markup; the template reads
no file and no network. The same letter at the same instant is the same bytes. Takes a fifth of a second.
"""

import unicodedata
from importlib import resources

import msgspec
import typst

from consentd.dsr.package.letter_model import Letter
from consentd.kernel.instants import Instant, to_datetime

# What the typesetter's own fonts have. A PDF/UA with a character that cannot be shown is none, and none is
# made: a silo's or a shop's exotic name must not keep somebody from their letter.
_SHOWN = (
    (0x20, 0x7E),
    (0xA0, 0x24F),
    (0x370, 0x4FF),
    (0x1E00, 0x1EFF),
    (0x2010, 0x2027),
    (0x202F, 0x203F),
    (0x20A0, 0x20BF),
    (0x2116, 0x2116),
    (0x2122, 0x2122),
    (0x2190, 0x2199),
)


def as_pdf(letter: Letter, at: Instant) -> bytes:
    template = (resources.files("consentd.dsr.package") / "templates" / "letter.typ").read_bytes()
    made = typst.compile(
        template,
        format="pdf",
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        sys_inputs={"letter": msgspec.json.encode(_all_shown(msgspec.to_builtins(letter))).decode()},
        timestamp=to_datetime(at).replace(microsecond=0),
    )
    assert isinstance(made, bytes)
    return made


def shown(text: str) -> str:
    """The text with a mark for each character that no font here has."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(_shown(char) for char in composed)


def _all_shown(plain: object) -> object:
    if isinstance(plain, str):
        return shown(plain)
    if isinstance(plain, dict):
        return {name: _all_shown(value) for name, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_all_shown(value) for value in plain]
    return plain


def _shown(char: str) -> str:
    if _has(ord(char)):
        return char
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"


def _has(point: int) -> bool:
    return any(first <= point <= last for first, last in _SHOWN)
