"""Whose records are these? Records of several silos that share an identifier are one person's.

Each silo's record is a subject of its own (decision 0033). Equal identifiers join them by appended edges,
which events, keys and ciphertexts do not notice. Who is one person with whom is a function of who holds what,
so the order in which silos came in does not matter: where a later record shows that an address joined two
customers, the edges of this module are taken back. What a person decided, by merging or unmerging, is never
touched.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from consentd.base.ids import new_id
from consentd.consent import states_store
from consentd.consent.ahead import NOTHING, Beside, Standing
from consentd.consent.grouping import components
from consentd.consent.rebuilding import refold
from consentd.consent.webs import Numbers, Pair, Web, contradicting, people
from consentd.db.unit import Unit
from consentd.kernel.fold import State, StateKey, fold, fold_objections
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId
from consentd.subjects import service as subjects
from consentd.subjects.acts import Act
from consentd.subjects.ahead import naming_schemes
from consentd.subjects.candidates import MOST_SHARING, Evidence, compared, propose
from consentd.subjects.model import Known

_MOST_PAIRS = 5
JOINED = "same_identifier"
PARTED = "contradicting_numbers"
SHARED = "shared_contact"


class Joined(NamedTuple):
    """Whose a record is. `contested`: it shares an identifier with somebody else's: a person should look."""

    group: GroupId
    contested: bool
    states: Mapping[StateKey, State] | None = None
    """What stands for the person, where that is known without asking."""


class _Reached(NamedTuple):
    """Every record that hangs together with one, what they hold, and what was decided about them."""

    members: Collection[SubjectId]
    holders: Mapping[IdentifierId, frozenset[SubjectId]]
    schemes: Mapping[IdentifierId, str]
    decided: Mapping[Pair, tuple[str, str]]


def join(act: Act, record: SubjectId, beside: Beside | None = None) -> Joined:
    """Brings the people around this record, which holds an identifier anew, up to date.

    `beside`: of a record that was made just now, all about the one person who holds what it holds.
    """
    reached = _reached(act, record) if beside is None else _near(act, record, beside)
    if isinstance(reached, Joined):
        return reached
    stands = {} if beside is None else {beside.around.person.group: beside.standing, GroupId(record): NOTHING}
    numbers = _numbers(act, reached.holders, reached.schemes)
    if len(reached.members) == 2 and not reached.decided and not contradicting(reached.members, numbers):
        # What `people` says of two records that share something: most of all.
        group = _bring_two(act, record, sorted(reached.members), stands)
        return Joined(group, False, stands[group].states if group in stands else None)
    standing = {pair for pair, (kind, _) in reached.decided.items() if kind == "merge"}
    ours = {pair for pair in standing if reached.decided[pair][1] == JOINED}
    web = Web(
        reached.holders,
        numbers,
        frozenset(standing - ours),
        frozenset(
            pair for pair, (kind, why) in reached.decided.items() if kind == "unmerge" and why != PARTED
        ),
    )
    wanted = people(sorted(reached.members), web)
    contested = _suspect(act, record, wanted, web)
    group = _bring_about(act, record, wanted, standing, ours, stands)
    return Joined(group, contested, stands[group].states if group in stands else None)


def _reached(act: Act, record: SubjectId) -> _Reached | Joined:
    ties = subjects.ties_of(act.unit.connection, act.policy, [record])
    if all(tie.subject == record for tie in ties):
        return Joined(next((tie.group for tie in ties), GroupId(record)), False)
    members, holders, schemes = _explored(act, record, ties)
    return _Reached(members, holders, schemes, subjects.decisions_about(act.unit.connection, members))


def _near(act: Act, record: SubjectId, beside: Beside) -> _Reached | Joined:
    """The same, out of what was looked up ahead. `beside`: nobody else is reached by anything."""
    around = beside.around
    schemes = {tie.identifier: tie.scheme for tie in around.ties}
    naming = naming_schemes(act.policy)
    own = {id_: name.scheme for id_, name in beside.own.items() if name.scheme in naming}
    if schemes.keys().isdisjoint(own):
        return Joined(GroupId(record), False, {})
    holders: defaultdict[IdentifierId, set[SubjectId]] = defaultdict(set)
    for tie in around.ties:
        holders[tie.identifier].add(tie.subject)
    for id_ in own:
        holders[id_].add(record)
    return _Reached(
        {*around.person.members, record},
        {id_: frozenset(held) for id_, held in holders.items()},
        {**schemes, **own},
        subjects.decisions_of(around.edges),
    )


def _explored(
    act: Act, record: SubjectId, ties: Iterable[Any]
) -> tuple[set[SubjectId], dict[IdentifierId, frozenset[SubjectId]], dict[IdentifierId, str]]:
    """Every record that hangs together with this one by identifiers or as one person, and what they hold."""
    seen: set[SubjectId] = set()
    fresh = {record}
    holders: dict[IdentifierId, frozenset[SubjectId]] = {}
    schemes: dict[IdentifierId, str] = {}
    while fresh:
        seen |= fresh
        found: defaultdict[IdentifierId, set[SubjectId]] = defaultdict(set)
        groups: set[GroupId] = set()
        for tie in ties or subjects.ties_of(act.unit.connection, act.policy, fresh):
            found[tie.identifier].add(tie.subject)
            schemes[tie.identifier] = tie.scheme
            if tie.subject in fresh:
                groups.add(tie.group)
        ties = ()
        holders |= {identifier: frozenset(held) for identifier, held in found.items()}
        reached = {one for held in found.values() if len(held) <= MOST_SHARING for one in held}
        for its in subjects.members_of(act.unit.connection, groups).values():
            reached.update(its)
        fresh = reached - seen
    return seen, holders, schemes


