"""Systems may prove themselves by a key (RFC 7523), and an assertion counts once."""

import sqlalchemy as sa
from alembic import op

from consentd.db.schema import RUNTIME_ROLE, postgres_grants

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHECK = "(digest IS NULL) <> (public_key IS NULL)"


def upgrade() -> None:
    # SQLite cannot take a column's NOT NULL away: the table is made anew there.
    with op.batch_alter_table("system_secrets", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.add_column(sa.Column("public_key", sa.Text))
        table.alter_column("digest", existing_type=sa.LargeBinary, nullable=True)
        table.create_check_constraint(op.f("ck_system_secrets_secret_or_key"), CHECK)
    op.create_table(
        "spent_assertions",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_spent_assertions")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_spent_assertions_expires_at"), "spent_assertions", ["expires_at"])
    if op.get_bind().dialect.name == "postgresql" and op.get_bind().scalar(
        sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": RUNTIME_ROLE}
    ):
        for statement in postgres_grants([], ["spent_assertions"]):
            op.execute(statement)


def downgrade() -> None:
    """Keys cannot be told in the older tables: whoever used one needs a secret again."""
    op.drop_table("spent_assertions")
    op.execute("DELETE FROM system_secrets WHERE digest IS NULL")
    with op.batch_alter_table("system_secrets", table_kwargs={"sqlite_with_rowid": False}) as table:
        table.drop_constraint(op.f("ck_system_secrets_secret_or_key"), type_="check")
        table.alter_column("digest", existing_type=sa.LargeBinary, nullable=False)
        table.drop_column("public_key")
