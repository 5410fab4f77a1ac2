"""Pairs that may be one person, as a person reads them who is to decide: why, and by which identifiers.

Identifiers are told by their ids and kinds; what they say only to whom may decide. That is personal data of
both: who tells it logs it about each (`Doing.read`).
"""

from collections.abc import Collection, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec

from consentd.base.i18n import Language
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import OpenedKeys, open_keys
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import to_text
from consentd.subjects import links_store, store
from consentd.subjects.candidates import REASONS
from consentd.subjects.service import Candidate

Pair = Annotated[tuple[UUID, ...], msgspec.Meta(min_length=2, max_length=2)]
"""Two of a kind: written so, since not every reader of a description knows `prefixItems`."""


class Because(msgspec.Struct, frozen=True):
    code: str
    text: str
    identifiers: tuple[UUID, ...]
    """By which it was found."""


class Named(msgspec.Struct, frozen=True):
    """An identifier that speaks for a pair."""

    id: UUID
    scheme: str
    held_by: tuple[UUID, ...]
    """Which of the two."""
    proven_by: tuple[UUID, ...]
    """Which of the two proved that it is theirs, by a confirmed e-mail."""
    value: str | None
    """What it says; null without the scope `people:write`."""

    def __repr__(self) -> str:
        return f"Named({self.scheme})"


class MergeCandidate(msgspec.Struct, frozen=True):
    id: UUID
    status: str
    subjects: Pair
    reason: str
    """The strongest of `reasons`."""
    reasons: tuple[Because, ...]
    identifiers: tuple[Named, ...]
    in_common: tuple[str, ...]
    """The kinds of identifiers that both hold."""
    found_at: str


def told(
    connection: Any,
    keyring: Keyring,
    candidates: Sequence[Candidate],
    language: Language,
    *,
    opened: bool,
) -> tuple[MergeCandidate, ...]:
    """Any: a database connection. `opened`: with what the identifiers say."""
    if not candidates:
        return ()
    sides = _sides(connection, candidates)
    people = {member for members in sides.values() for member in members}
    keys = open_keys(connection, keyring, people) if opened else {}
    held: dict[SubjectId, list[Any]] = {one: [] for one in people}
    for link in links_store.links_of(connection, people):
        held[link.subject_id].append(link)
    return tuple(_told(pair, sides, held, keys, language) for pair in candidates)


_Sides = dict[tuple[UUID, SubjectId], list[SubjectId]]
"""For each pair and each of its two: the records that are one person with it, and not with the other."""


def _sides(connection: Any, candidates: Sequence[Candidate]) -> _Sides:
    groups = store.groups_of(connection, about(candidates))
    members: dict[UUID, list[SubjectId]] = {}
    for member in store.members(connection, set(groups.values())):
        members.setdefault(member.group_id, []).append(member.id)
    return {
        (pair.id, one): members[groups[one]] if groups[one] != groups[other] else [one]
        for pair in candidates
        for one, other in (
            (pair.subject_a, pair.subject_b),
            (pair.subject_b, pair.subject_a),
        )
    }


def about(candidates: Collection[Candidate]) -> list[SubjectId]:
    """Whom these are about, each once."""
    return sorted({one for pair in candidates for one in (pair.subject_a, pair.subject_b)})


def _told(
    pair: Candidate,
    sides: _Sides,
    held: dict[SubjectId, list[Any]],
    keys: dict[SubjectId, OpenedKeys],
    language: Language,
) -> MergeCandidate:
    two = (pair.subject_a, pair.subject_b)
    links = {one: [link for member in sides[pair.id, one] for link in held[member]] for one in two}
    evidence = {id_ for ids in pair.evidence.values() for id_ in ids}
    common = set.intersection(*({link.identifier_id for link in own} for own in links.values()))
    return MergeCandidate(
        pair.id,
        pair.status,
        two,
        pair.reason,
        tuple(
            Because(code, text(language), tuple(sorted(pair.evidence[code])))
            for code, text in REASONS.items()
            if code in pair.evidence
        ),
        tuple(one for id_ in sorted(evidence) if (one := _named(id_, links, keys)) is not None),
        tuple(sorted({link.scheme for link in links[two[0]] if link.identifier_id in common})),
        to_text(pair.created_at),
    )


def _named(id_: UUID, links: dict[SubjectId, list[Any]], keys: dict[SubjectId, OpenedKeys]) -> Named | None:
    """None where neither of the two holds it any more."""
    own = {one: [link for link in found if link.identifier_id == id_] for one, found in links.items()}
    every = [link for found in own.values() for link in found]
    if not every:
        return None
    content = keys[every[0].subject_id].content if keys else None
    place = Place("identifier_links", "sealed", every[0].id)
    return Named(
        id_,
        every[0].scheme,
        tuple(one for one, found in own.items() if found),
        tuple(one for one, found in own.items() if any(link.verified_at is not None for link in found)),
        unseal(content, every[0].sealed, place).decode() if content is not None else None,
    )
