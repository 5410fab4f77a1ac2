"""Watches what a unit of work writes, statement by statement.

Upholds promise 8: each kind of unit may write its own tables and no others, and a unit remembers that it
wrote, so that a change without an audit entry is not committed. It looks at compiled statements, not at
good intentions; SQL written as text may read and nothing else. It knows neither engine nor transaction.

Costs half a microsecond per statement: what a statement writes is found once and remembered by its text.
"""

import re
from collections.abc import Callable
from typing import Any, Literal
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase

from consentd.db.tables import HOUSEKEEPING
from consentd.db.unit import Unaudited, Unit

Kind = Literal["change", "housekeep", "sequence", "read"]

SEQUENCED = frozenset({"log_leaves", "log_nodes", "log_checkpoints", "log_pending", "leases"})
_MAY_WRITE: dict[Kind, frozenset[str]] = {
    "housekeep": frozenset(table.name for table in HOUSEKEEPING),
    "sequence": SEQUENCED,
    "read": frozenset(),
}
_NEEDS_NO_ENTRY = _MAY_WRITE["housekeep"] - SEQUENCED
_MOST_REMEMBERED = 4096
_READS = re.compile(r"\s*(SELECT|WITH|VALUES|SHOW)\b", re.IGNORECASE)
_WRITES = re.compile(
    r"\b(INSERT|(?<!FOR )(?<!FOR NO KEY )UPDATE|DELETE|REPLACE\s+INTO|MERGE|TRUNCATE|INTO|CREATE|DROP|ALTER"
    r"|GRANT|REVOKE|COPY|CALL|COMMIT|ROLLBACK)\b",
    re.IGNORECASE,
)


class Guard:
    """One per connection, told of each unit that begins on it."""

    __slots__ = ("before", "kind", "wrote")

    def __init__(self) -> None:
        self.kind: Kind = "read"
        self.wrote = False
        self.before: Callable[[bool], None] | None = None
        """What must be done before any other statement, which writes or does not: rows that wait to be
        written together.
        """

    def settle(self, writes: bool) -> None:
        if self.before is not None:
            self.before(writes)

    def begin(self, kind: Kind) -> None:
        self.kind = kind
        self.wrote = False

    def end(self, unit: Unit) -> None:
        """Raises Unaudited if a change wrote something and recorded nothing."""
        if self.kind == "change" and self.wrote and not unit.entries:
            raise Unaudited("this change recorded no audit entry: it is rolled back")

    def judge(self, written: frozenset[str]) -> None:
        """Raises Unaudited if this kind of unit may not write one of these tables."""
        if self.kind != "change" and not written <= _MAY_WRITE[self.kind]:
            names = ", ".join(sorted(written - _MAY_WRITE[self.kind]))
            raise Unaudited(f"a {self.kind} unit may not write {names}")
        # Housekeeping inside a change (an Idempotency-Key of a call that changed nothing) needs no entry.
        self.wrote = self.wrote or not written <= _NEEDS_NO_ENTRY


_GUARD = "consentd.guard"


def guard_on(connection: sa.Connection) -> Guard:
    """The one that is told of this connection's units."""
    guard: Guard = connection.info.setdefault(_GUARD, Guard())
    return guard


def put_guard(connection: sa.Connection, guard: Guard) -> None:
    connection.info[_GUARD] = guard


def watch(
    engine: sa.Engine,
    guard_of: Callable[[Any], Guard],
    first: Callable[[bool], None] = lambda _writes: None,
) -> None:
    """Has every statement of `engine` judged. `guard_of` finds the guard of an execution context; `first` is
    what is done before each; it is told whether that writes.

    The dialect's own hook is used because the connection's events cost seven microseconds per statement.
    """
    remembered: dict[str, frozenset[str]] = {}

    # Any: the driver's cursor and parameters, and SQLAlchemy's untyped execution context.
    def before(cursor: Any, statement: str, parameters: Any, context: Any) -> None:
        written = remembered.get(statement)
        if written is None:
            written = _written(statement, context)
            if len(remembered) >= _MOST_REMEMBERED:
                remembered.clear()
            remembered[statement] = written
        first(bool(written))
        if written:
            guard_of(context).judge(written)

    def before_without(cursor: Any, statement: str, context: Any) -> None:
        before(cursor, statement, (), context)

    event.listen(engine, "do_execute", before)
    event.listen(engine, "do_executemany", before)
    event.listen(engine, "do_execute_no_params", before_without)


# Going through a statement costs more than running it; several engines may run the one that was compiled.
_by_compiled: WeakKeyDictionary[sa.Compiled, frozenset[str]] = WeakKeyDictionary()


def _written(statement: str, context: Any) -> frozenset[str]:
    compiled = context.compiled
    tree = None if compiled is None else compiled.statement
    if tree is None or isinstance(tree, (sa.TextClause, sa.TextualSelect)):
        if not _READS.match(statement) or _WRITES.search(statement):
            raise Unaudited("inside a unit, SQL written as text may only read: write with Core")
        return frozenset()
    if context.isddl:
        raise Unaudited("a unit does not change the schema: migrations do")
    written = _by_compiled.get(compiled)
    if written is None:
        written = _by_compiled[compiled] = tables_written(tree)
    return written


def tables_written(tree: sa.ClauseElement) -> frozenset[str]:
    """The names of the tables that a statement of Core inserts into, changes or deletes from."""
    return frozenset(
        part.table.name
        for part in visitors.iterate(tree)
        if isinstance(part, UpdateBase) and isinstance(part.table, sa.Table)
    )


def tables_read(tree: sa.ClauseElement) -> frozenset[str]:
    """The names of the tables that a statement of Core reads, under whatever alias."""
    return frozenset(part.name for part in visitors.iterate(tree) if isinstance(part, sa.Table))
