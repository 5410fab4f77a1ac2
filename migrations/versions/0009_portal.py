"""The customers' pages: ways in, sessions, choices that wait to be confirmed, and the files of a policy."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from consentd.db.schema import RUNTIME_ROLE, postgres_grants, postgres_protection, sqlite_protection

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(postgresql.UUID(as_uuid=True), "postgresql")
APPEND_ONLY = ("policy_files",)
OTHERS = ("confirmation_mails", "confirmations", "portal_entries", "portal_sessions")


def upgrade() -> None:
    op.create_table(
        "policy_files",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("media", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policy_files")),
        info={"append_only": True},
    )
    op.create_table(
        "portal_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("named", sa.LargeBinary, nullable=False),
        sa.Column("source", sa.LargeBinary, nullable=False),
        sa.Column("identifier_id", ID),
        sa.Column("session_id", ID),
        sa.Column("subject_id", ID),
        sa.Column("system_id", ID),
        sa.Column("code", sa.LargeBinary, nullable=False),
        sa.Column("link", sa.LargeBinary, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_entries")),
        sa.UniqueConstraint("link", name=op.f("uq_portal_entries_link")),
    )
    for column in ("created_at", "named", "session_id", "source"):
        op.create_index(op.f(f"ix_portal_entries_{column}"), "portal_entries", [column])
    op.create_table(
        "portal_sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("browser", sa.LargeBinary, nullable=False),
        sa.Column("subject_id", ID),
        sa.Column("identifier_id", ID),
        sa.Column("reach", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.CheckConstraint("reach IN (1, 2, 3)", name=op.f("ck_portal_sessions_reach")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_portal_sessions_digest")),
    )
    for column in ("expires_at", "subject_id"):
        op.create_index(op.f(f"ix_portal_sessions_{column}"), "portal_sessions", [column])
    op.create_table(
        "confirmations",
        sa.Column("id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("identifier_id", ID, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("confirmed_by", ID),
        sa.Column("confirmed_at", sa.BigInteger),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
        sa.UniqueConstraint("event_id", name=op.f("uq_confirmations_event_id")),
    )
    op.create_index(op.f("ix_confirmations_subject_id"), "confirmations", ["subject_id"])
    op.create_table(
        "confirmation_mails",
        sa.Column("id", ID, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("lease_holder", ID),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'sent', 'failed')", name=op.f("ck_confirmation_mails_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmation_mails")),
    )
    op.create_index(op.f("ix_confirmation_mails_state_next_at"), "confirmation_mails", ["state", "next_at"])
    protect()


def protect() -> None:
    if op.get_bind().dialect.name == "sqlite":
        run(sqlite_protection("policy_files", [["digest"]]))
        return
    run(postgres_protection("policy_files"))
    if op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": RUNTIME_ROLE}):
        run(postgres_grants(APPEND_ONLY, OTHERS))


def downgrade() -> None:
    for table in (*APPEND_ONLY, *OTHERS):
        op.drop_table(table)


def run(statements: list[str]) -> None:
    for statement in statements:
        op.execute(statement)
