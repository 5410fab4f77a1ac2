"""What a service does once in its life, done once for all the services of a test process.

A service compiles each of its statements once, and keeps them. A suite opens thousands of databases in one
process, each through an engine of its own with nothing kept yet: a third of its time went into compiling the
same statements again. What is kept is the text that Core made for a kind of database, nothing of any row.
"""

from collections.abc import Hashable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

# Those of consentd's own databases. A silo's may differ from server to server.
_KINDS = (SQLiteDialect_pysqlite, PGDialect_asyncpg)
_MOST = 5000


class _Compiled(LRUCache[Hashable, Any]):
    """As an engine's own, without whose dialect it was: all of one kind are set up alike."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


class _Shared:
    """In the place of the attribute that an engine puts its own into."""

    def __init__(self) -> None:
        self._kinds = {kind: _Compiled(_MOST) for kind in _KINDS}

    def __set__(self, engine: sa.Engine, own: Any) -> None:
        vars(engine)["consentd_compiled"] = (
            None if own is None else self._kinds.get(type(engine.dialect), own)
        )

    def __get__(self, engine: sa.Engine | None, _kind: type[sa.Engine]) -> Any:
        return self if engine is None else vars(engine)["consentd_compiled"]


def share_compiled_statements() -> None:
    """Has every engine that is made from now on look among what was compiled for another of its kind."""
    sa.Engine._compiled_cache = _Shared()  # type: ignore[assignment]
