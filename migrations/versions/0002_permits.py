"""Permits: what was allowed under a signature, and the attempts that it reserves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from consentd.db.schema import RUNTIME_ROLE, postgres_grants, postgres_protection, sqlite_protection

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(postgresql.UUID(as_uuid=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "permits",
        sa.Column("id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("contact_point_id", ID),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("marketing", sa.Boolean, nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("system_id", ID, nullable=False),
        sa.Column("decision_id", ID, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permits")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_permits_batch_id"), "permits", ["batch_id"])
    op.create_index(op.f("ix_permits_contact_point_id"), "permits", ["contact_point_id"])
    op.create_index(op.f("ix_permits_subject_id"), "permits", ["subject_id"])
    if op.get_bind().dialect.name == "sqlite":
        run(sqlite_protection("permits", [["id"]]))
        return
    run(postgres_protection("permits"))
    if op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": RUNTIME_ROLE}):
        run(postgres_grants(["permits"], []))


def downgrade() -> None:
    op.drop_table("permits")


def run(statements: list[str]) -> None:
    for statement in statements:
        op.execute(statement)
