"""Alembic's environment and the list of migrations, each frozen once released."""
