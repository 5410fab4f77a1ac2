"""One spelling for every identifier, so that the same person is found whatever was typed.

Only the common forms are read here, with the standard library alone; each function answers None for a form
it does not know, and the caller asks a full parser (`subjects.spelling`), which gives the same wherever both
answer. What is refused raises ValueError with a sentence that does not repeat the value (promise 18). Never
a provider's own tricks: dots and tags in an address are part of it.
"""

import re
import unicodedata
from typing import NamedTuple

MAX_LENGTH = 320

# Nobody types them: they come along when a cell or a web page is copied.
_UNSEEN = dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF))
# Around a number that a telephone's own address book copied. Within, or turning letters round, they deceive.
_MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069 "
# They join letters of other scripts, where they tell words apart; between Latin ones they are unseen too.
_JOINERS = {0x200C: None, 0x200D: None}

# A dot-atom, then a host name of letters, digits and hyphens: RFC 5321 without its rarities.
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?=.{4,253}\Z)(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    r"(?!..--)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
PLAIN_EMAIL = re.compile(
    r"[a-z0-9]++(?:[._+-][a-z0-9]++)*+@(?:[a-z0-9]++(?:-[a-z0-9]++)*+\.)+[a-z][a-z0-9]++", re.ASCII
)
"""Less than `common_email` takes, and spelled alike: no part of it can be too long in PLAIN characters."""
PLAIN = 64
_AROUND_AT = re.compile(r" *@ *")
_PHONE_FILLING = str.maketrans("", "", " .-()/")


class _Plan(NamedTuple):
    """Numbers of one country whose national form is a 0 and what follows its country code."""

    territory: str
    code: str
    national: re.Pattern[str]


_PLANS = tuple(
    _Plan(territory, code, re.compile(national))
    for territory, code, national in (
        # Those whose first digits belong to an overseas plan (+262, +590, +594, +596…) need the full parser.
        ("FR", "33", r"(?!26[29]|508|59[046]|639|69[0-7]|70[89])[1-9][0-9]{8}"),
        ("BE", "32", r"4[5-9][0-9]{7}|[1-35-9][0-9]{7}"),
        ("CH", "41", r"[2-9][0-9]{8}"),
        ("DE", "49", r"1[567][0-9]{8,9}"),
        ("GB", "44", r"7[1-57-9][0-9]{8}"),
    )
)


def clean(value: str) -> str:
    """NFC without surrounding white space, what is unseen and double width (RFC 8265 §3.3.2); every kind of
    space is the plain one. Raises ValueError for what no identifier may hold.
    """
    text = (value if value.isascii() else _seen(value)).replace("\t", " ").strip()
    if not text:
        raise ValueError("is empty")
    if len(text) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters")
    if not text.isprintable():
        raise ValueError("contains control characters")
    return text


def _seen(value: str) -> str:
    text = "".join(map(_one_width, value.translate(_UNSEEN))).strip(_MARKS)
    without = text.translate(_JOINERS)
    return unicodedata.normalize("NFC", without if without.isascii() else text)


def _one_width(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    kind, _, code = unicodedata.decomposition(character).partition(" ")
    return chr(int(code, 16)) if kind in ("<wide>", "<narrow>") else character


def written_email(text: str) -> str:
    """A cleaned address without what is no part of it: spaces around the @, and the dot at the end, which
    is the root of all names or ends a sentence. Any other space may part two words: it is left, and refused.
    """
    if '"' not in text and " " in text:
        text = _AROUND_AT.sub("@", text)
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def plain_email(value: str) -> str | None:
    """What `clean` and `common_email` make of the plainest addresses, in half the time; None of any other."""
    lowered = value.strip().lower()
    return lowered if len(lowered) <= PLAIN and PLAIN_EMAIL.fullmatch(lowered) else None


def common_email(text: str) -> str | None:
    """The lower-case form of a plain ASCII address; None where a full parser must decide."""
    lowered = written_email(text).lower()
    if len(lowered) <= 254 and lowered.isascii() and _EMAIL.fullmatch(lowered) and "xn--" not in lowered:
        local, _, _host = lowered.partition("@")
        return lowered if len(local) <= 64 else None
    return None


def common_phone(text: str, territory: str | None) -> str | None:
    """E.164 of a common French, Belgian, Swiss, German or British number, "06 24 68 65 01" or "+33 (0)6…";
    None where a full parser must decide.

    A national number is read in the territory of the person.
    """
    digits = text.translate(_PHONE_FILLING)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not digits.isascii():
        return None
    for plan in _PLANS:
        if digits.startswith("+" + plan.code):
            national = digits[3:].removeprefix("0")
        elif plan.territory == territory and digits.startswith("0"):
            national = digits[1:]
        else:
            continue
        return f"+{plan.code}{national}" if plan.national.fullmatch(national) else None
    return None


def account(text: str) -> str:
    """A customer or card number: case and inner white space do not tell two customers apart."""
    return unicodedata.normalize("NFC", "".join(text.split()).casefold())
