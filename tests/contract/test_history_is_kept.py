"""Promise 4: rows of append-only tables never change, whoever asks and however, on both databases."""

import sqlite3
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from consentd.base.clock import now
from consentd.db.engine import open_database
from consentd.db.postgres import PostgresDatabase
from consentd.db.schema import keys_of, trigger_names
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables import APPEND_ONLY
from consentd.db.unit import Unit
from consentd.kernel.errors import OperatorError
from support.rows import audited, literal, made_up, run_raw

AnyDatabase = SqliteDatabase | PostgresDatabase
REFUSED = (sa.exc.IntegrityError, sa.exc.ProgrammingError)

append_only = pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table.name)


async def add(database: AnyDatabase, table: sa.Table) -> dict[str, Any]:
    row = made_up(table)

    def work(unit: Unit) -> None:
        unit.connection.execute(sa.insert(table), row)
        audited(unit)

    await database.change(work)
    return row


async def rows(database: AnyDatabase, table: sa.Table) -> list[Any]:
    return await database.read(lambda c: list(c.execute(sa.select(table)).all()))


def statements(table: sa.Table, row: dict[str, Any], dialect: str) -> dict[str, str]:
    """Every way to change or replace `row` that the database's own SQL knows."""
    values = {name: literal(value, dialect) for name, value in row.items()}
    columns, listed = ", ".join(f'"{name}"' for name in values), ", ".join(values.values())
    column = next(name for name in values)
    same = f'"{column}" = {values[column]}'
    insert = f'INTO "{table.name}" ({columns}) VALUES ({listed})'
    found = {
        "update": f'UPDATE "{table.name}" SET {same}',
        "delete": f'DELETE FROM "{table.name}"',
        "insert again": f"INSERT {insert}",
    }
    for key in keys_of(table):
        conflict = ", ".join(f'"{name}"' for name in key)
        found[f"upsert on {conflict}"] = f"INSERT {insert} ON CONFLICT ({conflict}) DO UPDATE SET {same}"
    if dialect == "postgresql":
        return found | {
            "truncate": f'TRUNCATE "{table.name}"',
            "truncate cascade": f'TRUNCATE "{table.name}" CASCADE',
            "merge": f'MERGE INTO "{table.name}" t USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE',
            "replica mode": f'SET session_replication_role = replica; DELETE FROM "{table.name}"',
        }
    others = {name: literal(value, dialect) for name, value in made_up(table).items()}
    hidden = f'INTO "{table.name}" (rowid, {columns}) VALUES (1, {", ".join(others.values())})'
    if [type(column.type) for column in table.primary_key.columns] == [sa.Integer]:
        hidden = insert  # an INTEGER key is the row id
    return found | {
        "replace": f"REPLACE {insert}",
        "insert or replace": f"INSERT OR REPLACE {insert}",
        "replace by hidden row id": f"INSERT OR REPLACE {hidden}",
        "update or replace": f'UPDATE OR REPLACE "{table.name}" SET {same}',
        "update from": f'UPDATE "{table.name}" SET {same} FROM (SELECT 1) AS one',
    }


@append_only
async def test_promise_4_no_raw_statement_changes_a_row(
    database: AnyDatabase, database_url: str, table: sa.Table
) -> None:
    row = await add(database, table)
    before = await rows(database, table)
    for name, statement in statements(table, row, database.dialect).items():
        with pytest.raises(Exception, match=r"never change|duplicate key|UNIQUE") as refused:
            await run_raw(database_url, statement)
        assert not isinstance(refused.value, asyncpg.PostgresSyntaxError), name
        assert await rows(database, table) == before, name


@append_only
async def test_promise_4_no_unit_changes_a_row(database: AnyDatabase, table: sa.Table) -> None:
    row = await add(database, table)
    before = await rows(database, table)
    column = next(iter(row))

    def changing(statement: sa.Executable) -> Any:
        def work(unit: Unit) -> None:
            unit.connection.execute(statement)
            audited(unit)

        return work

    for statement in (
        sa.update(table).values({column: row[column]}),
        sa.delete(table),
        sa.insert(table).values(row).prefix_with("OR REPLACE", dialect="sqlite"),
    ):
        with pytest.raises(REFUSED):
            await database.change(changing(statement))
        assert await rows(database, table) == before


async def test_promise_4_the_runtime_role_owns_nothing_and_may_change_nothing(
    postgres_database: PostgresDatabase,
) -> None:
    grants = sa.table(
        "role_table_grants",
        sa.column("privilege_type"),
        sa.column("table_name"),
        sa.column("grantee"),
        schema="information_schema",
    )

    def look(connection: sa.Connection) -> tuple[Any, ...]:
        owned = connection.scalar(sa.text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user"))
        rights = connection.scalars(
            sa.select(grants.c.table_name).where(
                grants.c.grantee == sa.text("current_user"),
                grants.c.privilege_type.not_in(["SELECT", "INSERT"]),
            )
        ).all()
        return connection.scalar(sa.text("SELECT current_user")), owned, set(rights)

    role, owned, changeable = await postgres_database.read(look)
    assert (role, owned) == ("consentd_runtime", 0)
    assert not changeable & {table.name for table in APPEND_ONLY}
    fast = postgres_database.fast_pool()
    assert await fast.fetchval("SELECT current_user") == "consentd_runtime"
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await fast.execute("INSERT INTO leases VALUES ('x', gen_random_uuid(), 1, 1)")


@pytest.mark.parametrize("missing", [0, -1])
async def test_promise_4_a_database_without_its_triggers_is_refused(database_url: str, missing: int) -> None:
    dialect = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    name = trigger_names(dialect, "log_entries")[missing]
    where = "" if dialect == "sqlite" else " ON log_entries"
    await run_raw(database_url, f'DROP TRIGGER "{name}"{where}')
    with pytest.raises(OperatorError, match=name):
        await open_database(database_url, clock=now).open()


def test_every_key_of_an_append_only_table_is_guarded(sqlite_url: str) -> None:
    """The triggers look for the keys that the migration names: they must be the keys that the tables have."""

    raw = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    for table in APPEND_ONLY:
        name = trigger_names("sqlite", table.name)[-1]
        (sql,) = raw.execute("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
        for key in keys_of(table):
            assert " AND ".join(f'"{column}" = NEW."{column}"' for column in key) in sql
    raw.close()
