"""Who may call: connected systems and their secrets."""

import sqlalchemy as sa

from consentd.db.tables.metadata import metadata
from consentd.db.tables.types import CanonicalJson, Digest, Id, Instant

systems = sa.Table(
    "systems",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("scopes", CanonicalJson, nullable=False),
    # An empty list means: not limited.
    sa.Column("purposes", CanonicalJson, nullable=False),
    sa.Column("channels", CanonicalJson, nullable=False),
    sa.Column("zone", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    sqlite_with_rowid=False,
)

system_secrets = sa.Table(
    "system_secrets",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("system_id", Id, sa.ForeignKey("systems.id"), nullable=False, index=True),
    # SHA-256 of 32 random bytes: nothing to guess, so nothing to slow down.
    sa.Column("digest", Digest, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    sqlite_with_rowid=False,
)
