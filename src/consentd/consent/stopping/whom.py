"""Whose messages a link stops, by who holds the identifiers that name a recipient. Pure."""

from collections.abc import Mapping, Sequence

import msgspec

from consentd.kernel.ids import IdentifierId, SubjectId
from consentd.subjects.service import Holder
from consentd.subjects.spelling import Named

Holders = Mapping[Named, Sequence[Holder]]


class Whom(msgspec.Struct, frozen=True):
    """One of the two at least."""

    subject: SubjectId | None
    identifier: IdentifierId | None


def whom(names: Sequence[Named], point: Named | None, holders: Holders) -> Whom | str:
    """`names`: all that name the recipient; `point`: where the message goes. A code where nobody is meant.

    The one person who holds all that is known is meant. Where that is nobody or several, whoever shares the
    contact point is: whose mailbox it is may stop what comes into it.
    """
    if not names:
        return "invalid_identifier"
    known = [holders[name] for name in names if holders.get(name)]
    at = holders.get(point, ()) if point is not None else ()
    if not known:
        # The address may be known although the number that names them is not.
        return Whom(None, at[0].identifier) if at else "unknown_person"
    groups = frozenset.intersection(*(frozenset(one.group for one in held) for held in known))
    if len(groups) == 1:
        held = [one for one in [*at, *(one for some in known for one in some)] if one.group in groups]
        theirs = next((one.identifier for one in at if one.group in groups), None)
        return Whom(held[0].subject, theirs)
    return Whom(None, at[0].identifier) if at else "ambiguous_subject"
