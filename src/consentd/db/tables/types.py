"""Column types that both databases spell alike to Python.

Ids are 16 bytes (UUID on PostgreSQL), instants are microseconds in a 64-bit integer, sealed content is
bytes. JSON is kept as canonical text: what is hashed must have one spelling, and no database may
rearrange it.
"""

from typing import Any
from uuid import UUID, SafeUUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


class Id(sa.types.TypeDecorator[UUID]):
    """A UUID: 16 bytes on SQLite, native on PostgreSQL."""

    impl = sa.LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.UUID(as_uuid=True))
        return dialect.type_descriptor(sa.LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: sa.Dialect) -> Any:  # Any: bytes or UUID
        if value is None or dialect.name == "postgresql":
            return value
        return value.bytes

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> UUID | None:  # Any: the driver's own
        if value is None:
            return None
        # asyncpg brings its own subclass of UUID; a plain one compares and encodes alike everywhere.
        return uuid_of(value) if isinstance(value, bytes) else UUID(int=value.int)


_UNKNOWN = SafeUUID.unknown
_make = object.__new__
_set = object.__setattr__


def uuid_of(raw: bytes) -> UUID:
    """The UUID of 16 bytes, without the checks of its constructor, which cost more than reading the row."""
    made = _make(UUID)
    _set(made, "int", int.from_bytes(raw))
    _set(made, "is_safe", _UNKNOWN)
    return made


Instant = sa.BigInteger
Sealed = sa.LargeBinary
Digest = sa.LargeBinary
CanonicalJson = sa.Text
