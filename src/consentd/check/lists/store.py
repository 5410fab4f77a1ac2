"""SQL of lists: what was decided as a whole, and whose consent a list for sending relied on."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables.lists import list_uses, lists
from consentd.db.tables.people import identifier_links, identifiers, subjects
from consentd.db.unit import Unit
from consentd.db.upsert import insert

LISTS = lists
_SLICE = 500


def move_uses(unit: Unit, people: Collection[UUID], channel: str, used: int, list_id: UUID) -> None:
    """Notes that these consents were relied on at `used`; never an earlier instant than the one known."""
    if not people:
        return
    statement = insert(unit.dialect, list_uses)
    statement = statement.on_conflict_do_update(
        index_elements=[list_uses.c.subject_id, list_uses.c.channel],
        set_={"used": statement.excluded.used, "list_id": statement.excluded.list_id},
        where=statement.excluded.used > list_uses.c.used,
    )
    unit.connection.execute(
        statement,
        # In their order: two lists at once must not wait for each other in a circle.
        [
            {"subject_id": person, "channel": channel, "used": used, "list_id": list_id}
            for person in sorted(people)
        ],
    )


def holders_of(connection: sa.Connection, scheme: str, entries: Sequence[bytes]) -> set[UUID]:
    """Everyone who holds one of these identifiers, and whoever they are merged with."""
    found: set[UUID] = set()
    for start in range(0, len(entries), _SLICE):
        holder = subjects.alias()
        statement = (
            sa.select(subjects.c.id)
            .join(holder, holder.c.group_id == subjects.c.group_id)
            .join(identifier_links, identifier_links.c.subject_id == holder.c.id)
            .join(identifiers, identifiers.c.id == identifier_links.c.identifier_id)
            .where(
                identifiers.c.scheme == scheme,
                identifiers.c.blind_index.in_(list(entries[start : start + _SLICE])),
            )
        )
        found.update(connection.execute(statement).scalars())
    return found


def list_by_root(connection: sa.Connection, root: bytes) -> dict[str, Any] | None:
    """The row of the list with this digest; the first, should there be several."""
    statement = sa.select(lists).where(lists.c.root == root).order_by(lists.c.id).limit(1)
    row = connection.execute(statement).mappings().first()
    return None if row is None else dict(row)
