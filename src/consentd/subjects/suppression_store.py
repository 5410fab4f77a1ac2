"""SQL of the do-not-contact list. An entry carries its address's identifier while somebody holds it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import people as t
from consentd.db.unit import Unit
from consentd.kernel.ids import IdentifierId

_ADOPT = (
    t.suppressions.update()
    .where(
        t.suppressions.c.digest.in_(sa.bindparam("digests", expanding=True)),
        t.suppressions.c.scheme == sa.bindparam("of_scheme"),
    )
    .values(identifier_id=sa.bindparam("holder"), last_seen_at=sa.bindparam("seen"))
)


def adopt_suppressions(unit: Unit, identifier: IdentifierId, scheme: str, digests: Collection[bytes]) -> None:
    """Ties entries of the do-not-contact list to an identifier that has (again) a holder."""
    seen = {"digests": list(digests), "of_scheme": scheme, "holder": identifier, "seen": unit.now}
    unit.connection.execute(_ADOPT, seen)


def add_suppression(unit: Unit, row: dict[str, Any]) -> None:
    unit.connection.execute(t.suppressions.insert(), row)


def has_suppression(
    connection: sa.Connection,
    scheme: str,
    digest: bytes,
    purpose: str | None,
    channel: str | None,
    since: int,
) -> bool:
    """Whether an entry of this scope is at least as late. An earlier one may have been lifted since."""
    table = t.suppressions
    return (
        connection.execute(
            sa.select(table.c.id)
            .where(
                table.c.digest == digest,
                table.c.scheme == scheme,
                table.c.purpose.is_not_distinct_from(purpose),
                table.c.channel.is_not_distinct_from(channel),
                table.c.since >= since,
            )
            .limit(1)
        ).first()
        is not None
    )


def suppressions_by_id(connection: sa.Connection, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    table = t.suppressions
    rows = connection.execute(sa.select(table).where(table.c.id.in_(list(ids)))).mappings()
    # SQLAlchemy's own kind of text has no canonical form.
    return {row["id"]: {str(name): value for name, value in row.items()} for row in rows}


def suppressions_of(connection: sa.Connection, identifiers: Collection[UUID]) -> list[sa.Row[Any]]:
    """identifier_id, scheme, since, purpose, channel of what is on the list by these identifiers."""
    c = t.suppressions.c
    statement = sa.select(c.identifier_id, c.scheme, c.since, c.purpose, c.channel)
    return list(connection.execute(statement.where(c.identifier_id.in_(list(identifiers)))))


def count_suppressions(connection: sa.Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(t.suppressions)).scalar_one())


def suppression_ids(connection: sa.Connection) -> list[UUID]:
    return list(connection.execute(sa.select(t.suppressions.c.id).order_by(t.suppressions.c.id)).scalars())


def suppressions_about(
    connection: sa.Connection, digests: Collection[bytes], identifiers: Collection[UUID]
) -> list[sa.Row[Any]]:
    """id, scheme, digest and identifier_id of what is under these hashes or tied to these identifiers."""
    c = t.suppressions.c
    asked = sa.or_(c.digest.in_(list(digests)), c.identifier_id.in_(list(identifiers)))
    statement = sa.select(c.id, c.scheme, c.digest, c.identifier_id).where(asked).order_by(c.id)
    return list(connection.execute(statement))


def suppressions_of_nobody(connection: sa.Connection, limit: int) -> list[UUID]:
    """Those that are tied to an identifier which nobody holds."""
    c = t.suppressions.c
    held = sa.exists().where(t.identifier_links.c.identifier_id == c.identifier_id)
    statement = sa.select(c.id).where(c.identifier_id.is_not(None), ~held).order_by(c.id).limit(limit)
    return list(connection.execute(statement).scalars())
