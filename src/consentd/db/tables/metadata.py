"""The one metadata, and which tables are append-only or housekeeping (promises 3, 4 and 8)."""

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


def housekeeping(table: sa.Table) -> sa.Table:
    """Marks a table without personal content, which may be written without an audit entry."""
    table.info["housekeeping"] = True
    return table
