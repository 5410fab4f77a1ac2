"""The audit log: entries, leaves, tree and checkpoints never change; what waits to be sequenced does."""

import sqlalchemy as sa

from consentd.db.tables.metadata import append_only, housekeeping, metadata
from consentd.db.tables.types import CanonicalJson, Digest, Id, Instant, Sealed

log_entries = append_only(
    sa.Table(
        "log_entries",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        # system, staff, operator, subject or service; who of them, where it has an id.
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", Id),
        sa.Column("subject_id", Id, index=True),
        sa.Column("policy", sa.Text),
        # Canonical JSON: [[table, row id, hex SHA-256 of the row], …] of every append-only row written.
        sa.Column("rows", CanonicalJson, nullable=False),
        sa.Column("key_id", Id),
        sa.Column("sealed", Sealed),
    )
)

log_pending = housekeeping(
    sa.Table(
        "log_pending",
        metadata,
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("leaf", Digest, nullable=False),
        # A keyed hash of the leaf: whoever can only write to the database cannot queue an entry.
        sa.Column("vouched", Digest, nullable=False),
    )
)

log_leaves = append_only(
    sa.Table(
        "log_leaves",
        metadata,
        sa.Column("idx", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("entry_id", Id, nullable=False, unique=True),
        sa.Column("leaf", Digest, nullable=False),
    )
)

log_nodes = append_only(
    sa.Table(
        "log_nodes",
        metadata,
        # Roots of complete subtrees: level 1 covers two leaves, level k covers 2**k.
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("idx", sa.BigInteger, primary_key=True),
        sa.Column("hash", Digest, nullable=False),
    )
)

log_checkpoints = append_only(
    sa.Table(
        "log_checkpoints",
        metadata,
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("root", Digest, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
)

leases = housekeeping(
    sa.Table(
        "leases",
        metadata,
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", Id, nullable=False),
        # Grows with each holder: work done under an older number is refused (fencing).
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("until", Instant, nullable=False),
    )
)
