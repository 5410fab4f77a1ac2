"""Names of files inside a package: made of small letters, digits and hyphens, whatever a silo calls its data.

Upholds promise 16: no name leads out of a folder, hides, or means something to an operating system.
"""

import re
import unicodedata
from collections.abc import Container

_OTHER = re.compile(r"[^a-z0-9]+")
_LONGEST = 40
# Windows keeps these for devices, whatever ending follows them.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)")


def slug(text: str) -> str:
    """At most 40 characters of a to z, 0 to 9 and inner hyphens; "data" where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = _OTHER.sub("-", plain).strip("-")[:_LONGEST].rstrip("-")
    if _DEVICES.fullmatch(found):
        return f"{found}-data"
    return found or "data"


def unused(text: str, taken: Container[str]) -> str:
    """The slug, numbered where another is called so already."""
    first = slug(text)
    if first not in taken:
        return first
    number = 2
    while f"{first}-{number}" in taken:
        number += 1
    return f"{first}-{number}"
