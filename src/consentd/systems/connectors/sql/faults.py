"""What a database refuses, in our own words: what drivers say may quote a row or an address (promise 18).

Refused           it is as it is until somebody mends it: the order failed
SiloUnavailable   not reached, too slow, busy: the order is tried again
"""

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from consentd.systems.connectors.contract import SiloUnavailable

_UNREACHED = ("unreachable", "The silo’s database could not be reached.")
_SLOW = ("too_slow", "The silo’s database did not answer in time.")
_BUSY = ("busy", "Somebody else was changing the same rows; nothing was changed.")
_LOST = ("connection_lost", "The connection to the silo’s database was lost; nothing was changed.")
_CREDENTIALS = ("credentials_refused", "The silo’s database refuses the account in its URL.")
_PRIVILEGE = (
    "privilege_missing",
    "The account may not do this in the silo’s database: `consentd system test` says what it needs.",
)
_DATABASE = ("database_missing", "The silo’s server has no database of the name in its URL.")
_TABLE = ("table_missing", "A table of the mapping is not in the silo’s database.")
_COLUMN = ("column_missing", "A column of the mapping is not in the silo’s database.")
_POINTED_AT = (
    "still_referenced",
    "Rows of another table still point to what was to be deleted; nothing was changed. "
    "The mapping must name that table.",
)
_TAKEN = ("not_unique", "A value that must be unique was there already; nothing was changed.")
_NEEDED = ("must_not_be_null", "A column that must hold something was to be cleared; nothing was changed.")
_VALUE = ("value_refused", "The silo’s database refuses a value for its column; nothing was changed.")
_TRIGGER = (
    "rule_of_silo",
    "A rule of the silo’s own database, a trigger, forbids this; nothing was changed. Whoever looks after "
    "the silo knows the rule.",
)
_MADE = ("made_column", "A column that the database makes of others was to be changed; nothing was changed.")
_READ_ONLY = ("read_only", "The silo’s database takes no changes.")

_Told = tuple[str, str]
_TRANSIENT: Mapping[_Told, Callable[[], SiloUnavailable]] = {
    _UNREACHED: lambda: SiloUnavailable("unreachable", _UNREACHED[1]),
    _SLOW: lambda: SiloUnavailable("too_slow", _SLOW[1]),
    _BUSY: lambda: SiloUnavailable("busy", _BUSY[1]),
    _LOST: lambda: SiloUnavailable("connection_lost", _LOST[1]),
}
"""What may pass by itself."""

# By SQLSTATE, the longest beginning that fits (PostgreSQL, appendix A).
_POSTGRESQL: Mapping[str, _Told] = {
    "08": _LOST,
    "22": _VALUE,
    "23502": _NEEDED,
    "23503": _POINTED_AT,
    "23505": _TAKEN,
    "23514": _VALUE,
    "25006": _READ_ONLY,
    "28": _CREDENTIALS,
    "3D000": _DATABASE,
    "3F000": _TABLE,
    "40": _BUSY,
    "42501": _PRIVILEGE,
    "428C9": _MADE,
    "42703": _COLUMN,
    "42804": _VALUE,
    "42883": _VALUE,
    "42P01": _TABLE,
    "53": _UNREACHED,
    "55P03": _BUSY,
    "57014": _SLOW,
    "57P": _LOST,
    "P0001": _TRIGGER,
}
# By number (MariaDB and MySQL, server and client errors).
_MARIADB: Mapping[int, _Told] = {
    **dict.fromkeys((1040, 1129, 1203, 1226, 2002, 2003, 2005), _UNREACHED),
    **dict.fromkeys((1053, 1927, 2006, 2013, 2055, 1317), _LOST),
    **dict.fromkeys((1205, 1213, 1020), _BUSY),
    **dict.fromkeys((1969, 3024, 1028), _SLOW),
    **dict.fromkeys((1045, 1698, 1862, 1251), _CREDENTIALS),
    **dict.fromkeys((1044, 1142, 1143, 1227, 1370), _PRIVILEGE),
    1049: _DATABASE,
    1146: _TABLE,
    1054: _COLUMN,
    **dict.fromkeys((1217, 1451, 1452, 1216), _POINTED_AT),
    **dict.fromkeys((1062, 1586), _TAKEN),
    **dict.fromkeys((1048, 1364), _NEEDED),
    **dict.fromkeys((1264, 1265, 1292, 1366, 1406, 4025), _VALUE),
    **dict.fromkeys((1290, 1792, 1836), _READ_ONLY),
    1644: _TRIGGER,
    **dict.fromkeys((1906, 3105), _MADE),
}
# SQLite has a few codes, and says the rest in fixed words of its own.
_SQLITE: Mapping[str, _Told] = {
    "no such table": _TABLE,
    "no such column": _COLUMN,
    "database is locked": _BUSY,
    "database table is locked": _BUSY,
    "interrupted": _SLOW,
    "unable to open database file": _UNREACHED,
    "readonly database": _READ_ONLY,
    "FOREIGN KEY constraint": _POINTED_AT,
    "UNIQUE constraint": _TAKEN,
    "NOT NULL constraint": _NEEDED,
    "CHECK constraint": _VALUE,
    "cannot UPDATE generated column": _MADE,
    "file is not a database": ("not_a_database", "The file in the silo’s URL is not a database."),
}
# libpq gives no code for what fails while connecting.
_CONNECTING: Mapping[str, _Told] = {
    "authentication failed": _CREDENTIALS,
    "no password supplied": _CREDENTIALS,
    "no pg_hba.conf entry": _CREDENTIALS,
    "role ": _CREDENTIALS,
    "database ": _DATABASE,
}


UNMET = frozenset({_CREDENTIALS[0], _DATABASE[0]})
"""Refusals of whom no order came to the database."""


class Refused(Exception):
    """`code` and `detail` as in `Answer`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def told(error: sa.exc.SQLAlchemyError) -> Refused | SiloUnavailable:
    """What to raise in its stead. What is not known here is refused: trying again would not mend it."""
    if isinstance(error, sa.exc.NoSuchTableError):
        return Refused(*_TABLE)
    if isinstance(error, sa.exc.StatementError) and not isinstance(error, sa.exc.DBAPIError):
        return Refused(*_VALUE)  # made no sense to the column's type before it was sent
    found = _known(error.orig) if isinstance(error, sa.exc.DBAPIError) else None
    if found is None and isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        found = _LOST
    if found is None:
        return Refused("refused", f"The silo’s database refused the order ({type(error).__name__}).")
    passing = _TRANSIENT.get(found)
    return passing() if passing else Refused(*found)


def _known(error: BaseException | None) -> _Told | None:
    number = error.args[0] if error is not None and error.args else None
    if isinstance(number, int):
        return _MARIADB.get(number)
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        fits = [begin for begin in _POSTGRESQL if state.startswith(begin)]
        return _POSTGRESQL[max(fits, key=len)] if fits else None
    if getattr(error, "sqlite_errorname", "") == "SQLITE_CONSTRAINT_TRIGGER":
        return _TRIGGER  # Its words are the silo's.
    words = str(error)
    if type(error).__module__.startswith("psycopg"):
        if "FATAL" in words:
            return next((kind for said, kind in _CONNECTING.items() if said in words), _UNREACHED)
        return _UNREACHED if "connection" in words else None
    return next((kind for said, kind in _SQLITE.items() if said in words), None)
