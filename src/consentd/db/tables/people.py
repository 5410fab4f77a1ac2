"""People and what is known of them (docs/data.md). Rows that cannot change name people by random ids only."""

import sqlalchemy as sa

from consentd.db.tables.metadata import append_only, kept, metadata
from consentd.db.tables.types import CanonicalJson, Digest, Id, Instant, Sealed

subjects = kept(
    sa.Table(
        "subjects",
        metadata,
        sa.Column("id", Id, primary_key=True),
        # The group of merged subjects: derived from the edges, kept here so that a check need not walk them.
        sa.Column("group_id", Id, nullable=False, index=True),
        # Whether others are in the group: written with it, so that a check need not look for them.
        sa.Column("merged", sa.Boolean, nullable=False),
        sa.Column("territory", sa.Text),
        sa.Column("sealed_name", Sealed),
        sa.Column("restricted_at", Instant),
        sa.Column("erased_at", Instant),
        sa.Column("created_at", Instant, nullable=False),
        # Random, and emptied by erasure: without it a territory could be guessed from the hashes in the log.
        sa.Column("salt", Digest),
        sa.Column("entry_id", Id, nullable=False),
        # Found by id in one descent of one tree, and by group from the index alone: a check does both.
        sqlite_with_rowid=False,
    ),
    derived=("group_id", "merged"),
)

identifiers = sa.Table(
    "identifiers",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("blind_index", Digest, nullable=False),
    sa.Column("key_version", sa.Integer, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("blind_index", "scheme"),
    # So that the index by which a check finds an identifier holds its id too.
    sqlite_with_rowid=False,
)

identifier_links = kept(
    sa.Table(
        "identifier_links",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("identifier_id", Id, sa.ForeignKey("identifiers.id"), nullable=False),
        sa.Column("subject_id", Id, sa.ForeignKey("subjects.id"), nullable=False, index=True),
        sa.Column("system_id", Id),
        # asserted: a system said so; verified: the person proved control; weak: only named beside another.
        sa.Column("strength", sa.Text, nullable=False),
        sa.Column("verified_at", Instant),
        sa.Column("sealed", Sealed, nullable=False),
        sa.Column("capacity", sa.Text, nullable=False),
        sa.Column("unreachable_since", Instant),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.UniqueConstraint("identifier_id", "subject_id", "system_id"),
        # Who holds an address, and how it may be used: a list finds both here, and leaves the sealed row.
        sa.Index("ix_identifier_links_held", "identifier_id", "subject_id", "capacity", "unreachable_since"),
        sa.CheckConstraint("strength IN ('asserted', 'verified', 'weak')", name="strength"),
        sa.CheckConstraint("capacity IN ('consumer', 'professional')", name="capacity"),
    )
)

subject_edges = append_only(
    sa.Table(
        "subject_edges",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_a", Id, nullable=False, index=True),
        sa.Column("subject_b", Id, nullable=False, index=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.CheckConstraint("kind IN ('merge', 'unmerge')", name="kind"),
    )
)

merge_candidates = sa.Table(
    "merge_candidates",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("subject_a", Id, nullable=False),
    sa.Column("subject_b", Id, nullable=False, index=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("identifier_ids", CanonicalJson, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("subject_a", "subject_b"),
)

facts = append_only(
    sa.Table(
        "facts",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("subject_id", Id, nullable=False, index=True),
        # Where the subject was merged with others when this was recorded: all members, and the holders of
        # what was named. After an unmerge it follows the holders. Canonical JSON lists of ids, else null.
        sa.Column("members", CanonicalJson),
        sa.Column("holders", CanonicalJson),
        sa.Column("named", CanonicalJson, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("happened", Instant, nullable=False),
        sa.Column("arrived", Instant, nullable=False),
        sa.Column("system_id", Id),
        sa.Column("contact_point_id", Id),
        sa.Column("batch_id", Id, nullable=False, index=True),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("key_id", Id, nullable=False),
        sa.Column("sealed", Sealed, nullable=False),
    )
)

# The facts that a decision needs, folded and sealed under the content key: one small read in a check.
fact_states = kept(
    sa.Table(
        "fact_states",
        metadata,
        sa.Column("subject_id", Id, sa.ForeignKey("subjects.id"), primary_key=True),
        sa.Column("sealed", Sealed, nullable=False),
        # Of which kinds they are, as `facts` has it: who asks about another kind need not open them.
        # Null: not known.
        sa.Column("kinds", sa.Integer),
        sa.Column("entry_id", Id, nullable=False),
        sqlite_with_rowid=False,
    ),
    derived=("kinds",),
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("scheme", sa.Text, nullable=False),
    sa.Column("digest", Digest, nullable=False),
    sa.Column("key_version", sa.Integer, nullable=False),
    # None: all direct marketing; every channel.
    sa.Column("purpose", sa.Text),
    sa.Column("channel", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("last_seen_at", Instant),
    # The address while somebody holds it, so that a check that names the person another way finds it too.
    sa.Column("identifier_id", Id, index=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Index("ix_suppressions_digest", "digest", "scheme"),
)
