"""Does a value read from a file have the shape of a type? Every fault, each with its place.

msgspec stops at the first fault; whoever mends a file wants all of them, with the nearest right word.
"""

import datetime as dt
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeVar

import msgspec
from msgspec import inspect

from consentd.policy.files import Document, Fault, Value, Where

T = TypeVar("T")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """ "; did you mean 'x'?" where a known word is near, else what is known, else nothing."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(sorted(known))}" if 0 < len(known) <= 12 else ""


def shaped(document: Document, model: type[T], faults: list[Fault]) -> T | None:
    """The document's value as `model`; None, with faults appended, where it does not fit."""
    found: list[tuple[Where, str]] = []
    _check(document.value, inspect.type_info(model), (), found)
    if not found:
        try:
            return msgspec.convert(document.value, model)
        except msgspec.ValidationError as error:
            found.append(((), str(error)))
    faults.extend((document.file, document.line(where), reason) for where, reason in found)
    return None


def _check(value: Value, kind: inspect.Type, where: Where, found: list[tuple[Where, str]]) -> None:
    if isinstance(kind, inspect.UnionType):
        _check_union(value, kind, where, found)
    elif isinstance(kind, inspect.StructType):
        _check_struct(value, kind, where, found)
    elif isinstance(kind, inspect.DictType):
        if not isinstance(value, dict):
            found.append((where, _expected(where, "a mapping", value)))
            return
        for key, item in value.items():
            _check(item, kind.value_type, (*where, key), found)
    elif isinstance(kind, inspect.VarTupleType | inspect.ListType):
        if not isinstance(value, list):
            found.append((where, _expected(where, "a list", value)))
            return
        for index, item in enumerate(value):
            _check(item, kind.item_type, (*where, index), found)
    elif isinstance(kind, inspect.TupleType):
        if not isinstance(value, list) or len(value) != len(kind.item_types):
            found.append((where, _expected(where, f"a list of {len(kind.item_types)}", value)))
            return
        for index, (item, part) in enumerate(zip(value, kind.item_types, strict=True)):
            _check(item, part, (*where, index), found)
    else:
        _check_scalar(value, kind, where, found)


def _check_union(value: Value, kind: inspect.UnionType, where: Where, found: list[tuple[Where, str]]) -> None:
    others = [part for part in kind.types if not isinstance(part, inspect.NoneType)]
    if value is None and len(others) < len(kind.types):
        return
    tries: list[list[tuple[Where, str]]] = []
    # Of a single word, that it is no mapping says less than which words are known; and the other way round.
    for part in sorted(
        others, key=lambda part: isinstance(part, inspect.StructType) != isinstance(value, dict)
    ):
        tried: list[tuple[Where, str]] = []
        _check(value, part, where, tried)
        if not tried:
            return
        tries.append(tried)
    # A fault inside the value says more than that the value as a whole is another type.
    found.extend(min(tries, key=lambda tried: any(place == where for place, _ in tried)))


def _check_struct(
    value: Value, kind: inspect.StructType, where: Where, found: list[tuple[Where, str]]
) -> None:
    if not isinstance(value, dict):
        found.append((where, _expected(where, "a mapping", value)))
        return
    fields = {field.encode_name: field for field in kind.fields}
    for key, item in value.items():
        if key in fields:
            _check(item, fields[key].type, (*where, key), found)
        else:
            found.append(((*where, key), f"unknown field {key!r}{did_you_mean(key, list(fields))}"))
    for name, field in fields.items():
        if field.required and name not in value:
            found.append((where, f"the field {name!r} is missing"))


def _check_scalar(value: Value, kind: inspect.Type, where: Where, found: list[tuple[Where, str]]) -> None:
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        values = kind.values if isinstance(kind, inspect.LiteralType) else [item.value for item in kind.cls]
        if value not in values or isinstance(value, bool):
            known = [str(item) for item in values]
            found.append((where, f"{_short(value)} is not known here{did_you_mean(str(value), known)}"))
    elif isinstance(kind, inspect.DateType):
        if not isinstance(value, str) or not _is_date(value):
            found.append((where, _expected(where, "a date such as 2026-08-11", value)))
    elif isinstance(kind, inspect.BoolType):
        if not isinstance(value, bool):
            found.append((where, _expected(where, "true or false", value)))
    elif isinstance(kind, inspect.IntType):
        if not isinstance(value, int) or isinstance(value, bool):
            found.append((where, _expected(where, "a whole number", value)))
    elif isinstance(kind, inspect.StrType):
        if not isinstance(value, str) or not value.strip():
            hint = " (put it in quotes)" if isinstance(value, bool | int) else ""
            found.append((where, _expected(where, "text", value) + hint))
    elif not isinstance(kind, inspect.AnyType):
        raise TypeError(f"no check for {kind}")  # a model grew a type that this module must learn


def _is_date(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _expected(where: Where, wanted: str, value: Value) -> str:
    names = [part for part in where if isinstance(part, str)]
    subject = f"{names[-1]!r} must be" if names else "must be"
    return f"{subject} {wanted}, not {_short(value)}"


def _short(value: Value) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return ("true" if value else "false") if isinstance(value, bool) else repr(value)[:60]
