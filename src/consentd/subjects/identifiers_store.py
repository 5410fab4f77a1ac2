"""SQL of identifiers: their keyed hashes, and who holds them. The hot path of recording."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consentd.db.prepared import Read, ReadIn, Write
from consentd.db.tables import people as t
from consentd.db.tables.types import Digest
from consentd.db.unit import Dialect, Unit
from consentd.db.upsert import insert as upsert
from consentd.kernel.ids import GroupId, IdentifierId, SubjectId, SystemId


class Holding(NamedTuple):
    """A row of `holdings`: all that follows the digest is None where nobody holds the identifier."""

    id: IdentifierId
    scheme: str
    digest: bytes
    subject: SubjectId | None
    group: GroupId | None
    system: SystemId | None = None
    """By whose report the subject holds it; None for the command line."""


_LINKED = (
    sa.select(
        t.identifiers.c.id,
        t.identifiers.c.scheme,
        t.identifiers.c.blind_index,
        t.identifier_links.c.subject_id,
        t.subjects.c.group_id,
        t.identifier_links.c.system_id,
    )
    .select_from(
        t.identifiers.outerjoin(
            t.identifier_links, t.identifier_links.c.identifier_id == t.identifiers.c.id
        ).outerjoin(t.subjects, t.subjects.c.id == t.identifier_links.c.subject_id)
    )
    .order_by(t.identifiers.c.id)
)
# Statements of the hot path are built once: building one costs more than running it. Most calls name one
# identifier.
_HOLDINGS = ReadIn(lambda among: _LINKED.where(t.identifiers.c.blind_index.in_(among)), Holding._make, Digest)
_HOLDINGS_OF_ONE = Read(
    _LINKED.where(
        t.identifiers.c.blind_index == sa.bindparam("digest"),
        t.identifiers.c.scheme == sa.bindparam("scheme"),
    ),
    Holding._make,
)
_LOCKED = (
    sa.select(t.identifiers.c.blind_index)
    .where(
        t.identifiers.c.blind_index.in_(sa.bindparam("digests", expanding=True)),
        t.identifiers.c.scheme.in_(sa.bindparam("schemes", expanding=True)),
    )
    # In one order everywhere, so that two units never wait for each other.
    .order_by(t.identifiers.c.id)
    .with_for_update()
)


def lock_identifiers(unit: Unit, digests: Mapping[bytes, str]) -> list[bytes] | None:
    """Locks the identifiers with these blind indexes; which there are. Two first posts about one person make
    one person: the second waits here, and reads the links only afterwards. None on SQLite, where there is one
    writer and nothing to lock.
    """
    if unit.dialect == "sqlite":
        return None
    asked = {"digests": list(digests), "schemes": list(set(digests.values()))}
    return list(unit.connection.execute(_LOCKED, asked).scalars())


def holdings(connection: sa.Connection, digests: Mapping[bytes, str]) -> list[Holding]:
    """Who holds the identifiers with these blind indexes (digest → scheme). Unknown ones are left out."""
    if len(digests) == 1:
        ((digest, scheme),) = digests.items()
        return _HOLDINGS_OF_ONE.all(connection, {"digest": digest, "scheme": scheme})
    found = _HOLDINGS.all(connection, list(digests))
    return [row for row in found if digests.get(row.digest) == row.scheme]


def add_identifiers(unit: Unit, rows: Sequence[dict[str, Any]]) -> None:
    """Adds those that are new; one that another unit added meanwhile is left as it is."""
    # In one order everywhere, so that two units never wait for each other.
    _add_identifiers(unit.dialect).run(unit.connection, sorted(rows, key=lambda r: r["blind_index"]))


@cache
def _add_identifiers(dialect: Dialect) -> Write:
    insert = upsert(dialect, t.identifiers).on_conflict_do_nothing(index_elements=["blind_index", "scheme"])
    return Write(insert, [column.name for column in t.identifiers.columns])


def drop_identifiers(unit: Unit, ids: Collection[IdentifierId]) -> None:
    """Removes look-up entries. What the do-not-contact list says of them stays, tied to nothing."""
    if ids:
        table = t.identifiers
        unit.connection.execute(
            t.suppressions.update().where(t.suppressions.c.identifier_id.in_(ids)).values(identifier_id=None)
        )
        unit.connection.execute(table.delete().where(table.c.id.in_(ids)))


def identifiers_page(connection: sa.Connection, after: UUID, limit: int) -> list[sa.Row[Any]]:
    """Identifiers of all schemes in the order of their ids: id, scheme, blind_index."""
    identifier = t.identifiers.c
    statement = (
        sa.select(identifier.id, identifier.scheme, identifier.blind_index)
        .where(identifier.id > after)
        .order_by(identifier.id)
        .limit(limit)
    )
    return list(connection.execute(statement))


def identifiers_of_nobody(connection: sa.Connection, limit: int) -> list[UUID]:
    held = sa.exists().where(t.identifier_links.c.identifier_id == t.identifiers.c.id)
    statement = sa.select(t.identifiers.c.id).where(~held).order_by(t.identifiers.c.id).limit(limit)
    return list(connection.execute(statement).scalars())
