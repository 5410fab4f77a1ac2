"""Files on their way in (DESIGN: work that must finish is a row of its own domain, with its lease)."""

import sqlalchemy as sa

from consentd.db.tables.metadata import housekeeping, metadata
from consentd.db.tables.types import CanonicalJson, Digest, Id, Instant

# Nothing personal: the file itself lies sealed beside the database until it is done; a report names lines.
imports = housekeeping(
    sa.Table(
        "imports",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("system_id", Id, nullable=False),
        # With what it was sent; revoked, the import stops.
        sa.Column("secret_id", Id, nullable=False),
        # A keyed hash of the content and of how it is to be read: the same again is the same import.
        sa.Column("digest", Digest, nullable=False),
        sa.Column("layout", sa.Text),
        sa.Column("exported_at", sa.Text, nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        # Of a refused file: why, as canonical JSON {"code": …, …}.
        sa.Column("reason", CanonicalJson),
        sa.Column("size", sa.BigInteger, nullable=False),
        # Rows of the file, and how many of them are through; the first is null until it was looked through.
        sa.Column("total", sa.BigInteger),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("accepted", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("report", CanonicalJson),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("lease_holder", Id),
        sa.Column("lease_until", Instant),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
        sa.UniqueConstraint("system_id", "digest"),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'refused', 'failed')", name="state"),
        sa.Index("ix_imports_state_next_at", "state", "next_at"),
    )
)
