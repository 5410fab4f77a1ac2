"""What a connected system may be called, allowed and limited to. Pure."""

import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consentd.callers.model import Scope
from consentd.kernel.errors import Unprocessable

_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def checked_name(name: str) -> str:
    if not _WORD.fullmatch(name):
        raise Unprocessable(
            "bad_name",
            "A system's name is 1 to 63 lower-case letters, digits, dots, hyphens or underscores, "
            "starting with a letter or digit: web-shop, till.lyon.",
        )
    return name


def checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    wanted = sorted({str(scope) for scope in scopes})
    known = [scope.value for scope in Scope]
    if not wanted:
        raise Unprocessable("no_scope", f"A system needs at least one scope of: {', '.join(known)}.")
    if unknown := [scope for scope in wanted if scope not in known]:
        raise Unprocessable(
            "unknown_scope", f"No such scope: {', '.join(unknown)}. Known: {', '.join(known)}."
        )
    return tuple(wanted)


def checked_words(what: str, words: Iterable[str]) -> tuple[str, ...]:
    wanted = sorted(set(words))
    if wrong := [word for word in wanted if not _WORD.fullmatch(word)]:
        raise Unprocessable(f"bad_{what}", f"Not the name of a {what}: {', '.join(wrong)}.")
    return tuple(wanted)


def checked_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Unprocessable("bad_zone", "No such time zone: write one like Europe/Paris.") from None
    return zone
