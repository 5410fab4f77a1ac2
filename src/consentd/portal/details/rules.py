"""What of a name is shown. Pure."""

from consentd.subjects.requests import Name

_DOTS = "•••"


def masked_name(name: Name) -> str:
    """The first letters: its owner knows it again, and nobody learns it."""
    parts = [part for part in (name.given, name.family) if part] or [name.full or ""]
    return " ".join(f"{part[:1]}{_DOTS}" for part in parts)


def whole_name(name: Name) -> str:
    return " ".join(part for part in (name.given, name.family) if part) or name.full or ""
