"""What was chosen: events that never change, and the states folded from them (docs/deciding.md)."""

import sqlalchemy as sa

from consentd.db.tables.metadata import append_only, housekeeping, metadata
from consentd.db.tables.types import CanonicalJson, Digest, Id, Instant, Sealed

consent_events = append_only(
    sa.Table(
        "consent_events",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("batch_id", Id, nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("subject_id", Id, nullable=False, index=True),
        # As in `facts`: who else was the same person when this was recorded, and who held what was named.
        sa.Column("members", CanonicalJson),
        sa.Column("holders", CanonicalJson),
        sa.Column("named", CanonicalJson, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("contact_point_id", Id),
        sa.Column("state", sa.Text, nullable=False),
        # The yes that was claimed, and what it lacked to be a proven one.
        sa.Column("claim", sa.Text),
        sa.Column("happened", Instant, nullable=False),
        sa.Column("happened_last", Instant, nullable=False),
        sa.Column("effective", Instant, nullable=False),
        sa.Column("arrived", Instant, nullable=False),
        sa.Column("system_id", Id),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("own_act", sa.Boolean, nullable=False),
        sa.Column("explicit", sa.Boolean, nullable=False),
        sa.Column("parental", sa.Boolean, nullable=False),
        sa.Column("notice_id", sa.Text),
        sa.Column("notice_version", sa.Text),
        sa.Column("slots", CanonicalJson),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("key_id", Id, nullable=False),
        sa.Column("sealed", Sealed, nullable=False),
    )
)

consent_states = sa.Table(
    "consent_states",
    metadata,
    sa.Column("group_id", Id, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    # Sixteen zero bytes for the whole channel: a key column is never null.
    sa.Column("contact_point_id", Id, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("effective", Instant, nullable=False),
    sa.Column("event_id", Id, nullable=False),
    sa.Column("proof", sa.Text, nullable=False),
    sa.Column("explicit", sa.Boolean, nullable=False),
    sa.Column("parental", sa.Boolean, nullable=False),
    sa.Column("notice_id", sa.Text),
    sa.Column("notice_version", sa.Text),
    sa.Column("slots", CanonicalJson),
    sa.Column("own_act", Instant),
    sqlite_with_rowid=False,
)

objections = append_only(
    sa.Table(
        "objections",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("batch_id", Id, nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("subject_id", Id, nullable=False, index=True),
        sa.Column("members", CanonicalJson),
        sa.Column("named", CanonicalJson, nullable=False),
        # None: all direct marketing; every channel; every contact point.
        sa.Column("purpose", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("contact_point_id", Id),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("happened", Instant, nullable=False),
        sa.Column("effective", Instant, nullable=False),
        sa.Column("arrived", Instant, nullable=False),
        sa.Column("system_id", Id),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.Column("key_id", Id, nullable=False),
        sa.Column("sealed", Sealed, nullable=False),
    )
)

objection_states = sa.Table(
    "objection_states",
    metadata,
    sa.Column("group_id", Id, primary_key=True),
    # "*" and sixteen zero bytes stand for "all".
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("contact_point_id", Id, primary_key=True),
    sa.Column("ground", sa.Text, primary_key=True),
    sa.Column("since", Instant, nullable=False),
    sa.Column("event_id", Id, nullable=False),
    sqlite_with_rowid=False,
)

attempts = append_only(
    sa.Table(
        "attempts",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("batch_id", Id, nullable=False, index=True),
        sa.Column("subject_id", Id, nullable=False, index=True),
        sa.Column("contact_point_id", Id, index=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        # Whether the purpose was direct marketing when it was made: only those count towards caps.
        sa.Column("marketing", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("happened", Instant, nullable=False),
        sa.Column("arrived", Instant, nullable=False),
        sa.Column("system_id", Id),
        sa.Column("decision_id", Id),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
    )
)

# A permit reserves an attempt from `issued` to `expires`; the attempt made with it has the same batch_id. One
# row for each person meant, who all have the permit's number in batch_id.
permits = append_only(
    sa.Table(
        "permits",
        metadata,
        sa.Column("id", Id, primary_key=True),
        sa.Column("batch_id", Id, nullable=False, index=True),
        sa.Column("subject_id", Id, nullable=False, index=True),
        sa.Column("contact_point_id", Id, index=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        # As in `attempts`.
        sa.Column("marketing", sa.Boolean, nullable=False),
        sa.Column("issued", Instant, nullable=False),
        sa.Column("expires", Instant, nullable=False),
        sa.Column("system_id", Id, nullable=False),
        sa.Column("decision_id", Id, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        # What was decided, reasons and all.
        sa.Column("key_id", Id, nullable=False),
        sa.Column("sealed", Sealed, nullable=False),
    )
)

# A system's own number of what it reported: unique for ever, equal in content. Both as keyed hashes.
source_events = append_only(
    sa.Table(
        "source_events",
        metadata,
        sa.Column("system_id", Id, primary_key=True),
        sa.Column("digest", Digest, primary_key=True),
        sa.Column("content", Digest, nullable=False),
        sa.Column("batch_id", Id, nullable=False),
        sa.Column("row_ids", CanonicalJson, nullable=False),
    )
)

idempotency_keys = housekeeping(
    sa.Table(
        "idempotency_keys",
        metadata,
        sa.Column("caller_id", Id, primary_key=True),
        sa.Column("route", sa.Text, primary_key=True),
        sa.Column("key", Digest, primary_key=True),
        sa.Column("body", Digest, nullable=False),
        sa.Column("batch_id", Id, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False, index=True),
    )
)
