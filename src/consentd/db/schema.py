"""What protects append-only tables inside the database itself (promise 4), as statements.

SQLite: UPDATE and DELETE are refused by triggers, and so is an INSERT whose key exists: `INSERT OR REPLACE`
deletes without firing delete triggers on connections that left `recursive_triggers` off, and the row's
hidden rowid is a key to it too. This also refuses `ON CONFLICT DO NOTHING`: plain inserts only.
PostgreSQL: a row trigger for UPDATE and DELETE, a statement trigger for TRUNCATE, both fired even in
replica mode; and a runtime role that owns no table and was granted neither.

It makes text and connects to nothing. Migrations call it with names of their own, so that what they do
does not change when the tables do.
"""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

RUNTIME_ROLE = "consentd_runtime"
REFUSAL = "rows here never change"

Keys = Sequence[Sequence[str]]


def sqlite_protection(table: str, keys: Keys, *, rowid: bool = True) -> list[str]:
    """Triggers for one table. `keys`: its primary key and every unique key, as lists of columns."""
    same = [" AND ".join(f'"{column}" = NEW."{column}"' for column in key) for key in keys]
    if rowid:
        # In a BEFORE trigger NEW.rowid is -1 unless the statement names it.
        same.append("rowid = NEW.rowid")
    # S608: names from our own tables, in DDL, where nothing can be bound.
    exists = " OR ".join(f'EXISTS (SELECT 1 FROM "{table}" WHERE {each})' for each in same)  # noqa: S608
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table}: {REFUSAL}'); END"
    return [
        f'CREATE TRIGGER "{table}_no_update" BEFORE UPDATE ON "{table}" {refuse}',
        f'CREATE TRIGGER "{table}_no_delete" BEFORE DELETE ON "{table}" {refuse}',
        f'CREATE TRIGGER "{table}_no_replace" BEFORE INSERT ON "{table}" WHEN {exists} {refuse}',
    ]


POSTGRES_FUNCTION = f"""
CREATE FUNCTION consentd_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: {REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def postgres_protection(table: str) -> list[str]:
    """Triggers for one table; POSTGRES_FUNCTION must exist."""
    return [
        f'CREATE TRIGGER "{table}_no_change" BEFORE UPDATE OR DELETE ON "{table}" '
        "FOR EACH ROW EXECUTE FUNCTION consentd_refuse_change()",
        f'CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION consentd_refuse_change()",
        f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{table}_no_change"',
        f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER "{table}_no_truncate"',
    ]


def postgres_grants(append_only: Iterable[str], others: Iterable[str]) -> list[str]:
    """What the runtime role may do: it adds to append-only tables, and owns nothing."""
    return [
        *(f'GRANT SELECT, INSERT ON "{table}" TO {RUNTIME_ROLE}' for table in append_only),
        *(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO {RUNTIME_ROLE}' for table in others),
        f"GRANT SELECT ON alembic_version TO {RUNTIME_ROLE}",
        f"""
        DO $$
        BEGIN
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO {RUNTIME_ROLE}', current_schema());
            EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO {RUNTIME_ROLE}', current_schema());
        END
        $$
        """,
    ]


def trigger_names(dialect: str, table: str) -> list[str]:
    endings = ("update", "delete", "replace") if dialect == "sqlite" else ("change", "truncate")
    return [f"{table}_no_{ending}" for ending in endings]


def keys_of(table: sa.Table) -> list[list[str]]:
    """The primary key and every unique key of a table: what `sqlite_protection` has to look for."""
    unique = [
        *(
            constraint.columns
            for constraint in table.constraints
            if isinstance(constraint, sa.UniqueConstraint)
        ),
        *(index.columns for index in table.indexes if index.unique),
    ]
    keys = [[column.name for column in columns] for columns in unique]
    return [[column.name for column in table.primary_key.columns], *sorted(keys)]
