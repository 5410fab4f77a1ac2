"""The shapes in which callers name people, shared by every call that does so."""

from typing import Annotated, Any

import msgspec

from consentd.kernel.errors import Unprocessable
from consentd.kernel.policy import Policy
from consentd.subjects.spelling import Named, named

Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
"""An id in the policy's vocabulary: a purpose, a channel, a scheme."""
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Territory = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
"""ISO 3166: a country, "FR", or a subdivision, "FR-974"."""
Time = Annotated[
    str,
    msgspec.Meta(
        min_length=10,
        max_length=40,
        description="RFC 3339 with an offset, or a bare date where only the day is known.",
        examples=["2026-11-20T10:15:00+01:00", "2026-11-20"],
    ),
]


class Identifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scheme: Word
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]

    def __repr__(self) -> str:
        return f"Identifier({self.scheme})"


NamePart = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a person is called: given and family name, or both as one text, in any order.

    It is personal data: `repr` shows nothing of it.
    """

    given: NamePart | None = None
    family: NamePart | None = None
    full: NamePart | None = None

    def __repr__(self) -> str:
        return "Name(…)"


class SubjectNamed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    identifiers: Annotated[tuple[Identifier, ...], msgspec.Meta(min_length=1, max_length=20)]
    territory: Territory | None = None
    name: Name | NamePart | None = None
    """Kept sealed, the latest of each system. It only ever helps to spot two records of one person: a name
    finds nobody and joins nobody. A bare text is a `full` one.
    """

    def __repr__(self) -> str:
        return f"SubjectNamed({len(self.identifiers)})"


def spell(policy: Policy, identifier: Identifier, territory: str | None, pointer: str) -> Named:
    """Raises Unprocessable at `pointer` for an unknown scheme or a value that is none of that scheme."""
    scheme = policy.identifiers.get(identifier.scheme)
    if scheme is None:
        known = ", ".join(sorted(policy.identifiers))
        raise Unprocessable(
            "unknown_scheme",
            f"The policy has no such identifier scheme. It knows: {known}.",
            errors=[{"pointer": f"{pointer}/scheme", "code": "unknown_scheme", "detail": f"known: {known}"}],
        )
    try:
        return named(identifier.scheme, scheme, identifier.value, territory or policy.controller.country)
    except ValueError as reason:
        raise Unprocessable(
            "invalid_identifier",
            f"The {identifier.scheme} given {reason}.",
            errors=[{"pointer": f"{pointer}/value", "code": "invalid_identifier", "detail": str(reason)}],
        ) from None


def without_subject(request: msgspec.Struct) -> dict[str, Any]:
    """What a call says of whomever its member `subject` names: of two reports under one event id this is
    compared apart from the identifiers, which are compared as they were written.
    """
    said: dict[str, Any] = msgspec.to_builtins(request)
    del said["subject"]
    return said
