"""One spelling for every identifier, so that the same person is found whatever was typed.

Only the common forms are read here, with the standard library alone; each function answers None for a form
it does not know, and the caller asks a full parser (`subjects.spelling`). What is refused raises
ValueError with a sentence that does not repeat the value (promise 18). Never a provider's own tricks: dots
and tags in an address are part of it.
"""

import re
import unicodedata

MAX_LENGTH = 320

# A dot-atom, then a host name of letters, digits and hyphens: RFC 5321 without its rarities.
_EMAIL = re.compile(
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
_PHONE_FILLING = str.maketrans("", "", " .-()/\u00a0\u202f\t")
_FRENCH = re.compile(r"(?:\+33|0033)0?([1-9][0-9]{8})")
_FRENCH_NATIONAL = re.compile(r"0([1-9][0-9]{8})")
# Numbers whose first digits belong to an overseas plan (+262, +590, +594, +596…) need the full parser.
_OVERSEAS = re.compile(r"(?:26[29]|508|59[046]|639|69[0-7]|70[89])")
_FRENCH_TERRITORIES = frozenset({"FR"})


def clean(value: str) -> str:
    """NFC, without surrounding white space. Raises ValueError for what no identifier may hold."""
    text = unicodedata.normalize("NFC", value).strip()
    if not text:
        raise ValueError("is empty")
    if len(text) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters")
    if not text.isprintable():
        raise ValueError("contains control characters")
    return text


def common_email(text: str) -> str | None:
    """The lower-case form of a plain ASCII address; None where a full parser must decide."""
    lowered = text.lower()
    if len(lowered) <= 254 and lowered.isascii() and _EMAIL.fullmatch(lowered) and "xn--" not in lowered:
        local, _, _host = lowered.partition("@")
        return lowered if len(local) <= 64 else None
    return None


def common_phone(text: str, territory: str | None) -> str | None:
    """E.164 of a common French number, "06 24 68 65 01" or "+33 (0)6…"; None where a full parser must decide.

    A national number is read in the territory of the person.
    """
    digits = text.translate(_PHONE_FILLING)
    found = _FRENCH.fullmatch(digits)
    if found is None and territory in _FRENCH_TERRITORIES:
        found = _FRENCH_NATIONAL.fullmatch(digits)
    if found is None or not digits.isascii() or _OVERSEAS.match(found[1]):
        return None
    return "+33" + found[1]


def account(text: str) -> str:
    """A customer or card number: case and inner white space do not tell two customers apart."""
    return "".join(text.split()).casefold()