def _numbers(
    act: Act, holders: Mapping[IdentifierId, frozenset[SubjectId]], schemes: Mapping[IdentifierId, str]
) -> Numbers:
    numbers: defaultdict[SubjectId, dict[str, frozenset[IdentifierId]]] = defaultdict(dict)
    for identifier, held in holders.items():
        scheme = schemes[identifier]
        if act.policy.identifiers[scheme].one_per_person:
            for record in held:
                numbers[record][scheme] = numbers[record].get(scheme, frozenset()) | {identifier}
    return numbers


def _suspect(act: Act, record: SubjectId, wanted: Collection[Collection[SubjectId]], web: Web) -> bool:
    """Records that share an identifier and are not joined are for a person to look at; whether there are."""
    whose = {member: _person(together) for together in wanted for member in together}
    own = whose[record]
    evidence: defaultdict[Known, Evidence] = defaultdict(lambda: defaultdict(set))
    for identifier, held in web.holders.items():
        if record in held and len(held) <= MOST_SHARING:
            others = sorted({whose[one] for one in held} - {own}, key=lambda one: one.group)
            for other in others[:_MOST_PAIRS]:
                evidence[other][SHARED].add(identifier)
    for other, alike in compared(act.unit.connection, act.keyring, act.policy, own, list(evidence)).items():
        evidence[other] |= alike
    for other, found in evidence.items():
        propose(act.unit, own, other, found, web.holders)
    return bool(evidence)


def _person(members: Collection[SubjectId]) -> Known:
    return Known(GroupId(min(members)), tuple(sorted(members)), None)


def _bring_about(
    act: Act,
    record: SubjectId,
    wanted: list[list[SubjectId]],
    standing: set[Pair],
    ours: set[Pair],
    stands: dict[GroupId, Standing],
) -> GroupId:
    """`stands`: for whom that is known; it is kept true."""
    members = sorted(member for together in wanted for member in together)
    before = components(members, standing)
    whole = [frozenset(together) for together in wanted]
    parted = {pair for pair in ours if not any(pair <= one for one in whole)}
    joined = {pair for together in wanted for pair in _missing(together, standing - parted)}
    rows = [("unmerge", PARTED, pair) for pair in parted] + [("merge", JOINED, pair) for pair in joined]
    for kind, reason, pair in rows:
        _add_edge(act, record, kind, reason, sorted(pair))
    known = [frozenset(one) for one in before]
    changed = [together for together in wanted if frozenset(together) not in known]
    if parted:
        stands.clear()
        touched = {member for together in changed for member in together}
        states_store.forget_states(act.unit, {GroupId(min(one)) for one in known if one & touched})
        for together in changed:
            subjects.regroup(act.unit, together, GroupId(min(together)))
            refold(act.unit, GroupId(min(together)), together)
    else:
        for together in changed:
            parts = {GroupId(min(one)) for one in known if one <= frozenset(together)}
            _grow(act.unit, together, parts, stands)
    return GroupId(min(next(one for one in wanted if record in one)))


def _bring_two(
    act: Act, record: SubjectId, both: list[SubjectId], stands: dict[GroupId, Standing]
) -> GroupId:
    """The same for two records, about whom nothing was decided."""
    _add_edge(act, record, "merge", JOINED, both)
    _grow(act.unit, both, {GroupId(one) for one in both}, stands)
    return GroupId(both[0])


def _add_edge(act: Act, record: SubjectId, kind: str, reason: str, pair: Sequence[UUID]) -> None:
    edge: dict[str, Any] = {"id": new_id(), "kind": kind, "reason": reason, "at": act.unit.now}
    act.entry(record).insert(subjects.EDGES, {**edge, "subject_a": pair[0], "subject_b": pair[1]})


def _missing(together: Collection[SubjectId], standing: Collection[Pair]) -> Iterable[Pair]:
    """The edges that make these one person, beside those that stand."""
    parts = components(together, [pair for pair in standing if pair <= frozenset(together)])
    return [frozenset((parts[0][0], part[0])) for part in parts[1:]]


def _grow(
    unit: Unit, together: list[SubjectId], parts: Collection[GroupId], stands: dict[GroupId, Standing]
) -> None:
    """The fold is a join: what stands for the parts, joined, stands for the whole."""
    group = GroupId(min(together))
    own = _standing(unit, group, stands)
    others = [one for one in parts if one != group]
    moving = [_standing(unit, one, stands) for one in others]
    states = [state for one in moving for state in one.states.values()]
    objections = [objection for one in moving for objection in one.objections]
    if states:
        own = own._replace(states=fold([*own.states.values(), *states]))
        states_store.put_states(unit, group, own.states.values())
    if objections:
        own = own._replace(objections=fold_objections([*own.objections, *objections]).values())
        states_store.put_objections(unit, group, own.objections)
    if states or objections:
        states_store.forget_states(unit, others)
    if stands:
        stands[group] = own
    subjects.regroup(unit, together, group)


def _standing(unit: Unit, group: GroupId, stands: Mapping[GroupId, Standing]) -> Standing:
    if group in stands:
        return stands[group]
    states = states_store.states(unit.connection, group)
    return Standing(states, states_store.objection_states(unit.connection, group))
