"""Reading a JSON body: as its type says or not at all, and without repeating it.

Upholds promise 18: what a body contains never appears in a message; only where the fault is, and of which
kind. Stricter than RFC 8259 where leniency would let two readers disagree: duplicate members, NaN, a byte
order mark, lone surrogates and U+0000 (which PostgreSQL cannot store) are refused.
"""

import json
import re
from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

from consentd.kernel.errors import CallerError, Malformed, Unprocessable

T = TypeVar("T")


class UnsupportedMedia(CallerError):
    """415: the body is not `application/json` in UTF-8, or is compressed."""

    status = 415


class StrictDecoder(Generic[T]):
    """Decodes bodies of one type. Every struct in it must refuse unknown members: TypeError at start if not.

    Costs 3 µs for a check's body of 140 bytes, of which 2 are the search for duplicate members
    (bench/web.py watches it).
    """

    __slots__ = ("_decode",)

    def __init__(self, body_type: type[T]) -> None:
        self._require_declared(body_type)
        self._decode = msgspec.json.Decoder(body_type, strict=True).decode

    def _require_declared(self, body_type: type[T]) -> None:
        for found in structs_in(msgspec.inspect.type_info(body_type)):
            if not found.forbid_unknown_fields:
                raise TypeError(
                    f"{found.cls.__qualname__} is part of a request body but accepts unknown members: "
                    "declare it with forbid_unknown_fields=True."
                )

    def decode(self, body: bytes) -> T:
        """Raises Malformed for what is not JSON (400), Unprocessable for what is not a T (422)."""
        try:
            value = self._decode(body)
        except msgspec.ValidationError as fault:
            _require_readable(body)
            raise Unprocessable(
                "invalid_body",
                "The body is JSON, but not what this call takes: see errors, and /openapi.json.",
                errors=[explain(str(fault))],
            ) from None
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            _require_readable(body)
            raise _not_json() from None
        _require_readable(body)
        return value


_plain = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def _require_readable(body: bytes) -> None:
    """Refuses what is not strict JSON, whatever its type.

    Duplicates, without a parser of our own: decode and encode again. Every member costs one colon and a
    decoder keeps one of each name, so that fewer colons come back exactly when a member was dropped. Colons
    inside texts return unchanged, unless they were written as the escape \\u003a: then each object's names
    are compared one by one.
    """
    try:
        value = _plain(body)
        again = _encode(value)
        escaped = b"\\u003" in body
        unique = _every_name_once(body) if escaped else body.count(b":") == again.count(b":")
    except (msgspec.DecodeError, UnicodeError):
        raise _not_json() from None
    except RecursionError:
        raise Malformed(
            "body_too_deep", "The body is nested too deeply. No call takes more than a few levels."
        ) from None
    if not unique:
        raise Malformed(
            "duplicate_member",
            "An object in the body names the same member twice: what is meant would be a guess.",
        )
    if b"\\u0000" in body and _has_nul(value):
        raise Malformed(
            "nul_character", "The body contains the character U+0000, which cannot be stored. Remove it."
        )


def _not_json() -> Malformed:
    return Malformed("not_json", "The body is not JSON in UTF-8 (RFC 8259, without a byte order mark).")


class _DuplicateNameError(Exception):
    pass


def _every_name_once(body: bytes) -> bool:
    def members(pairs: list[tuple[str, object]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            raise _DuplicateNameError

    try:
        json.loads(body, object_pairs_hook=members)
    except _DuplicateNameError:
        return False
    return True


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in name or _has_nul(inner) for name, inner in value.items())
    return isinstance(value, list) and any(_has_nul(inner) for inner in value)


# A message that is not known to be free of the body's own content is replaced, never passed on.
_TYPES = r"`[a-z0-9 |]+`"
_WRONG_TYPE = re.compile(rf"Expected {_TYPES}, got {_TYPES}")
_OUT_OF_BOUNDS = re.compile(
    rf"Expected {_TYPES} (of length (<=|>=|==) [0-9]+|(<=|>=|<|>) -?[0-9.]+|that's a multiple of [0-9.]+)"
)
_PATTERN = re.compile(rf"Expected {_TYPES} matching regex '.*'", re.DOTALL)
_FORMAT = re.compile(
    r"Invalid (UUID|base64 encoded string|RFC3339 encoded (datetime|date|time)|ISO8601 duration)"
)
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]{1,40}")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[([0-9]+)\]")


def explain(message: str) -> dict[str, str]:
    """Turns a message of msgspec into {"pointer", "code", "detail"}, with nothing of the body in it.

    Unknown members are named only if their name could be a field's: letters and underscores.
    """
    reason, _, path = message.partition(" - at `")
    pointer = json_pointer(path.removesuffix("`").removeprefix("key in "))
    if found := _MISSING.fullmatch(reason):
        return {
            "pointer": f"{pointer}/{found[1]}",
            "code": "missing",
            "detail": "This member is required.",
        }
    if found := _UNKNOWN.fullmatch(reason):
        name = found[1] if _NAME.fullmatch(found[1]) else None
        return {
            "pointer": f"{pointer}/{name}" if name else pointer,
            "code": "unknown_member",
            "detail": "This call has no such member."
            if name
            else "There is a member here that this call does not have.",
        }
    if _WRONG_TYPE.fullmatch(reason):
        return {"pointer": pointer, "code": "wrong_type", "detail": f"{reason}."}
    if _OUT_OF_BOUNDS.fullmatch(reason) or _PATTERN.fullmatch(reason):
        return {"pointer": pointer, "code": "out_of_bounds", "detail": f"{reason}."}
    if _FORMAT.fullmatch(reason):
        return {"pointer": pointer, "code": "wrong_format", "detail": f"{reason}."}
    if reason.startswith("Invalid enum value"):
        return {
            "pointer": pointer,
            "code": "not_allowed",
            "detail": "This is none of the values allowed here.",
        }
    return {"pointer": pointer, "code": "invalid", "detail": "This value is not allowed here."}


def json_pointer(path: str) -> str:
    """RFC 6901 pointer for msgspec's `$.events[0].state`. Stops at a map's `[...]`: its keys are content."""
    pointer, position = "", len("$")
    while step := _STEP.match(path, position):
        pointer += "/" + (step[1] or step[2])
        position = step.end()
    return pointer


def structs_in(
    info: msgspec.inspect.Type, seen: set[type] | None = None
) -> Iterator[msgspec.inspect.StructType]:
    """Every struct that a body of this type may hold, once."""
    seen = set() if seen is None else seen
    match info:
        case msgspec.inspect.StructType():
            if info.cls in seen:
                return
            seen.add(info.cls)
            yield info
            for field in info.fields:
                yield from structs_in(field.type, seen)
        case msgspec.inspect.UnionType():
            for member in info.types:
                yield from structs_in(member, seen)
        case msgspec.inspect.DictType():
            yield from structs_in(info.value_type, seen)
        case msgspec.inspect.Metadata():
            yield from structs_in(info.type, seen)
        case (
            msgspec.inspect.ListType()
            | msgspec.inspect.SetType()
            | msgspec.inspect.FrozenSetType()
            | msgspec.inspect.VarTupleType()
        ):
            yield from structs_in(info.item_type, seen)
        case msgspec.inspect.TupleType():
            for member in info.item_types:
                yield from structs_in(member, seen)
        case _:
            return
