"""What waits for the log carries a keyed hash: who can only write to the database queues nothing."""

import sqlalchemy as sa
from alembic import op

from consentd.kernel.errors import OperatorError

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing can vouch here for what an earlier version queued: that must be in the log first."""
    if op.get_bind().scalar(sa.text("SELECT count(*) FROM log_pending")):
        raise OperatorError(
            "queue_not_empty",
            "Entries of the earlier version still wait for the log: start that version once, stop it after a "
            "second, and migrate again. Nothing was changed.",
        )
    # SQLite adds no such column without a default: the empty table is made anew there.
    anew = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("log_pending", recreate=anew) as table:
        table.add_column(sa.Column("vouched", sa.LargeBinary, nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("log_pending") as table:
        table.drop_column("vouched")
