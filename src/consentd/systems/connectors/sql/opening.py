"""Opening a silo's database: three kinds, each with the limits that keep one order from holding it up.

The URL holds a password: it is made into `sa.URL` at once, which does not show it, and no message of ours
quotes it or what a driver says of it (promise 18).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from consentd.kernel.errors import OperatorError
from consentd.systems.connectors.sql.faults import told
from consentd.systems.connectors.sql.plans import explainer

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
    "sqlite": "sqlite",
}
_SECOND = 1000
# For this transaction, so that a pooler before the server may be in between. A row of a copy may wait for its
# taker longer than a statement may take.
_LIMITS = sa.text(
    "SELECT set_config('statement_timeout', :limit, true), set_config('lock_timeout', :limit, true), "
    "set_config('idle_in_transaction_session_timeout', '0', true)"
)
# SQLite looks at the time after this many steps of a statement.
_STEPS = 50_000


def parse_url(text: str, variable: str) -> sa.URL:
    """Raises OperatorError naming the variable, and never what it holds."""
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise OperatorError("bad_setting", f"{variable} is not the URL of a database.") from None
    if url.drivername not in _DRIVERS:
        raise OperatorError(
            "bad_setting",
            f"{variable} starts with none of sqlite:///, postgresql://, mysql:// and mariadb://.",
        )
    if not url.database:
        raise OperatorError("bad_setting", f"{variable} names no database.")
    return url.set(drivername=_DRIVERS[url.drivername])


class Silo:
    """Connects for one order at a time: between orders nothing is held open."""

    def __init__(self, url: sa.URL, timeout_seconds: int) -> None:
        """`timeout_seconds`: for connecting, for each statement and for each lock that it waits for."""
        self.url = url
        self._seconds = timeout_seconds
        self._engine = _engine(url, timeout_seconds)
        sa.event.listen(self._engine, "connect", self._connected)
        sa.event.listen(self._engine, "before_cursor_execute", explainer, retval=True)
        if url.drivername == "sqlite":
            sa.event.listen(self._engine, "begin", _begin_on_sqlite)
            sa.event.listen(self._engine, "before_cursor_execute", self._deadline)

    @property
    def dialect(self) -> sa.Dialect:
        return self._engine.dialect

    @contextmanager
    def reading(self, *, streams: bool = False) -> Iterator[sa.Connection]:
        """One state of the whole database, which cannot be changed by it. `streams`: whether rows will be
        fetched for longer than a statement may take. Raises as `told` says.
        """
        options = {"postgresql_readonly": True, "silo": "streaming" if streams else "reading"}
        with self._begun(options) as connection:
            if streams and connection.dialect.name == "mysql":
                # It counts the whole answer as one statement, and hangs up on who reads slowly.
                connection.exec_driver_sql(
                    "SET SESSION max_statement_time = 0, SESSION net_write_timeout = 3600"
                )
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction: all of it, or nothing where the block raises. Raises as `told` says."""
        with self._begun({"silo": "writing"}) as connection:
            yield connection

    @contextmanager
    def _begun(self, options: dict[str, Any]) -> Iterator[sa.Connection]:  # Any: SQLAlchemy's own options
        try:
            engine = self._engine.execution_options(**options)
            with engine.connect() as connection:
                if connection.dialect.name == "mysql" and options["silo"] != "writing":
                    connection.connection.cursor().execute("SET SESSION TRANSACTION READ ONLY")
                with connection.begin():
                    if connection.dialect.name == "postgresql":
                        connection.execute(_LIMITS, {"limit": f"{self._seconds}s"})
                    yield connection
        except sa.exc.SQLAlchemyError as error:
            raise told(error) from None

    def close(self) -> None:
        self._engine.dispose()

    # Any: each driver's own connection.
    def _connected(self, raw: Any, _record: object) -> None:
        cursor = raw.cursor()
        if self.dialect.name == "mysql":
            # Otherwise it would cut what is too long, and say nothing.
            cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')")
            cursor.execute("SET SESSION innodb_lock_wait_timeout = %s", (self._seconds,))
            cursor.execute("SHOW VARIABLES LIKE 'max_statement_time'")
            if cursor.fetchone():  # MariaDB's; MySQL has one for SELECT alone
                cursor.execute("SET SESSION max_statement_time = %s", (self._seconds,))
            else:
                cursor.execute("SET SESSION max_execution_time = %s", (self._seconds * _SECOND,))
        elif self.dialect.name == "sqlite":
            raw.isolation_level = None  # BEGIN is said by us
            cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    def _deadline(self, connection: sa.Connection, *_statement: object) -> None:
        """SQLite has no limit of its own: it asks whether to go on. It works while rows are fetched, so a
        copy, which waits for who takes it, has none.
        """
        until = time.monotonic() + self._seconds
        raw: Any = connection.connection.driver_connection  # Any: sqlite3's, which only db may import
        streams = connection.get_execution_options().get("silo") == "streaming"
        raw.set_progress_handler(None if streams else lambda: time.monotonic() > until, _STEPS)


def _engine(url: sa.URL, seconds: int) -> sa.Engine:
    if url.drivername == "sqlite":
        # An ordinary URL would make an empty file where there is none, and find nobody in it.
        query = {**url.query, "mode": "rw", "uri": "true"}
        there = url.set(database=f"file:{quote(url.database or '')}", query=query)
        return sa.create_engine(there, poolclass=NullPool, connect_args={"timeout": seconds})
    limits = {"connect_timeout": seconds}
    if url.drivername.startswith("mysql"):
        # The server ends a statement by itself; this is for one that no longer answers at all.
        limits |= {"read_timeout": 2 * seconds + 5, "write_timeout": 2 * seconds + 5}
    return sa.create_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ", connect_args=limits)


def _begin_on_sqlite(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get("silo") != "writing"
    connection.exec_driver_sql("PRAGMA query_only = ON" if reading else "PRAGMA query_only = OFF")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
