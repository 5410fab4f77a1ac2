"""Files of silos on their way in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from consentd.db.schema import RUNTIME_ROLE, postgres_grants

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.LargeBinary(16).with_variant(postgresql.UUID(as_uuid=True), "postgresql")
STATES = "state IN ('waiting', 'running', 'done', 'refused', 'failed')"


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", ID, nullable=False),
        sa.Column("system_id", ID, nullable=False),
        sa.Column("secret_id", ID, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("layout", sa.Text),
        sa.Column("exported_at", sa.Text, nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("accepted", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("report", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("lease_holder", ID),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.CheckConstraint(STATES, name=op.f("ck_imports_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("system_id", "digest", name=op.f("uq_imports_system_id_digest")),
    )
    op.create_index(op.f("ix_imports_state_next_at"), "imports", ["state", "next_at"])
    if op.get_bind().dialect.name == "postgresql" and op.get_bind().scalar(
        sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": RUNTIME_ROLE}
    ):
        for statement in postgres_grants([], ["imports"]):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("imports")
