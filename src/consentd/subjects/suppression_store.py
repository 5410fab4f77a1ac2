"""SQL of the do-not-contact list. An entry carries its address's identifier while somebody holds it."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from consentd.db.tables import people as t
from consentd.db.unit import Unit
from consentd.kernel.ids import IdentifierId


def adopt_suppressions(unit: Unit, identifier: IdentifierId, scheme: str, digests: Collection[bytes]) -> None:
    """Ties entries of the do-not-contact list to an identifier that has (again) a holder."""
    unit.connection.execute(
        t.suppressions.update()
        .where(t.suppressions.c.digest.in_(list(digests)), t.suppressions.c.scheme == scheme)
        .values(identifier_id=identifier, last_seen_at=unit.now)
    )


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
