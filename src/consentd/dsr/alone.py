"""What of that which is known of a person is theirs alone: a silo asked by what two people have finds both.

Upholds promise 12: a couple's mailbox or a household's telephone neither shows one of them what is the
other's nor erases it. What only restricts is for all who have it.
"""

from collections import Counter
from collections.abc import Collection, Mapping

from consentd.dsr.cases import RequestCase
from consentd.dsr.rights import NEEDS, Proof
from consentd.kernel.ids import SubjectId
from consentd.subjects import service as subjects
from consentd.subjects.spelling import Named

Pairs = Collection[tuple[str, str]]
"""Scheme and value."""


def shared_kinds(case: RequestCase, known: Pairs, schemes: Collection[str]) -> set[str]:
    """Kinds of what is known of the person of which nothing is theirs alone. `schemes`: all that are known,
    also what silos added, which is nobody else's.
    """
    others = shared(case, known)
    own = {scheme for scheme, value in known if (scheme, value) not in others}
    added = {*schemes} - {scheme for scheme, _ in known}
    return {scheme for scheme, _ in others} - own - added


def shared(case: RequestCase, known: Pairs) -> set[tuple[str, str]]:
    """What is known of the person and somebody else on record has too; nothing for rights that only restrict,
    which take no proof.
    """
    return held_by_others(case, {*known}) if NEEDS[case.right].proof > Proof.NONE else set()


def several(case: RequestCase, known: Pairs, located: Mapping[str, Pairs]) -> set[str]:
    """Silos that told two numbers of a kind of which a person has one, or another than the one that is known:
    they found two people. None for rights that only restrict, and for those whose result is looked at before
    it is released. `located`: silo → what it told.
    """
    if NEEDS[case.right].proof is Proof.NONE or NEEDS[case.right].reviewed:
        return set()
    kinds = case.compiled.policy.identifiers
    single = {name for name, scheme in kinds.items() if scheme.one_per_person}
    found = set()
    for system, told in located.items():
        schemes = Counter(scheme for scheme, _ in {*known, *told} if scheme in single)
        if any(schemes[scheme] > 1 for scheme, _ in told):
            found.add(system)
    return found


def held_by_others(case: RequestCase, pairs: Pairs) -> set[tuple[str, str]]:
    """Those that somebody else on record holds: a silo's word does not make them this person's."""
    mine = case.row["subject_id"]
    group = None if mine is None else subjects.group_of(case.unit.connection, SubjectId(mine))
    mine_alone = {group} if group else set()
    holding = subjects.holders_of(
        case.unit.connection, case.keyring, [Named(scheme, value) for scheme, value in pairs]
    )
    return {(name.scheme, name.value) for name, holders in holding.items() if holders - mine_alone}
