"""In which forms a silo may have written an identifier (pure).

A person whose address was typed with a capital must not be missed, and nobody else may be found. So every
form that is looked for is one that consentd itself reads as that very identifier.
"""

import contextlib
import unicodedata
import uuid
from collections.abc import Iterable

import phonenumbers

from consentd.kernel.policy import Scheme
from consentd.kernel.silo_sql import FoundBy
from consentd.subjects import spelling
from consentd.subjects.spelling import Named

FILLING = (" ", ".", "-", "(", ")", "/", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\t")
"""What may stand between the digits of a number, and is taken out before it is compared."""
_AROUND = [
    *((" ", ""), ("", " "), ("", "\t"), ("\t", ""), ("", "\r\n"), ("", "\n"), ("", "\r")),
    ("", "\N{NO-BREAK SPACE}"),
]
"""What comes along with a cell that is copied: one of it is looked for, so that an index still serves."""


def written(found: FoundBy, scheme: Scheme, named: Iterable[Named]) -> tuple[str, ...]:
    """The texts to compare with: of *any*, with the column in small letters (an address), or without
    filling (a number)."""
    values = [one.value for one in named if one.scheme == found.scheme]
    if found.spelling == "exact":
        return tuple(dict.fromkeys(values))
    if found.spelling == "upper":
        return tuple(dict.fromkeys(value.upper() for value in values))
    if scheme.kind == "email":
        return tuple(dict.fromkeys(form for value in values for form in _addresses(value)))
    if scheme.kind == "phone":
        return tuple(dict.fromkeys(form for value in values for form in _numbers(value, found)))
    return tuple(dict.fromkeys(form for value in values for form in _lowered(value)))


def _addresses(value: str) -> Iterable[str]:
    local, _, host = value.rpartition("@")
    hosts = [host]
    if "xn--" in host:
        with contextlib.suppress(UnicodeError):
            hosts.append(host.encode("ascii").decode("idna"))
    for one in hosts:
        for form in _lowered(f"{local}@{one}"):
            yield form
            yield from (before + form + after for before, after in _AROUND)


def _lowered(value: str) -> Iterable[str]:
    """Some databases make small letters of A to Z alone, and some store accents apart from their letters."""
    yield value
    if not value.isascii():
        capitals = "".join(char.lower() if char.isascii() else char for char in value.upper())
        for form in (value, capitals):
            yield from (form, unicodedata.normalize("NFD", form))


def _numbers(value: str, found: FoundBy) -> Iterable[str]:
    yield value
    digits = value.removeprefix("+")
    yield from (digits, "00" + digits)
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return
    code = str(number.country_code)
    inside = digits.removeprefix(code)
    yield from (f"{start}{code}0{inside}" for start in ("+", "00", ""))
    for form in ("0" + inside, inside):
        # Only where the silo's country reads it as this very number.
        if found.country is not None and _reads_as(form, found.country) == value:
            yield form


def _reads_as(text: str, country: str) -> str | None:
    try:
        return spelling.any_phone(text, country)
    except ValueError:
        return None


def whole_numbers(found: FoundBy, scheme: Scheme, named: Iterable[Named]) -> tuple[int, ...]:
    """The same for a column of whole numbers, in which no 0 stands in front."""
    texts = (form.removeprefix("+") for form in written(found, scheme, named))
    return tuple(
        dict.fromkeys(int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19)
    )


def uuids(found: FoundBy, named: Iterable[Named]) -> tuple[uuid.UUID, ...]:
    values = []
    for one in named:
        if one.scheme == found.scheme:
            try:
                values.append(uuid.UUID(one.value))
            except ValueError:
                continue
    return tuple(values)


def read(found: FoundBy, scheme: Scheme, stored: object) -> Named | None:
    """The identifier that a cell holds, as consentd spells it; None for what is none."""
    if stored is None:
        return None
    try:
        return spelling.named(found.scheme, scheme, str(stored), found.country)
    except ValueError:
        return None
