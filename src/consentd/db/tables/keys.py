"""Wrapped keys (docs/keys.md). Nothing here opens without the root key; destroying a row is the shredding."""

import sqlalchemy as sa

from consentd.db.tables.metadata import metadata
from consentd.db.tables.types import CanonicalJson, Digest, Id, Instant, Sealed

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    # root (a check value only), period, audit, lookup, suppression, digest, journal, token, receipt, log
    sa.Column("use", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    # None once destroyed: the row stays, so that what it sealed can be told from what is damaged.
    sa.Column("wrapped", Sealed),
    # The name of the root key that wraps it, so that a rotation can re-wrap in batches.
    sa.Column("wrapper", sa.Text, nullable=False),
    sa.Column("public", Digest),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("retired_at", Instant),
    sa.Column("destroyed_at", Instant),
    sa.UniqueConstraint("use", "version"),
)

subject_keys = sa.Table(
    "subject_keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subject_id", Id, sa.ForeignKey("subjects.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("wrapped", Sealed, nullable=False),
    # The period key that wraps it.
    sa.Column("wrapper_id", Id, sa.ForeignKey("keys.id"), nullable=False, index=True),
    sa.Column("created_at", Instant, nullable=False),
    # A proof key kept after erasure: since when, and until when the law orders it.
    sa.Column("restricted_at", Instant),
    sa.Column("purge_at", Instant, index=True),
    # Which rule of which law pack says so: canonical JSON that names nobody.
    sa.Column("kept_by", CanonicalJson),
    sa.UniqueConstraint("subject_id", "kind"),
    sa.CheckConstraint("kind IN ('content', 'proof')", name="kind"),
)
