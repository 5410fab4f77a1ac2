"""SQL of records and whom they share an identifier with: for records of silos (decision 0033)."""

from collections.abc import Collection
from typing import NamedTuple, cast
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import ReadIn
from consentd.db.tables import people as t
from consentd.db.tables.types import Id
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId

_OWN = t.identifier_links.alias("own")
_HELD = t.identifier_links.alias("held")
_UNNUMBERED = (
    sa.select(_OWN.c.subject_id)
    .where(
        _OWN.c.identifier_id == sa.bindparam("identifier"),
        _OWN.c.system_id == sa.bindparam("system"),
        ~sa.exists().where(
            _HELD.c.subject_id == _OWN.c.subject_id,
            t.identifiers.c.id == _HELD.c.identifier_id,
            t.identifiers.c.scheme.in_(sa.bindparam("numbers", expanding=True)),
        ),
    )
    .order_by(_OWN.c.subject_id)
    .limit(1)
)


def unnumbered(
    connection: sa.Connection, identifier: IdentifierId, system: UUID, numbers: Collection[str]
) -> SubjectId | None:
    """The record by which this system knows the identifier and that has none of the numbers (schemes)."""
    asked = {"identifier": identifier, "system": system, "numbers": list(numbers)}
    return cast(SubjectId | None, connection.execute(_UNNUMBERED, asked).scalar())


class Tie(NamedTuple):
    """One subject that holds an identifier."""

    identifier: IdentifierId
    scheme: str
    subject: SubjectId
    group: GroupId


_TIES = (
    sa.select(_HELD.c.identifier_id, t.identifiers.c.scheme, _HELD.c.subject_id, t.subjects.c.group_id)
    .select_from(_OWN)
    .join(t.identifiers, t.identifiers.c.id == _OWN.c.identifier_id)
    .join(_HELD, _HELD.c.identifier_id == _OWN.c.identifier_id)
    .join(t.subjects, t.subjects.c.id == _HELD.c.subject_id)
)
_TIES_OF = ReadIn(lambda among: _TIES.where(_OWN.c.subject_id.in_(among)), Tie._make, Id)


def ties(connection: sa.Connection, subjects: Collection[SubjectId], schemes: Collection[str]) -> list[Tie]:
    """Everyone who holds an identifier, in these schemes, that one of these subjects holds; they too."""
    found = _TIES_OF.all(connection, list(subjects))
    return list(dict.fromkeys(tie for tie in found if tie.scheme in schemes))
