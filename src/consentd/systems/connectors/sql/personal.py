"""Which columns look personal: by their names in three languages, by their types, and by the look of what
stands in them. What was looked at is counted and forgotten: no value leaves this module (promise 18).
"""

import re
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Literal

import msgspec

Kind = Literal["text", "long", "number", "date", "json", "other"]

_EMAIL = re.compile(r"\s*[^@\s]+@[^@\s]+\.[A-Za-z]{2,}\s*")
_PHONE = re.compile(r"\s*(\+|00)?[0-9][0-9 .()/\-\N{NO-BREAK SPACE}]{7,18}[0-9]\s*")
_INNER_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[A-Za-z]{2,}")
_MOST = 0.6
"""Of the filled cells this share must look alike before a column is taken for what its name does not say."""


class Look(msgspec.Struct, frozen=True):
    """One line of the table."""

    means: str
    erase: str
    names: tuple[str, ...]
    when: tuple[Kind, ...] = ()


class Guess(msgspec.Struct, frozen=True):
    means: str
    erase: str
    why: Literal["name", "content"]


@cache
def looks() -> tuple[Look, ...]:
    text = resources.files("consentd.systems.connectors.sql").joinpath("personal.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text)["columns"], tuple[Look, ...])


def guess(column: str, kind: Kind, sample: Sequence[object]) -> Guess | None:
    """What a column holds of people; None where nothing says that it does."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower().replace("-", "_").replace(" ", "_")
    filled = [value for value in sample if isinstance(value, str) and value.strip()]
    content = _by_content(kind, filled)
    for look in looks():
        fits = any(fnmatchcase(name, pattern) for pattern in look.names)
        if fits and (not look.when or kind in look.when):
            # A column “address” may hold streets, or what mail is sent to.
            surer = content is not None and content.means in ("email", "phone") and look.means == "address"
            return content if surer else Guess(look.means, look.erase, "name")
    return content


def _by_content(kind: Kind, filled: Sequence[str]) -> Guess | None:
    if kind not in ("text", "long") or not filled:
        return None
    if _share(_EMAIL, filled) >= _MOST:
        return Guess("email", "email", "content")
    if _share(_PHONE, filled) >= _MOST and any(sum(c.isdigit() for c in value) >= 9 for value in filled):
        return Guess("phone", "phone", "content")
    if kind == "long" or any(_INNER_EMAIL.search(value) for value in filled):
        return Guess("free text", "text", "content")
    return None


def _share(pattern: re.Pattern[str], values: Sequence[str]) -> float:
    return sum(pattern.fullmatch(value) is not None for value in values) / len(values)
