"""Names: sealed under the person's content key, the latest that each system told, and for candidates alone.

Of each system its own: one that writes "M. Roux" does not undo what another knows better, and a name that is
corrected replaces what that system said before (docs/decisions/0029). An erasure destroys them with the key.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec

from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.secrets import Key
from consentd.kernel.ids import SubjectId, SystemId
from consentd.subjects.likeness import name_key
from consentd.subjects.requests import Name

Names = dict[str, Name]
"""By the id of the system that told each; "" is the command line."""

_names = msgspec.json.Decoder(Names)
_encoder = msgspec.json.Encoder(order="deterministic")


def name_of(told: Name | str | None) -> Name | None:
    """What a call says the person is called. None where it says nothing of use."""
    name = Name(full=told) if isinstance(told, str) else told
    if name is None or not any(part and part.strip() for part in (name.given, name.family, name.full)):
        return None
    return name


def open_names(content: Key, subject: UUID, sealed: bytes | None) -> Names:
    if sealed is None:
        return {}
    opened = unseal(content, sealed, _place(subject))
    try:
        return _names.decode(opened)
    except msgspec.DecodeError:
        # As names were kept before systems were told apart: one, as it was written.
        return {"": Name(full=opened.decode())}


def with_name(names: Names, system: SystemId | None, name: Name) -> Names:
    return {**names, str(system) if system else "": name}


def seal_names(content: Key, subject: UUID, names: Names) -> bytes:
    return seal(content, _encoder.encode(names), _place(subject))


def keys_of(names: Iterable[Name]) -> frozenset[tuple[str, ...]]:
    """By what these names are compared with others."""
    found = (name_key(name.given, name.family, name.full) for name in names)
    return frozenset(key for key in found if key is not None)


def names_of_all(keys: Iterable[tuple[SubjectId, Key]], sealed: Mapping[SubjectId, bytes]) -> list[Name]:
    """What these subjects, who are one person, are called; each with its content key."""
    return [
        name
        for subject, content in keys
        for name in open_names(content, subject, sealed.get(subject)).values()
    ]


def _place(subject: UUID) -> Place:
    return Place("subjects", "sealed_name", subject)
