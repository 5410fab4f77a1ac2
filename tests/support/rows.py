"""Rows made up for any table: what a test about the database itself, and not about people, writes."""

import sqlite3
import uuid
from typing import Any

import asyncpg
import sqlalchemy as sa

from consentd.db.postgres_connection import driver_arguments
from consentd.db.unit import Unit

_counter = iter(range(1, 1_000_000))


def made_up(table: sa.Table) -> dict[str, Any]:
    """A row that the table takes; every key of it is new."""
    return {column.name: _value(column) for column in table.columns if not column.nullable}


def _value(column: sa.Column[Any]) -> Any:
    if column.name == "kind":
        return "merge"
    python_type = column.type.python_type
    if python_type is int:
        return next(_counter)
    if python_type is bool:
        return False
    if python_type is str:
        return f"text {next(_counter)}"
    return uuid.uuid4() if type(column.type).__name__ == "Id" else uuid.uuid4().bytes


def audited(unit: Unit) -> None:
    """Stands for the recorder, where a test is about something else."""
    unit.entries += 1


async def run_raw(url: str, statement: str) -> None:
    """Runs one statement on a new connection with none of consentd's settings. Raises the driver's error."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        raw = sqlite3.connect(str(parsed.database), isolation_level=None)
        try:
            assert raw.execute("PRAGMA recursive_triggers").fetchone() == (0,)
            raw.execute(statement)
        finally:
            raw.close()
    else:
        connection = await asyncpg.connect(**driver_arguments(parsed))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def literal(value: Any, dialect: str) -> str:
    """A value as SQL text, for statements that are run raw."""
    if isinstance(value, uuid.UUID):
        return f"x'{value.bytes.hex()}'" if dialect == "sqlite" else f"'{value}'"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'" if dialect == "sqlite" else f"'\\x{value.hex()}'"
    if isinstance(value, bool):
        return str(value).upper()
    return str(value) if isinstance(value, int) else f"'{value}'"
