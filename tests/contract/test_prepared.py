"""Prepared statements answer as Core does, and are judged as all others are."""

from typing import Any, NamedTuple
from uuid import UUID

import pytest
import sqlalchemy as sa

from consentd.base.ids import new_id
from consentd.db.postgres import PostgresDatabase
from consentd.db.prepared import Read, Write
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.people import subjects
from consentd.db.unit import Unaudited, Unit
from support.rows import audited

AnyDatabase = SqliteDatabase | PostgresDatabase


class Row(NamedTuple):
    id: UUID
    merged: bool
    territory: str | None
    sealed_name: bytes | None


COLUMNS = [subjects.c[name] for name in Row._fields]
FIND = Read(sa.select(*COLUMNS).where(subjects.c.id == sa.bindparam("wanted")).limit(5), Row._make)
ALL = Read(sa.select(*COLUMNS).order_by(subjects.c.id), Row._make)
FILLED = ("id", "group_id", "merged", "territory", "sealed_name", "created_at", "entry_id")
ADD = Write(subjects.insert(), FILLED)


def person(**given: object) -> dict[str, Any]:
    id_ = new_id()
    row = {"group_id": id_, "merged": False, "territory": None, "sealed_name": None, "created_at": 1}
    return {"id": id_, "entry_id": id_, **row, **given}


def added(rows: list[dict[str, Any]]) -> Any:
    def work(unit: Unit) -> None:
        ADD.run(unit.connection, rows)
        audited(unit)

    return work


async def test_what_was_written_reads_back_as_core_reads_it(database: AnyDatabase) -> None:
    rows = [person(merged=True, territory="FR"), person(sealed_name=b"\x00\xff")]
    await database.change(added(rows))
    expected = [Row(*(row[name] for name in Row._fields)) for row in rows]
    assert await database.read(lambda c: ALL.all(c, {})) == expected
    by_core = await database.read(lambda c: [Row(*row) for row in c.execute(sa.select(*COLUMNS))])
    assert sorted(by_core) == sorted(expected)
    found = await database.read(lambda c: FIND.first(c, {"wanted": rows[0]["id"]}))
    assert found == expected[0]
    assert type(found.id) is UUID
    assert found.merged is True
    assert await database.read(lambda c: FIND.first(c, {"wanted": new_id()})) is None


async def test_promise_8_a_prepared_write_without_an_entry_is_rolled_back(database: AnyDatabase) -> None:
    with pytest.raises(Unaudited):
        await database.change(lambda unit: ADD.run(unit.connection, [person()]))
    assert await database.read(lambda c: ALL.all(c, {})) == []


async def test_promise_8_a_prepared_write_keeps_to_the_tables_of_its_unit(database: AnyDatabase) -> None:
    with pytest.raises(Unaudited, match="subjects"):
        await database.housekeep(lambda unit: ADD.run(unit.connection, [person()]))
    with pytest.raises(Unaudited, match="subjects"):
        await database.sequence(lambda unit: ADD.run(unit.connection, [person()]))


async def test_promise_8_a_reader_cannot_write_by_a_prepared_statement(database: AnyDatabase) -> None:
    with pytest.raises(Unaudited):
        await database.read(lambda c: ADD.run(c, [person()]))


async def test_promise_3_a_prepared_write_of_a_unit_that_raises_is_gone(database: AnyDatabase) -> None:
    def work(unit: Unit) -> None:
        added([person()])(unit)
        raise LookupError

    with pytest.raises(LookupError):
        await database.change(work)
    assert await database.read(lambda c: ALL.all(c, {})) == []
