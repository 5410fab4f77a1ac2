"""Who holds a contact detail that is known by its id, and what a code sent there showed."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from consentd.crypto.keyring import Keyring
from consentd.evidence.recorder import Entry
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId
from consentd.kernel.instants import Instant
from consentd.subjects import identifiers_store, links_store
from consentd.subjects.spelling import Named


class Holder(NamedTuple):
    """One record that holds it. Two of one group are one person."""

    group: GroupId
    subject: SubjectId
    strength: str
    """asserted, weak or verified."""
    verified: Instant | None


def identifier_of(connection: Any, keyring: Keyring, *names: Named) -> UUID | None:
    """Any: a database connection. The id of a contact detail that somebody holds. One statement for known and
    unknown alike.

    `names`: the same one under several schemes. Where different people hold it so, it is nobody's: what it
    would open depends on which is looked at.
    """
    digests = {
        digest: named.scheme
        for named in names
        for _, digest in keyring.blind_index(named.scheme, named.value)
    }
    held = [row for row in identifiers_store.holdings(connection, digests) if row.group is not None]
    ids = {row.id for row in held}
    if len(ids) > 1 and len({row.group for row in held}) > 1:
        return None
    return min(ids, default=None)


def holders(connection: Any, identifier: UUID) -> list[Holder]:  # Any: a database connection
    """Everyone on record who holds it; nobody, where its last holder was erased."""
    return [
        Holder(row.group_id, row.subject_id, row.strength, row.verified_at)
        for row in links_store.holders_of(connection, identifier)
    ]


def note_control(
    held_by: Sequence[Holder], identifier: UUID, entry_of: Callable[[SubjectId], Entry], at: Instant
) -> None:
    """Notes that these answered what was sent there. The first proof stays."""
    for one in held_by:
        if one.verified is None or at < one.verified:
            links_store.set_verified(entry_of(one.subject), IdentifierId(identifier), one.subject, at)
