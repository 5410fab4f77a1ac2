"""What both databases promise alike (promise 7): each test runs on SQLite and on PostgreSQL."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.util import await_only

from consentd.base.clock import now
from consentd.db.engine import open_database
from consentd.db.postgres import PostgresDatabase
from consentd.db.sqlite import SqliteDatabase
from consentd.db.tables.callers import systems
from consentd.db.tables.log import leases, log_entries, log_leaves, log_pending
from consentd.db.unit import Unaudited, Unit
from consentd.kernel.errors import OperatorError, StorageUnavailable
from consentd.kernel.instants import Instant
from support.rows import audited, made_up

AnyDatabase = SqliteDatabase | PostgresDatabase


def add_lease(name: str) -> Callable[[Unit], None]:
    def work(unit: Unit) -> None:
        unit.connection.execute(sa.insert(leases), made_up(leases) | {"name": name})

    return work


def add_system(name: str) -> Callable[[Unit], None]:
    def work(unit: Unit) -> None:
        unit.connection.execute(sa.insert(systems), made_up(systems) | {"name": name})
        audited(unit)

    return work


async def names(database: AnyDatabase, table: sa.Table = systems) -> list[str]:
    return await database.read(lambda c: list(c.scalars(sa.select(table.c.name).order_by(table.c.name))))


# Units.


async def test_a_change_with_its_audit_entry_is_committed(database: AnyDatabase) -> None:
    await database.change(add_system("till"))
    assert await names(database) == ["till"]


async def test_a_unit_returns_what_its_function_returns(database: AnyDatabase) -> None:
    assert await database.change(lambda unit: 7) == 7
    assert await database.housekeep(lambda unit: "seven") == "seven"


async def test_promise_3_a_unit_that_raises_leaves_nothing(database: AnyDatabase) -> None:
    def work(unit: Unit) -> None:
        add_system("till")(unit)
        raise LookupError("nobody")

    with pytest.raises(LookupError, match="nobody"):
        await database.change(work)
    assert await names(database) == []


async def test_promise_8_a_change_without_an_audit_entry_is_rolled_back(database: AnyDatabase) -> None:
    def work(unit: Unit) -> None:
        unit.connection.execute(sa.insert(systems), made_up(systems))

    with pytest.raises(Unaudited):
        await database.change(work)
    assert await names(database) == []


async def test_a_change_that_wrote_nothing_needs_no_entry(database: AnyDatabase) -> None:
    assert await database.change(lambda unit: unit.connection.scalar(sa.select(sa.literal(3)))) == 3


async def test_promise_8_housekeeping_writes_its_own_tables_only(database: AnyDatabase) -> None:
    await database.housekeep(add_lease("sequencer"))
    assert await names(database, leases) == ["sequencer"]
    with pytest.raises(Unaudited, match="systems"):
        await database.housekeep(add_system("till"))
    assert await names(database) == []


async def test_a_refused_write_takes_the_allowed_ones_with_it(database: AnyDatabase) -> None:
    def work(unit: Unit) -> None:
        add_lease("sequencer")(unit)
        unit.connection.execute(sa.delete(systems))

    with pytest.raises(Unaudited):
        await database.housekeep(work)
    assert await names(database, leases) == []


async def test_the_sequencer_writes_the_log_and_nothing_else(database: AnyDatabase) -> None:
    def work(unit: Unit) -> None:
        unit.connection.execute(sa.insert(log_leaves), made_up(log_leaves))
        unit.connection.execute(sa.delete(log_pending))

    await database.sequence(work)
    with pytest.raises(Unaudited, match="log_entries"):
        await database.sequence(
            lambda unit: unit.connection.execute(sa.insert(log_entries), made_up(log_entries))
        )


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO leases (name) VALUES ('x')",
        "  update leases SET fence = 1",
        "DELETE FROM leases",
        "WITH gone AS (SELECT 1) DELETE FROM leases",
        "DROP TABLE leases",
        "COMMIT",
    ],
)
async def test_text_may_only_read(database: AnyDatabase, statement: str) -> None:
    with pytest.raises(Unaudited):
        await database.change(lambda unit: unit.connection.execute(sa.text(statement)))
    with pytest.raises(Unaudited):
        await database.change(lambda unit: unit.connection.exec_driver_sql(statement))


async def test_a_write_hidden_in_a_with_clause_is_seen() -> None:
    from consentd.db.guard import _written

    class Context:
        isddl = False
        compiled = sa.select(sa.delete(leases).returning(leases.c.name).cte("gone").c.name).compile(
            dialect=sa.create_engine("postgresql+asyncpg://").dialect
        )

    assert _written("…", Context()) == {"leases"}


async def test_a_reader_cannot_write(database: AnyDatabase) -> None:
    with pytest.raises(Unaudited):
        await database.read(lambda c: c.execute(sa.insert(leases), made_up(leases)))
    assert await names(database, leases) == []


async def test_now_is_one_instant_for_a_whole_unit(database_url: str) -> None:
    ticks = iter(range(1_000_000, 2_000_000))
    database = open_database(database_url, clock=lambda: Instant(next(ticks)))
    await database.open()
    first, again = await database.change(lambda unit: (unit.now, unit.now))
    later = await database.change(lambda unit: unit.now)
    await database.close()
    assert first == again < later


# Many at once.


async def test_promise_3_a_unit_that_fails_does_not_touch_the_others(database: AnyDatabase) -> None:
    def work(number: int) -> Callable[[Unit], int]:
        def unit_of_work(unit: Unit) -> int:
            add_system(f"{number:03}")(unit)
            if number % 3 == 0:
                raise LookupError(str(number))
            return number

        return unit_of_work

    answers = await asyncio.gather(*(database.change(work(n)) for n in range(150)), return_exceptions=True)
    for number, answer in enumerate(answers):
        assert (
            (isinstance(answer, LookupError) and str(answer) == str(number))
            if number % 3 == 0
            else answer == number
        )
    assert await names(database) == [f"{n:03}" for n in range(150) if n % 3]


async def test_a_unit_that_breaks_a_constraint_harms_only_itself(database: AnyDatabase) -> None:
    answers = await asyncio.gather(
        *(database.housekeep(add_lease(name)) for name in ("a", "b", "a", "c")), return_exceptions=True
    )
    assert sum(isinstance(answer, sa.exc.IntegrityError) for answer in answers) == 1
    assert await names(database, leases) == ["a", "b", "c"]


async def test_no_update_is_lost_between_concurrent_units(database: AnyDatabase) -> None:
    await database.housekeep(
        lambda unit: unit.connection.execute(sa.insert(leases), made_up(leases) | {"name": "n", "fence": 0})
    )

    def add_one(unit: Unit) -> None:
        fence = unit.connection.scalar(
            sa.select(leases.c.fence).where(leases.c.name == "n").with_for_update()
        )
        assert fence is not None
        unit.connection.execute(sa.update(leases).values(fence=fence + 1))

    await asyncio.gather(*(database.housekeep(add_one) for _ in range(100)))
    assert await database.read(lambda c: c.scalar(sa.select(leases.c.fence))) == 100


async def test_a_lost_race_for_a_new_key_is_run_again(database: AnyDatabase) -> None:
    def find_or_add(unit: Unit) -> uuid.UUID:
        found = unit.connection.scalar(sa.select(leases.c.holder).where(leases.c.name == "one"))
        if found is not None:
            return uuid.UUID(int=found.int)
        row = made_up(leases) | {"name": "one"}
        unit.connection.execute(sa.insert(leases), row)
        return uuid.UUID(int=row["holder"].int)

    holders = await asyncio.gather(*(database.housekeep(find_or_add) for _ in range(20)))
    assert len(set(holders)) == 1


async def test_two_databases_on_the_same_rows_take_turns(database_url: str) -> None:
    one, two = open_database(database_url, clock=now), open_database(database_url, clock=now)
    await one.open()
    await two.open()
    await asyncio.gather(
        *(
            database.housekeep(add_lease(f"{i}{j}"))
            for i in range(30)
            for j, database in enumerate((one, two))
        )
    )
    assert len(await names(two, leases)) == 60
    await one.close()
    await two.close()


async def test_a_read_is_one_snapshot(database: AnyDatabase) -> None:
    await database.change(add_system("before"))
    loop = asyncio.get_running_loop()
    count = sa.select(sa.func.count()).select_from(systems)

    def read_twice(connection: sa.Connection) -> tuple[Any, Any]:
        first = connection.scalar(count)
        if isinstance(database, SqliteDatabase):
            asyncio.run_coroutine_threadsafe(database.change(add_system("meanwhile")), loop).result(10)
        else:
            await_only(database.change(add_system("meanwhile")))
        return first, connection.scalar(count)

    assert await database.read(read_twice) == (1, 1)
    assert await names(database) == ["before", "meanwhile"]


# Stops.


async def test_stops_are_in_the_journal_before_the_commit(database_url: str) -> None:
    seen: list[tuple[list[bytes], list[str]]] = []
    watcher = open_database(database_url, clock=now)
    await watcher.open()
    loop = asyncio.get_running_loop()

    def journal(lines: list[bytes]) -> None:
        seen.append((lines, asyncio.run_coroutine_threadsafe(names(watcher), loop).result(10)))

    database = open_database(database_url, clock=now, journal=journal)
    await database.open()

    def work(unit: Unit) -> None:
        add_system("till")(unit)
        unit.stops.append(b"stop")

    await database.change(work)
    await database.change(add_system("shop"))
    assert seen == [([b"stop"], [])]
    assert await names(watcher) == ["shop", "till"]
    await database.close()
    await watcher.close()


async def test_nothing_is_committed_when_the_journal_cannot_be_written(database_url: str) -> None:
    broken = True

    def journal(lines: list[bytes]) -> None:
        if broken:
            raise OSError("no space left on device")

    database = open_database(database_url, clock=now, journal=journal)
    await database.open()

    def work(unit: Unit) -> None:
        add_system("till")(unit)
        unit.stops.append(b"stop")

    with pytest.raises(StorageUnavailable) as refused:
        await database.change(work)
    assert refused.value.code == "stop_journal_unavailable"
    assert await names(database) == []
    broken = False
    await database.change(work)
    assert await names(database) == ["till"]
    await database.close()


async def test_the_stops_of_a_unit_that_fails_are_not_journalled(database_url: str) -> None:
    journalled: list[bytes] = []
    database = open_database(database_url, clock=now, journal=journalled.extend)
    await database.open()

    def work(unit: Unit) -> None:
        unit.stops.append(b"stop")
        raise LookupError

    with pytest.raises(LookupError):
        await database.change(work)
    await database.close()
    assert journalled == []


# Opening and closing.


async def test_a_database_that_was_not_opened_says_so(database_url: str) -> None:
    with pytest.raises(StorageUnavailable):
        await open_database(database_url, clock=now).change(lambda unit: None)


async def test_a_closed_database_says_so(database: AnyDatabase) -> None:
    await database.close()
    with pytest.raises(StorageUnavailable):
        await database.change(lambda unit: None)


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://", "sqlite:///x.db?synchronous=OFF"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(OperatorError):
        open_database(url, clock=now)


async def test_truncating_the_log_succeeds(database: AnyDatabase) -> None:
    await database.change(add_system("till"))
    assert await database.checkpoint_truncate()
