"""What an export reads beside what the verifier reads. Decides nothing."""

import sqlalchemy as sa

from consentd.db.tables.log import log_checkpoints
from consentd.evidence.store import CheckpointRow, Connection

DAY = 86_400_000_000
"""In microseconds."""


def last_of_each_day(connection: Connection) -> list[CheckpointRow]:
    """The last checkpoint of each day in UTC, in order of size."""
    columns = log_checkpoints.c
    # Instants are never negative: both databases cut alike.
    day = columns.at - columns.at % DAY
    last = sa.select(sa.func.max(columns.size)).group_by(day)
    statement = (
        sa.select(columns.size, columns.root, columns.note, columns.at)
        .where(columns.size.in_(last))
        .order_by(columns.size)
    )
    return [CheckpointRow(*row) for row in connection.execute(statement)]
