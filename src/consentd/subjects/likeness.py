"""How alike two names, two addresses or two numbers are. Pure, and for candidates alone: nobody is ever found
or joined by it (docs/data.md, names).
"""

import re
import unicodedata

# Letters that no accent can be taken from.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_TITLES = frozenset(
    [
        "m",
        "mr",
        "mme",
        "mlle",
        "mrs",
        "ms",
        "miss",
        "dr",
        "pr",
        "herr",
        "frau",
        "monsieur",
        "madame",
        "mademoiselle",
    ]
)
_APOSTROPHES = re.compile(r"['’ʼ`´]")
_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 6
"""Below it, two addresses that differ in one letter are too often two people's."""


def name_key(given: str | None, family: str | None, full: str | None) -> tuple[str, ...] | None:
    """What two writings of one name share: its words without case, accents, hyphens, titles and order.

    None where there are fewer than two: a family name alone is that of the whole family.
    """
    text = full if full is not None else f"{given or ''} {family or ''}"
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    bare = "".join(one for one in folded if not unicodedata.combining(one))
    words = _WORD.findall(_APOSTROPHES.sub("", bare))
    words = [word for word in words if word not in _TITLES]
    return tuple(sorted(words)) if len(words) > 1 else None


def nearly_same(kind: str, one: str, other: str) -> bool:
    """Whether one slip of the finger makes one of the other: a letter or digit too many, missing, another, or
    two the wrong way round. `kind`: the scheme's. Of normalised e-mail addresses and telephone numbers alone.
    """
    if one == other or kind not in ("email", "phone") or min(len(one), len(other)) < _SHORTEST:
        return False
    if kind == "phone" and len(one) != len(other):
        return False
    return _one_slip(one, other)


def slips(value: str) -> set[str]:
    """What a value shares with any that is one slip away: itself, and itself less each of its characters."""
    return {value, *(value[:at] + value[at + 1 :] for at in range(len(value)))}


def _one_slip(one: str, other: str) -> bool:
    if len(one) > len(other):
        one, other = other, one
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) + 1 == len(other):
        return one[at:] == other[at + 1 :]
    if len(one) != len(other):
        return False
    turned = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
    return turned or one[at + 1 :] == other[at + 1 :]
