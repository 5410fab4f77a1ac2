"""What a list reads of a link, in one index; and of which kinds somebody's folded facts are."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HELD = "ix_identifier_links_held"
KINDS = {"birth_date": 1, "sale": 2, "contract": 4, "last_contact": 8}


def upgrade() -> None:
    op.create_index(
        HELD, "identifier_links", ["identifier_id", "subject_id", "capacity", "unreachable_since"]
    )
    op.add_column("fact_states", sa.Column("kinds", sa.Integer))
    facts = sa.table("facts", sa.column("subject_id"), sa.column("kind"))
    folded = sa.table("fact_states", sa.column("subject_id"), sa.column("kinds"))
    kinds = sa.literal(0)
    for kind, number in KINDS.items():
        some = sa.exists().where(facts.c.subject_id == folded.c.subject_id, facts.c.kind == kind)
        kinds = kinds + sa.case((some, number), else_=0)
    op.execute(folded.update().values(kinds=kinds))


def downgrade() -> None:
    with op.batch_alter_table("fact_states") as table:
        table.drop_column("kinds")
    op.drop_index(HELD, "identifier_links")
