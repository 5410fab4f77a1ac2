"""An attempt inside a unit: what it wrote is undone where it fails, and nothing else is."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from consentd.base.ids import new_id
from consentd.db.attempt import attempt
from consentd.db.postgres import PostgresDatabase
from consentd.db.prepared import Write
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.people import subjects
from consentd.db.unit import Unit
from support.rows import audited

AnyDatabase = SqliteDatabase | PostgresDatabase

COLUMNS = ("id", "group_id", "merged", "territory", "created_at", "entry_id")
ADD = Write(subjects.insert(), COLUMNS)


def add(unit: Unit, territory: str) -> None:
    id_ = new_id()
    row = {"id": id_, "group_id": id_, "entry_id": id_, "merged": False, "created_at": 1}
    ADD.run(unit.connection, [{**row, "territory": territory}])


def move(unit: Unit, before: str, after: str) -> None:
    """By Core, which reads what prepared statements wrote."""
    unit.connection.execute(subjects.update().where(subjects.c.territory == before).values(territory=after))


def territories(connection: sa.Connection) -> list[str]:
    return sorted(connection.execute(sa.select(subjects.c.territory)).scalars())


def waiting(unit: Unit) -> None:
    add(unit, "BE")


def written_before_the_end(unit: Unit) -> None:
    add(unit, "BE")
    assert territories(unit.connection) == ["BE", "FR"]
    add(unit, "CH")


def by_core_alone(unit: Unit) -> None:
    move(unit, "FR", "DE")


def by_core_behind_what_waits(unit: Unit) -> None:
    add(unit, "BE")
    move(unit, "BE", "DE")


WAYS: dict[str, tuple[Callable[[Unit], None], list[str]]] = {
    "waiting": (waiting, ["BE", "FR"]),
    "read before the end": (written_before_the_end, ["BE", "CH", "FR"]),
    "by Core": (by_core_alone, ["DE"]),
    "by Core behind": (by_core_behind_what_waits, ["DE", "FR"]),
}


@pytest.mark.parametrize("way", WAYS)
async def test_what_an_attempt_wrote_is_there(database: AnyDatabase, way: str) -> None:
    work, expected = WAYS[way]

    def unit_of_it(unit: Unit) -> None:
        add(unit, "FR")
        attempt(unit, lambda: work(unit))
        audited(unit)

    await database.change(unit_of_it)
    assert await database.read(territories) == expected


@pytest.mark.parametrize("way", WAYS)
async def test_promise_3_what_an_attempt_that_fails_wrote_is_gone(database: AnyDatabase, way: str) -> None:
    """Neither what came before it in the unit is lost, nor what comes after it."""

    def unit_of_it(unit: Unit) -> None:
        add(unit, "FR")

        def fails() -> None:
            WAYS[way][0](unit)
            raise LookupError

        with pytest.raises(LookupError):
            attempt(unit, fails)
        add(unit, "LU")
        attempt(unit, lambda: add(unit, "NL"))
        audited(unit)

    await database.change(unit_of_it)
    assert await database.read(territories) == ["FR", "LU", "NL"]
