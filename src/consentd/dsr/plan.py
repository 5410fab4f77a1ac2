"""What each silo is asked next: a function of the policy, the right and the answers so far. Pure.

Nothing is planned ahead and then followed blindly: after each answer it is asked again what is to be done, so
that a kill between any two steps loses nothing and does nothing twice.

A silo that knows people by something that another knows of them is asked after it. Silos wait for nothing
else: one that is broken delays itself, and those that were said to come after it.

A silo is asked about one person by what is theirs alone. Where it knows people only by what somebody else has
too, a couple's mailbox, its rows may be the other's: then a member of staff looks first. So they do where
it answers that it knows several customers under what it was asked by.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from consentd.dsr.choices import choices_of
from consentd.dsr.rights import NEEDS, Right
from consentd.kernel.connection import Connection, Verb
from consentd.kernel.policy import Policy, System
from consentd.systems.connectors.contract import Verdict

UNCONNECTED = "unconnected"
NOT_KNOWN_BY = "not_known_by"
NO_CHOICE_KEPT = "no_choice_kept"
UNSUPPORTED = "unsupported"
SILENT = "silent"
SHARED = "shared_contact"
SEVERAL = "several_people"

_OPTIONAL = frozenset({Verb.WRITE_PREFERENCE})
"""A silo asks before it contacts anybody; telling it beforehand is a help, and no part of the right."""


class Told(NamedTuple):
    """What is known of one task."""

    state: str
    verdict: str | None = None
    found: int = 0
    """Of `locate`: in how many categories' rows the person was found."""


class New(NamedTuple):
    system: str
    verb: Verb
    state: str
    """waiting, approving, or ended, with its verdict and why."""
    verdict: Verdict | None = None
    code: str | None = None


Tasks = Mapping[tuple[str, Verb], Told]


def chain(right: Right, connection: Connection) -> tuple[Verb, ...]:
    """What one silo is asked for a right, in order."""
    verbs = NEEDS[right].verbs
    if set(verbs) <= _OPTIONAL:
        return tuple(verb for verb in verbs if verb in connection.verbs)
    if Verb.LOCATE in connection.verbs:
        verbs = (Verb.LOCATE, *verbs)
    return verbs


def following(
    policy: Policy,
    right: Right,
    schemes: Collection[str],
    tasks: Tasks,
    shared: Collection[str] = (),
    several: Collection[str] = (),
) -> list[New]:
    """The tasks that are to be made now. `schemes`: of the identifiers by which the person is known;
    `shared`: those of which nothing is the person's alone. `several`: silos that found more than one person.
    """
    return [
        _doubted(new, several)
        for system in policy.systems.values()
        for new in _next(policy, right, schemes, shared, tasks, system)
    ]


def _doubted(new: New, several: Collection[str]) -> New:
    """Only what comes right after the look-up: whoever agreed to that, agreed to the rest."""
    if new.system in several and new.state == "waiting" and new.verb is not Verb.CONFIRM:
        return new._replace(state="approving", code=SEVERAL)
    return new


def _next(
    policy: Policy,
    right: Right,
    schemes: Collection[str],
    shared: Collection[str],
    tasks: Tasks,
    system: System,
) -> list[New]:
    connection = system.connection
    if connection is None:
        verbs = [verb for verb in NEEDS[right].verbs if verb not in _OPTIONAL][:1]
        return [
            New(system.id, verb, "ended", Verdict.UNSUPPORTED, UNCONNECTED)
            for verb in verbs
            if (system.id, verb) not in tasks
        ]
    if any(not _located(policy, right, tasks, before) for before in connection.after):
        return []
    asked = chain(right, connection)
    for number, verb in enumerate(asked, 1):
        told = tasks.get((system.id, verb))
        if told is None:
            new = _new(policy, right, system, connection, verb, schemes)
            # Once for a silo: whoever agreed that it is asked, agreed to the rest.
            doubted = number == 1 and by_shared_alone(system, schemes, shared)
            return [new._replace(state="approving", code=SHARED) if doubted and new.verdict is None else new]
        if told.state != "ended":
            return []
        # Where a silo is asked everything again, the look-up may come after the erasure, and find nobody:
        # what was asked already goes on to its end.
        if _over(verb, told) and not any((system.id, later) in tasks for later in asked[number:]):
            return []
    return []


