"""Making ids: UUIDv7 (RFC 9562 §5.7).

Its leading time keeps indexes local, its 74 random bits keep it unguessable.
"""

from uuid import UUID, SafeUUID

from uuid_utils import uuid7

_UNKNOWN = SafeUUID.unknown
_make = object.__new__
_set = object.__setattr__


def new_id() -> UUID:
    """One of the standard library's, made in half the time of its constructor: a recording makes a dozen."""
    made = _make(UUID)
    _set(made, "int", uuid7().int)
    _set(made, "is_safe", _UNKNOWN)
    return made
