"""INSERT … ON CONFLICT, which both databases have and SQLAlchemy spells in each one's dialect."""

from typing import cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from consentd.db.unit import Dialect


def insert(dialect: Dialect, table: sa.Table) -> sqlite.Insert:
    """The dialect's own INSERT. Typed as SQLite's: what is used here, both offer alike."""
    if dialect == "postgresql":
        return cast(sqlite.Insert, postgresql.insert(table))
    return sqlite.insert(table)
