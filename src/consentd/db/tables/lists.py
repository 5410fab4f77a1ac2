"""Lists that were decided, each with the digest of all its rows, and when a list last relied on a consent."""

import sqlalchemy as sa

from consentd.db.tables.metadata import append_only, metadata
from consentd.db.tables.types import Digest, Id, Instant

# Nothing of the people on a list is here: `root` is the Merkle root over all rows as they were decided.
lists = append_only(
    sa.Table(
        "lists",
        metadata,
        sa.Column("id", Id, primary_key=True),
        # None: the operator, at the command line.
        sa.Column("system_id", Id),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        # The instant that all its rows were decided for.
        sa.Column("at", Instant, nullable=False),
        sa.Column("for_sending", sa.Boolean, nullable=False),
        # False: it was broken off after the rows that are counted here.
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("eligible", sa.BigInteger, nullable=False),
        sa.Column("allowed", sa.BigInteger, nullable=False),
        sa.Column("root", Digest, nullable=False, index=True),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
    )
)

# The latest instant for which a list marked for sending relied on somebody's consent, by channel. Only the
# latest counts towards how long a proof is kept, so that a weekly newsletter does not grow the database.
list_uses = sa.Table(
    "list_uses",
    metadata,
    sa.Column("subject_id", Id, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("used", Instant, nullable=False),
    sa.Column("list_id", Id, nullable=False),
    sqlite_with_rowid=False,
)
