"""A number for each statement of a row: what the system reported, told by its content (promise 2).

The same row gives the same numbers, in this file or a later one, whatever columns around it changed: so an
import made twice, or a newer export's unchanged row, records nothing. A time that the row itself does not
know is no part of the number: the statement stands since the export in which it was first seen. The numbers
are HMACs and name nobody.
"""

from itertools import islice
from typing import Any

import msgspec

from consentd.crypto.keyring import Keyring
from consentd.imports.stated import Stated
from consentd.kernel.canonical import canonical
from consentd.subjects.spelling import Named


class Numbered(msgspec.Struct, frozen=True):
    """The numbers of a row's statements, in their order."""

    choices: tuple[str, ...]
    objections: tuple[str, ...]
    facts: tuple[str, ...]
    attempts: tuple[str, ...]
    description: str
    """Of who the row is about: identifiers, territory and name."""

    @property
    def statements(self) -> list[str]:
        return [*self.choices, *self.objections, *self.facts, *self.attempts]

    @property
    def all(self) -> list[str]:
        return [self.description, *self.statements]


def numbered(keyring: Keyring, stated: Stated, exported_at: str) -> Numbered:
    """`exported_at`: as the mapper was given it."""
    # By what the system itself tells its records apart, as `Resolver.record` does.
    own = _plain(stated.names[0])
    spelled = {
        (one.scheme, one.value): name
        for one, name in zip(stated.subject.identifiers, stated.names, strict=True)
    }

    def content(kind: str, statement: msgspec.Struct, time: str) -> bytes:
        said: dict[str, Any] = msgspec.to_builtins(statement)
        for member in _NO_CONTENT:
            said.pop(member, None)
        if time == exported_at:
            said.pop("occurred_at", None)
        point = said.get("contact_point")
        if point:
            # An address that is only typed in another way is the same.
            said["contact_point"] = _plain(spelled[point["scheme"], point["value"]])
        return canonical([kind, own, said])

    contents = [
        *(content("choice", choice.event, choice.time) for choice in stated.choices),
        *(content("objection", objection, time) for objection, time in stated.objections),
        *(content("fact", fact, time) for fact, time in stated.facts),
        *(content("attempt", attempt, time) for attempt, time in stated.attempts),
        canonical([*map(_plain, stated.names), stated.subject.territory, stated.subject.name]),
    ]
    digests = keyring.digests("import-statement", contents)
    numbers = iter([f"import:{digest.hex()[:48]}" for digest in digests])
    return Numbered(
        tuple(islice(numbers, len(stated.choices))),
        tuple(islice(numbers, len(stated.objections))),
        tuple(islice(numbers, len(stated.facts))),
        tuple(islice(numbers, len(stated.attempts))),
        next(numbers),
    )


_NO_CONTENT = ("subject", "on_incomplete", "source_event_id")
"""Of whom it is, the number says by the system's own identifier; the others are no part of what was said."""


def _plain(name: Named) -> list[str]:
    return [name.scheme, name.value]
