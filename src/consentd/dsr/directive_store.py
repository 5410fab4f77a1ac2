"""SQL of directives for after death. Decides nothing."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from consentd.db.tables import requests as t

DIRECTIVES = t.directives


def directives_of(connection: sa.Connection, members: Collection[UUID]) -> list[sa.RowMapping]:
    """What these people left, in the order in which they did; the last one counts."""
    c = t.directives.c
    statement = sa.select(t.directives).where(c.subject_id.in_(list(members))).order_by(c.at, c.id)
    return list(connection.execute(statement).mappings())
