"""What other slices are told about people."""

from typing import NamedTuple
from uuid import UUID

import msgspec

from consentd.kernel.ids import GroupId, IdentifierId, SubjectId
from consentd.subjects.spelling import Named


class Known(msgspec.Struct, frozen=True):
    """One person, locked for the rest of the unit."""

    group: GroupId
    members: tuple[SubjectId, ...]
    territory: str | None
    created: bool = False


class Resolution(msgspec.Struct, frozen=True):
    """What the identifiers of one call resolve to, after linking."""

    named: dict[IdentifierId, Named]
    people: tuple[Known, ...]
    holders: dict[IdentifierId, frozenset[SubjectId]]
    """The subjects (not groups) that hold each named identifier."""
    others: tuple[Known, ...] = ()
    """Who hold a shared contact detail too, but another customer number: a no is theirs as well."""
    around: tuple[Known, ...] = ()
    """Everyone on record who holds any of what was named, whoever is meant."""
    doubt: str | None = None
    """Why several may be meant, or why somebody was made beside those who share a contact detail."""
    fresh: bool = False
    """Whether somebody was made, or linked to something."""

    @property
    def certain(self) -> bool:
        return len(self.people) == 1

    @property
    def restricted(self) -> tuple[Known, ...]:
        """Everyone to whom a no goes: it must not miss the one who said it."""
        return (*self.people, *self.others)

    def id_of(self, identifier: Named) -> IdentifierId | None:
        """None where nobody could be found to hold it."""
        return next((id_ for id_, named in self.named.items() if named == identifier), None)

    def held_by(self, person: Known) -> list[Named]:
        """What was named and is this person's own."""
        members = set(person.members)
        return [name for id_, name in self.named.items() if self.holders[id_] & members]

    def writer_of(self, person: Known) -> SubjectId:
        """The member whose row and keys a new event goes to: the one who holds most of what was named."""
        if len(person.members) == 1:
            return person.members[0]
        return max(
            person.members,
            key=lambda member: (sum(member in holding for holding in self.holders.values()), -member.int),
        )

    def holding(self, person: Known) -> tuple[SubjectId, ...]:
        """The members who hold all that was named, or all who hold any of it where none does."""
        holdings = [h & set(person.members) for h in self.holders.values()]
        holdings = [h for h in holdings if h]
        if not holdings:
            return person.members
        every = frozenset.intersection(*map(frozenset, holdings))
        return tuple(sorted(every or frozenset().union(*holdings)))


class Contact(msgspec.Struct, frozen=True):
    """An identifier of a person, opened."""

    id: UUID
    named: Named
    strength: str
    capacity: str
    unreachable: bool = False
    """Whether messages to it come back, as the system says that told it."""


class Hit(NamedTuple):
    """A row of the erasure ledger."""

    id: UUID
    scheme: str
    digest: bytes
    erased_on: int
    """The first instant of the day, in UTC."""
