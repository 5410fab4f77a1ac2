"""Who may call: systems, what each proves itself by, the assertions that were used up; and staff."""

import sqlalchemy as sa

from consentd.db.tables.metadata import housekeeping, metadata
from consentd.db.tables.types import CanonicalJson, Digest, Id, Instant, Sealed

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
    sa.Column("digest", Digest),
    # Or a JWK, whose owner signs. In the same table, so that one look tells whether either was revoked; with
    # no digest beside it, so that no text can ever be the secret of a key.
    sa.Column("public_key", CanonicalJson),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
    sa.CheckConstraint("(digest IS NULL) <> (public_key IS NULL)", name="secret_or_key"),
    sqlite_with_rowid=False,
)

# Who decides on people's requests. Names and addresses lie sealed under an audit key.
staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("key_id", Id, nullable=False),
    sa.Column("sealed", Sealed, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("left_at", Instant),
    sa.CheckConstraint("role IN ('dpo', 'agent')", name="role"),
)

spent_assertions = housekeeping(
    sa.Table(
        "spent_assertions",
        metadata,
        # SHA-256 of the credential and the assertion's own number.
        sa.Column("digest", Digest, primary_key=True),
        sa.Column("expires_at", Instant, nullable=False, index=True),
        sqlite_with_rowid=False,
    )
)
