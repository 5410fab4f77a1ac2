"""Candidates: pairs of people who may be one, found while recording, for a person to decide on.

Looked for only among those who hold an identifier that was just named, and opened only where something is
new: somebody was made, linked or named. What was refused is not proposed again unless something is found
that was not known then: another reason, or another identifier.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.i18n import Text
from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.secrets import Key
from consentd.crypto.subject_keys import open_keys
from consentd.db.unit import Unit
from consentd.kernel.canonical import canonical
from consentd.kernel.ids import SubjectId
from consentd.kernel.policy import Policy
from consentd.subjects import links_store, merging_store, store
from consentd.subjects.folded import births_of
from consentd.subjects.likeness import nearly_same
from consentd.subjects.model import Known, Resolution
from consentd.subjects.naming import keys_of, names_of_all

REASONS: dict[str, Text] = {
    "contradicting_identifiers": Text(
        "Un même envoi d’un outil a nommé des coordonnées de l’un et de l’autre.",
        "One call of a system named identifiers of the one and of the other.",
    ),
    "typo": Text(
        "Même nom, une adresse ou un numéro presque identique, et autre chose en commun : "
        "sans doute une faute de frappe.",
        "The same name, nearly the same address or number, and something else in common: probably a slip.",
    ),
    "same_name": Text(
        "Même nom, et une coordonnée en commun.", "The same name, and a contact detail in common."
    ),
    "shared_contact": Text(
        "Une coordonnée en commun, et rien ne dit que ce soit un seul client : un couple, un bureau…",
        "A contact detail in common, and nothing says that it is one customer: a couple, an office…",
    ),
}
"""What speaks for it, the strongest first: stable codes, and their words."""

MOST_SHARING = 50
"""A contact detail that more people hold is a switchboard: whoever shares it is not compared."""
_MOST_PAIRS = 5
"""Of those that share a contact detail and nothing else, per call."""

Evidence = dict[str, set[UUID]]
"""For each reason, the identifiers by which it was found."""


def note(unit: Unit, keyring: Keyring, policy: Policy, found: Resolution, *, renamed: bool) -> None:
    """Keeps the pairs that one resolution shows. `renamed`: its one person bears a name that is new."""
    pairs: defaultdict[tuple[Known, Known], Evidence] = defaultdict(lambda: defaultdict(set))
    if found.doubt is not None and not found.certain:
        first, *others = found.people
        for other in others[:_MOST_PAIRS]:
            shared = found.doubt == "shared_contact"
            pairs[first, other][found.doubt] |= _named_of(found, first, other, shared=shared)
    if found.certain and (found.fresh or renamed):
        person = found.people[0]
        others = [one for one in found.around if one.group != person.group]
        if len(others) <= MOST_SHARING:
            for other in others[:_MOST_PAIRS]:
                pairs[person, other]["shared_contact"] |= _named_of(found, person, other, shared=True)
            for other, alike in compared(unit.connection, keyring, policy, person, others).items():
                pairs[person, other] |= alike
    for (one, other), evidence in pairs.items():
        propose(unit, one, other, evidence, found.holders)


def _named_of(found: Resolution, one: Known, other: Known, *, shared: bool) -> set[UUID]:
    """The identifiers of a call that both hold, or else that either holds and not the other."""
    sides = [
        {id_ for id_, holding in found.holders.items() if holding & set(person.members)}
        for person in (one, other)
    ]
    return set(sides[0] & sides[1] if shared else sides[0] ^ sides[1])


def compared(
    connection: Any, keyring: Keyring, policy: Policy, person: Known, others: Collection[Known]
) -> dict[Known, Evidence]:
    """Any: a database connection. What speaks for each of these being the same as `person`, of whom all is
    locked; only those who bear the same name are looked at further.
    """
    members = [member for one in (person, *others) for member in one.members] if others else []
    sealed = store.sealed_names(connection, members) if others else {}
    if not any(member in sealed for member in person.members):
        return {}
    called = [one for one in (person, *others) if any(member in sealed for member in one.members)]
    keys = {
        subject: opened.content
        for subject, opened in open_keys(
            connection, keyring, [member for one in called for member in one.members]
        ).items()
        if opened.content is not None
    }
    names = {one: keys_of(names_of_all(own_keys(keys, one), sealed)) for one in called}
    same = [other for other in called if other != person and names[person] & names[other]]
    drawn = portraits(connection, {one: own_keys(keys, one) for one in (person, *same)}) if same else {}
    found = {other: likeness(policy, drawn[person], drawn[other]) for other in same}
    return {other: evidence for other, evidence in found.items() if evidence}


def own_keys(keys: Mapping[SubjectId, Key], person: Known) -> list[tuple[SubjectId, Key]]:
    return [(member, keys[member]) for member in person.members if member in keys]


class Portrait(msgspec.Struct, frozen=True):
    """What two people who bear the same name are compared by. Personal data: `repr` shows none."""

    identifiers: dict[UUID, tuple[str, str]]
    """Scheme and value of each."""
    births: frozenset[tuple[int, int | None, int | None]]

    def __repr__(self) -> str:
        return f"Portrait({len(self.identifiers)})"


def portraits(
    connection: Any, people: Mapping[Known, Collection[tuple[SubjectId, Key]]]
) -> dict[Known, Portrait]:
    """Any: a database connection. Of each person, whose records are given with their content keys."""
    keys = {subject: key for own in people.values() for subject, key in own}
    held: defaultdict[SubjectId, dict[UUID, tuple[str, str]]] = defaultdict(dict)
    for row in links_store.links_of(connection, keys):
        place = Place("identifier_links", "sealed", row.id)
        value = unseal(keys[row.subject_id], row.sealed, place).decode()
        held[row.subject_id][row.identifier_id] = row.scheme, value
    births = births_of(connection, keys)
    return {
        person: Portrait(
            {id_: named for subject, _ in own for id_, named in held[subject].items()},
            frozenset(birth for subject, _ in own for birth in births.get(subject, ())),
        )
        for person, own in people.items()
    }


def likeness(policy: Policy, one: Portrait, other: Portrait) -> Evidence:
    """What speaks for two people of the same name being one. Nothing where their births contradict it."""
    born_alike = one.births & other.births
    if one.births and other.births and not born_alike:
        return {}
    common = one.identifiers.keys() & other.identifiers.keys()
    near: set[UUID] = set()
    schemes = set()
    for a, (scheme, value) in one.identifiers.items():
        for b, (scheme_b, value_b) in other.identifiers.items():
            known = policy.identifiers.get(scheme)
            if scheme == scheme_b and known is not None and nearly_same(known.kind, value, value_b):
                near |= {a, b}
                schemes.add(scheme)
    found: Evidence = {}
    if common:
        found["same_name"] = set(common)
    if near and (common or born_alike or len(schemes) > 1):
        found["typo"] = near
    return found


def propose(
    unit: Unit, one: Known, other: Known, evidence: Evidence, holders: Mapping[Any, Collection[UUID]]
) -> bool:
    """Keeps a pair with what speaks for it; both must be locked. True where something about it is new.

    `holders`: of identifiers, by which the records are chosen that would be joined.
    """
    row = merging_store.candidate_between(unit.connection, one.members, other.members)
    known = read_evidence(row) if row is not None else {}
    if not any(ids - known.get(reason, set()) or reason not in known for reason, ids in evidence.items()):
        return False
    merged = {
        reason: known.get(reason, set()) | evidence.get(reason, set()) for reason in {*known, *evidence}
    }
    told = canonical({reason: sorted(map(str, ids)) for reason, ids in merged.items()}).decode()
    strongest = next(reason for reason in REASONS if reason in merged)
    if row is not None:
        status = "open" if row.status == "refused" else row.status
        merging_store.tell_candidate(unit, row.id, strongest, told, status)
        return True
    ids = {id_ for reason in evidence for id_ in evidence[reason]}
    first, second = sorted((_record(one, ids, holders), _record(other, ids, holders)))
    merging_store.add_candidate(
        unit,
        {
            "id": new_id(),
            "subject_a": first,
            "subject_b": second,
            "reason": strongest,
            "identifier_ids": told,
            "status": "open",
            "created_at": unit.now,
        },
    )
    return True


def _record(person: Known, ids: Iterable[UUID], holders: Mapping[Any, Collection[UUID]]) -> SubjectId:
    """The one of a person's records that holds what speaks for the pair: that one is to be joined."""
    holding = {holder for id_ in ids for holder in holders.get(id_, ())}
    return min((member for member in person.members if member in holding), default=min(person.members))


def read_evidence(row: Any) -> Evidence:  # Any: a row of merge_candidates
    """What speaks for a candidate."""
    told = msgspec.json.decode(row.identifier_ids, type=dict[str, set[UUID]] | list[UUID])
    # As candidates were kept before their identifiers were: a reason alone.
    return told if isinstance(told, dict) else {row.reason: set(told)}
