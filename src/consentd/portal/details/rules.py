"""What of a name or a contact detail is shown, and how a correction is said to the tools. Pure."""

from consentd.subjects.requests import Name

_DOTS = "•••"


def masked_name(name: Name) -> str:
    """The first letters: its owner knows it again, and nobody learns it."""
    parts = [part for part in (name.given, name.family) if part] or [name.full or ""]
    return " ".join(f"{part[:1]}{_DOTS}" for part in parts)


def whole_name(name: Name) -> str:
    return " ".join(part for part in (name.given, name.family) if part) or name.full or ""


def masked_value(kind: str, value: str) -> str:
    """m•••@example.fr; •••• 01 of a number."""
    local, at, host = value.rpartition("@")
    if at:
        return f"{local[:1]}{_DOTS}@{host}"
    return f"{_DOTS}• {value[-2:]}" if kind == "phone" or len(value) > 3 else _DOTS
