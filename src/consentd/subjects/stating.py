"""Stating facts: appending them, and folding them into what a decision needs."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.kernel.case import Facts
from consentd.kernel.errors import Unprocessable
from consentd.kernel.ids import IdentifierId, SubjectId
from consentd.kernel.instants import MINUTE
from consentd.subjects import facts_store
from consentd.subjects.acts import Act
from consentd.subjects.facts import (
    Fact,
    Payload,
    ProfessionalFact,
    UnreachableFact,
    contact_point_of,
    fold_facts,
    kinds_of,
    payload,
)
from consentd.subjects.folded import open_payloads, payloads_of_all
from consentd.subjects.model import Known, Resolution
from consentd.subjects.requests import SubjectNamed, spell
from consentd.subjects.spelling import Named

_CLOCK_SKEW = 5 * MINUTE
_encoder = msgspec.json.Encoder(order="deterministic")


def facts_of_person(act: Act, person: Known) -> Facts:
    """What is known of all members of a person."""
    told = [fact for subject in person.members for fact in act.told_facts.get(subject, ())]
    others = [subject for subject in person.members if subject not in act.told_facts]
    if person.created or not others:
        return fold_facts(told) if told else Facts()
    keys = [(member, act.keys_of(member).content) for member in others]
    return fold_facts([*told, *payloads_of_all(act.unit.connection, keys)])


class FactsAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subject: SubjectNamed
    facts: Annotated[tuple[Fact, ...], msgspec.Meta(min_length=1, max_length=100)]


class FactRecorded(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    subject_id: UUID
    duplicate: bool = False


class FactsRecorded(msgspec.Struct, frozen=True):
    facts: tuple[FactRecorded, ...]


def record_facts(
    act: Act, request: FactsAsked, zone: ZoneInfo, given: Resolution | None = None
) -> FactsRecorded:
    """Appends facts and folds them. A fact about a contact detail goes to all who hold it; any other needs
    one certain person, and raises Unprocessable (ambiguous_subject) where there are several.

    `given`: who is meant, where that was found out already.
    """
    contents = [[request.subject.identifiers, fact] for fact in request.facts]
    earlier = [
        act.already(fact.source_event_id, content)
        for fact, content in zip(request.facts, contents, strict=True)
    ]
    if all(earlier):
        return FactsRecorded(tuple(told for one in earlier if one for told in _known(act, one.rows)))
    points: list[Named | None] = []
    for index, fact in enumerate(request.facts):
        told = contact_point_of(fact)
        pointer = f"/facts/{index}/contact_point"
        points.append(spell(act.policy, told, request.subject.territory, pointer) if told else None)
    resolution = given or act.resolve(request.subject, [point for point in points if point is not None])
    recorded: list[FactRecorded] = []
    folding: dict[SubjectId, tuple[bool, list[Payload]]] = {}
    for index, (fact, point) in enumerate(zip(request.facts, points, strict=True)):
        before = earlier[index]
        if before is not None:
            recorded += _known(act, before.rows)
            continue
        new = []
        for person in _people_of(fact, resolution, index):
            fact_told, said = _write(act, fact, point, resolution, person, zone, index)
            new.append(fact_told)
            if said is not None:
                subject = resolution.writer_of(person)
                folding.setdefault(subject, (person.created, []))[1].append(said)
        act.report(fact.source_event_id, [one.id for one in new])
        recorded += new
    for subject, (created, said_of) in folding.items():
        _fold_into(act, subject, said_of, created=created)
    return FactsRecorded(tuple(recorded))


def _known(act: Act, ids: Sequence[UUID]) -> list[FactRecorded]:
    """Facts recorded before, as duplicates."""
    return [
        FactRecorded(row["id"], row["kind"], row["subject_id"], duplicate=True)
        for row in facts_store.facts_by_id(act.unit.connection, ids)
    ]


def rebuilt_facts(connection: Any, batch: UUID) -> FactsRecorded:  # Any: a database connection
    """The answer of facts that were recorded before."""
    rows = facts_store.facts_of_batch(connection, batch)
    return FactsRecorded(tuple(FactRecorded(row["id"], row["kind"], row["subject_id"]) for row in rows))


def _people_of(fact: Fact, resolution: Resolution, index: int) -> list[Known]:
    if isinstance(fact, ProfessionalFact | UnreachableFact) or resolution.certain:
        return list(resolution.people)
    raise Unprocessable(
        "ambiguous_subject",
        "These identifiers belong to several people. Name one more, such as a customer number, so that the "
        "fact is known to be theirs.",
        errors=[{"pointer": f"/facts/{index}", "code": "ambiguous_subject", "detail": "several people"}],
    )


def _write(
    act: Act,
    fact: Fact,
    point: Named | None,
    resolution: Resolution,
    person: Known,
    zone: ZoneInfo,
    index: int,
) -> tuple[FactRecorded, Payload | None]:
    """The fact as written, and what of it is folded into the person's others."""
    subject = resolution.writer_of(person)
    fact_id = new_id()
    point_id = resolution.id_of(point) if point is not None else None
    try:
        said = payload(fact, fact_id, point_id, act.unit.now, zone)
    except ValueError as reason:
        raise _impossible(index, str(reason)) from None
    if said.first > act.unit.now + _CLOCK_SKEW and said.kind != "contract":
        raise _impossible(index, "the time lies in the future")
    key_id, sealed = act.seal_content(subject, "facts", fact_id, _encoder.encode(said))
    act.entry(subject).insert(
        facts_store.FACTS,
        {
            "id": fact_id,
            "subject_id": subject,
            **act.scattering(resolution, person),
            "kind": said.kind,
            "happened": said.first,
            "arrived": act.unit.now,
            "system_id": act.caller.system_id if act.caller else None,
            "contact_point_id": point_id,
            "batch_id": act.batch,
            "key_id": key_id,
            "sealed": sealed,
        },
    )
    if said.kind == "professional" and point_id is not None:
        capacity = "professional" if said.yes else "consumer"
        for holder in _holders(resolution, person, point_id):
            act.put_into_link(point_id, holder, {"capacity": capacity})
    elif said.kind == "unreachable" and point_id is not None:
        for holder in _holders(resolution, person, point_id):
            since = said.first if said.yes else None
            act.put_into_link(point_id, holder, {"unreachable_since": since})
    else:
        return FactRecorded(fact_id, said.kind, subject), said
    return FactRecorded(fact_id, said.kind, subject), None


def _holders(resolution: Resolution, person: Known, point: IdentifierId) -> list[SubjectId]:
    return sorted(resolution.holders[point] & set(person.members))


def _fold_into(act: Act, subject: SubjectId, said: Sequence[Payload], *, created: bool) -> None:
    content = act.keys_of(subject).content
    sealed = None
    if not created and act.told_facts.get(subject) != []:
        sealed = facts_store.fact_states(act.unit.connection, [subject]).get(subject)
    known = open_payloads(content, subject, sealed) if sealed else []
    told = act.told_facts[subject] = [*known, *said]
    _, resealed = act.seal_content(subject, "fact_states", subject, _encoder.encode(told))
    facts_store.put_fact_state(
        act.entry(subject), subject, resealed, kinds_of(told), known=sealed is not None
    )


def _impossible(index: int, reason: str) -> Unprocessable:
    return Unprocessable(
        "invalid_fact",
        f"The fact cannot be: {reason}.",
        errors=[{"pointer": f"/facts/{index}", "code": "invalid_fact", "detail": reason}],
    )
