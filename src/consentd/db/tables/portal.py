"""What the customers' pages stand on: ways in, sessions, choices that wait to be confirmed (docs/portal.md).

Nothing here is personal content: contact details are random ids, or keyed hashes that live a day.
"""

import sqlalchemy as sa

from consentd.db.tables.metadata import housekeeping, kept, metadata
from consentd.db.tables.types import Digest, Id, Instant

# Somebody typed an address or number, and a code may be on its way to it. Rows of known and of unknown people
# are alike, so that neither a look nor the time it takes tells them apart.
portal_entries = housekeeping(
    sa.Table(
        "portal_entries",
        metadata,
        sa.Column("id", Id, primary_key=True),
        # Keyed hashes of what was typed and of where it came from: by them attempts are bounded.
        sa.Column("named", Digest, nullable=False, index=True),
        sa.Column("source", Digest, nullable=False, index=True),
        # Null where nobody holds it.
        sa.Column("identifier_id", Id),
        # Of a second proof: the session that it is for.
        sa.Column("session_id", Id, index=True),
        # Where a connected system vouched for somebody logged in at it: for whom, and which.
        sa.Column("subject_id", Id),
        sa.Column("system_id", Id),
        # Keyed hashes of the code and of the link in the same message.
        sa.Column("code", Digest, nullable=False),
        sa.Column("link", Digest, nullable=False, unique=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False, index=True),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
)

portal_sessions = housekeeping(
    sa.Table(
        "portal_sessions",
        metadata,
        sa.Column("id", Id, primary_key=True),
        # SHA-256 of the 32 random bytes in the cookie; and a keyed hash of the browser that it was given to.
        sa.Column("digest", Digest, nullable=False, unique=True),
        sa.Column("browser", Digest, nullable=False),
        # Whose it is; null where several share the contact detail.
        sa.Column("subject_id", Id, index=True),
        # The contact detail that was proven; null where a connected system vouched.
        sa.Column("identifier_id", Id),
        # 1 stop messages to this address, 2 see and change choices, 3 everything.
        sa.Column("reach", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False, index=True),
        sa.Column("ended_at", Instant),
        sa.CheckConstraint("reach IN (1, 2, 3)", name="reach"),
    )
)

# A yes that waits for a button to be pressed (double opt-in). The mail's own text is made when it is sent.
confirmations = kept(
    sa.Table(
        "confirmations",
        metadata,
        sa.Column("id", Id, primary_key=True),
        # The event that stands as requested, and the person as it was then.
        sa.Column("event_id", Id, nullable=False, unique=True),
        sa.Column("subject_id", Id, nullable=False, index=True),
        sa.Column("identifier_id", Id, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        # The event that the button made of it.
        sa.Column("confirmed_by", Id),
        sa.Column("confirmed_at", Instant),
        sa.Column("entry_id", Id, nullable=False),
    )
)

confirmation_mails = housekeeping(
    sa.Table(
        "confirmation_mails",
        metadata,
        # The confirmation's own.
        sa.Column("id", Id, primary_key=True),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", Instant, nullable=False),
        sa.Column("lease_holder", Id),
        sa.Column("lease_until", Instant),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
        sa.CheckConstraint("state IN ('waiting', 'running', 'sent', 'failed')", name="state"),
        sa.Index("ix_confirmation_mails_state_next_at", "state", "next_at"),
    )
)