def _new(
    policy: Policy, right: Right, system: System, connection: Connection, verb: Verb, schemes: Collection[str]
) -> New:
    if not {*schemes} & {*system.identifiers}:
        # GDPR 11(2): who cannot be found by anything known is not there for us. Told, not passed over.
        return New(system.id, verb, "ended", Verdict.DONE, NOT_KNOWN_BY)
    if verb not in connection.verbs:
        return New(system.id, verb, "ended", Verdict.UNSUPPORTED, UNSUPPORTED)
    if verb is Verb.WRITE_PREFERENCE and not choices_of(policy, right, system):
        return New(system.id, verb, "ended", Verdict.DONE, NO_CHOICE_KEPT)
    return New(system.id, verb, "approving" if verb in connection.needs_approval else "waiting")


def by_shared_alone(system: System, schemes: Collection[str], shared: Collection[str]) -> bool:
    """Whether a silo would be asked by nothing but what somebody else has too."""
    asked_by = {*schemes} & {*system.identifiers}
    return bool(asked_by) and asked_by <= {*shared}


def _over(verb: Verb, told: Told) -> bool:
    """Whether nothing further is asked of a silo after this answer."""
    if verb is Verb.LOCATE:
        # One that cannot look up, or failed to, is asked all the same: it may know the person.
        return told.verdict == Verdict.DONE and told.found == 0
    return told.verdict in (Verdict.FAILED, Verdict.UNSUPPORTED)


def _located(policy: Policy, right: Right, tasks: Tasks, name: str) -> bool:
    system = policy.systems.get(name)
    if system is None or system.connection is None or Verb.LOCATE not in chain(right, system.connection):
        return True
    told = tasks.get((name, Verb.LOCATE))
    return told is not None and told.state in ("ended", "silent")


def unsettled(tasks: Tasks) -> int:
    """How many are still under way; silent ones are not waited for any more."""
    return sum(told.state not in ("ended", "silent") for told in tasks.values())


def gaps(tasks: Tasks) -> list[str]:
    """The silos whose part is missing: they failed, cannot, did it in part, or are silent.

    That a look-up failed is no gap by itself: what was asked after it says whether the part was done.
    """
    missing = (Verdict.FAILED, Verdict.UNSUPPORTED, Verdict.PARTIAL)
    return sorted(
        {
            system
            for (system, verb), told in tasks.items()
            if told.state == "silent" or (verb is not Verb.LOCATE and told.verdict in missing)
        }
    )


def identifiers_for(
    policy: Policy,
    system: System,
    known: Collection[tuple[str, str]],
    located: Mapping[str, Collection[tuple[str, str]]],
    others: Collection[tuple[str, str]],
    shared: Collection[tuple[str, str]] = (),
) -> list[tuple[str, str]]:
    """By what a silo is asked about the person: what is known of them, and what silos asked before it added.

    What is added must not spread to other people: only schemes that the adding silo may add, nothing that
    somebody else on record holds (`others`), and of a scheme of which a person has one, no second value.
    `located`: silo → what it told. `shared`: of what is known, what somebody else has too: left out wherever
    anything else is there to look by.
    """
    found = dict.fromkeys(known)
    connection = system.connection
    for before in connection.after if connection else ():
        adding = policy.systems.get(before)
        if adding is None or adding.connection is None:
            continue
        told = {*located.get(before, ())} - {*others}
        for scheme, value in sorted(told):
            kind = policy.identifiers.get(scheme)
            if kind is None or scheme not in adding.connection.adds:
                continue
            # Two customers under one mailbox: which of them it is, it does not say.
            if kind.one_per_person and any(
                one == scheme for one, other in (*found, *told) if (one, other) != (scheme, value)
            ):
                continue
            found[scheme, value] = None
    wanted = [(scheme, value) for scheme, value in found if scheme in system.identifiers]
    return [pair for pair in wanted if pair not in shared] or wanted
