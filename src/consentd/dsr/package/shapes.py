"""What the records of one category look like, learnt while they pass: for the CSV's columns and the schema.

Upholds promise 16: a schema is made of what was seen, and what a silo called its fields stays data. Memory is
bounded: a silo whose every record has other fields is refused.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from consentd.kernel.errors import Unprocessable

MOST_FIELDS = 500
"""Of one category: a real table's are a tenth of it."""

_SCHEMAS: dict[str, dict[str, Any]] = {  # Any: JSON
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "nothing": {"type": "null"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "id": {"type": "string", "format": "uuid"},
    "day": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
}


class Field(msgspec.Struct, frozen=True):
    name: str
    kinds: tuple[str, ...]
    """What its values are, in the order of their names."""
    always: bool
    """Whether every record has it."""


class Shape:
    """Learns from records, one after the other."""

    def __init__(self) -> None:
        self.records = 0
        self._kinds: dict[str, set[str]] = {}
        self._seen: dict[str, int] = {}

    def take(self, record: Mapping[str, object]) -> dict[str, object]:
        """The record as it is written down: text for what JSON has no word for. Raises Unprocessable."""
        plain: dict[str, object] = {}
        for name, value in record.items():
            named = name if name.isascii() else whole(name)
            plain[named] = self._plain(named, value)
        self.records += 1
        return plain

    def fields(self) -> tuple[Field, ...]:
        """In the order in which they were first seen."""
        return tuple(
            Field(name, tuple(sorted(kinds)), self._seen[name] == self.records)
            for name, kinds in self._kinds.items()
        )

    def _plain(self, name: str, value: object) -> object:
        kind, plain = _kind(value)
        known = self._kinds.get(name)
        if known is None:
            if len(self._kinds) >= MOST_FIELDS:
                raise too_varied(f"the records of one category have more than {MOST_FIELDS} different fields")
            known = self._kinds[name] = set()
            self._seen[name] = 0
        known.add(kind)
        self._seen[name] += 1
        return plain


def schema(title: str, fields: tuple[Field, ...], nullable: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a whole file of such records. `nullable`: fields in which values were held
    back, which stand there as null.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "array",
        "items": {
            "type": "object",
            "properties": {field.name: _property(field, field.name in nullable) for field in fields},
            "required": [field.name for field in fields if field.always],
            "additionalProperties": False,
        },
    }


def whole(text: str) -> str:
    """The text without halves of surrogate pairs, which are no characters and cannot be written."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def too_varied(what: str) -> Unprocessable:
    return Unprocessable(
        "records_too_varied",
        f"This copy cannot be kept: {what}. Send the categories and fields of the silo itself, and what "
        "differs from record to record as their values.",
    )


def _property(field: Field, nullable: bool) -> dict[str, Any]:
    kinds = {*field.kinds, "nothing"} if nullable else {*field.kinds}
    found = [_SCHEMAS[kind] for kind in sorted(kinds)]
    return found[0] if len(found) == 1 else {"anyOf": found}


_PLAIN = {type(None): "nothing", bool: "boolean", int: "integer"}


def _kind(value: object) -> tuple[str, object]:
    """What a value is, and how it is written down. By its very type first: true is no number."""
    plain = _PLAIN.get(type(value))
    if plain is not None:
        return plain, value
    match value:
        case str():
            return "text", whole(value)
        case int():
            return "integer", int(value)
        case float():
            return ("number", value) if value - value == 0 else ("text", str(value))
        case bytes() | bytearray() | memoryview():
            return "bytes", bytes(value)
        case UUID():
            return "id", str(value)
        case dt.datetime():
            return ("time" if value.tzinfo else "text"), value.isoformat()
        case dt.date():
            return "day", value.isoformat()
        case dt.time() | Decimal():
            return "text", str(value)
    raise TypeError(f"a record's values are single ones, not {type(value).__name__}")
