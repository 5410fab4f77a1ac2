"""The one metadata, and which tables are append-only, kept or housekeeping (promises 3, 4, 8 and 9)."""

from collections.abc import Collection

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def append_only(table: sa.Table) -> sa.Table:
    """Marks a table whose rows never change: both databases refuse UPDATE, DELETE, REPLACE and TRUNCATE."""
    table.info["append_only"] = True
    return table


def kept(table: sa.Table, *, derived: Collection[str] = ()) -> sa.Table:
    """Marks a table whose rows may change, each time under an entry that lists the row anew (docs/log.md).

    `derived`: columns that follow from other rows, and are compared with those instead of being hashed.
    """
    table.info["kept"] = True
    table.info["derived"] = frozenset(derived)
    return table


def housekeeping(table: sa.Table) -> sa.Table:
    """Marks a table without personal content, which may be written without an audit entry."""
    table.info["housekeeping"] = True
    return table
