"""Runs migrations on the connection that `db.migrate` opened, inside the transaction that it began."""

from alembic import context

connection = context.config.attributes["connection"]
if connection is None:
    raise RuntimeError("migrations run through `python -m consentd migrate`")

context.configure(connection=connection, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
