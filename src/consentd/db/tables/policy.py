"""Which rules were in force when: versions under their hash, the files that they name, and the appended list
of activations.
"""

import sqlalchemy as sa

from consentd.db.tables.metadata import append_only, metadata
from consentd.db.tables.types import Id, Instant, Sealed

policy_versions = append_only(
    sa.Table(
        "policy_versions",
        metadata,
        sa.Column("hash", sa.Text, primary_key=True),
        # The canonical document that hashes to `hash`; no personal data, so not sealed.
        sa.Column("document", Sealed, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
    )
)

policy_activations = append_only(
    sa.Table(
        "policy_activations",
        metadata,
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
    )
)

# Notices and the logo, as they were shown: what a policy names by hash can be shown again for ever.
policy_files = append_only(
    sa.Table(
        "policy_files",
        metadata,
        # SHA-256, as policies spell it.
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("media", sa.Text, nullable=False),
        # The exact bytes that hash to `digest`; no personal data, so not sealed.
        sa.Column("content", Sealed, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
    )
)
