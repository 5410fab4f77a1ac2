"""What stands in a column after an erasure: nothing, or something of the right form that is nobody's (pure).

Each form is known again, so that a second erasure finds nothing to do, and a confirmation can tell.
Addresses are under .invalid (RFC 2606); numbers are of those that the French regulator keeps for fiction
(ARCEP, décision 2018-0881, annex: 06 39 98).
"""

import datetime as dt
import re
from functools import lru_cache
from typing import Any

from consentd.base.i18n import Text
from consentd.kernel.silo_sql import Column

DOMAIN = "erased.invalid"
_NAME = Text("Effacé", "Erased")
_SENTENCE = Text(
    "Texte effacé à la demande de la personne (RGPD, art. 17).",
    "Text erased at the person’s request (GDPR 17).",
)
_OVER = Text(
    "Texte effacé, sa durée de conservation étant passée (RGPD, art. 5).",
    "Text erased, kept for as long as it may be (GDPR 5).",
)
_NATIONAL, _INTERNATIONAL = "0639980000", "+33639980000"
NUMBERS = (_NATIONAL, _INTERNATIONAL, _INTERNATIONAL[1:])
_DATE = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")


def pseudonym(
    column: Column, value: Any, random: str, language: str, length: int | None, *, asked: bool = True
) -> Any:
    """What is to stand in the place of `value`. Any: as the silo's types are.

    `random`: 32 hexadecimal digits of this row's own, so that what must be unique stays so. `length`: what
    the column holds at most; an address or a token is shortened from its random part.
    `asked`: whether somebody asked for it, and not only time went by.
    """
    match column.erase:
        case "email":
            end = f"@{DOMAIN}"
            return _begun("erased-", random, None if length is None else length - len(end)) + end
        case "token":
            return _begun("erased-", random, length)
        case "phone":
            if not isinstance(value, str):
                return int(_INTERNATIONAL[1:])
            return _INTERNATIONAL if value.strip().startswith("+") else _NATIONAL
        case "name" | "text":
            return _words(column, language, asked=asked)[:length]
        case "year":
            return _first_of_year(value)
        case "postcode":
            return value[:2] + re.sub("[0-9]", "0", re.sub("[A-Za-z]", "X", value[2:]))
        case "empty":
            return ""
        case "zero":
            return 0
        case _:
            return None


def _begun(start: str, random: str, length: int | None) -> str:
    """In a short column the beginning goes before what makes it unique."""
    whole = start + random
    return (
        whole
        if length is None or length >= len(whole)
        else (start if length > 19 else "") + random[: max(8, length - (len(start) if length > 19 else 0))]
    )


@lru_cache(maxsize=1024)  # the same few, for each of a million rows
def _words(column: Column, language: str, *, asked: bool) -> str:
    if column.text is not None:
        return column.text
    text = _NAME if column.erase == "name" else _SENTENCE if asked else _OVER
    return text("fr" if language == "fr" else "en")


def words_left(column: Column, length: int | None) -> set[str]:
    """What stands in a column of the format name or text after an erasure, in either language."""
    return {
        _words(column, language, asked=asked)[:length].rstrip(" ")
        for language in ("fr", "en")
        for asked in (True, False)
    }


def _first_of_year(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.replace(month=1, day=1)
    found = _DATE.match(value) if isinstance(value, str) else None
    return f"{found[1]}-01-01{value[found.end() :]}" if found else None


def is_erased(column: Column, value: Any, length: int | None) -> bool:
    """Whether nothing of a person is left there."""
    if isinstance(value, str):
        value = value.rstrip(" ")  # with which a database may fill up what it holds
    if value is None or value == "":
        return True
    match column.erase:
        case "email":
            return isinstance(value, str) and value.endswith(f"@{DOMAIN}")
        case "token":
            return isinstance(value, str) and (
                value.startswith("erased-") or (length is not None and length <= 19)
            )
        case "phone":
            return str(value).replace(" ", "") in NUMBERS
        case "name" | "text":
            return value in words_left(column, length)
        case "year" | "postcode":
            return bool(value == pseudonym(column, value, "", "en", length))
        case "zero":
            return bool(value == 0)
        case _:
            return False
