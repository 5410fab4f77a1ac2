"""The first tables: people, consent, keys, callers, policies and the log, with what protects history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from consentd.db.schema import (
    POSTGRES_FUNCTION,
    RUNTIME_ROLE,
    postgres_grants,
    postgres_protection,
    sqlite_protection,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(postgresql.UUID(as_uuid=True), "postgresql")

# Every append-only table with its primary key and its unique keys.
APPEND_ONLY = {
    "attempts": [["id"]],
    "consent_events": [["id"]],
    "facts": [["id"]],
    "log_checkpoints": [["size"]],
    "log_entries": [["id"]],
    "log_leaves": [["idx"], ["entry_id"]],
    "log_nodes": [["level", "idx"]],
    "objections": [["id"]],
    "policy_activations": [["seq"]],
    "policy_versions": [["hash"]],
    "source_events": [["system_id", "digest"]],
    "subject_edges": [["id"]],
}
OTHERS = (
    "consent_states",
    "fact_states",
    "idempotency_keys",
    "identifier_links",
    "identifiers",
    "keys",
    "leases",
    "log_pending",
    "merge_candidates",
    "objection_states",
    "subject_keys",
    "subjects",
    "suppressions",
    "system_secrets",
    "systems",
)

CREATE_ROLE = f"""
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{RUNTIME_ROLE}') THEN
        CREATE ROLE {RUNTIME_ROLE} NOLOGIN;
        GRANT {RUNTIME_ROLE} TO CURRENT_USER;
    END IF;
EXCEPTION
    -- Roles are shared by all databases of a server: another migration may have just made it.
    WHEN duplicate_object OR unique_violation THEN NULL;
    -- The service says so when it starts, and works as its login.
    WHEN insufficient_privilege THEN NULL;
