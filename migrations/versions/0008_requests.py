"""Rights requests: what is asked, what silos answer, packages, certificates, who was erased."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from consentd.db.schema import RUNTIME_ROLE, postgres_grants, postgres_protection, sqlite_protection

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(postgresql.UUID(as_uuid=True), "postgresql")
APPEND_ONLY = ("request_steps", "directives", "silo_answers", "certificates", "erasure_alarms")
OTHERS = (
    "erasure_ledger",
    "expiries",
    "identity_codes",
    "outgoing_letters",
    "outgoing_mails",
    "package_links",
    "package_work",
    "packages",
    "request_keys",
    "requests",
    "silo_tasks",
    "staff",
)


def upgrade() -> None:
    op.add_column("subject_keys", sa.Column("kept_by", sa.Text))
    op.create_table(
        "requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("right", sa.Text, nullable=False),
        sa.Column("subject_id", ID),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("came_by", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("received_on", sa.Text, nullable=False),
        sa.Column("safe_due", sa.Text, nullable=False),
        sa.Column("legal_due", sa.Text, nullable=False),
        sa.Column("extended", sa.Boolean, nullable=False),
        sa.Column("proof", sa.Integer, nullable=False),
        sa.Column("proof_needed", sa.Integer, nullable=False),
        sa.Column("approvals_needed", sa.Integer, nullable=False),
        sa.Column("follows", ID),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("answered_at", sa.BigInteger),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_state_legal_due"), "requests", ["state", "legal_due"])
    op.create_index(op.f("ix_requests_subject_id"), "requests", ["subject_id"])
    op.create_table(
        "request_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("of_id", ID, nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("wrapper_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"]),
        sa.ForeignKeyConstraint(["wrapper_id"], ["keys.id"]),
        sa.CheckConstraint(
            "kind IN ('content', 'package', 'archive', 'mail')", name=op.f("ck_request_keys_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_keys")),
        sa.UniqueConstraint(
            "request_id", "kind", "of_id", name=op.f("uq_request_keys_request_id_kind_of_id")
        ),
    )
    op.create_index(op.f("ix_request_keys_wrapper_id"), "request_keys", ["wrapper_id"])
    op.create_table(
        "request_steps",
        sa.Column("id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", ID),
        sa.Column("moment", sa.Text),
        sa.Column("on_day", sa.Text),
        sa.Column("how", sa.Text),
        sa.Column("because", sa.Text),
        sa.Column("key_id", ID),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_steps")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_request_steps_request_id"), "request_steps", ["request_id"])
    op.create_table(
        "directives",
        sa.Column("id", ID, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directives")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_directives_subject_id"), "directives", ["subject_id"])
    op.create_table(
        "silo_tasks",
        sa.Column("id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("code", sa.Text),
        sa.Column("reference", sa.Text),
        sa.Column("begun", sa.Text),
        sa.Column("told_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("lease_holder", ID),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("remind_at", sa.BigInteger),
        sa.Column("reminded_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'approving', 'asked', 'silent', 'ended')",
            name=op.f("ck_silo_tasks_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silo_tasks")),
        sa.UniqueConstraint(
            "request_id", "system", "verb", name=op.f("uq_silo_tasks_request_id_system_verb")
        ),
    )
    op.create_index(op.f("ix_silo_tasks_state_next_at"), "silo_tasks", ["state", "next_at"])
    op.create_index(op.f("ix_silo_tasks_remind_at"), "silo_tasks", ["remind_at"])
    op.create_table(
        "expiries",
        sa.Column("id", ID, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("touched", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("code", sa.Text),
        sa.Column("parts", sa.Text),
        sa.Column("foretold", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("lease_holder", ID),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.CheckConstraint("state IN ('waiting', 'running', 'ended')", name=op.f("ck_expiries_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expiries")),
    )
    op.create_index("ix_expiries_system_created_at", "expiries", ["system", "created_at"])
    unfinished = sa.text("state <> 'ended'")
    op.create_index(
        "uq_expiries_open",
        "expiries",
        ["system"],
        unique=True,
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_table(
        "outgoing_mails",
        sa.Column("id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("task_id", ID),
        sa.Column("moment", sa.Text, nullable=False),
        sa.Column("whom", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("lease_holder", ID),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.CheckConstraint("whom IN ('person', 'owner', 'dpo')", name=op.f("ck_outgoing_mails_whom")),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'sent', 'failed')", name=op.f("ck_outgoing_mails_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_mails")),
        sa.UniqueConstraint("request_id", "moment", name=op.f("uq_outgoing_mails_request_id_moment")),
    )
    op.create_index(op.f("ix_outgoing_mails_state_next_at"), "outgoing_mails", ["state", "next_at"])
    op.create_table(
        "outgoing_letters",
        sa.Column("id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_letters")),
    )
    op.create_index(op.f("ix_outgoing_letters_request_id"), "outgoing_letters", ["request_id"])
    op.create_table(
        "silo_answers",
        sa.Column("id", ID, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("verb", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("key_id", ID),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silo_answers")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_silo_answers_request_id"), "silo_answers", ["request_id"])
    op.create_index(op.f("ix_silo_answers_task_id"), "silo_answers", ["task_id"])
    op.create_table(
        "identity_codes",
        sa.Column("id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("identifier_id", ID, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_codes")),
    )
    op.create_index(op.f("ix_identity_codes_request_id"), "identity_codes", ["request_id"])
    op.create_table(
        "package_work",
        sa.Column("id", ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("round_id", ID, nullable=False),
        sa.Column("own_id", ID),
        sa.Column("making_id", ID),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("lease_holder", ID),
        sa.Column("lease_until", sa.BigInteger),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'made', 'failed', 'ended')", name=op.f("ck_package_work_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_work")),
    )
    op.create_index(op.f("ix_package_work_state_next_at"), "package_work", ["state", "next_at"])
    op.create_table(
        "packages",
        sa.Column("id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("withheld", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("released_at", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("destroyed_at", sa.BigInteger),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
    )
    op.create_index(op.f("ix_packages_request_id"), "packages", ["request_id"])
    op.create_table(
        "package_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("package_id", ID, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package_links")),
    )
    op.create_index(op.f("ix_package_links_package_id"), "package_links", ["package_id"])
    op.create_table(
        "certificates",
        sa.Column("id", ID, nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("signed", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_certificates_request_id"), "certificates", ["request_id"])
    op.create_table(
        "erasure_ledger",
        sa.Column("id", ID, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("erased_on", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_ledger")),
    )
    op.create_index(op.f("ix_erasure_ledger_digest"), "erasure_ledger", ["digest", "scheme"])
    op.create_table(
        "erasure_alarms",
        sa.Column("id", ID, nullable=False),
        sa.Column("ledger_id", ID, nullable=False),
        sa.Column("system_id", ID),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_alarms")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_erasure_alarms_ledger_id"), "erasure_alarms", ["ledger_id"])
    op.create_table(
        "staff",
        sa.Column("id", ID, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("left_at", sa.BigInteger),
        sa.CheckConstraint("role IN ('dpo', 'agent')", name=op.f("ck_staff_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
    )
    protect()


def protect() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            run(sqlite_protection(table, [["id"]]))
        return
    for table in APPEND_ONLY:
        run(postgres_protection(table))
    if op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": RUNTIME_ROLE}):
        run(postgres_grants(APPEND_ONLY, OTHERS))


def downgrade() -> None:
    # Keys refer to requests, and go before them.
    for table in (*APPEND_ONLY, *OTHERS):
        op.drop_table(table)
    op.drop_column("subject_keys", "kept_by")


def run(statements: list[str]) -> None:
    for statement in statements:
        op.execute(statement)
