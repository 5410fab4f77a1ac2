"""Lists: the digest of what was decided, and when a list last relied on a consent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from consentd.db.schema import RUNTIME_ROLE, postgres_grants, postgres_protection, sqlite_protection

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(postgresql.UUID(as_uuid=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lists",
        sa.Column("id", ID, nullable=False),
        sa.Column("system_id", ID),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("scheme", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("for_sending", sa.Boolean, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("eligible", sa.BigInteger, nullable=False),
        sa.Column("allowed", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("entry_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lists")),
        info={"append_only": True},
    )
    op.create_index(op.f("ix_lists_root"), "lists", ["root"])
    op.create_table(
        "list_uses",
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("list_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "channel", name=op.f("pk_list_uses")),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "sqlite":
        run(sqlite_protection("lists", [["id"]]))
        return
    run(postgres_protection("lists"))
    if op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": RUNTIME_ROLE}):
        run(postgres_grants(["lists"], ["list_uses"]))


def downgrade() -> None:
    op.drop_table("list_uses")
    op.drop_table("lists")


def run(statements: list[str]) -> None:
    for statement in statements:
        op.execute(statement)