END
$$
"""


def upgrade() -> None:
    create_tables()
    if op.get_bind().dialect.name == "sqlite":
        for table, keys in APPEND_ONLY.items():
            run(sqlite_protection(table, keys))
        return
    op.execute(POSTGRES_FUNCTION)
    for table in APPEND_ONLY:
        run(postgres_protection(table))
    op.execute(CREATE_ROLE)
    if op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": RUNTIME_ROLE}):
        run(postgres_grants(APPEND_ONLY, OTHERS))


def downgrade() -> None:
    op.drop_table("system_secrets")
    op.drop_table("subject_keys")
    op.drop_table("identifier_links")
    op.drop_table("fact_states")
    op.drop_table("systems")
    op.drop_table("suppressions")
    op.drop_table("subjects")
    op.drop_table("subject_edges")
    op.drop_table("source_events")
    op.drop_table("policy_versions")
    op.drop_table("policy_activations")
    op.drop_table("objections")
    op.drop_table("objection_states")
    op.drop_table("merge_candidates")
    op.drop_table("log_pending")
    op.drop_table("log_nodes")
    op.drop_table("log_leaves")
    op.drop_table("log_entries")
    op.drop_table("log_checkpoints")
    op.drop_table("leases")
    op.drop_table("keys")
    op.drop_table("identifiers")
    op.drop_table("idempotency_keys")
    op.drop_table("facts")
    op.drop_table("consent_states")
    op.drop_table("consent_events")
    op.drop_table("attempts")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION consentd_refuse_change()")
        # The role stays: other databases of the server may use it.
        if op.get_bind().scalar(
            sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": RUNTIME_ROLE}
        ):
            op.execute(f"REVOKE ALL ON alembic_version FROM {RUNTIME_ROLE}")


def run(statements: list[str]) -> None:
    for statement in statements:
        op.execute(statement)


def create_tables() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("contact_point_id", ID),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("marketing", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("happened", sa.BigInteger, nullable=False),
        sa.Column("arrived", sa.BigInteger, nullable=False),
        sa.Column("system_id", ID),
        sa.Column("decision_id", ID),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_attempts_batch_id"), "attempts", ["batch_id"])
    op.create_index(op.f("ix_attempts_contact_point_id"), "attempts", ["contact_point_id"])
    op.create_index(op.f("ix_attempts_subject_id"), "attempts", ["subject_id"])
    op.create_table(
        "consent_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("members", sa.Text),
        sa.Column("holders", sa.Text),
        sa.Column("named", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("contact_point_id", ID),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("claim", sa.Text),
        sa.Column("happened", sa.BigInteger, nullable=False),
        sa.Column("happened_last", sa.BigInteger, nullable=False),
        sa.Column("effective", sa.BigInteger, nullable=False),
        sa.Column("arrived", sa.BigInteger, nullable=False),
        sa.Column("system_id", ID),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("own_act", sa.Boolean, nullable=False),
        sa.Column("explicit", sa.Boolean, nullable=False),
        sa.Column("parental", sa.Boolean, nullable=False),
        sa.Column("notice_id", sa.Text),
        sa.Column("notice_version", sa.Text),
        sa.Column("slots", sa.Text),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_events")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_consent_events_batch_id"), "consent_events", ["batch_id"])
    op.create_index(op.f("ix_consent_events_subject_id"), "consent_events", ["subject_id"])
    op.create_table(
        "consent_states",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("contact_point_id", ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("effective", sa.BigInteger, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("explicit", sa.Boolean, nullable=False),
        sa.Column("parental", sa.Boolean, nullable=False),
        sa.Column("notice_id", sa.Text),
        sa.Column("notice_version", sa.Text),
        sa.Column("slots", sa.Text),
        sa.Column("own_act", sa.BigInteger),
        sa.PrimaryKeyConstraint(
            "group_id", "purpose", "channel", "contact_point_id", name=op.f("pk_consent_states")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "facts",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("members", sa.Text),
        sa.Column("holders", sa.Text),
        sa.Column("named", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("happened", sa.BigInteger, nullable=False),
        sa.Column("arrived", sa.BigInteger, nullable=False),
        sa.Column("system_id", ID),
        sa.Column("contact_point_id", ID),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facts")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_facts_batch_id"), "facts", ["batch_id"])
    op.create_index(op.f("ix_facts_subject_id"), "facts", ["subject_id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("caller_id", ID, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("caller_id", "route", "key", name=op.f("pk_idempotency_keys")),
        info={"housekeeping": True},
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])
    op.create_table(
        "identifiers",
        sa.Column("id", ID, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("blind_index", sa.LargeBinary, nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifiers")),
        sa.UniqueConstraint("blind_index", "scheme", name=op.f("uq_identifiers_blind_index_scheme")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("use", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("wrapped", sa.LargeBinary),
        sa.Column("wrapper", sa.Text, nullable=False),
        sa.Column("public", sa.LargeBinary),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("retired_at", sa.BigInteger),
        sa.Column("destroyed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("use", "version", name=op.f("uq_keys_use_version")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("holder", ID, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
        info={"housekeeping": True},
    )
    op.create_table(
        "log_checkpoints",
        sa.Column("size", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_checkpoints")),
        info={"append_only": True},
    )
    op.create_table(
        "log_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", ID),
        sa.Column("subject_id", ID),
        sa.Column("policy", sa.Text),
        sa.Column("rows", sa.Text, nullable=False),
        sa.Column("key_id", ID),
        sa.Column("sealed", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_entries")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_log_entries_subject_id"), "log_entries", ["subject_id"])
    op.create_table(
        "log_leaves",
        sa.Column("idx", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_log_leaves_entry_id")),
        info={"append_only": True},
    )
    op.create_table(
        "log_nodes",
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "idx", name=op.f("pk_log_nodes")),
        info={"append_only": True},
    )
    op.create_table(
        "log_pending",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_log_pending")),
        info={"housekeeping": True},
    )
    op.create_table(
        "merge_candidates",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject_a", ID, nullable=False),
        sa.Column("subject_b", ID, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("identifier_ids", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge_candidates")),
        sa.UniqueConstraint("subject_a", "subject_b", name=op.f("uq_merge_candidates_subject_a_subject_b")),
    )
    op.create_index(op.f("ix_merge_candidates_subject_b"), "merge_candidates", ["subject_b"])
    op.create_table(
        "objection_states",
        sa.Column("group_id", ID, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("contact_point_id", ID, nullable=False),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.PrimaryKeyConstraint(
            "group_id", "purpose", "channel", "contact_point_id", "ground", name=op.f("pk_objection_states")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "objections",
        sa.Column("id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("members", sa.Text),
        sa.Column("named", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("contact_point_id", ID),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("happened", sa.BigInteger, nullable=False),
        sa.Column("effective", sa.BigInteger, nullable=False),
        sa.Column("arrived", sa.BigInteger, nullable=False),
        sa.Column("system_id", ID),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_objections_batch_id"), "objections", ["batch_id"])
    op.create_index(op.f("ix_objections_subject_id"), "objections", ["subject_id"])
    op.create_table(
        "policy_activations",
        sa.Column("seq", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_policy_activations")),
        info={"append_only": True},
    )
    op.create_table(
        "policy_versions",
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_policy_versions")),
        info={"append_only": True},
    )
    op.create_table(
        "source_events",
        sa.Column("system_id", ID, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("row_ids", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("system_id", "digest", name=op.f("pk_source_events")),
        info={"append_only": True},
    )
    op.create_table(
        "subject_edges",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_a", ID, nullable=False),
        sa.Column("subject_b", ID, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.CheckConstraint("kind IN ('merge', 'unmerge')", name=op.f("ck_subject_edges_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_edges")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_subject_edges_subject_a"), "subject_edges", ["subject_a"])
    op.create_index(op.f("ix_subject_edges_subject_b"), "subject_edges", ["subject_b"])
    op.create_table(
        "subjects",
        sa.Column("id", ID, nullable=False),
        sa.Column("group_id", ID, nullable=False),
        sa.Column("merged", sa.Boolean, nullable=False),
        sa.Column("territory", sa.Text),
        sa.Column("sealed_name", sa.LargeBinary),
        sa.Column("restricted_at", sa.BigInteger),
        sa.Column("erased_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subjects")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_subjects_group_id"), "subjects", ["group_id"])
    op.create_table(
        "suppressions",
        sa.Column("id", ID, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("purpose", sa.Text),
        sa.Column("channel", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("last_seen_at", sa.BigInteger),
        sa.Column("identifier_id", ID),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
    )
    op.create_index("ix_suppressions_digest", "suppressions", ["digest", "scheme"])
    op.create_index(op.f("ix_suppressions_identifier_id"), "suppressions", ["identifier_id"])
    op.create_table(
        "systems",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("purposes", sa.Text, nullable=False),
        sa.Column("channels", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_systems")),
        sa.UniqueConstraint("name", name=op.f("uq_systems_name")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fact_states",
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"]),
        sa.PrimaryKeyConstraint("subject_id", name=op.f("pk_fact_states")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identifier_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("identifier_id", ID, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("system_id", ID),
        sa.Column("strength", sa.Text, nullable=False),
        sa.Column("verified_at", sa.BigInteger),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("capacity", sa.Text, nullable=False),
        sa.Column("unreachable_since", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.CheckConstraint(
            "capacity IN ('consumer', 'professional')", name=op.f("ck_identifier_links_capacity")
        ),
        sa.CheckConstraint(
            "strength IN ('asserted', 'verified', 'weak')", name=op.f("ck_identifier_links_strength")
        ),
        sa.ForeignKeyConstraint(["identifier_id"], ["identifiers.id"]),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifier_links")),
        sa.UniqueConstraint(
            "identifier_id",
            "subject_id",
            "system_id",
            name=op.f("uq_identifier_links_identifier_id_subject_id_system_id"),
        ),
    )
    op.create_index(op.f("ix_identifier_links_subject_id"), "identifier_links", ["subject_id"])
    op.create_table(
        "subject_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("wrapper_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("restricted_at", sa.BigInteger),
        sa.Column("purge_at", sa.BigInteger),
        sa.CheckConstraint("kind IN ('content', 'proof')", name=op.f("ck_subject_keys_kind")),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.id"]),
        sa.ForeignKeyConstraint(["wrapper_id"], ["keys.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_keys")),
        sa.UniqueConstraint("subject_id", "kind", name=op.f("uq_subject_keys_subject_id_kind")),
    )
    op.create_index(op.f("ix_subject_keys_purge_at"), "subject_keys", ["purge_at"])
    op.create_index(op.f("ix_subject_keys_wrapper_id"), "subject_keys", ["wrapper_id"])
    op.create_table(
        "system_secrets",
        sa.Column("id", ID, nullable=False),
        sa.Column("system_id", ID, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"]),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_system_secrets")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_system_secrets_system_id"), "system_secrets", ["system_id"])
